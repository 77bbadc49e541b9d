import type { UpdateStmt } from 'libpg-query';
import type { Asked, Atom } from './atoms.ts';
import { cover } from './cover.ts';
import type { Plan } from './dare-plan.ts';
import { changeOf, writtenTable } from './dare-change.ts';
import { assigned } from './effects-insert.ts';
import type { Node } from './parse.ts';
import type { Assumption } from './resolve.ts';
import { asksTime } from './safe.ts';
import { NotDared } from './scope.ts';
import type { Table } from './schema.ts';
import { rowKey, type Row, type State } from './state.ts';
import { columnsSet } from './target.ts';
import { canonicalOf, typedOf } from './values.ts';

export function dareUpdate(state: State, asked: Asked, update: UpdateStmt, when: string): Plan {
  if (update.withClause || update.fromClause)
    throw new NotDared('UPDATE with other tables is not looked into');
  const table = writtenTable(state, update.relation, 'UPDATE', true);
  const set = columnsSet(table, update);
  if (!set) throw new NotDared('what it sets is not looked into');
  if (asksTime([update.whereClause, update.returningClause]))
    throw new NotDared('its answer depends on the time');
  const change = changeOf(state, asked, table, update, when, new Set(set.keys()));
  for (const [number, node] of set) {
    checkTime(table, number, node);
    if (
      table.columns.find((column) => column.number === number)!.notNull &&
      newValue(state, asked, table, number, node) === null
    )
      throw new NotDared(
        `${table.name} would get a NULL where none may be, and what the server says then is not looked into`,
      );
  }
  checkUnique(state, asked, table, set, change.rows, when);
  const parents = checkForeign(state, asked, table, set, when);
  checkReferenced(state, table, set);
  for (const check of table.checks) {
    if (!check.columns.some((number) => set.has(number))) continue;
    for (const [id, row] of change.rows)
      for (const number of check.columns)
        if (!set.has(number) && !row.cells.has(number))
          throw new NotDared(
            `${check.name} of ${table.name} reads a column of ${id} that was never seen before ${when}`,
          );
  }
  return {
    kind: 'write',
    tables: new Set(change.refs.flatMap((ref) => ref.table ?? [])),
    written: new Set([table]),
    assumptions: [...change.resolved.assumptions, ...parents],
    ordered: change.rows.size <= 1,
    set: new Map([[table, new Set(set.keys())]]),
    fresh: [...set.values()].some(asksTime),
    guesses: false,
    partial: [...change.rows.values()].some((row) =>
      table.columns.some(({ number }) => !row.cells.has(number)),
    ),
  };
}

/** A moment in a column that decides something would be a guess. */
export function checkTime(table: Table, number: number, node: Node): void {
  if (!asksTime(node)) return;
  const decides =
    table.keys.some(({ columns }) => columns.includes(number)) ||
    table.checks.some(({ columns }) => columns.includes(number));
  if (decides) throw new NotDared('it depends on the time whether this is allowed');
}

/** New values of unique columns must be known, for one row, and the rows that might have them too. */
function checkUnique(
  state: State,
  asked: Asked,
  table: Table,
  set: ReadonlyMap<number, Node>,
  rows: ReadonlyMap<string, Row>,
  when: string,
): void {
  for (const key of table.keys) {
    if (!key.columns.some((number) => set.has(number))) continue;
    if (key === rowKey(state.schema, table)) throw new NotDared('it gives a row another key');
    if (rows.size === 0) continue;
    if (rows.size > 1) throw new NotDared(`it gives several rows the same values of ${key.name}`);
    const [row] = rows.values();
    const atoms: Atom[] = [];
    let isNull = false;
    for (const number of key.columns) {
      const value = set.has(number)
        ? newValue(state, asked, table, number, set.get(number)!)
        : state.value(table, row!, number);
      if (value === undefined) throw new NotDared(`what it makes of ${key.name} is not known`);
      if (value === null) isNull = true;
      else atoms.push({ kind: 'compare', column: number, op: '=', value });
    }
    const found = isNull ? null : cover(state, table, atoms);
    if (found && 'reason' in found) throw new NotDared(`${found.reason} before ${when}`);
  }
}

/** What a constant becomes in a column, as values are compared; null for NULL. */
export function newValue(
  state: State,
  asked: Asked,
  table: Table,
  number: number,
  node: Node | undefined,
): string | null | undefined {
  const column = table.columns.find((one) => one.number === number)!;
  const value = assigned(state, column, asked, node);
  if (value === undefined || value.loose) return undefined;
  return value.value === null ? null : canonicalOf(typedOf(state.schema, column), value.value);
}

function checkForeign(
  state: State,
  asked: Asked,
  table: Table,
  set: ReadonlyMap<number, Node>,
  when: string,
): Assumption[] {
  return table.foreign.flatMap((foreign) => {
    if (!foreign.columns.some((number) => set.has(number))) return [];
    if (!foreign.columns.every((number) => set.has(number)))
      throw new NotDared(`it sets a part of ${foreign.name}`);
    const values = foreign.columns.map((number) => newValue(state, asked, table, number, set.get(number)));
    return coverParent(state, foreign, values, when);
  });
}

/** Whether the row that a foreign key asks for is there must be known, one way or the other; what says so. */
export function coverParent(
  state: State,
  foreign: Table['foreign'][number],
  values: readonly (string | null | undefined)[],
  when: string,
): Assumption[] {
  if (foreign.deferrable) throw new NotDared(`${foreign.name} is checked later`);
  if (values.includes(undefined)) throw new NotDared(`what ${foreign.name} points to is not known`);
  if (values.includes(null)) {
    if (values.length > 1) throw new NotDared(`${foreign.name} is NULL in part`);
    return [];
  }
  const parent = state.table(foreign.table);
  if (!parent || parent.oddToRead !== null)
    throw new NotDared(`what ${foreign.name} points to is not a plain table`);
  const atoms = foreign.references.map((column, i): Atom => ({
    kind: 'compare',
    column,
    op: '=',
    value: values[i]!,
  }));
  const found = cover(state, parent, atoms);
  if ('reason' in found) throw new NotDared(`${found.reason} before ${when}`);
  for (const row of found.rows.values())
    if (foreign.references.some((number) => !row.cells.has(number)))
      throw new NotDared(`whether ${foreign.name} finds its row is not known`);
  return found.sources.map(({ exchange, at }) => ({
    what: `${parent.name}(${foreign.references.map((number, i) => `${columnName(parent, number)}=${values[i]}`).join(', ')})`,
    exchange,
    at,
  }));
}

function columnName(table: Table, number: number): string {
  return table.columns.find((column) => column.number === number)?.name ?? '?';
}

function checkReferenced(state: State, table: Table, set: ReadonlyMap<number, Node>): void {
  for (const child of state.schema.tables)
    for (const foreign of child.foreign)
      if (foreign.table === table.oid && foreign.references.some((number) => set.has(number)))
        throw new NotDared(`rows of ${child.name} point to what it changes`);
}
