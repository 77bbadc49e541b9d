import type { InsertStmt } from 'libpg-query';
import type { Asked, Atom } from './atoms.ts';
import { cover } from './cover.ts';
import type { Plan } from './dare-plan.ts';
import { writtenTable } from './dare-change.ts';
import { dareUpsert } from './dare-upsert.ts';
import { coverParent, newValue } from './dare-update.ts';
import { defaultKind } from './ddl.ts';
import { conflictColumns, insertColumns } from './effects-insert.ts';
import { as, statementOf, walk, type Node } from './parse.ts';
import type { Assumption } from './resolve.ts';
import { asksTime } from './safe.ts';
import { NotDared } from './scope.ts';
import type { Table, TableColumn } from './schema.ts';
import type { State } from './state.ts';

/** What a column of a new row gets: a value (null is NULL), one that nobody knows but that is new, or one that is not known. */
type Given = { value: string | null } | 'fresh' | 'unknown';

export function dareInsert(state: State, asked: Asked, insert: InsertStmt, when: string): Plan {
  if (insert.withClause) throw new NotDared('INSERT with other tables is not looked into');
  if (insert.override !== undefined && insert.override !== 'OVERRIDING_NOT_SET')
    throw new NotDared('OVERRIDING is not looked into');
  const conflict = insert.onConflictClause;
  const updates = conflict !== undefined && conflict.action !== 'ONCONFLICT_NOTHING';
  if (updates && rowsOf(insert).length > 1)
    throw new NotDared('ON CONFLICT DO UPDATE of several rows is not looked into');
  if (conflict?.infer?.whereClause || conflict?.infer?.conname)
    throw new NotDared('ON CONFLICT by that is not looked into');
  const table = writtenTable(
    state,
    insert.relation,
    'INSERT',
    insert.returningClause !== undefined || conflict !== undefined,
  );
  for (const [kind] of walk(insert.returningClause))
    if (kind === 'SelectStmt') throw new NotDared('a SELECT in RETURNING is not looked into');
  const assumptions: Assumption[] = [];
  const isFresh = new Set<number>();
  let [fresh, guesses] = [false, false];
  let nullIn: Plan['nullIn'];
  for (const items of rowsOf(insert)) {
    const given = new Map(
      table.columns.map((column) => [column.number, givenTo(state, asked, table, insert, column, items)]),
    );
    for (const column of table.columns) {
      if (given.get(column.number) !== 'fresh') continue;
      fresh = true;
      isFresh.add(column.number);
      assumptions.push({
        what: `${table.name}.${column.name} gets a value of our server's own`,
        exchange: null,
        at: 0,
      });
    }
    const column = nullColumn(table, given);
    if (column) {
      if (conflict || rowsOf(insert).length > 1)
        throw new NotDared(
          `${table.name}.${column.name} may not be NULL, and what the server says then is not looked into`,
        );
      // Keys and checks come later.
      nullIn = { table, column };
      break;
    }
    const upsert = updates
      ? dareUpsert(state, asked, table, insert, (number) => known(given.get(number)), when)
      : null;
    if (upsert)
      return {
        kind: 'write',
        tables: new Set([table]),
        written: new Set([table]),
        assumptions: upsert.assumptions,
        ordered: true,
        set: new Map([[table, upsert.set]]),
        fresh: upsert.fresh,
        guesses: false,
        partial: upsert.partial,
      };
    guesses ||= checkKeys(state, table, given, when, assumptions);
    for (const foreign of table.foreign)
      assumptions.push(
        ...coverParent(
          state,
          foreign,
          foreign.columns.map((number) => known(given.get(number))),
          when,
        ),
      );
    for (const check of table.checks)
      if (check.columns.some((number) => given.get(number) === 'fresh'))
        throw new NotDared(`${check.name} depends on a value that nobody knows`);
  }
  // A row in the way of an id that nobody knows would make it do nothing.
  const target = conflictColumns(table, insert);
  if (
    guesses &&
    conflict &&
    (!target || table.columns.some((column) => target.includes(column.number) && isFresh.has(column.number)))
  )
    throw new NotDared('whether its id is taken is not known');
  return {
    kind: 'write',
    tables: new Set([table, ...table.foreign.flatMap((foreign) => state.table(foreign.table) ?? [])]),
    written: new Set([table]),
    assumptions,
    ordered: true,
    set: new Map(),
    fresh,
    guesses,
    partial: false,
    ...(nullIn ? { nullIn } : {}),
  };
}

/** The values of each row; one row without any for DEFAULT VALUES. */
function rowsOf(insert: InsertStmt): Node[][] {
  if (!insert.selectStmt) return [[]];
  const select = as(insert.selectStmt, 'SelectStmt');
  const lists = select?.valuesLists;
  if (!lists || select.sortClause || select.limitCount)
    throw new NotDared('INSERT from a SELECT is not looked into');
  for (const [kind] of walk(lists))
    if (kind === 'SelectStmt') throw new NotDared('a SELECT among the values is not looked into');
  return lists.map((list) => as(list, 'List')?.items ?? []);
}

function givenTo(
  state: State,
  asked: Asked,
  table: Table,
  insert: InsertStmt,
  column: TableColumn,
  items: readonly Node[],
): Given {
  const index = insert.selectStmt ? insertColumns(table, insert).indexOf(column) : -1;
  const node = index < 0 ? undefined : items[index];
  if (node && !as(node, 'SetToDefault')) {
    if (column.identity === 'always') throw new NotDared(`${column.name} is always the server's to give`);
    const value = newValue(state, asked, table, column.number, node);
    return value === undefined ? (asksTime(node) ? 'fresh' : 'unknown') : { value };
  }
  switch (defaultKind(state.schema, column)) {
    case 'null':
      return { value: null };
    case 'sequence':
    case 'assumed':
      return 'fresh';
    case 'constant': {
      const select = as(statementOf(`SELECT ${column.default}`) ?? undefined, 'SelectStmt');
      const value = newValue(
        state,
        NOTHING,
        table,
        column.number,
        as(select?.targetList?.[0], 'ResTarget')?.val,
      );
      return value === undefined ? 'unknown' : { value };
    }
    default:
      throw new NotDared(`the default of ${table.name}.${column.name} is not looked into`);
  }
}

const NOTHING: Asked = { params: [], types: [], settings: '' };

function known(given: Given | undefined): string | null | undefined {
  return given === undefined || typeof given === 'string' ? undefined : given.value;
}

/** The first column that would be NULL where it may not: servers look at this before keys and checks, column by column. */
function nullColumn(table: Table, given: ReadonlyMap<number, Given>): TableColumn | undefined {
  for (const column of table.columns) {
    if (!column.notNull) continue;
    const value = given.get(column.number)!;
    if (value === 'unknown')
      throw new NotDared(`whether ${table.name}.${column.name} gets a value is not known`);
    if (known(value) === null) return column;
  }
  return undefined;
}

/** Whether rows with these keys are there must be known, one way or the other. True: one stands on a value of our own. */
function checkKeys(
  state: State,
  table: Table,
  given: ReadonlyMap<number, Given>,
  when: string,
  assumptions: Assumption[],
): boolean {
  let guesses = false;
  for (const key of table.keys) {
    const values = key.columns.map((number) => given.get(number)!);
    if (values.includes('fresh')) {
      const owned = key.columns.every(
        (number) => given.get(number) !== 'fresh' || isOwn(state, table, number),
      );
      if (!owned) throw new NotDared(`${key.name} depends on a value that nobody knows`);
      guesses = true;
      continue;
    }
    if (values.some((value) => known(value) === null)) continue;
    if (values.includes('unknown')) throw new NotDared(`what it puts into ${key.name} is not known`);
    const atoms = key.columns.map((column, i): Atom => ({
      kind: 'compare',
      column,
      op: '=',
      value: known(values[i])!,
    }));
    const found = cover(state, table, atoms);
    if ('reason' in found) throw new NotDared(`${found.reason} before ${when}`);
    for (const [id, row] of found.rows)
      if (key.columns.some((number) => !row.cells.has(number)))
        throw new NotDared(`whether ${id} of ${table.name} stands in the way is not known`);
    for (const { exchange, at } of found.sources)
      assumptions.push({ what: `${table.name} by ${key.name}`, exchange, at });
  }
  return guesses;
}

/** Ids of a sequence and random ids are new ones. A moment need not be. */
function isOwn(state: State, table: Table, number: number): boolean {
  const column = table.columns.find((one) => one.number === number)!;
  return defaultKind(state.schema, column) === 'sequence' || column.type === 2950;
}
