import type { Duplex } from 'node:stream';
import { bytesToJson } from '../bytes.ts';
import { Peer } from '../peer.ts';
import type { Answers } from '../port.ts';
import { Nonsense } from '../source.ts';
import { isHousekeeping, reportedSetting } from './meaning.ts';
import {
  pgFactsSchema,
  pgResponseSchema,
  type Column,
  type PgFacts,
  type PgRequest,
  type PgResponse,
} from './messages.ts';
import { greeting, readOpening, reportedParameters } from './opening.ts';
import { columnsOf, copyDirection, copyOutMessages, tagFor, textColumns } from './results.ts';
import { answerHousekeeping, endsTransaction, errorReply, pgError, type SessionState } from './semantics.ts';
import { codeOf, normaliseSql, splitStatements } from './sql.ts';
import { storedValue, wireValue } from './values.ts';
import * as wire from './wire.ts';

const CLIENT_TYPES = 'QPBDECSHXFdcfp';
const FLUSH_AT = 64 * 1024;
const MAX_NAMED = 10_000;
const MAX_COPY = 1024 * 1024;

interface Statement {
  sql: string;
  types: number[];
}

interface Portal {
  statement: Statement;
  params: PgRequest['params'];
  paramTypes: number[];
  resultFormats: number[];
  /** What the recording answers, once it was asked for; rows up to `sent` are out. */
  result: PgResponse | null;
  sent: number;
  part: number;
}

/** A recorded connection that ended without an answer: the mock's ends too. */
class Hangup extends Error {}

/**
 * Speaks a PostgreSQL backend's end. Start-up is answered with trust whatever the recorded server asked; BEGIN, SET and
 * the like by their semantics; everything else by `answers`, one call an execution. What is not recorded becomes an
 * ERROR with code XX000 and the reason as its message. A recorded FATAL error ends the connection after it.
 */
export async function servePostgres(socket: Duplex, answers: Answers): Promise<void> {
  const peer = new Peer(socket);
  try {
    await new Session(peer, answers).run();
  } catch (error) {
    if (error instanceof Hangup) peer.destroy();
    else if (error instanceof Nonsense)
      await peer.write(wire.errorMessage('E', pgError('08P01', `vouch: ${error.message}`, 'FATAL')));
    else throw error;
  } finally {
    await peer.close();
  }
}

class Session {
  readonly #peer: Peer;
  readonly #answers: Answers;
  readonly #facts: PgFacts | null;
  readonly #state: SessionState = { status: 'I', parameters: {} };
  #statements = new Map<string, Statement>();
  #portals = new Map<string, Portal>();
  #out: Buffer[] = [];
  #size = 0;
  /** After an error in the extended protocol: everything up to Sync is dropped. */
  #skipping = false;
  #extended = false;
  #fatal = false;

  constructor(peer: Peer, answers: Answers) {
    this.#peer = peer;
    this.#answers = answers;
    this.#facts = pgFactsSchema.nullable().safeParse(answers.facts).data ?? null;
  }

  async run(): Promise<void> {
    if (!(await this.#startup())) return;
    while (!this.#peer.closed) {
      const message = await this.#peer.read((source) => wire.readMessage(source, CLIENT_TYPES));
      if (message === undefined || message.type === 'X') return;
      await this.#handle(message.type, message.body);
      // An error goes out at once: a Flush behind it is dropped like everything up to Sync.
      if (this.#size > FLUSH_AT || this.#skipping || this.#fatal) await this.#flush();
      if (this.#fatal) return;
    }
  }

  async #startup(): Promise<boolean> {
    for (;;) {
      const opening = await this.#peer.read(readOpening);
      if (opening === undefined) return false;
      if (opening === 'encrypt') {
        await this.#peer.write('N');
        continue;
      }
      this.#state.parameters = reportedParameters(this.#facts, opening);
      this.#say(greeting(this.#state.parameters));
      this.#ready();
      await this.#flush();
      return true;
    }
  }

  async #handle(type: string, body: Buffer): Promise<void> {
    if (this.#skipping && type !== 'S') return;
    this.#extended = type !== 'Q';
    const fields = new wire.Fields(body);
    switch (type) {
      case 'Q':
        await this.#query(fields.text());
        break;
      case 'P':
        this.#parse(fields);
        break;
      case 'B':
        this.#bind(fields);
        break;
      case 'D':
        await this.#describe(fields.byte(), fields.text());
        break;
      case 'E':
        await this.#execute(fields.text(), fields.int32());
        break;
      case 'C':
        (fields.byte() === 'S' ? this.#statements : this.#portals).delete(fields.text());
        this.#say(wire.message('3'));
        break;
      case 'S':
        this.#skipping = false;
        if (this.#state.status === 'I') this.#portals.clear();
        this.#ready();
        await this.#flush();
        break;
      case 'H':
        await this.#flush();
        break;
      case 'F':
        this.#fail(errorReply('0A000', 'vouch: function call messages are not served'));
        break;
      default: // passwords for a server that asked for none; data of a COPY that failed
    }
  }

  /** A simple query: its statements in turn, until one fails. */
  async #query(sql: string): Promise<void> {
    this.#portals.delete('');
    const statements = splitStatements(sql);
    if (statements.length === 0) this.#say(wire.message('I'));
    // Several statements in one message are one transaction, which a failure ends.
    for (const statement of statements) {
      const request: PgRequest = { ...asked('simple', statement), copy: await this.#copyIn(statement, true) };
      const response = await this.#answer(request);
      if (response.columns !== null || response.rows.length > 0) {
        this.#say(wire.columnsMessage(textColumns(columnsOf(response))));
      }
      if (!this.#result(response, [], response.rows, true)) break;
    }
    if (!this.#fatal) this.#ready();
    await this.#flush();
  }

  #parse(fields: wire.Fields): void {
    const name = fields.text();
    const statement = { sql: fields.text(), types: fields.list(() => fields.oid()) };
    if (name !== '' && this.#statements.has(name)) {
      this.#fail(errorReply('42P05', `prepared statement "${name}" already exists`));
      return;
    }
    if (this.#statements.size >= MAX_NAMED) throw new Nonsense('too many prepared statements');
    this.#statements.set(name, statement);
    this.#say(wire.message('1'));
  }

  #bind(fields: wire.Fields): void {
    const [name, from] = [fields.text(), fields.text()];
    const statement = this.#statements.get(from);
    const formats = fields.list(() => fields.int16());
    const values = fields.list(() => fields.value());
    const resultFormats = fields.list(() => fields.int16());
    if (statement === undefined) {
      this.#fail(errorReply('26000', `prepared statement "${from}" does not exist`));
      return;
    }
    const oids = this.#described(statement)?.parameterOids;
    const paramTypes = values.map((_, i) => (statement.types[i] || oids?.[i]) ?? 0);
    const params = values.map((value, i) => storedValue(paramTypes[i]!, wire.formatAt(formats, i), value));
    if (this.#portals.size >= MAX_NAMED) throw new Nonsense('too many portals');
    this.#portals.set(name, { statement, params, paramTypes, resultFormats, result: null, sent: 0, part: 0 });
    this.#say(wire.message('2'));
  }

  async #describe(kind: string, name: string): Promise<void> {
    if (kind === 'P') {
      const portal = this.#portals.get(name);
      if (portal === undefined) this.#fail(errorReply('34000', `portal "${name}" does not exist`));
      else await this.#describePortal(portal);
      return;
    }
    const statement = this.#statements.get(name);
    if (statement === undefined) {
      this.#fail(errorReply('26000', `prepared statement "${name}" does not exist`));
      return;
    }
    const described = this.#described(statement) ?? (await this.#askDescription(statement));
    if ('error' in described) {
      this.#fail(described);
      return;
    }
    const oids = described.parameterOids;
    this.#say(wire.message('t', oids.length, ...oids.map(wire.int32)));
    this.#say(
      described.columns === null ? wire.message('n') : wire.columnsMessage(textColumns(described.columns)),
    );
  }

  /**
   * A portal's columns come with its result, so the recording is asked now and the answer kept for Execute. An error
   * that was recorded waits for Execute, too, as it does at a real server.
   */
  async #describePortal(portal: Portal): Promise<void> {
    if (copyDirection(portal.statement.sql) === 'in') {
      this.#say(wire.message('n'));
      return;
    }
    const known = this.#described(portal.statement);
    portal.result ??= await this.#answer(this.#request(portal, null));
    const columns =
      portal.result.columns ?? (portal.result.rows.length > 0 ? columnsOf(portal.result) : known?.columns);
    if (columns === null || columns === undefined) this.#say(wire.message('n'));
    else {
      const wanted = columns.map((column, i) => ({
        ...column,
        format: wire.formatAt(portal.resultFormats, i),
      }));
      this.#say(wire.columnsMessage(wanted));
    }
  }

  #described(statement: Statement): { parameterOids: number[]; columns: Column[] | null } | undefined {
    const sql = normaliseSql(statement.sql);
    const found = this.#facts?.statements.find((known) => known.sql === sql);
    if (found) return found;
    if (!isHousekeeping(statement.sql)) return undefined;
    const { columns } = answerHousekeeping(statement.sql, {
      ...this.#state,
      parameters: { ...this.#state.parameters },
    });
    return { parameterOids: [], columns };
  }

  async #askDescription(
    statement: Statement,
  ): Promise<{ parameterOids: number[]; columns: Column[] | null } | PgResponse> {
    const response = await this.#answer({
      ...asked('extended', statement.sql),
      paramTypes: statement.types,
      describeOnly: true,
    });
    return response.error
      ? response
      : { parameterOids: response.parameterOids ?? [], columns: response.columns };
  }

  async #execute(name: string, limit: number): Promise<void> {
    const portal = this.#portals.get(name);
    if (portal === undefined) {
      this.#fail(errorReply('34000', `portal "${name}" does not exist`));
      return;
    }
    portal.result ??= await this.#answer(
      this.#request(portal, await this.#copyIn(portal.statement.sql, false)),
    );
    const wanted = limit > 0 ? limit : Infinity;
    // A result that was fetched in parts is in several answers.
    while (portal.result.suspended && portal.result.rows.length - portal.sent < wanted) {
      portal.part++;
      const next: PgResponse = await this.#answer(this.#request(portal, null));
      if (next.error) {
        this.#fail(next);
        return;
      }
      portal.result = {
        ...next,
        columns: portal.result.columns,
        rows: [...portal.result.rows.slice(portal.sent), ...next.rows],
      };
      portal.sent = 0;
    }
    const { result, sent } = portal;
    const rows = result.rows.slice(sent, sent + wanted);
    portal.sent += rows.length;
    this.#result(
      result,
      portal.resultFormats,
      rows,
      portal.sent >= result.rows.length && rows.length < wanted,
    );
  }

  #request(portal: Portal, copy: PgRequest['copy']): PgRequest {
    const { params, paramTypes, resultFormats, part } = portal;
    return { ...asked('extended', portal.statement.sql), params, paramTypes, resultFormats, part, copy };
  }

  async #answer(request: PgRequest): Promise<PgResponse> {
    const { sql } = request;
    if (this.#state.status === 'E' && !endsTransaction(sql)) {
      return errorReply(
        '25P02',
        'current transaction is aborted, commands ignored until end of transaction block',
      );
    }
    if (isHousekeeping(sql) && !request.describeOnly) {
      const response = answerHousekeeping(sql, this.#state);
      if (!response.error) this.#answers.answeredItself?.(request);
      if (/^(DISCARD ALL|DEALLOCATE ALL)$/.test(codeOf(sql))) this.#statements.clear();
      const setting = reportedSetting(sql);
      if (setting) this.#say(wire.message('S', setting.name, this.#state.parameters[setting.name] ?? ''));
      return response;
    }
    const answer = await this.#answers.answer(request);
    if (!answer.found) return errorReply('XX000', `vouch: no recorded answer: ${answer.reason}`);
    if (answer.response === null) throw new Hangup();
    return pgResponseSchema.parse(answer.response);
  }

  /** Notices, rows and the end of one result. `last`: all its rows are out. False: it was an error. */
  #result(
    response: PgResponse,
    formats: readonly number[],
    rows: PgResponse['rows'],
    last: boolean,
  ): boolean {
    for (const notice of response.notices) this.#say(wire.errorMessage('N', notice));
    for (const row of rows) {
      const values = row.map((value, i) =>
        wireValue(response.columns?.[i], value, wire.formatAt(formats, i)),
      );
      const unknown = values.indexOf(undefined);
      if (unknown !== -1) {
        const column = response.columns?.[unknown]?.name ?? String(unknown);
        this.#fail(
          errorReply(
            'XX000',
            `vouch: column "${column}" was recorded in another format than it is asked for now`,
          ),
        );
        return false;
      }
      this.#say(wire.rowMessage(values as (Buffer | null)[]));
    }
    if (response.error) {
      this.#fail(response);
      return false;
    }
    if (response.copyOut) this.#say(copyOutMessages(response.copyOut));
    if (!last) this.#say(wire.message('s'));
    else if (response.tag === '') this.#say(wire.message('I'));
    else this.#say(wire.message('C', tagFor(response, rows.length)));
    return true;
  }

  /** Takes in the data of a COPY … FROM STDIN, which belongs to the request; null for other statements. */
  async #copyIn(sql: string, simple: boolean): Promise<PgRequest['copy']> {
    if (copyDirection(sql) !== 'in' || this.#state.status === 'E') return null;
    const format = /\bBINARY\b/.test(codeOf(sql).replace(/^COPY\b.*?\bFROM\b/, '')) ? 1 : 0;
    this.#say(wire.message('G', Buffer.from([format]), 0));
    await this.#flush();
    const pieces: Buffer[] = [];
    let [bytes, kept] = [0, 0];
    for (;;) {
      const message = await this.#peer.read((source) => wire.readMessage(source, CLIENT_TYPES));
      if (message === undefined) throw new Hangup();
      if (message.type === 'c' || message.type === 'f') break;
      if (message.type === 'd') {
        const piece = message.body.subarray(0, Math.max(0, MAX_COPY - kept));
        bytes += message.body.length;
        kept += piece.length;
        pieces.push(piece);
      } else if (simple || (message.type !== 'S' && message.type !== 'H'))
        throw new Nonsense('not the data of a COPY');
    }
    return { bytes, first: bytesToJson(Buffer.concat(pieces)) };
  }

  #fail(response: PgResponse): void {
    const error = response.error!;
    this.#say(wire.errorMessage('E', error));
    if (this.#state.status === 'T') this.#state.status = 'E';
    this.#skipping = this.#extended;
    if (error.severity === 'FATAL' || error.severity === 'PANIC') this.#fatal = true;
  }

  #ready(): void {
    this.#say(wire.message('Z', Buffer.from(this.#state.status)));
  }

  #say(bytes: Buffer): void {
    this.#out.push(bytes);
    this.#size += bytes.length;
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#out);
    this.#out = [];
    this.#size = 0;
    await this.#peer.write(bytes);
  }
}

function asked(kind: PgRequest['kind'], sql: string): PgRequest {
  return {
    kind,
    sql,
    params: [],
    paramTypes: [],
    resultFormats: [],
    describeOnly: false,
    part: 0,
    copy: null,
  };
}
