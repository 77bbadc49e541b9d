import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { VouchError } from '../../../lib/errors.ts';
import { baseEnvironment } from '../../../lib/process.ts';
import { frame, readFrames } from './frames.ts';
import type { Column, PgError } from '../messages.ts';
import { Fields, int32, message, readColumns, readError } from '../wire.ts';

/** What our server says to one statement; cells in their text form. */
export interface Reply {
  columns: Column[] | null;
  rows: (string | null)[][];
  tag: string | null;
  error: PgError | null;
  notices: PgError[];
  parameterOids: number[] | null;
}

type Said = { bytes: Buffer } | { error: string };

/** Starting takes a second or two; a statement that takes longer than this is one that nobody waits for. */
const START_MS = 60_000;
const STATEMENT_MS = 10_000;

/**
 * A PostgreSQL in memory with one session, spoken to in its own protocol. In a process of its own: what candidates ask may take for ever or
 * break it, and it has no clock to end that by itself. One that did not answer in time is ended, and answers nothing any more.
 */
export class Server {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #statementMs: number;
  #settle: ((said: Said) => void) | undefined;
  #ended: string | undefined;

  private constructor(statementMs: number) {
    this.#statementMs = statementMs;
    const program = fileURLToPath(new URL('server-process.ts', import.meta.url));
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, program], {
      env: baseEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr.resume();
    this.#child.stdin.on('error', () => {}); // told by its end
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (code, signal) => this.#end(`it ended (${signal ?? `status ${code}`})`));
    void this.#listen();
  }

  /** Throws `inconclusive`. */
  static async open({ statementMs = STATEMENT_MS } = {}): Promise<Server> {
    const server = new Server(statementMs);
    await server.#hear(START_MS, () => {});
    return server;
  }

  close(): Promise<void> {
    this.#end('it was closed');
    return Promise.resolve();
  }

  async #listen(): Promise<void> {
    for await (const said of readFrames(this.#child.stdout)) {
      const bytes = said.subarray(1);
      this.#settle?.(said[0] === 0 ? { bytes } : { error: bytes.toString('utf8') });
    }
  }

  #end(why: string): void {
    this.#ended ??= why;
    this.#child.kill('SIGKILL');
    this.#settle?.({ error: this.#ended });
  }

  /** What the process says next. */
  async #hear(ms: number, ask: () => void): Promise<Buffer> {
    if (this.#ended !== undefined) throw new VouchError('inconclusive', `rebuilt PostgreSQL: ${this.#ended}`);
    const { promise, resolve } = Promise.withResolvers<Said>();
    this.#settle = resolve;
    const timer = setTimeout(() => this.#end(`no answer within ${ms / 1000} s`), ms);
    ask();
    const said = await promise;
    clearTimeout(timer);
    this.#settle = undefined;
    if ('error' in said) throw new VouchError('inconclusive', `rebuilt PostgreSQL: ${said.error}`);
    return said.bytes;
  }

  /** One statement with parameters in text form. */
  run(sql: string, params: readonly (string | null)[] = [], types: readonly number[] = []): Promise<Reply> {
    const values = params.flatMap((value) => {
      const bytes = value === null ? null : Buffer.from(value, 'utf8');
      return bytes === null ? [int32(-1)] : [int32(bytes.length), bytes];
    });
    return this.#say(
      message('P', '', sql, types.length, ...types.map(int32)),
      message('B', '', '', 0, params.length, ...values, 0),
      message('D', Buffer.from('P'), ''),
      message('E', '', int32(0)),
    );
  }

  /** What a statement's parameters and columns are. */
  describe(sql: string, types: readonly number[]): Promise<Reply> {
    return this.#say(
      message('P', '', sql, types.length, ...types.map(int32)),
      message('D', Buffer.from('S'), ''),
    );
  }

  /** For statements of ours, which do not fail. */
  async must(sql: string, params: readonly (string | null)[] = []): Promise<Reply> {
    const reply = await this.run(sql, params);
    if (reply.error)
      throw new VouchError(
        'inconclusive',
        `rebuilt PostgreSQL: ${reply.error.message} (${sql.slice(0, 200)})`,
      );
    return reply;
  }

  async #say(...messages: Buffer[]): Promise<Reply> {
    const bytes = frame(Buffer.concat([...messages, message('S')]));
    return readReply(await this.#hear(this.#statementMs, () => void this.#child.stdin.write(bytes)));
  }
}

function readReply(bytes: Buffer): Reply {
  const reply: Reply = { columns: null, rows: [], tag: null, error: null, notices: [], parameterOids: null };
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at + 1);
    const body = bytes.subarray(at + 5, at + 1 + length);
    switch (String.fromCharCode(bytes[at]!)) {
      case 'T':
        reply.columns = readColumns(body);
        break;
      case 't': {
        const fields = new Fields(body);
        reply.parameterOids = fields.list(() => fields.oid());
        break;
      }
      case 'D': {
        const fields = new Fields(body);
        reply.rows.push(fields.list(() => fields.value()?.toString('utf8') ?? null));
        break;
      }
      case 'C':
        reply.tag = new Fields(body).text();
        break;
      case 'I':
        reply.tag = '';
        break;
      case 'E':
        reply.error ??= readError(body);
        break;
      case 'N':
        reply.notices.push(readError(body));
        break;
      default:
    }
    at += length + 1;
  }
  return reply;
}
