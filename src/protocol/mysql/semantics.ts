import { STATUS, TYPE } from './flags.ts';
import { keywordsOf } from './meaning.ts';
import type { Column, MyError, MyResponse, MyValue } from './messages.ts';
import { emptyResult } from './results.ts';
import { usedDatabase } from './sql.ts';
import { assignments, plainColumn, selectedItems, shownVariable, type Variables } from './variables.ts';

/** What a session knows that the semantics of its own statements depend on. */
export interface SessionState {
  inTransaction: boolean;
  database: string | null;
  variables: Variables;
  /** Changes that the next OK tells of. */
  changes: { variables: [string, string][]; database: string | null };
}

/** Variables of which servers report changes unless they are told otherwise. */
const TRACKED = /^(autocommit|character_set_(client|connection|results)|time_zone)$/;

export function failure(code: number, state: string, message: string): MyResponse {
  const error: MyError = { code, state, message };
  return { ...emptyResult({ error }), more: [] };
}

function reply(part: Partial<MyResponse> = {}): MyResponse {
  return { ...emptyResult(part), more: [], ...part };
}

/** Status flags of the session, and those of a recorded result that tell of the result. */
export function statusOf(state: SessionState, recorded: number | null): number {
  const own = STATUS.inTransaction | STATUS.autocommit;
  const never = STATUS.moreResults | STATUS.cursorExists | STATUS.sessionStateChanged;
  const autocommit = isAutocommit(state) ? STATUS.autocommit : 0;
  return ((recorded ?? 0) & ~(own | never)) | autocommit | (state.inTransaction ? STATUS.inTransaction : 0);
}

export function isAutocommit({ variables }: SessionState): boolean {
  return !/^(0|off|false)$/i.test(variables.value('autocommit') ?? '1');
}

/** The columns of what a session tells of itself; null for every other statement. */
export function ownColumns(sql: string, variables: Variables): Column[] | null {
  if (shownVariable(sql) !== undefined)
    return ['Variable_name', 'Value'].map((name) => ({ ...plainColumn(name, TYPE.varString), decimals: 0 }));
  return selectedItems(sql)?.map((item) => variables.column(item)) ?? null;
}

function ownRow(sql: string, variables: Variables): MyValue[] {
  const shown = shownVariable(sql);
  if (shown !== undefined) return [shown, variables.value(shown)];
  return (selectedItems(sql) ?? []).map((item) => item.number ?? variables.value(item.variable!));
}

/**
 * The answer to a statement without data, and what it does to the session: transactions as MySQL does them (BEGIN commits the
 * one before, COMMIT without one is fine), SET, USE, variables, pings.
 */
export function answerHousekeeping(sql: string, state: SessionState): MyResponse {
  const code = keywordsOf(sql);
  if (code === '') return failure(1065, '42000', 'Query was empty');
  const columns = ownColumns(sql, state.variables);
  if (columns !== null) return reply({ columns, rows: [ownRow(sql, state.variables)] });
  switch (code.split(' ')[0]) {
    case 'BEGIN':
    case 'START':
      state.inTransaction = true;
      break;
    case 'COMMIT':
    case 'ROLLBACK':
      if (!/^ROLLBACK (WORK )?TO\b/.test(code)) state.inTransaction = /\bAND CHAIN\b/.test(code);
      break;
    case 'SET':
      for (const [name, value] of assignments(sql)) assign(state, name, value);
      if (isAutocommit(state) && /\bAUTOCOMMIT\b/.test(code)) state.inTransaction = false;
      break;
    case 'USE':
      use(state, usedDatabase(sql) ?? state.database);
      break;
    default: // SAVEPOINT, RELEASE
  }
  return reply();
}

function assign(state: SessionState, name: string, value: string): void {
  state.variables.set(name, value);
  if (!TRACKED.test(name)) return;
  const told = name === 'autocommit' ? (isAutocommit(state) ? 'ON' : 'OFF') : value;
  state.changes.variables.push([name, told]);
}

export function use(state: SessionState, database: string | null): void {
  state.database = state.changes.database = database;
}
