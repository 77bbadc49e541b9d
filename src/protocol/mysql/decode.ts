import type { Json } from '../../lib/json.ts';
import { conversation, type Talk } from '../conversation.ts';
import type { Decoded, Decoder } from '../port.ts';
import { LostTrack, Nonsense, type Reading, type Source } from '../source.ts';
import { Knowledge } from './knowledge.ts';
import { CAPABILITY, COMMAND, COMMANDS, STATUS } from './flags.ts';
import {
  isLogin,
  PROTOCOL_VERSION,
  readChangeUser,
  readGreeting,
  readLogin,
  unreadable,
  type Login,
} from './handshake.ts';
import { endsRows, isEof, isErr, readErr } from './packets.ts';
import { readQuery } from './parameters.ts';
import { Budget, Results } from './results.ts';
import { exchangesOf, executionOf, PreparedStatement, simpleRun, type Place, type Run } from './run.ts';
import { usedDatabase } from './sql.ts';
import { Fields, readPacket, type Packet } from './wire.ts';

/** What the client asked for and the server has not finished answering, in order. */
type Op = { first: number } & (
  | { kind: 'login'; database: string | null }
  | { kind: 'reply' | 'text' | 'rows' }
  | { kind: 'run'; run: Run; results: Results | null }
  | { kind: 'prepare'; startedAt: number; statement: PreparedStatement }
);

const MAX_OPS = 10_000;
const MAX_STATEMENTS = 20_000;
/** Commands that name a statement. */
const NAMING: ReadonlySet<number> = new Set([
  COMMAND.execute,
  COMMAND.bulkExecute,
  COMMAND.sendLongData,
  COMMAND.closeStatement,
  COMMAND.resetStatement,
  COMMAND.fetch,
]);
/** MariaDB: the statement that was prepared last. */
const LAST_PREPARED = 0xffff_ffff;

export function mysqlDecoder(): Decoder {
  return conversation(new MyTalk());
}

class MyTalk implements Talk {
  readonly serverFirst = true;
  #ops: Op[] = [];
  #statements = new Map<number, PreparedStatement>();
  #prepared: PreparedStatement | null = null;
  #finished: Decoded[] = [];
  /** The connection's beginning was seen, or else it was joined later. */
  #greeted = false;
  #joined = false;
  #login: Login | null = null;
  #capabilities = { server: 0, mariadb: 0 };
  #multi = true;
  #sending: 'commands' | 'login' | 'file' = 'commands';
  #next = 0;
  /** Number of an EOF that may follow what was taken for whole. */
  #stray: number | null = null;
  /** As it was at the login, and as it is. A connection on which no USE was seen is taken for one that has none. */
  #database: { first: string | null; now: string | null; unsure: boolean } = {
    first: null,
    now: null,
    unsure: false,
  };
  #budget = new Budget();
  #knowledge = new Knowledge();

  *client(source: Source): Reading<void> {
    for (;;) {
      const packet = yield* readPacket(source, (sequence, size, first) =>
        this.#checkClient(sequence, size, first),
      );
      if (packet === undefined) return;
      if (packet.lost > 0 && this.#sending !== 'file')
        throw new LostTrack(`${packet.lost} bytes lost (client)`);
      // Which statement is meant is known once all that were prepared before have their numbers.
      while (NAMING.has(packet.body[0]!) && this.#isPreparing() && !source.ended) yield;
      this.#ask(packet);
      if (this.#ops.length > MAX_OPS) throw new Nonsense(`more than ${MAX_OPS} commands without an answer`);
    }
  }

  #isPreparing(): boolean {
    return this.#sending === 'commands' && this.#ops.some(({ kind }) => kind === 'prepare');
  }

  /** Commands have number 0; what has another belongs to a login or to a file. */
  #checkClient(sequence: number, size: number, first: number | undefined): void {
    if (this.#sending === 'file') return;
    const begins = !this.#joined && this.#login === null;
    if (begins && sequence === 1 && size >= 32) return;
    if (sequence !== 0) {
      if (this.#sending === 'login') return;
      throw new Nonsense(begins ? 'not the beginning of MySQL' : 'a packet out of order');
    }
    if (first === undefined || !COMMANDS.has(first))
      throw new Nonsense(first === undefined ? 'an empty command' : `no command: 0x${first.toString(16)}`);
    if (begins && this.#greeted) throw new Nonsense('a command before the login');
  }

  #ask(packet: Packet): void {
    const { body, sequence } = packet;
    if (this.#sending === 'file') {
      if (body.length === 0 && packet.lost === 0) this.#sending = 'commands';
      return;
    }
    if (!this.#joined && this.#login === null && sequence === 1) {
      this.#begin(packet);
      return;
    }
    if (sequence !== 0) return; // a password's proof
    if (this.#login === null) this.#joined = true;
    this.#sending = 'commands';
    this.#command(packet);
  }

  #begin({ body, sequence }: Packet): void {
    if (!isLogin(Buffer.concat([Buffer.from([0xff, 0xff, 0xff, sequence]), body])))
      throw new Nonsense('not the beginning of MySQL');
    const login = readLogin(body);
    if (login.encrypts) throw new Nonsense('encrypted with TLS');
    this.#login = login;
    this.#multi = (login.capabilities & CAPABILITY.multiStatements) !== 0;
    this.#database = { first: login.database, now: login.database, unsure: false };
    this.#sending = 'login';
    this.#ops.push({ kind: 'login', first: 2, database: login.database });
    this.#agree();
  }

  /** Looks at what both ends can do, once both have said so. */
  #agree(): void {
    if (this.#login === null || !this.#greeted) return;
    const flaw = unreadable(this.#login.capabilities & this.#capabilities.server);
    if (flaw !== null) throw new Nonsense(flaw);
  }

  #can(capability: number): boolean {
    return ((this.#login?.capabilities ?? 0) & this.#capabilities.server & capability) !== 0;
  }

  #command(packet: Packet): void {
    const { body, startedAt } = packet;
    const rest = body.subarray(1);
    const first = (packet.lastSequence + 1) & 0xff;
    switch (body[0]) {
      case COMMAND.query:
        this.#run(simpleRun(readQuery(rest), startedAt, this.#multi), first);
        break;
      case COMMAND.initDb:
        this.#run(
          simpleRun(`USE \`${rest.toString('utf8').replaceAll('`', '``')}\``, startedAt, false),
          first,
        );
        break;
      case COMMAND.prepare: {
        this.#prepared = new PreparedStatement(rest.toString('utf8'), startedAt);
        this.#ops.push({ kind: 'prepare', first, startedAt, statement: this.#prepared });
        break;
      }
      case COMMAND.execute:
      case COMMAND.bulkExecute: {
        const fields = new Fields(rest);
        const statement = this.#statement(fields.int32());
        this.#run(executionOf(statement, fields.rest(), body[0] === COMMAND.bulkExecute, startedAt), first);
        break;
      }
      case COMMAND.sendLongData: {
        const fields = new Fields(rest);
        const statement = this.#statement(fields.int32());
        statement.addLong(fields.int16(), fields.rest(), this.#budget);
        break;
      }
      case COMMAND.closeStatement:
        this.#statements.delete(new Fields(rest).int32());
        break;
      case COMMAND.resetStatement:
        this.#statement(new Fields(rest).int32()).bindings.long.clear();
        this.#ops.push({ kind: 'reply', first });
        break;
      case COMMAND.quit:
        break;
      case COMMAND.statistics:
        this.#ops.push({ kind: 'text', first });
        break;
      case COMMAND.changeUser:
        this.#sending = 'login';
        this.#statements.clear();
        this.#ops.push({ kind: 'login', first, database: readChangeUser(rest) });
        break;
      case COMMAND.setOption:
        this.#multi = new Fields(rest).int16() === 0;
        this.#ops.push({ kind: 'reply', first });
        break;
      case COMMAND.resetConnection:
        this.#statements.clear();
        this.#ops.push({ kind: 'reply', first });
        break;
      case COMMAND.processInfo:
        this.#run(simpleRun('SHOW PROCESSLIST', startedAt, false), first);
        break;
      case COMMAND.fetch:
      case COMMAND.fieldList:
        this.#ops.push({ kind: 'rows', first });
        break;
      case COMMAND.ping:
      case COMMAND.debug:
      case COMMAND.processKill:
        this.#ops.push({ kind: 'reply', first });
        break;
      default:
        throw new Nonsense(`command 0x${body[0]!.toString(16)} is not decoded`);
    }
  }

  #run(run: Run, first: number): void {
    this.#ops.push({ kind: 'run', first, run, results: null });
  }

  #statement(id: number): PreparedStatement {
    const known = id === LAST_PREPARED ? this.#prepared : this.#statements.get(id);
    if (known) return known;
    const unknown = new PreparedStatement(`unknown statement ${id}`, null);
    unknown.flaw = `statement ${id} was prepared before the recording began`;
    return unknown;
  }

  *server(source: Source): Reading<void> {
    for (;;) {
      while (this.#waits() && source.length > 0 && !source.ended) yield;
      const packet = yield* readPacket(source, (sequence, _size, first) =>
        this.#checkServer(sequence, first),
      );
      if (packet === undefined) return;
      if (!this.#greeted && !this.#joined) this.#greet(packet);
      else this.#hear(packet);
    }
  }

  #waits(): boolean {
    return (this.#greeted || this.#joined) && this.#ops.length === 0;
  }

  #checkServer(sequence: number, first: number | undefined): void {
    if (!this.#greeted && !this.#joined) {
      if (sequence !== 0 || (first !== PROTOCOL_VERSION && first !== 0xff))
        throw new LostTrack('the connection began before the recording');
      return;
    }
    const op = this.#ops[0];
    if (op === undefined || isGoodbye(sequence, first)) return;
    if (sequence === this.#stray && first === 0xfe) return;
    const free = op.kind === 'login' || (op.kind === 'run' && op.results?.readsFile === true);
    if (!free && sequence !== (this.#next === 0 ? op.first : this.#next & 0xff)) this.#outOfStep();
  }

  #greet({ body }: Packet): void {
    this.#greeted = true;
    if (body[0] === 0xff) {
      this.#knowledge.facts.refused = readErr(body);
      return;
    }
    const greeting = readGreeting(body);
    this.#capabilities = { server: greeting.capabilities, mariadb: greeting.mariadbCapabilities };
    this.#knowledge.greeted(greeting);
    this.#agree();
  }

  #hear(packet: Packet): void {
    const op = this.#ops[0];
    const { body, sequence, lost } = packet;
    if (op === undefined || (op.kind !== 'login' && isGoodbye(sequence, body[0]))) return;
    if (sequence === this.#stray && isEof(body)) {
      this.#stray = null;
      return;
    }
    this.#stray = null;
    // Numbers run on to 255 and begin again at 0; 256 tells that from "none yet".
    this.#next = ((packet.lastSequence + 1) & 0xff) | 0x100;
    if (op.kind === 'run') {
      op.results ??= this.#resultsOf(op.run);
      if (op.results.hear(packet)) this.#over(op.run, op.results);
      else if (op.results.readsFile) this.#sending = 'file';
      return;
    }
    if (lost > 0) throw new LostTrack(`${lost} bytes lost (server)`);
    if (op.kind === 'login') this.#loggingIn(op.database, packet);
    else if (op.kind === 'prepare') this.#preparing(op, packet);
    else if (op.kind === 'rows') {
      if (isErr(body) || endsRows(body, packet.length)) this.#shift();
    } else if (op.kind === 'text' || [0, 0xfe, 0xff].includes(body[0] ?? -1)) this.#shift();
    else this.#outOfStep();
  }

  #resultsOf(run: Run): Results {
    return new Results({
      binary: run.kind === 'extended',
      tracked: this.#greeted && this.#login !== null ? this.#can(CAPABILITY.sessionTrack) : null,
      budget: this.#budget,
      known: run.statement?.columns ?? null,
    });
  }

  #over(run: Run, results: Results): void {
    this.#shift();
    if (run.statement?.refused === true) return; // sent with its PREPARE, which has failed already
    const last = results.done.at(-1)!;
    if (run.statement) run.statement.columns = last.result.columns ?? run.statement.columns;
    const exchanges = exchangesOf(run, results, null, last.endedAt, this.#place);
    this.#finished.push(...exchanges);
    for (const exchange of exchanges) this.#knowledge.heard(exchange);
    this.#budget.reset();
  }

  /** Where a statement runs; a USE that went well moves on from there. */
  #place = (sql: string, well: boolean): Place => {
    const { first, now, unsure } = this.#database;
    const used = well ? usedDatabase(sql) : null;
    if (used !== null) this.#database = { first, now: used, unsure: false };
    return {
      database: now === first || used !== null ? null : now,
      flaw: unsure && used === null ? 'bytes were lost, and the default database may be another since' : null,
    };
  };

  #shift(): void {
    this.#ops.shift();
    this.#next = 0;
  }

  #loggingIn(database: string | null, { body }: Packet): void {
    switch (body[0]) {
      case 0xff:
        this.#knowledge.facts.refused = readErr(body);
        break;
      case 0xfe:
        this.#knowledge.facts.authentication = new Fields(body.subarray(1)).text() || 'mysql_old_password';
        return;
      case 1: // more of the same method
      case 2: // another factor
        return;
      case 0:
        break;
      default:
        this.#outOfStep();
    }
    this.#shift();
    this.#sending = 'commands';
    this.#database = { first: database, now: database, unsure: false };
  }

  #preparing({ statement, startedAt }: Extract<Op, { kind: 'prepare' }>, packet: Packet): void {
    const known = this.#greeted && this.#login !== null;
    const state = statement.hear(packet, known && !this.#can(CAPABILITY.deprecateEof));
    if (state === 'more') return;
    // Nobody saw which way definitions end on this connection.
    if (!known) this.#stray = (packet.lastSequence + 1) & 0xff;
    this.#shift();
    if (state === 'failed') {
      const place = this.#place(statement.sql, false);
      this.#finished.push(statement.failed(packet.endedAt, startedAt, place));
    } else {
      if (this.#statements.size >= MAX_STATEMENTS)
        this.#statements.delete(this.#statements.keys().next().value!);
      this.#statements.set(statement.id, statement);
    }
    this.#knowledge.prepared(statement);
  }

  #outOfStep(): never {
    const what = "the server's packet does not fit what was asked";
    if (this.#joined) throw new LostTrack(what);
    throw new Nonsense(what);
  }

  finished(): Decoded[] {
    return this.#finished.splice(0);
  }

  abandon(reason: string, at: number): void {
    for (const op of this.#ops.splice(0)) {
      if (op.kind === 'run' && op.run.statement?.refused !== true)
        this.#finished.push(
          ...exchangesOf(op.run, op.results ?? this.#resultsOf(op.run), reason, at, this.#place),
        );
    }
    this.#budget.reset();
    this.#next = 0;
    this.#stray = null;
    this.#sending = 'commands';
    if (!this.#greeted || this.#login === null) this.#joined = true;
    // What was lost may have bound other types, sent parts of values, or used another database.
    for (const statement of this.#statements.values()) {
      statement.bindings.types = null;
      statement.bindings.long.clear();
      statement.columns = null;
    }
    this.#prepared = null;
    if (this.#database.now !== this.#database.first) this.#database.unsure = true;
  }

  /** A new turn: the server's last bytes are a whole OK or EOF, and the client's begin with a command. */
  resumes(client: Buffer, tail: Buffer): boolean | null {
    if (!isEnd(tail.subarray(-9), 5) && !isEnd(tail.subarray(-11), 7)) return false;
    if (client.length < 5) return client[3] === undefined || client[3] === 0 ? null : false;
    return client[3] === 0 && client.readUIntLE(0, 3) > 0 && COMMANDS.has(client[4]!);
  }

  facts(): Json {
    return this.#knowledge.known();
  }
}

/** A packet of this length that ends an answer: EOF, or OK without a text, without an announcement of more. */
function isEnd(packet: Buffer, length: number): boolean {
  if (packet.length !== length + 4 || packet.readUIntLE(0, 3) !== length || packet[3] === 0) return false;
  const first = packet[4];
  const more = (packet.readUInt16LE(7) & STATUS.moreResults) !== 0;
  return (length === 5 ? first === 0xfe : first === 0 || first === 0xfe) && !more;
}

/** An error that answers nothing: shutdown, idle timeout. */
function isGoodbye(sequence: number, first: number | undefined): boolean {
  return sequence === 0 && first === 0xff;
}
