import type { InsertStmt } from 'libpg-query';
import { constantOf, type Asked } from './atoms.ts';
import { as, statementOf, texts, type Node } from './parse.ts';
import { idOf } from './lessons.ts';
import type { Table, TableColumn } from './schema.ts';
import { cell, rowKey, type Cell, type State } from './state.ts';
import { returnedRows } from './target.ts';
import { sameFamily, stored, typedOf, type Stored } from './values.ts';
import { countOf, type Write } from './write.ts';

interface NewRow {
  /** Undefined: its key is not known. */
  id: string | undefined;
  cells: Map<number, Stored>;
}

/** The rows that an INSERT means to put in, as far as they are known. One of unknown cells where it takes them from elsewhere. */
export function insertedRows(
  state: State,
  table: Table,
  insert: InsertStmt,
  { asked, response }: Pick<Write, 'asked' | 'response'>,
): NewRow[] {
  const named = (rows: Map<number, Stored>[]): NewRow[] =>
    rows.map((cells) => ({ id: nameOf(state, table, cells), cells }));
  const returned = returnedRows(state, table, response);
  const lists = as(insert.selectStmt, 'SelectStmt')?.valuesLists;
  const given =
    insert.selectStmt === undefined
      ? [new Map(defaults(state, table, []))]
      : lists?.map((list) => given1(state, table, insert, asked, list));
  if (!returned) return named(given ?? [new Map()]);
  const seen = [...returned.values()].map(
    (cells) => new Map([...cells].map(([number, value]) => [number, { value, loose: false }])),
  );
  // RETURNING goes through the rows in their order; after a conflict, some may be missing.
  if (!given || given.length !== seen.length || insert.onConflictClause) return named(seen);
  return named(given.map((cells, i) => new Map([...cells, ...seen[i]!])));
}

/** A row's name by what is put into it; undefined: its key is not known. */
export function nameOf(state: State, table: Table, cells: ReadonlyMap<number, Stored>): string | undefined {
  const key = rowKey(state.schema, table);
  const values = new Map([...cells].map(([number, { value, loose }]) => [number, loose ? null : value]));
  return key && idOf(state.schema, table, key.columns, values);
}

function given1(
  state: State,
  table: Table,
  insert: InsertStmt,
  asked: Asked,
  list: Node,
): Map<number, Stored> {
  const items = as(list, 'List')?.items ?? [];
  const columns = insertColumns(table, insert).slice(0, insert.cols ? undefined : items.length);
  const cells = new Map<number, Stored>();
  const omitted: number[] = [];
  for (const [i, column] of columns.entries()) {
    if (!column) continue;
    if (as(items[i], 'SetToDefault')) {
      omitted.push(column.number);
      continue;
    }
    const value =
      column.identity && insert.override === 'OVERRIDING_USER_VALUE'
        ? undefined
        : assigned(state, column, asked, items[i]);
    if (value) cells.set(column.number, value);
  }
  const named = columns.flatMap((column) =>
    column && !omitted.includes(column.number) ? [column.number] : [],
  );
  return new Map([...cells, ...defaults(state, table, named)]);
}

/** In the order of the values. */
export function insertColumns(table: Table, insert: InsertStmt): (TableColumn | undefined)[] {
  if (!insert.cols) return table.columns;
  return insert.cols.map((node) => table.columns.find(({ name }) => name === as(node, 'ResTarget')?.name));
}

/** A constant as a column takes it. */
export function assigned(
  state: State,
  column: TableColumn,
  asked: Asked,
  node: Node | undefined,
): Stored | undefined {
  const found = constantOf(state.schema, asked, node);
  const typed = typedOf(state.schema, column);
  if (!found || (found.text !== null && !sameFamily(typed, found.type))) return undefined;
  return stored(typed, found.text);
}

/** What the columns get that an INSERT does not name, as far as the catalog alone tells. */
export function defaults(state: State, table: Table, named: readonly number[]): [number, Stored][] {
  const found: [number, Stored][] = [];
  for (const column of table.columns) {
    if (named.includes(column.number) || column.identity || column.generated) continue;
    if (column.default === null) found.push([column.number, { value: null, loose: false }]);
    const value = column.default === null ? undefined : defaultOf(state, column);
    if (value) found.push([column.number, value]);
  }
  return found;
}

const NOTHING: Asked = { params: [], types: [], settings: '' };

/** A default that is a constant. */
function defaultOf(state: State, column: TableColumn): Stored | undefined {
  const select = as(statementOf(`SELECT ${column.default}`) ?? undefined, 'SelectStmt');
  return assigned(state, column, NOTHING, as(select?.targetList?.[0], 'ResTarget')?.val);
}

/** Takes over an INSERT. */
export function inserted(
  state: State,
  table: Table,
  insert: InsertStmt,
  write: Write,
  certain: boolean,
): void {
  const rows = insertedRows(state, table, insert, write);
  const count = countOf(write.response);
  if (certain && count === 0) return;
  const conflict = insert.onConflictClause;
  const updates = conflict?.action === 'ONCONFLICT_UPDATE';
  const all = certain && !updates && count === rows.length;
  const shown = certain && returnedRows(state, table, write.response) !== undefined;
  // Then each of the rows is there afterwards, whether it was put in or was in the way.
  const upserted = certain && updates && namesItsRows(state, table, insert, write);
  for (const { id, cells } of rows) {
    const known = cellsOf(cells, write);
    if (id === undefined) {
      state.unnamedRow(table, conflict ? new Map() : known);
      continue;
    }
    const before = state.row(table, id);
    if (all) {
      if (before?.exists === 'yes')
        return state.distrust(table, `${table.name}: a row was put in that was there`);
      state.setRow(table, id, { exists: 'yes', cells: known, ...write.source });
      continue;
    }
    const exists = before?.exists === 'yes' || shown || upserted ? 'yes' : 'maybe';
    // It was there and stayed so, unless ON CONFLICT changed it.
    const kept = before?.exists === 'yes' && !updates ? before.cells : keyCells(state, table, known);
    state.setRow(table, id, { exists, cells: shown ? known : kept, ...write.source });
  }
  // A row in conflict need not be one of those that were to be put in: another key may be what clashed.
  const someRow = !upserted || rows.some(({ id }) => id === undefined);
  if (updates && !shown && someRow) state.forget(table);
}

/** Whether the rows that it changes are those that it names: a row in the way by another key than theirs has a name of its own. */
export function namesItsRows(
  state: State,
  table: Table,
  insert: InsertStmt,
  { response }: Pick<Write, 'response'>,
): boolean {
  const conflict = insert.onConflictClause;
  if (conflict?.action !== 'ONCONFLICT_UPDATE' || returnedRows(state, table, response) !== undefined)
    return true;
  const key = rowKey(state.schema, table)?.columns ?? [];
  const set = (conflict.targetList ?? []).map((node) => as(node, 'ResTarget')?.name);
  const renames = table.columns.some(({ name, number }) => key.includes(number) && set.includes(name));
  return !renames && isRowKey(state, table, conflictColumns(table, insert));
}

function isRowKey(state: State, table: Table, columns: readonly number[] | undefined): boolean {
  const key = rowKey(state.schema, table)?.columns;
  return (
    columns !== undefined &&
    key !== undefined &&
    key.length === columns.length &&
    key.every((number) => columns.includes(number))
  );
}

function keyCells(state: State, table: Table, cells: ReadonlyMap<number, Cell>): Map<number, Cell> {
  const key = rowKey(state.schema, table)?.columns ?? [];
  return new Map([...cells].filter(([number]) => key.includes(number)));
}

function cellsOf(cells: ReadonlyMap<number, Stored>, { source }: Write): Map<number, Cell> {
  return new Map([...cells].map(([number, { value, loose }]) => [number, cell(value, source, loose)]));
}

/** The columns by which an ON CONFLICT finds the row in the way; undefined where they are not plain. */
export function conflictColumns(table: Table, insert: InsertStmt): number[] | undefined {
  const infer = insert.onConflictClause?.infer;
  if (!infer?.indexElems || infer.whereClause) return undefined;
  const names = infer.indexElems.map((node) => as(node, 'IndexElem')?.name ?? texts([node])[0]);
  const columns = names.map((name) => table.columns.find((column) => column.name === name)?.number);
  return columns.every((number) => number !== undefined) ? columns : undefined;
}
