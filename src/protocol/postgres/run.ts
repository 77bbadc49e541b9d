import { bytesToJson } from '../bytes.ts';
import type { Decoded } from '../port.ts';
import { summaryOfRequest } from './canonical.ts';
import type { Column, PgError, PgRequest, PgResponse, PgValue } from './messages.ts';
import { splitStatements } from './sql.ts';
import { storedValue } from './values.ts';
import { Fields, formatAt, readColumns, type Message } from './wire.ts';

export interface Statement {
  name: string;
  sql: string;
  /** As given in Parse; 0 or missing where the server was to find out. */
  types: number[];
  /** As the server described them. */
  oids: number[] | null;
  /** As the server described them; null: no rows; undefined: not asked. */
  columns: Column[] | null | undefined;
  /** When its Parse began, until the first use has taken that as its own beginning. */
  startedAt: number | null;
  /** Why its text is not known for sure, or null. */
  flaw: string | null;
}

export interface Portal {
  statement: Statement;
  formats: number[];
  values: (Buffer | null)[];
  resultFormats: number[];
  startedAt: number | null;
  columns: Column[] | null | undefined;
  executions: number;
}

const MAX_HELD = 64 * 1024 * 1024;
const MAX_COPY_IN = 1024 * 1024;
const MAX_NOTICES = 100;

/** Bytes of results that one connection holds at a time. */
export class Budget {
  #held = 0;

  /** Whether so many more may be kept. */
  take(bytes: number): boolean {
    if (this.#held + bytes > MAX_HELD) return false;
    this.#held += bytes;
    return true;
  }
  reset(): void {
    this.#held = 0;
  }
}

interface Result {
  columns: Column[] | null;
  rows: PgValue[][];
  tag: string | null;
  error: PgError | null;
  suspended: boolean;
  notices: PgError[];
  copyOut: { format: number; columns: number; pieces: Buffer[] } | null;
  endedAt: number | null;
  flaw: string | null;
}

interface Asked {
  kind: 'simple' | 'extended';
  sql: string;
  statement: Statement | null;
  portal: Portal | null;
  describeOnly: boolean;
  part: number;
  startedAt: number;
}

/** One execution under way: what was asked, and what has come of its result. */
export class PgRun {
  readonly #asked: Asked;
  readonly #budget: Budget;
  /** Several for a simple query of several statements. */
  #results: Result[] = [];
  #open: Result | null = null;
  #copy: { bytes: number; pieces: Buffer[]; kept: number; ended: boolean } | null = null;
  #flaw: string | null = null;

  private constructor(asked: Asked, budget: Budget) {
    this.#asked = asked;
    this.#budget = budget;
  }

  static simple(sql: string, startedAt: number, budget: Budget): PgRun {
    const rest = { statement: null, portal: null, describeOnly: false, part: 0 };
    return new PgRun({ kind: 'simple', sql, startedAt, ...rest }, budget);
  }

  static extended(portal: Portal, executedAt: number, budget: Budget): PgRun {
    const part = portal.executions++;
    const startedAt = part === 0 ? (portal.startedAt ?? executedAt) : executedAt;
    const { statement } = portal;
    return new PgRun(
      { kind: 'extended', sql: statement.sql, statement, portal, describeOnly: false, part, startedAt },
      budget,
    );
  }

  static describe(statement: Statement, describedAt: number, budget: Budget): PgRun {
    const startedAt = statement.startedAt ?? describedAt;
    const rest = { portal: null, describeOnly: true, part: 0 };
    return new PgRun({ kind: 'extended', sql: statement.sql, statement, startedAt, ...rest }, budget);
  }

  get statement(): Statement | null {
    return this.#asked.statement;
  }
  get describeOnly(): boolean {
    return this.#asked.describeOnly;
  }

  /** Takes a message of the server that belongs to a result; false if it cannot. */
  hear({ type, body, lost, endedAt }: Message): boolean {
    const result = this.#result();
    switch (type) {
      case 'T':
        if (this.#asked.kind === 'extended') return false;
        result.columns = readColumns(body);
        return true;
      case 'D':
        this.#row(result, body, lost);
        return true;
      case 'G':
        this.#copy ??= { bytes: 0, pieces: [], kept: 0, ended: false };
        return true;
      case 'H': {
        const fields = new Fields(body);
        result.copyOut = { format: fields.bytes(1)[0]!, columns: fields.count(), pieces: [] };
        return true;
      }
      case 'd':
        if (result.copyOut === null) return false;
        if (lost > 0) result.flaw ??= `${lost} bytes of a result were lost`;
        else if (this.#keep(result, body.length)) result.copyOut.pieces.push(body);
        return true;
      case 'c':
        return result.copyOut !== null;
      case 'C':
        result.tag = new Fields(body).text();
        if (this.#copy?.ended === false) this.#flaw ??= 'the end of what COPY was given was not seen';
        break;
      case 'I':
        result.tag = '';
        break;
      case 's':
        result.suspended = true;
        break;
      default:
        return false;
    }
    this.#close(result, endedAt);
    return true;
  }

  fail(error: PgError, at: number): void {
    const result = this.#result();
    result.error = error;
    this.#close(result, at);
  }

  notice(notice: PgError): void {
    const { notices } = this.#result();
    if (notices.length < MAX_NOTICES) notices.push(notice);
  }

  described(columns: Column[] | null, at: number): void {
    const result = this.#result();
    result.columns = columns;
    this.#close(result, at);
  }

  copyIn(bytes: Buffer, lost: number): void {
    this.#copy ??= { bytes: 0, pieces: [], kept: 0, ended: false };
    this.#copy.bytes += bytes.length + lost;
    if (lost > 0) this.#flaw ??= `${lost} bytes of what COPY was given were lost`;
    const piece = bytes.subarray(0, Math.max(0, MAX_COPY_IN - this.#copy.kept));
    if (piece.length > 0) this.#copy.pieces.push(piece);
    this.#copy.kept += piece.length;
  }

  /** CopyDone or CopyFail: without it, what was given to COPY is not known to be whole. */
  copyEnded(): void {
    if (this.#copy !== null) this.#copy.ended = true;
  }

  /** A simple query as one run a statement. An error ends the query, so the statements after it never ran. */
  split(): PgRun[] {
    const statements = splitStatements(this.#asked.sql);
    const failed = (this.#results.at(-1)?.error ?? null) !== null;
    const fits =
      this.#results.length === statements.length || (failed && this.#results.length < statements.length);
    if (this.#results.length <= 1 && (!fits || statements.length === 1)) return [this];
    if (!fits) {
      this.#flaw ??= `${this.#results.length} results for ${statements.length} statements`;
      return [this];
    }
    return this.#results.map((result, index) => {
      const run = new PgRun({ ...this.#asked, sql: statements[index]! }, this.#budget);
      run.#results = [result];
      run.#copy = this.#copy;
      run.#flaw = this.#flaw;
      return run;
    });
  }

  /** The exchange. `transaction` is null where no ReadyForQuery followed; `reason` says why it is under way still. */
  decoded(transaction: PgResponse['transaction'], reason: string | null, endedAt: number): Decoded {
    const result = this.#results[0] ?? this.#open;
    const request = this.#request();
    const incomplete = this.#flaw ?? this.#asked.statement?.flaw ?? result?.flaw ?? reason;
    return {
      startedAt: this.#asked.startedAt,
      endedAt: result ? (result.endedAt ?? endedAt) : null,
      request,
      response: result ? this.#response(result, transaction) : null,
      summary: summaryOfRequest(request),
      complete: incomplete === null,
      incomplete,
    };
  }

  #request(): PgRequest {
    const { kind, sql, statement, portal, describeOnly, part } = this.#asked;
    const count = portal?.values.length ?? statement?.types.length ?? 0;
    const paramTypes = Array.from(
      { length: count },
      (_, i) => (statement?.types[i] || statement?.oids?.[i]) ?? 0,
    );
    const params = (portal?.values ?? []).map((value, i) =>
      storedValue(paramTypes[i]!, formatAt(portal!.formats, i), value),
    );
    const copy = this.#copy && {
      bytes: this.#copy.bytes,
      first: bytesToJson(Buffer.concat(this.#copy.pieces)),
    };
    const resultFormats = portal?.resultFormats ?? [];
    return { kind, sql, params, paramTypes, resultFormats, describeOnly, part, copy };
  }

  #response(result: Result, transaction: PgResponse['transaction']): PgResponse {
    const { rows, tag, error, notices, suspended, copyOut } = result;
    return {
      columns: result.columns ?? this.#columns(),
      rows,
      tag,
      error,
      transaction,
      notices,
      parameterOids: this.#asked.statement?.oids ?? null,
      suspended,
      copyOut: copyOut && {
        format: copyOut.format,
        columns: copyOut.columns,
        data: bytesToJson(Buffer.concat(copyOut.pieces)),
      },
    };
  }

  #columns(): Column[] | null {
    const { portal, statement } = this.#asked;
    const columns = portal?.columns ?? statement?.columns ?? null;
    if (portal === null || columns === null) return null;
    return columns.map((column, i) => ({ ...column, format: formatAt(portal.resultFormats, i) }));
  }

  #row(result: Result, body: Buffer, lost: number): void {
    if (lost > 0) {
      result.flaw ??= `${lost} bytes of a result were lost`;
      return;
    }
    if (!this.#keep(result, body.length)) return;
    const { portal, statement } = this.#asked;
    const columns = result.columns ?? portal?.columns ?? statement?.columns ?? null;
    const fields = new Fields(body);
    let index = 0;
    result.rows.push(
      fields.list(() => {
        const column = columns?.[index];
        const format = portal === null ? (column?.format ?? 0) : formatAt(portal.resultFormats, index);
        index++;
        return storedValue(column?.type ?? 0, format, fields.value());
      }),
    );
  }

  #keep(result: Result, bytes: number): boolean {
    if (this.#budget.take(bytes)) return true;
    result.flaw ??= `a result longer than ${MAX_HELD} bytes was cut`;
    return false;
  }

  #result(): Result {
    this.#open ??= {
      columns: null,
      rows: [],
      tag: null,
      error: null,
      suspended: false,
      notices: [],
      copyOut: null,
      endedAt: null,
      flaw: null,
    };
    return this.#open;
  }

  #close(result: Result, at: number): void {
    result.endedAt = at;
    this.#results.push(result);
    this.#open = null;
  }
}
