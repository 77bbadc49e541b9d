import type { Json } from '../../lib/json.ts';
import { conversation, type Talk } from '../conversation.ts';
import type { Decoded, Decoder } from '../port.ts';
import { LostTrack, Nonsense, type Reading, type Source } from '../source.ts';
import { Budget, PgRun, type Portal, type Statement } from './run.ts';
import type { Column, PgFacts, PgOpening } from './messages.ts';
import { startParameters } from './opening.ts';
import { normaliseSql } from './sql.ts';
import { Fields, readColumns, readError, readMessage, type Message } from './wire.ts';

/** What the client asked for and the server has not finished answering, in order. */
type Op =
  | { kind: 'startup' | 'sync' | 'close' }
  | { kind: 'parse'; name: string; statement: Statement }
  | { kind: 'bind'; portal: Portal }
  | { kind: 'describe'; statement: Statement; portal: Portal | null; run: PgRun | null }
  | { kind: 'execute'; run: PgRun }
  | { kind: 'query'; run: PgRun };

const CLIENT_TYPES = 'QPBDECSHXFdcfp';
const SERVER_TYPES = 'RSKNAvZT1237ntDCIsEGHWdcV';
const MAX_OPS = 10_000;
const MAX_STARTUP = 10_000;
const MAX_STATEMENTS = 500;
const MAX_NAMED = 10_000;
const SSL = 80877103;
const GSS = 80877104;
const CANCEL = 80877102;

export function pgDecoder(): Decoder {
  return conversation(new PgTalk());
}

class PgTalk implements Talk {
  #ops: Op[] = [];
  #statements = new Map<string, Statement>();
  #portals = new Map<string, Portal>();
  /** Runs that are over but for the ReadyForQuery that tells the transaction's state. */
  #held: PgRun[] = [];
  #finished: Decoded[] = [];
  /** After an error, until Sync, the server drops what the client sends. */
  #skipping = false;
  /** Encryption was asked for; the server's answer is one byte. */
  #negotiating = false;
  #began = false;
  /** The beginning was not seen, so what does not fit may be our ignorance. */
  #joined = false;
  #budget = new Budget();
  #facts: PgFacts = { parameters: {}, authentication: null, refused: null, statements: [], openings: [] };
  #opening: PgOpening = { database: null, user: '', given: {}, reported: {} };
  #described = new Map<string, PgFacts['statements'][number]>();

  *client(source: Source): Reading<void> {
    if (!this.#began) {
      if (!(yield* source.need(1))) return;
      this.#began = true;
      if (source.view()[0] === 0) {
        if (!(yield* this.#startup(source))) return;
      } else if (CLIENT_TYPES.includes(String.fromCharCode(source.view()[0]!))) this.#joined = true;
      else
        throw new Nonsense(
          source.view()[0] === 0x16 ? 'encrypted with TLS' : 'not the beginning of PostgreSQL',
        );
    }
    for (;;) {
      const message = yield* readMessage(source, CLIENT_TYPES);
      if (message === undefined) return;
      if (message.lost > 0 && message.type !== 'd')
        throw new LostTrack(`${message.lost} bytes lost (client)`);
      this.#ask(message);
      if (this.#ops.length > MAX_OPS) throw new Nonsense(`more than ${MAX_OPS} messages without an answer`);
    }
  }

  /** Up to and with StartupMessage. False: the connection is over, or is a cancel request. */
  *#startup(source: Source): Reading<boolean> {
    for (;;) {
      const head = yield* source.take(8);
      if (head === undefined) return false;
      const [length, code] = [head.readUInt32BE(0), head.readUInt32BE(4)];
      if (length < 8 || length > MAX_STARTUP) throw new Nonsense(`a start-up message of ${length} bytes`);
      const body = yield* source.take(length - 8);
      if (body === undefined || code === CANCEL) return false;
      if (code === SSL || code === GSS) {
        this.#negotiating = true;
        while (this.#negotiating && !source.ended) yield;
        continue;
      }
      if (code >>> 16 !== 3) throw new Nonsense(`protocol version ${code >>> 16}`);
      const { user = '', database = user, ...given } = startParameters(body);
      this.#opening = { database, user, given, reported: {} };
      this.#ops.push({ kind: 'startup' });
      return true;
    }
  }

  #ask(message: Message): void {
    const fields = new Fields(message.body);
    const { startedAt } = message;
    if (this.#skipping && 'PBDECQ'.includes(message.type)) return;
    switch (message.type) {
      case 'Q':
        this.#ops.push({ kind: 'query', run: PgRun.simple(fields.text(), startedAt, this.#budget) });
        break;
      case 'P': {
        const name = fields.text();
        const statement: Statement = {
          sql: fields.text(),
          types: fields.list(() => fields.oid()),
          startedAt,
          name,
          oids: null,
          columns: undefined,
          flaw: null,
        };
        this.#name(this.#statements, name, statement);
        this.#ops.push({ kind: 'parse', name, statement });
        break;
      }
      case 'B':
        this.#bind(fields, startedAt);
        break;
      case 'D':
        this.#describe(fields, startedAt);
        break;
      case 'E':
        this.#ops.push({
          kind: 'execute',
          run: PgRun.extended(this.#portal(fields.text()), startedAt, this.#budget),
        });
        break;
      case 'C':
        (fields.byte() === 'S' ? this.#statements : this.#portals).delete(fields.text());
        this.#ops.push({ kind: 'close' });
        break;
      case 'S':
        this.#skipping = false;
        this.#ops.push({ kind: 'sync' });
        break;
      case 'F':
        throw new Nonsense('function call messages are not decoded');
      case 'd':
        this.#copying()?.copyIn(message.body, message.lost);
        break;
      case 'c':
      case 'f':
        this.#copying()?.copyEnded();
        break;
      default: // Flush, Terminate; passwords, which are not kept
    }
  }

  /** The newest execution: what COPY data belong to. */
  #copying(): PgRun | undefined {
    const op = this.#ops.findLast(({ kind }) => kind === 'execute' || kind === 'query');
    return op?.kind === 'execute' || op?.kind === 'query' ? op.run : undefined;
  }

  #name<T>(map: Map<string, T>, name: string, value: T): void {
    if (map.size >= MAX_NAMED && !map.has(name)) throw new Nonsense(`more than ${MAX_NAMED} names`);
    map.set(name, value);
  }

  #bind(fields: Fields, startedAt: number): void {
    const [name, from] = [fields.text(), fields.text()];
    const statement = this.#statement(from);
    const formats = fields.list(() => fields.int16());
    const values = fields.list(() => fields.value());
    const resultFormats = fields.list(() => fields.int16());
    const portal: Portal = {
      statement,
      formats,
      values: values.map((value) => (value === null ? null : Buffer.from(value))),
      resultFormats,
      startedAt: statement.startedAt ?? startedAt,
      columns: undefined,
      executions: 0,
    };
    statement.startedAt = null;
    this.#name(this.#portals, name, portal);
    this.#ops.push({ kind: 'bind', portal });
  }

  #describe(fields: Fields, startedAt: number): void {
    if (fields.byte() === 'P') {
      const portal = this.#portal(fields.text());
      this.#ops.push({ kind: 'describe', statement: portal.statement, portal, run: null });
      return;
    }
    const statement = this.#statement(fields.text());
    const run = PgRun.describe(statement, startedAt, this.#budget);
    this.#ops.push({ kind: 'describe', statement, portal: null, run });
  }

  #statement(name: string): Statement {
    const flaw = `the statement "${name}" was prepared before the recording began`;
    const sql = `unknown statement "${name}"`;
    return (
      this.#statements.get(name) ?? {
        sql,
        types: [],
        startedAt: null,
        name,
        oids: null,
        columns: undefined,
        flaw,
      }
    );
  }

  #portal(name: string): Portal {
    const none = {
      formats: [],
      values: [],
      resultFormats: [],
      startedAt: null,
      columns: undefined,
      executions: 0,
    };
    const flaw = `the portal "${name}" was opened before the recording began`;
    return (
      this.#portals.get(name) ?? {
        ...none,
        statement: { ...this.#statement(''), sql: `unknown portal "${name}"`, flaw },
      }
    );
  }

  *server(source: Source): Reading<void> {
    for (;;) {
      while (
        !this.#negotiating &&
        this.#ops.length === 0 &&
        !this.#joined &&
        source.length > 0 &&
        !source.ended
      )
        yield;
      if (!(yield* source.need(1))) return;
      if (this.#negotiating) {
        yield* this.#encryption(source);
        continue;
      }
      const message = yield* readMessage(source, SERVER_TYPES);
      if (message === undefined) return;
      if (message.lost > 0 && message.type !== 'D' && message.type !== 'd') {
        throw new LostTrack(`${message.lost} bytes lost (server)`);
      }
      this.#hear(message);
    }
  }

  *#encryption(source: Source): Reading<void> {
    const answer = String.fromCharCode(source.view()[0]!);
    if (answer === 'S' || answer === 'G')
      throw new Nonsense(answer === 'S' ? 'encrypted with TLS' : 'encrypted with GSSAPI');
    this.#negotiating = false;
    if (answer !== 'N') return; // an old server's error message, read as one
    yield* source.take(1);
  }

  #hear(message: Message): void {
    const { type, body } = message;
    switch (type) {
      case 'R':
        this.#authentication(new Fields(body).int32());
        return;
      case 'S': {
        const fields = new Fields(body);
        const name = fields.text();
        if (Object.keys(this.#facts.parameters).length < 200) this.#facts.parameters[name] = fields.text();
        return;
      }
      case 'K':
      case 'A':
      case 'v':
        return;
      case 'N': {
        const op = this.#ops[0];
        if (op !== undefined && 'run' in op) op.run?.notice(readError(body));
        return;
      }
      case 'Z':
        this.#ready(body, message);
        return;
      case 'E':
        this.#error(message);
        return;
      case 'W':
        throw new Nonsense('replication is not decoded');
      default:
        this.#progress(message);
    }
  }

  #authentication(code: number): void {
    const names: Readonly<Record<number, string>> = {
      2: 'kerberos',
      3: 'cleartext',
      5: 'md5',
      7: 'gss',
      9: 'sspi',
      10: 'scram-sha-256',
    };
    if (code === 0) this.#facts.authentication ??= 'trust';
    else this.#facts.authentication = names[code] ?? this.#facts.authentication;
  }

  /** Messages that answer the operation at the head of the queue. */
  #progress(message: Message): void {
    const op = this.#ops[0];
    const { type } = message;
    if (op?.kind === 'describe' && 'tTn'.includes(type)) this.#describing(op, message);
    else if (op?.kind === 'parse' && type === '1') this.#ops.shift();
    else if (op?.kind === 'bind' && type === '2') this.#ops.shift();
    else if (op?.kind === 'close' && type === '3') this.#ops.shift();
    else if (op?.kind === 'execute' || op?.kind === 'query') {
      if (type === 'G' && op.kind === 'execute') {
        // What was sent as Sync with it is ignored while the server takes in data; another follows the data.
        while (this.#ops[1]?.kind === 'sync') this.#ops.splice(1, 1);
      }
      if (!op.run.hear(message)) this.#outOfStep(type);
      if (op.kind === 'execute' && 'CIs'.includes(type)) {
        this.#ops.shift();
        this.#held.push(op.run);
      }
    } else this.#outOfStep(type);
  }

  #describing(op: Extract<Op, { kind: 'describe' }>, { type, body, endedAt }: Message): void {
    if (type === 't') {
      const fields = new Fields(body);
      op.statement.oids = fields.list(() => fields.oid());
      return;
    }
    const columns = type === 'T' ? readColumns(body) : null;
    this.#ops.shift();
    if (op.portal) op.portal.columns = columns;
    else {
      op.statement.columns = columns;
      this.#remember(op.statement, columns);
      op.run!.described(columns, endedAt);
      this.#held.push(op.run!);
    }
  }

  #remember(statement: Statement, columns: Column[] | null): void {
    if (statement.flaw !== null || statement.oids === null) return;
    const sql = normaliseSql(statement.sql);
    if (this.#described.size < MAX_STATEMENTS || this.#described.has(sql)) {
      this.#described.set(sql, { sql, parameterOids: statement.oids, columns });
    }
  }

  #error(message: Message): void {
    const error = readError(message.body);
    const op = this.#ops[0];
    if (op === undefined) return; // the server says goodbye: shutdown, idle timeout
    if (op.kind === 'startup') {
      this.#facts.refused = error;
      this.#ops.shift();
      return;
    }
    if (op.kind === 'query') {
      op.run.fail(error, message.endedAt);
      return;
    }
    if (op.kind === 'sync') {
      this.#outOfStep('E');
      return;
    }
    const end = this.#ops.findIndex(({ kind }) => kind === 'sync');
    const skipped = this.#ops.splice(0, end === -1 ? this.#ops.length : end);
    this.#skipping = end === -1;
    if (op.kind === 'parse' && this.#statements.get(op.name) === op.statement)
      this.#statements.delete(op.name);
    const run = this.#failing(op, skipped, message.startedAt);
    run?.fail(error, message.endedAt);
    if (run) this.#held.push(run);
  }

  /** The execution that an error is the answer to: it may have come already to its Parse, Bind or Describe. */
  #failing(op: Op, skipped: Op[], at: number): PgRun | null {
    if (op.kind === 'execute') return op.run;
    const statement =
      op.kind === 'parse' || op.kind === 'describe'
        ? op.statement
        : op.kind === 'bind'
          ? op.portal.statement
          : null;
    if (statement === null) return null;
    const execute = skipped.find((other) => other.kind === 'execute' && other.run.statement === statement);
    if (execute?.kind === 'execute') return execute.run;
    return PgRun.describe(statement, statement.startedAt ?? at, this.#budget);
  }

  #ready(body: Buffer, message: Message): void {
    const status = String.fromCharCode(body[0] ?? 0);
    if (status !== 'I' && status !== 'T' && status !== 'E')
      throw new Nonsense('an unknown transaction status');
    const op = this.#ops.shift();
    // What SET changes is reported too, later.
    if (op?.kind === 'startup') this.#opening.reported = { ...this.#facts.parameters };
    if (op?.kind === 'query') this.#held.push(...op.run.split());
    else if (op?.kind !== 'sync' && op?.kind !== 'startup') {
      if (op !== undefined) this.#ops.unshift(op);
      this.#outOfStep('Z');
    }
    if (status === 'I') this.#portals.clear();
    for (const run of this.#held.splice(0)) this.#finished.push(run.decoded(status, null, message.endedAt));
    this.#budget.reset();
  }

  #outOfStep(type: string): never {
    const what = `the server's message ${JSON.stringify(type)} does not fit what was asked`;
    if (this.#joined) throw new LostTrack(what);
    throw new Nonsense(what);
  }

  finished(): Decoded[] {
    return this.#finished.splice(0);
  }

  abandon(reason: string, at: number): void {
    for (const run of this.#held.splice(0))
      if (!run.describeOnly) this.#finished.push(run.decoded(null, reason, at));
    for (const op of this.#ops.splice(0)) {
      if (op.kind === 'query' || op.kind === 'execute') this.#finished.push(op.run.decoded(null, reason, at));
    }
    this.#budget.reset();
    this.#portals.clear();
    // A name may have been given to another statement in what was lost.
    for (const [name, statement] of this.#statements) {
      statement.flaw ??= `bytes were lost, and the statement "${name}" may be another since`;
    }
    this.#skipping = this.#negotiating = false;
    this.#began = this.#joined = true;
  }

  /** A new turn: the server was ready for a query, and the client's bytes have the form of a message. */
  resumes(client: Buffer, tail: Buffer): boolean | null {
    const ready = tail.subarray(-6);
    if (
      ready.length < 6 ||
      ready.readUIntBE(0, 5) !== 0x5a00000005 ||
      !'ITE'.includes(String.fromCharCode(ready[5]!))
    )
      return false;
    if (client.length < 5) return 'QPBDECSHX'.includes(String.fromCharCode(client[0]!)) ? null : false;
    const length = client.readUInt32BE(1);
    return 'QPBDECSHX'.includes(String.fromCharCode(client[0]!)) && length >= 4 && length < 0x0400_0000;
  }

  facts(): Json {
    const known =
      Object.keys(this.#facts.parameters).length > 0 ||
      this.#described.size > 0 ||
      this.#facts.refused !== null ||
      this.#joined;
    return known
      ? { ...this.#facts, statements: [...this.#described.values()], openings: [this.#opening] }
      : null;
  }
}
