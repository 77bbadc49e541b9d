import type { SelectStmt } from 'libpg-query';
import { constantOf, type Asked, type Atom } from './atoms.ts';
import { skipsNothing } from './levels.ts';
import type { PgRequest, PgResponse } from '../messages.ts';
import { walk } from './parse.ts';
import { hasAggregate, isScalar } from './safe.ts';
import type { PgSchema, Table } from './schema.ts';
import { levelOf, NotDared, type Level, type Ref } from './scope.ts';
import { cell, keyOf, rowKey, type Cell, type Row, type Source, type State } from './state.ts';
import { canonicalOf, isExact, seen, typedOf } from './values.ts';

/** What one result shows of one table. */
export interface Lesson {
  table: Table;
  /** By key. */
  rows: Map<string, Map<number, string | null>>;
  /** The rows that fulfil these are those above and no others. */
  complete: readonly Atom[] | null;
}

/** What a SELECT's result shows of the rows that it read. */
export function lessonsOf(
  schema: PgSchema,
  asked: Asked,
  select: SelectStmt,
  request: PgRequest,
  response: PgResponse,
): Lesson[] {
  if (response.error !== null || response.columns === null || response.copyOut !== null) return [];
  if (
    (select.op ?? 'SETOP_NONE') !== 'SETOP_NONE' ||
    select.withClause ||
    select.intoClause ||
    select.groupDistinct
  )
    return [];
  for (const [kind] of walk(select.groupClause)) if (kind === 'GroupingSet') return [];
  // Such a result has a row even where there is none.
  if (!select.groupClause && (select.havingClause || hasAggregate(select.targetList))) return [];
  let level: Level;
  try {
    level = levelOf({ schema, asked }, select, null, new Set());
  } catch (error) {
    if (error instanceof NotDared) return [];
    throw error;
  }
  const whole = isWhole(schema, asked, select, level, request, response);
  return level.refs.flatMap((ref) => {
    const table = ref.table;
    // With a table twice in the FROM list, its columns in the result may be either's.
    if (
      table === null ||
      table.oddToRead !== null ||
      level.refs.some((other) => other !== ref && other.table === table)
    )
      return [];
    const rows = rowsOf(schema, ref, level, response, isRowByRow(select, response));
    const complete = whole && rows.size === response.rows.length ? (level.atoms.get(ref) ?? []) : null;
    return [{ table, rows, complete }];
  });
}

/** Whether the result holds every row that its conditions let through, and each of them by itself. */
function isWhole(
  schema: PgSchema,
  asked: Asked,
  select: SelectStmt,
  level: Level,
  request: PgRequest,
  response: PgResponse,
): boolean {
  if (level.refs.length !== 1 || level.unread.length > 0 || level.links.length > 0) return false;
  if (
    select.groupClause ||
    select.havingClause ||
    !skipsNothing({ schema, asked }, select) ||
    response.suspended ||
    request.part > 0
  )
    return false;
  if (select.distinctClause || !hasOnlyScalars(select)) return false;
  for (const [kind, body] of walk(select))
    if (kind === 'LockingClause' && body['waitPolicy'] === 'LockWaitSkip') return false;
  if (!select.limitCount) return true;
  const limit = constantOf(schema, asked, select.limitCount)?.text;
  return /^\d+$/.test(limit ?? '') && response.rows.length < Number(limit);
}

/** Functions in the list of results may make several rows of one, or one of none. */
function hasOnlyScalars(select: SelectStmt): boolean {
  for (const [kind, body] of walk(select.targetList))
    if (kind === 'FuncCall' && !isScalar(body)) return false;
  return true;
}

/** Whether each row of the result stands for rows that are there. */
function isRowByRow(select: SelectStmt, response: PgResponse): boolean {
  return (
    hasOnlyScalars(select) || response.columns!.some(({ table, attribute }) => table > 0 && attribute > 0)
  );
}

/** Rows whose key stands in the result, or in the conditions. */
function rowsOf(
  schema: PgSchema,
  ref: Ref,
  level: Level,
  response: PgResponse,
  byRow: boolean,
): Lesson['rows'] {
  const table = ref.table!;
  const rows: Lesson['rows'] = new Map();
  const key = rowKey(schema, table);
  if (!key) return rows;
  // A condition on an outer join's missing side holds of no row that stands in the result.
  const given =
    ref.nullable || !byRow
      ? new Map<number, string>()
      : valuesGiven(schema, table, level.atoms.get(ref) ?? []);
  for (const values of response.rows) {
    const cells = new Map<number, string | null>(given);
    for (const [index, column] of response.columns!.entries()) {
      if (column.table !== table.oid || column.attribute <= 0) continue;
      const value = seen(values[index] ?? null, schema.enums.find(({ oid }) => oid === column.type)?.labels);
      if (value !== undefined) cells.set(column.attribute, value);
    }
    const id = idOf(schema, table, key.columns, cells);
    if (id !== undefined) rows.set(id, cells);
  }
  return rows;
}

/** The values that `=` shows. */
function valuesGiven(schema: PgSchema, table: Table, atoms: readonly Atom[]): Map<number, string> {
  const found = new Map<number, string>();
  for (const atom of atoms) {
    if (atom.kind !== 'compare' || atom.op !== '=') continue;
    const column = table.columns.find(({ number }) => number === atom.column);
    if (column && isExact(typedOf(schema, column))) found.set(atom.column, atom.value);
  }
  return found;
}

export function idOf(
  schema: PgSchema,
  table: Table,
  columns: readonly number[],
  cells: ReadonlyMap<number, string | null>,
): string | undefined {
  return keyOf(
    columns.map((number) => {
      const value = cells.get(number);
      const column = table.columns.find((one) => one.number === number);
      return typeof value === 'string' && column ? canonicalOf(typedOf(schema, column), value) : undefined;
    }),
  );
}

export const CONTRADICTION =
  'was recorded with rows that do not follow from one another: somebody else writes it';

/** Takes over what a result shows. What contradicts it makes the table distrusted. `skip`: rows that may have changed meanwhile. */
export function learn(
  state: State,
  lesson: Lesson,
  source: Source,
  skip: (id: string) => boolean = () => false,
): void {
  const { table, rows, complete } = lesson;
  for (const [id, values] of rows) {
    if (skip(id)) continue;
    const row = state.row(table, id);
    if (row?.exists === 'no') return state.distrust(table, `${table.name} ${CONTRADICTION}`);
    const cells = new Map<number, Cell>(row?.cells);
    for (const [number, value] of values) {
      if (row && contradicts(state, table, row, number, value))
        return state.distrust(table, `${table.name} ${CONTRADICTION}`);
      cells.set(number, cell(value, source));
    }
    const learned: Row = { exists: 'yes', cells, exchange: source.exchange, at: source.at };
    // A row that nobody wrote has come to where all rows were known.
    if (!row && state.complete(table).some(({ atoms }) => state.fulfils(table, learned, atoms) === true))
      return state.distrust(table, `${table.name} ${CONTRADICTION}`);
    state.setRow(table, id, learned);
  }
  if (complete === null) return;
  for (const [id, row] of state.rows(table)) {
    if (rows.has(id) || skip(id)) continue;
    const fulfils = state.fulfils(table, row, complete);
    if (row.exists === 'yes' && fulfils === true)
      return state.distrust(table, `${table.name} ${CONTRADICTION}`);
    if (row.exists === 'maybe' && fulfils === true)
      state.setRow(table, id, { exists: 'no', cells: new Map(), ...source });
    if (fulfils === undefined) state.exclude(table, id, complete);
  }
  nobodyElse(state, lesson, complete, source, skip);
}

/** No row but those of the lesson fulfils the conditions. */
function nobodyElse(
  state: State,
  { table, rows }: Lesson,
  complete: readonly Atom[],
  source: Source,
  skip: (id: string) => boolean,
): void {
  const key = rowKey(state.schema, table);
  const pins = key?.columns.map((number) => {
    const pin = complete.find((atom) => atom.kind === 'compare' && atom.op === '=' && atom.column === number);
    return pin?.kind === 'compare' ? pin.value : undefined;
  });
  const id = pins && keyOf(pins);
  if (id === undefined || complete.length > pins!.length)
    state.addComplete(table, { atoms: complete, ...source });
  else if (!rows.has(id) && !skip(id)) state.setRow(table, id, { exists: 'no', cells: new Map(), ...source });
}

function contradicts(state: State, table: Table, row: Row, number: number, value: string | null): boolean {
  const known = row.cells.get(number);
  if (!known || known.loose) return false;
  const column = table.columns.find((one) => one.number === number);
  if (!column || known.value === null || value === null) return known.value !== value;
  const typed = typedOf(state.schema, column);
  return (canonicalOf(typed, known.value) ?? known.value) !== (canonicalOf(typed, value) ?? value);
}
