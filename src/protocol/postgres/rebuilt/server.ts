import { PGlite } from '@electric-sql/pglite';
import { VouchError } from '../../../lib/errors.ts';
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

/** A PostgreSQL in this process' memory with one session, spoken to in its own protocol. */
export class Server {
  readonly #db: PGlite;

  private constructor(db: PGlite) {
    this.#db = db;
  }

  static async open(): Promise<Server> {
    return new Server(await PGlite.create());
  }

  close(): Promise<void> {
    return this.#db.close();
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
    const bytes = Buffer.from(
      await this.#db.execProtocolRaw(Buffer.concat([...messages, message('S')]), { syncToFs: false }),
    );
    return readReply(bytes);
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
