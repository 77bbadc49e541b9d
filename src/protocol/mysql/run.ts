import type { Decoded } from '../port.ts';
import { LostTrack } from '../source.ts';
import { summaryOfRequest } from './canonical.ts';
import { STATUS } from './flags.ts';
import type { Column, MyError, MyRequest, MyResponse, MyResult, MyValue } from './messages.ts';
import { isEof, isErr, readColumn, readErr } from './packets.ts';
import { readBulk, readExecute, type Bindings, type Bound } from './parameters.ts';
import { emptyResult, type Budget, type Results } from './results.ts';
import { statementsOf } from './sql.ts';
import { Fields, type Packet } from './wire.ts';

/** A statement from COM_STMT_PREPARE on. */
export class PreparedStatement {
  readonly sql: string;
  id = 0;
  /** When its preparation began, until the first execution has taken that as its own beginning. */
  startedAt: number | null;
  params: Column[] = [];
  /** Of its result, as told last; null where nobody saw them. */
  columns: Column[] | null = null;
  readonly bindings: Bindings = { types: null, long: new Map() };
  /** Why its text or values are not known for sure, or null. */
  flaw: string | null = null;
  refused = false;
  #error: MyError | null = null;
  #awaited = { params: 0, columns: 0 };
  #stage: 'head' | 'params' | 'params end' | 'columns' | 'columns end' = 'head';

  constructor(sql: string, startedAt: number | null) {
    this.sql = sql;
    this.startedAt = startedAt;
  }

  /** Takes the next packet of the answer to its preparation. `ends`: definitions are followed by EOF, for sure. */
  hear({ body }: Packet, ends: boolean): 'more' | 'done' | 'failed' {
    if (this.#stage === 'head' && isErr(body)) {
      this.#error = readErr(body);
      this.refused = true;
      return 'failed';
    }
    if (this.#stage === 'head') this.#head(body);
    else if (isEof(body)) {
      if (this.#stage === 'params end') this.#awaited.params = 0;
      if (this.#stage === 'columns end') this.#awaited.columns = 0;
    } else if (this.#stage === 'params') this.params.push(readColumn(body));
    else if (this.#stage === 'columns') this.columns!.push(readColumn(body));
    else throw new LostTrack('the end of definitions was expected');
    return this.#advance(ends);
  }

  #head(body: Buffer): void {
    const fields = new Fields(body);
    if (fields.byte() !== 0) throw new LostTrack('not the answer to a preparation');
    this.id = fields.int32();
    this.#awaited.columns = fields.int16();
    this.#awaited.params = fields.int16();
    this.columns = [];
  }

  #advance(ends: boolean): 'more' | 'done' {
    const { params, columns } = this.#awaited;
    if (params > this.params.length) this.#stage = 'params';
    else if (params > 0 && ends) this.#stage = 'params end';
    else if (columns > this.columns!.length) this.#stage = 'columns';
    else if (columns > 0 && ends) this.#stage = 'columns end';
    else return 'done';
    return 'more';
  }

  /** A part of a value that is too long for the execution itself. */
  addLong(index: number, bytes: Buffer, budget: Budget): void {
    const { long } = this.bindings;
    if (!budget.take(bytes.length)) this.flaw ??= 'a value of it was too long to keep';
    else long.set(index, [...(long.get(index) ?? []), bytes]);
  }

  /** The exchange of a preparation that failed. */
  failed(endedAt: number, startedAt: number, place: Place): Decoded {
    const request = { ...requestOf('extended', this.sql), prepareOnly: true, database: place.database };
    const response: MyResponse = { ...emptyResult({ error: this.#error }), more: [] };
    const flaw = this.flaw ?? place.flaw;
    return { ...exchange(request, response, this.startedAt ?? startedAt, endedAt), ...incompleteFor(flaw) };
  }
}

/** The default database at a statement, as far as it matters. */
export interface Place {
  database: string | null;
  flaw: string | null;
}

export interface Run {
  kind: MyRequest['kind'];
  sql: string;
  /** What of it is an exchange of its own. */
  statements: string[];
  bound: Bound;
  statement: PreparedStatement | null;
  startedAt: number;
}

const UNBOUND: Bound = { params: [], types: [], bulk: null, cursor: false, flaw: null };

/** COM_QUERY. `multi`: the server takes several statements in one. */
export function simpleRun(sql: string, startedAt: number, multi: boolean): Run {
  const statements = multi ? statementsOf(sql) : [sql];
  return { kind: 'simple', sql, statements, bound: UNBOUND, statement: null, startedAt };
}

/** COM_STMT_EXECUTE or MariaDB's COM_STMT_BULK_EXECUTE, from behind the statement's id. */
export function executionOf(statement: PreparedStatement, body: Buffer, bulk: boolean, at: number): Run {
  const { sql, bindings } = statement;
  const known = statement.flaw === null && !statement.refused;
  const read = bulk ? readBulk : readExecute;
  const bound = known ? read(body, statement.params.length, bindings) : UNBOUND;
  const startedAt = statement.startedAt ?? at;
  statement.startedAt = null;
  return { kind: 'extended', sql, statements: [sql], bound, statement, startedAt };
}

/**
 * The exchanges of a run: one a statement, an error being the last. `place` is asked for each in turn, and told whether
 * it went well. `reason` says why it is under way still.
 */
export function exchangesOf(
  run: Run,
  results: Results,
  reason: string | null,
  at: number,
  place: (sql: string, well: boolean) => Place,
): Decoded[] {
  const { statements, startedAt } = run;
  const { done, begun } = results;
  const failed = done.at(-1)?.result.error !== null && done.length > 0;
  const fits =
    reason === null && (done.length === statements.length || (failed && done.length < statements.length));
  const flaw = run.bound.flaw ?? run.statement?.flaw ?? results.flaw ?? reason;
  if (statements.length === 1 || !fits) {
    const all =
      begun === null ? done.map(({ result }) => result) : [...done.map(({ result }) => result), begun];
    const [first, ...more] = all;
    const where = place(run.sql, first?.error === null);
    const endedAt = done.at(-1)?.endedAt ?? at;
    const response = first ? { ...first, more } : null;
    const torn =
      statements.length === 1 ? null : `${done.length} results for ${statements.length} statements`;
    return [
      {
        ...exchange(requestOfRun(run, run.sql, where), response, startedAt, first ? endedAt : null),
        ...incompleteFor(flaw ?? torn ?? where.flaw),
      },
    ];
  }
  return done.map(({ result, endedAt }, index) => {
    const sql = statements[index]!;
    const where = place(sql, result.error === null);
    const response = { ...withoutMore(result), more: [] };
    return {
      ...exchange(requestOfRun(run, sql, where), response, startedAt, endedAt),
      ...incompleteFor(flaw ?? where.flaw),
    };
  });
}

/** That another statement's result followed is nothing of this one. */
function withoutMore(result: MyResult): MyResult {
  return result.status === null ? result : { ...result, status: result.status & ~STATUS.moreResults };
}

function requestOfRun({ kind, bound }: Run, sql: string, { database }: Place): MyRequest {
  return { ...requestOf(kind, sql, bound.params, bound.types), bulk: bound.bulk, database };
}

export function requestOf(
  kind: MyRequest['kind'],
  sql: string,
  params: MyValue[] = [],
  paramTypes: number[] = [],
): MyRequest {
  return { kind, sql, params, paramTypes, prepareOnly: false, bulk: null, database: null };
}

function exchange(
  request: MyRequest,
  response: MyResponse | null,
  startedAt: number,
  endedAt: number | null,
): Omit<Decoded, 'complete' | 'incomplete'> {
  return { startedAt, endedAt, request, response, summary: summaryOfRequest(request) };
}

function incompleteFor(incomplete: string | null): Pick<Decoded, 'complete' | 'incomplete'> {
  return { complete: incomplete === null, incomplete };
}
