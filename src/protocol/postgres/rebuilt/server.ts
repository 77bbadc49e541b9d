import { Worker } from 'node:worker_threads';
import { messageOf, VouchError } from '../../../lib/errors.ts';
import type { Column, PgError } from '../messages.ts';
import type { Said } from './server-worker.ts';
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

/** Starting takes a second or two; a statement that takes longer than this is one that nobody waits for. */
const START_MS = 60_000;
const STATEMENT_MS = 5_000;

/**
 * A PostgreSQL in memory with one session, spoken to in its own protocol. In a thread of its own: what candidates ask may take for ever,
 * and it has no clock to end that by itself. One that did not answer in time is ended, and answers nothing any more.
 */
export class Server {
  readonly #thread: Worker;
  readonly #statementMs: number;
  #settle: ((said: Said) => void) | undefined;
  #ended: string | undefined;

  private constructor(statementMs: number) {
    this.#statementMs = statementMs;
    this.#thread = new Worker(new URL('server-worker.ts', import.meta.url), { execArgv: [] });
    this.#thread.on('message', (said: Said) => this.#settle?.(said));
    this.#thread.on('error', (error) => this.#end(messageOf(error)));
    this.#thread.on('exit', () => this.#end('its thread ended'));
    // Whoever waits for an answer keeps this process alive; the thread itself does not.
    this.#thread.unref();
  }

  static async open({ statementMs = STATEMENT_MS } = {}): Promise<Server> {
    const server = new Server(statementMs);
    await server.#hear(START_MS, () => {});
    return server;
  }

  async close(): Promise<void> {
    this.#end('it was closed');
    await this.#thread.terminate();
  }

  #end(why: string): void {
    this.#ended ??= why;
    this.#settle?.({ error: this.#ended });
  }

  /** What the thread says next. */
  async #hear(ms: number, ask: () => void): Promise<Uint8Array | null> {
    if (this.#ended !== undefined) throw new VouchError('inconclusive', `rebuilt PostgreSQL: ${this.#ended}`);
    const { promise, resolve } = Promise.withResolvers<Said>();
    this.#settle = resolve;
    const timer = setTimeout(() => {
      this.#end(`no answer within ${ms / 1000} s`);
      void this.#thread.terminate();
    }, ms);
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
    const bytes = new Uint8Array(Buffer.concat([...messages, message('S')]));
    const answer = await this.#hear(this.#statementMs, () => this.#thread.postMessage(bytes));
    return readReply(Buffer.from(answer ?? new Uint8Array()));
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
