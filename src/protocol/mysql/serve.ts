import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { Peer } from '../peer.ts';
import type { Answers } from '../port.ts';
import { Nonsense } from '../source.ts';
import { CAPABILITY, COMMAND, MARIADB_CAPABILITY, STATUS, TYPE } from './flags.ts';
import { greetingPacket, offered, readChangeUser, readLogin } from './handshake.ts';
import { commitsImplicitly, isHousekeeping } from './meaning.ts';
import {
  myFactsSchema,
  myResponseSchema,
  type Column,
  type MyFacts,
  type MyRequest,
  type MyResponse,
  type MyResult,
} from './messages.ts';
import { columnPacket, eofPacket, errPacket, okPacket, type Ok } from './packets.ts';
import { readBulk, readExecute, readQuery, type Bindings } from './parameters.ts';
import { requestOf } from './run.ts';
import {
  answerHousekeeping,
  failure,
  ownColumns,
  isAutocommit,
  statusOf,
  use,
  type SessionState,
} from './semantics.ts';
import { normaliseSql, placeholders, statementsOf } from './sql.ts';
import { binaryRow, textRow } from './rows.ts';
import { plainColumn, Variables } from './variables.ts';
import { Fields, int16, int32, packets, readPacket, size, type Packet } from './wire.ts';

const FLUSH_AT = 64 * 1024;
const MAX_STATEMENTS = 20_000;
const MAX_LONG = 64 * 1024 * 1024;
const LAST_PREPARED = 0xffff_ffff;

interface Statement {
  sql: string;
  count: number;
  bindings: Bindings;
  long: number;
}

/** A recorded connection that ended without an answer: the mock's ends too. */
class Hangup extends Error {}

/**
 * Speaks a MySQL server's end. Any login is accepted, without encryption and compression; BEGIN, SET, USE and the like are
 * answered by their semantics, everything else by `answers`, one call an execution. What is not recorded becomes error
 * 1105 with the reason as its message.
 */
export async function serveMysql(socket: Duplex, answers: Answers): Promise<void> {
  const peer = new Peer(socket);
  const session = new Session(peer, answers);
  try {
    await session.run();
  } catch (error) {
    if (error instanceof Hangup) peer.destroy();
    else if (error instanceof Nonsense) await session.refuse(error.message);
    else throw error;
  } finally {
    await peer.close();
  }
}

class Session {
  readonly #peer: Peer;
  readonly #answers: Answers;
  readonly #facts: MyFacts | null;
  readonly #state: SessionState;
  readonly #offered: { capabilities: number; mariadb: number };
  /** What both ends can do. */
  #capabilities = 0;
  #extended = false;
  #multi = false;
  #firstDatabase: string | null = null;
  #statements = new Map<number, Statement>();
  #lastId = 0;
  /** What was prepared last, or the error of that. */
  #prepared: Statement | MyResponse | null = null;
  #out: Buffer[] = [];
  #held = 0;
  #next = 0;

  constructor(peer: Peer, answers: Answers) {
    this.#peer = peer;
    this.#answers = answers;
    this.#facts = myFactsSchema.nullable().safeParse(answers.facts).data ?? null;
    this.#offered = offered(this.#facts);
    this.#state = {
      inTransaction: false,
      database: null,
      variables: new Variables(this.#facts),
      changes: { variables: [], database: null },
    };
  }

  async run(): Promise<void> {
    if (!(await this.#login())) return;
    for (let commands = 0; !this.#peer.closed;) {
      // Nobody is asked for a proof; some clients may send one all the same.
      const check = commands === 0 ? checkFirst : checkCommand;
      const packet = await this.#peer.read((source) => readPacket(source, check));
      if (packet === undefined || packet.body[0] === COMMAND.quit) return;
      if (packet.sequence !== 0) continue;
      commands++;
      this.#next = (packet.lastSequence + 1) & 0xff;
      await this.#command(packet);
      await this.#flush();
    }
  }

  /** The last word to a client that does not speak this protocol. */
  async refuse(reason: string): Promise<void> {
    this.#error({ code: 1047, state: '08S01', message: `vouch: ${reason}` });
    await this.#flush();
  }

  async #login(): Promise<boolean> {
    const { serverVersion, charset } = this.#facts ?? { serverVersion: null, charset: 0 };
    const scramble = Buffer.from(randomBytes(20).map((byte) => (byte % 127) + 1));
    this.#say(greetingPacket(serverVersion, charset, this.#offered, scramble));
    await this.#flush();
    const packet = await this.#peer.read((source) => readPacket(source, checkLogin));
    if (packet === undefined) return false;
    this.#next = (packet.lastSequence + 1) & 0xff;
    const login = readLogin(packet.body);
    if (login.encrypts) throw new Nonsense('encryption is not served');
    this.#capabilities = (login.capabilities & this.#offered.capabilities) >>> 0;
    this.#extended =
      (login.mariadbCapabilities & this.#offered.mariadb & MARIADB_CAPABILITY.extendedMetadata) !== 0;
    this.#begin(login.database);
    this.#ok();
    await this.#flush();
    return true;
  }

  #can(capability: number): boolean {
    return (this.#capabilities & capability) !== 0;
  }

  /** A session as it is after a login, or a reset. */
  #begin(database: string | null): void {
    this.#statements.clear();
    this.#prepared = null;
    this.#firstDatabase = this.#state.database = database;
    this.#state.inTransaction = false;
    this.#state.variables.reset();
    this.#multi = this.#can(CAPABILITY.multiStatements);
  }

  async #command({ body }: Packet): Promise<void> {
    const rest = body.subarray(1);
    switch (body[0]) {
      case COMMAND.query:
        await this.#query(readQuery(rest));
        break;
      case COMMAND.processInfo:
        await this.#respond(await this.#answer(requestOf('simple', 'SHOW PROCESSLIST')), false);
        break;
      case COMMAND.initDb:
        use(this.#state, rest.toString('utf8'));
        this.#ok();
        break;
      case COMMAND.prepare:
        await this.#prepare(rest.toString('utf8'));
        break;
      case COMMAND.execute:
      case COMMAND.bulkExecute:
        await this.#execute(new Fields(rest), body[0] === COMMAND.bulkExecute);
        break;
      case COMMAND.sendLongData:
        this.#sendLongData(new Fields(rest));
        break;
      case COMMAND.closeStatement:
        this.#statements.delete(new Fields(rest).int32());
        break;
      case COMMAND.resetStatement:
        this.#statements.get(new Fields(rest).int32())?.bindings.long.clear();
        this.#ok();
        break;
      case COMMAND.changeUser:
        this.#begin(readChangeUser(rest));
        this.#ok();
        break;
      case COMMAND.resetConnection:
        this.#begin(this.#state.database);
        this.#ok();
        break;
      case COMMAND.setOption:
        this.#multi = new Fields(rest).int16() === 0;
        this.#end(0, statusOf(this.#state, null));
        break;
      case COMMAND.ping:
      case COMMAND.debug:
      case COMMAND.processKill:
        this.#ok();
        break;
      case COMMAND.statistics:
        this.#say(Buffer.from('Uptime: 1  Threads: 1  Questions: 1  Slow queries: 0'));
        break;
      default:
        this.#error({
          code: 1047,
          state: '08S01',
          message: `vouch: command 0x${(body[0] ?? 0).toString(16)} is not served`,
        });
    }
  }

  /** A query: its statements in turn, until one fails. */
  async #query(sql: string): Promise<void> {
    const statements = this.#multi ? statementsOf(sql) : [sql];
    for (const [index, statement] of statements.entries()) {
      const response = await this.#answer(requestOf('simple', statement));
      if (!(await this.#respond(response, false, index < statements.length - 1))) break;
    }
  }

  async #prepare(sql: string): Promise<void> {
    const known = this.#facts?.statements.find((each) => each.sql === normaliseSql(sql));
    if (known?.refused === true) {
      const response = await this.#answer({ ...requestOf('extended', sql), prepareOnly: true }, true);
      if (response.error) {
        this.#prepared = response;
        this.#error(response.error);
        return;
      }
    }
    const count = known && !known.refused ? known.params.length : placeholders(sql);
    if (count > 0xffff) throw new Nonsense('too many parameters');
    if (this.#statements.size >= MAX_STATEMENTS) throw new Nonsense('too many prepared statements');
    const statement = { sql, count, bindings: { types: null, long: new Map() }, long: 0 };
    this.#prepared = statement;
    this.#statements.set(++this.#lastId, statement);
    const columns = known?.columns ?? ownColumns(sql, this.#state.variables) ?? [];
    const params = Array.from(
      { length: count },
      (_, i) => known?.params[i] ?? plainColumn('?', TYPE.varString),
    );
    const head = [Buffer.from([0]), int32(this.#lastId), int16(columns.length), int16(count)];
    this.#say(Buffer.concat([...head, Buffer.from([0, 0, 0])]));
    this.#definitions(params);
    this.#definitions(columns);
  }

  #definitions(columns: readonly Column[]): void {
    for (const column of columns) this.#say(columnPacket(column, this.#extended));
    if (columns.length > 0 && !this.#can(CAPABILITY.deprecateEof))
      this.#say(eofPacket(0, statusOf(this.#state, null)));
  }

  #sendLongData(fields: Fields): void {
    const statement = this.#statements.get(fields.int32());
    if (statement === undefined) return; // it has no answer
    const index = fields.int16();
    const piece = fields.rest();
    statement.long += piece.length;
    if (statement.long > MAX_LONG) throw new Nonsense('a value that is too long');
    statement.bindings.long.set(index, [...(statement.bindings.long.get(index) ?? []), piece]);
  }

  async #execute(fields: Fields, bulk: boolean): Promise<void> {
    const id = fields.int32();
    const found = id === LAST_PREPARED ? this.#prepared : this.#statements.get(id);
    if (found === null || found === undefined) {
      const message = `Unknown prepared statement handler (${id}) given to mysqld_stmt_execute`;
      this.#error({ code: 1243, state: 'HY000', message });
      return;
    }
    if ('rows' in found) {
      await this.#respond(found, true);
      return;
    }
    const { sql, count, bindings } = found;
    const bound = (bulk ? readBulk : readExecute)(fields.rest(), count, bindings);
    found.long = 0;
    if (bound.flaw !== null) {
      this.#error({ code: 1210, state: 'HY000', message: `vouch: ${bound.flaw}` });
      return;
    }
    const request = { ...requestOf('extended', sql, bound.params, bound.types), bulk: bound.bulk };
    await this.#respond(await this.#answer(request), true);
  }

  async #answer(asked: MyRequest, asking = false): Promise<MyResponse> {
    const { sql } = asked;
    if (isHousekeeping(sql) && !asking) return answerHousekeeping(sql, this.#state);
    const { database } = this.#state;
    const request = { ...asked, database: database === this.#firstDatabase ? null : database };
    const answer = await this.#answers.answer(request);
    if (!answer.found) return failure(1105, 'HY000', `vouch: no recorded answer: ${answer.reason}`);
    if (answer.response === null) throw new Hangup();
    const response = myResponseSchema.parse(answer.response);
    if (commitsImplicitly(sql) || response.error?.code === 1213) this.#state.inTransaction = false;
    else if (!isAutocommit(this.#state)) this.#state.inTransaction = true;
    return response;
  }

  /** All results of a statement. `follows`: another statement's come after them. False: the last one is an error. */
  async #respond({ more, ...first }: MyResponse, binary: boolean, follows = false): Promise<boolean> {
    const results = [first, ...more];
    for (const [index, result] of results.entries()) {
      if (!(await this.#result(result, binary, follows || index < results.length - 1))) return false;
    }
    return true;
  }

  async #result(result: MyResult, binary: boolean, more: boolean): Promise<boolean> {
    const { columns, rows, warnings, error, affectedRows, insertId, info } = result;
    const status = statusOf(this.#state, result.status) | (more ? STATUS.moreResults : 0);
    if (columns !== null) {
      this.#say(size(columns.length));
      this.#definitions(columns);
      for (const row of rows) {
        const bytes = binary ? binaryRow(columns, row) : textRow(row);
        if (typeof bytes === 'string') {
          this.#error({ code: 1105, state: 'HY000', message: `vouch: ${bytes}` });
          return false;
        }
        this.#say(bytes);
        if (this.#held > FLUSH_AT) await this.#flush();
      }
    }
    if (error) this.#error(error);
    else if (columns !== null) this.#end(warnings, status);
    else this.#ok({ affectedRows, insertId, warnings, info, status });
    return error === null;
  }

  /** What ends rows, in the way that was agreed on. */
  #end(warnings: number, status: number): void {
    const nothing = { affectedRows: 0, insertId: '0', info: '' };
    this.#say(
      this.#can(CAPABILITY.deprecateEof)
        ? okPacket({ ...nothing, warnings, status }, null, true)
        : eofPacket(warnings, status),
    );
  }

  #ok(parts: Partial<Ok> = {}): void {
    const usual = {
      affectedRows: 0,
      insertId: '0',
      warnings: 0,
      info: '',
      status: statusOf(this.#state, null),
    };
    const { changes } = this.#state;
    this.#state.changes = { variables: [], database: null };
    this.#say(okPacket({ ...usual, ...parts }, this.#can(CAPABILITY.sessionTrack) ? changes : null));
  }

  #error(error: NonNullable<MyResult['error']>): void {
    this.#say(errPacket(error));
  }

  #say(body: Buffer): void {
    const { bytes, next } = packets(body, this.#next);
    this.#next = next;
    this.#out.push(bytes);
    this.#held += bytes.length;
  }

  async #flush(): Promise<void> {
    if (this.#held === 0) return;
    const bytes = Buffer.concat(this.#out);
    this.#out = [];
    this.#held = 0;
    await this.#peer.write(bytes);
  }
}

/** The first packet of a client; anything else than a login is told at once. */
function checkLogin(sequence: number, length: number): void {
  if (sequence !== 1 || length < 32 || length > 0xffff) throw new Nonsense('not a login');
}

function checkFirst(sequence: number, length: number, first: number | undefined): void {
  if (sequence === 0 || length > 0xffff) checkCommand(sequence, length, first);
}

function checkCommand(sequence: number, _length: number, first: number | undefined): void {
  if (sequence !== 0 || first === undefined) throw new Nonsense('not a command');
}
