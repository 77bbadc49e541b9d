import type { InsertStmt } from 'libpg-query';
import type { Asked, Atom } from './atoms.ts';
import { cover, rowName } from './cover.ts';
import { checkTime, newValue } from './dare-update.ts';
import { conflictColumns } from './effects-insert.ts';
import { columnsRead } from './needs.ts';
import { checkDeterminism } from './order.ts';
import { as, walk, type Node } from './parse.ts';
import type { Assumption } from './resolve.ts';
import { asksTime } from './safe.ts';
import { NotDared, type Ref } from './scope.ts';
import type { Table } from './schema.ts';
import { cell, type Row, type State } from './state.ts';
import { columnsSet } from './target.ts';

/** What of the new row is known: a value (null is NULL), or undefined. */
type Given = (column: number) => string | null | undefined;

/** The row that an INSERT … ON CONFLICT DO UPDATE finds in its way, and what it makes of it. */
export interface Upsert {
  set: Set<number>;
  assumptions: Assumption[];
  /** It puts a moment of our own there. */
  fresh: boolean;
  /** Not all of the row is known. */
  partial: boolean;
}

/** Null: no row is in the way. The new row's values of the key must be known, and whether a row has them. */
export function dareUpsert(
  state: State,
  asked: Asked,
  table: Table,
  insert: InsertStmt,
  given: Given,
  when: string,
): Upsert | null {
  const conflict = insert.onConflictClause!;
  const target = conflictColumns(table, insert);
  const key = table.keys.find(
    ({ columns, deferrable }) =>
      !deferrable && columns.length === target?.length && columns.every((number) => target.includes(number)),
  );
  if (!key) throw new NotDared('ON CONFLICT by that is not looked into');
  const atoms = key.columns.map((column): Atom => {
    const value = given(column);
    if (value === undefined) throw new NotDared(`what it puts into ${key.name} is not known`);
    // NULL is in nobody's way.
    return value === null ? { kind: 'never' } : { kind: 'compare', column, op: '=', value };
  });
  const found = cover(state, table, atoms);
  if ('reason' in found) throw new NotDared(`${found.reason} before ${when}`);
  const [entry] = found.rows;
  if (!entry) return null;
  const [id, row] = entry;
  if (key.columns.some((number) => !row.cells.has(number)))
    throw new NotDared(`whether ${rowName(state, table, id)} stands in the way is not known`);
  const set = columnsSet(table, { targetList: conflict.targetList ?? [] });
  if (!set) throw new NotDared('what it sets is not looked into');
  checkSet(state, asked, table, set, row);
  checkRead(state, asked, table, insert, row, { id, given, set, when });
  return {
    set: new Set(set.keys()),
    assumptions: found.sources.map(({ exchange, at }) => ({ what: rowName(state, table, id), exchange, at })),
    fresh: [...set.values()].some(asksTime),
    partial: table.columns.some(({ number }) => !row.cells.has(number)),
  };
}

/** Nothing that keys, references or unknown cells decide on. */
function checkSet(state: State, asked: Asked, table: Table, set: ReadonlyMap<number, Node>, row: Row): void {
  const decides = (columns: readonly number[]): boolean => columns.some((number) => set.has(number));
  for (const [number, node] of set) {
    checkTime(table, number, node);
    const column = table.columns.find((one) => one.number === number)!;
    if (column.notNull && newValue(state, asked, table, number, node) === null)
      throw new NotDared(`${table.name}.${column.name} would become NULL, which is not looked into`);
  }
  if (
    table.keys.some(({ columns }) => decides(columns)) ||
    table.foreign.some(({ columns }) => decides(columns))
  )
    throw new NotDared('ON CONFLICT that changes a key is not looked into');
  for (const child of state.schema.tables)
    for (const foreign of child.foreign)
      if (foreign.table === table.oid && decides(foreign.references))
        throw new NotDared(`rows of ${child.name} point to what it changes`);
  for (const check of table.checks)
    if (decides(check.columns) && check.columns.some((number) => !set.has(number) && !row.cells.has(number)))
      throw new NotDared(`${check.name} of ${table.name} reads what was never seen`);
}

/** All that it reads of the row in the way and of the new one is known. */
function checkRead(
  state: State,
  asked: Asked,
  table: Table,
  insert: InsertStmt,
  row: Row,
  { id, given, set, when }: { id: string; given: Given; set: ReadonlyMap<number, Node>; when: string },
): void {
  const conflict = insert.onConflictClause!;
  const own: Ref = { name: insert.relation?.alias?.aliasname ?? table.name, table, nullable: false };
  const excluded: Ref = { name: 'excluded', table, nullable: false };
  const returned = (insert.returningClause?.exprs ?? []).map((node) => as(node, 'ResTarget')!.val!);
  const changed = [[...set.values()], conflict.whereClause];
  for (const [kind] of walk([changed, returned]))
    if (kind === 'SelectStmt') throw new NotDared('a SELECT in ON CONFLICT is not looked into');
  if (asksTime([conflict.whereClause, returned])) throw new NotDared('its answer depends on the time');
  const columns = columnsRead(changed, [own, excluded]);
  // What SET gives stands in RETURNING.
  const shown = columnsRead(returned, [own]).get(own)!;
  for (const number of shown) if (!set.has(number)) columns.get(own)!.add(number);
  const nameOf = (number: number): string =>
    `${table.name}.${table.columns.find((column) => column.number === number)!.name}`;
  for (const number of columns.get(own)!)
    if (!row.cells.has(number))
      throw new NotDared(`${nameOf(number)} of ${rowName(state, table, id)} was never seen before ${when}`);
  for (const number of columns.get(excluded)!)
    if (given(number) === undefined)
      throw new NotDared(`what it would put into ${nameOf(number)} is not known`);
  const source = { exchange: null, at: 0 };
  const cells = table.columns.flatMap(({ number }) => {
    const value = given(number);
    return value === undefined ? [] : [[number, cell(value, source)] as const];
  });
  const rows = new Map([
    [own, new Map([[id, row]])],
    [excluded, new Map<string, Row>([['', { exists: 'yes', cells: new Map(cells), ...source }]])],
  ]);
  checkDeterminism(state, asked, [changed, returned], [own, excluded], { rows, columns, assumptions: [] });
}
