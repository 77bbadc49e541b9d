import type { DeleteStmt, InsertStmt, UpdateStmt } from 'libpg-query';
import { afterCopy } from './copied.ts';
import { inserted, insertedRows, namesItsRows } from './effects-insert.ts';
import { as, kindOf, rangesIn, walk, words, type Node } from './parse.ts';
import { reachesOut } from './safe.ts';
import type { Table } from './schema.ts';
import { tableNamed } from './scope.ts';
import { rowKey, type State } from './state.ts';
import { columnsSet, target, type Target } from './target.ts';
import type { Write } from './write.ts';
import { afterDelete, afterUpdate } from './effects-change.ts';

/** Rows by name, or `all` where they cannot be named. */
export type Footprint = Map<Table, Set<string> | 'all'> | 'everything';

const READS: ReadonlySet<string> = new Set(['SelectStmt', 'VariableShowStmt', 'ExplainStmt']);
/** Statements that leave rows and the schema as they are. */
const HARMLESS: ReadonlySet<string> = words(
  'TransactionStmt VariableSetStmt DiscardStmt DeallocateStmt ListenStmt UnlistenStmt ' +
    'NotifyStmt LockStmt VacuumStmt CheckPointStmt DeclareCursorStmt FetchStmt ClosePortalStmt ' +
    'PrepareStmt ConstraintsSetStmt CommentStmt',
);

/** Whether a statement may change rows. */
export function mayWrite(state: State, sql: string, node: Node | null): boolean {
  if (node === null) return sql.trim() !== '';
  const kind = kindOf(node);
  if (HARMLESS.has(kind)) return reachesOut(state.schema, node);
  if (as(node, 'CopyStmt'))
    return as(node, 'CopyStmt')!.is_from === true || as(node, 'CopyStmt')!.is_program === true;
  if (!READS.has(kind)) return true;
  for (const [name] of walk(node))
    if (['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'intoClause'].includes(name)) return true;
  return reachesOut(state.schema, node);
}

/** Statements that change rows; whatever else may write changes the schema. */
const CHANGES: ReadonlySet<string> = new Set([
  ...HARMLESS,
  ...words(
    'InsertStmt UpdateStmt DeleteStmt MergeStmt SelectStmt CopyStmt TruncateStmt ExecuteStmt ' +
      'CallStmt ExplainStmt',
  ),
]);

/** Whether a statement changes the schema, so that what was read of it does not hold any more. */
export function changesSchema({ node, response }: Write): boolean {
  if (node === null || CHANGES.has(kindOf(node)) || (response !== null && response.error !== null))
    return false;
  // IF NOT EXISTS of what exists.
  return !response?.notices.some(({ code }) => code === '42P07' || code === '42710');
}

/** What a write touches, as far as its text tells. */
export function footprintOf(state: State, write: Write): Footprint {
  const { node } = write;
  const plain = node && plainTarget(state, node);
  if (!plain) return unread(state, node);
  const found: Footprint = new Map();
  const insert = as(node, 'InsertStmt');
  if (insert) {
    const rows = insertedRows(state, plain, insert, write);
    const named = rows.every(({ id }) => id !== undefined) && namesItsRows(state, plain, insert, write);
    found.set(plain, named ? new Set(rows.map(({ id }) => id!)) : 'all');
  } else {
    const { pinned } = target(state, plain, changeOf(node)!, write);
    found.set(plain, pinned === undefined || renamesRows(state, plain, node) ? 'all' : new Set([pinned]));
  }
  const set = as(node, 'UpdateStmt') && columnsSet(plain, as(node, 'UpdateStmt')!);
  if (!insert && (!set || isReferenced(state, plain, set)))
    for (const child of dependents(state, plain)) found.set(child, 'all');
  return found;
}

function unread(state: State, node: Node | null): Footprint {
  if (as(node ?? undefined, 'TruncateStmt')?.behavior === 'DROP_CASCADE') return 'everything';
  const tables =
    node && !reachesOut(state.schema, node)
      ? rangesIn(node).map((range) => tableNamed(state.schema, range))
      : [];
  if (tables.length === 0 || tables.some((table) => !table || table.oddToWrite !== null)) return 'everything';
  const all = new Map<Table, 'all'>();
  for (const table of tables) for (const one of [table!, ...dependents(state, table!)]) all.set(one, 'all');
  return all;
}

/** Tables that change with this one by their foreign keys. */
function dependents(state: State, table: Table, seen = new Set<Table>()): Set<Table> {
  for (const other of state.schema.tables) {
    const follows = other.foreign.some(
      (key) =>
        key.table === table.oid && [key.onDelete, key.onUpdate].some((action) => 'csd'.includes(action)),
    );
    if (!follows || seen.has(other)) continue;
    seen.add(other);
    dependents(state, other, seen);
  }
  return seen;
}

/** Whether it gives rows other keys, which may be any. */
function renamesRows(state: State, table: Table, node: Node): boolean {
  const update = as(node, 'UpdateStmt');
  const set = update && columnsSet(table, update);
  return (
    update !== undefined &&
    (rowKey(state.schema, table)?.columns ?? []).some((number) => !set || set.has(number))
  );
}

function isReferenced(state: State, table: Table, set: ReadonlyMap<number, unknown>): boolean {
  return state.schema.tables.some(({ foreign }) =>
    foreign.some((key) => key.table === table.oid && key.references.some((number) => set.has(number))),
  );
}

/** The table that a plain INSERT, UPDATE or DELETE writes to; undefined for what is not that plain. */
export function plainTarget(state: State, node: Node): Table | undefined {
  const statement = as(node, 'InsertStmt') ?? changeOf(node);
  if (!statement?.relation || statement.withClause || reachesOut(state.schema, node)) return undefined;
  const table = tableNamed(state.schema, statement.relation);
  return table && table.oddToWrite === null && table.oddToRead === null ? table : undefined;
}

function changeOf(node: Node): UpdateStmt | DeleteStmt | undefined {
  return as(node, 'UpdateStmt') ?? as(node, 'DeleteStmt');
}

/** Takes over what a statement did. `certain`: it took effect, and nothing else happened at the same time to what it touched. */
export function applyWrite(state: State, write: Write, certain: boolean): void {
  const { node, response } = write;
  if (response !== null && response.error !== null) return;
  if (changesSchema(write)) {
    for (const table of state.schema.tables)
      state.distrust(table, `the schema was changed by ${write.sql.slice(0, 60)}`);
    return;
  }
  const copy = as(node ?? undefined, 'CopyStmt');
  const filled = copy?.relation && tableNamed(state.schema, copy.relation);
  if (filled && filled.oddToWrite === null) return afterCopy(state, filled, copy!, write, certain);
  const plain = node && plainTarget(state, node);
  if (!plain) return forget(state, unread(state, node));
  const insert: InsertStmt | undefined = as(node, 'InsertStmt');
  if (insert) return inserted(state, plain, insert, write, certain);
  const change = changeOf(node)!;
  const found: Target = target(state, plain, change, write);
  if (as(node, 'UpdateStmt')) afterUpdate(state, plain, change as UpdateStmt, write, found, certain);
  else afterDelete(state, plain, write, found, certain);
}

function forget(state: State, footprint: Footprint): void {
  if (footprint === 'everything') state.forgetAll();
  else for (const table of footprint.keys()) state.forget(table);
}
