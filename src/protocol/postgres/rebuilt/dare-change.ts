import type { DeleteStmt, ResTarget, UpdateStmt } from 'libpg-query';
import type { Asked } from './atoms.ts';
import { checkOddity } from './ddl.ts';
import { addInner } from './levels.ts';
import { as, type Node } from './parse.ts';
import { resolve, type Resolved } from './resolve.ts';
import { levelOf, NotDared, tableNamed, type Level, type Ref } from './scope.ts';
import type { Table } from './schema.ts';
import type { Row, State } from './state.ts';
import { checkDeterminism } from './order.ts';

/** The table that a statement writes to, if writing to it is no more than it says. */
export function writtenTable(
  state: State,
  relation: Parameters<typeof tableNamed>[1] | undefined,
  right: Table['may'][number],
  reads: boolean,
): Table {
  const table = relation && tableNamed(state.schema, relation);
  if (!table) throw new NotDared(`${relation?.relname ?? 'it'} is not a table that we know`);
  const odd = table.oddToRead ?? table.oddToWrite;
  if (odd !== null) throw new NotDared(`${table.name}: ${odd}`);
  if (!table.may.includes(right) || (reads && !table.may.includes('SELECT')))
    throw new NotDared(`${table.name} is not for this user to ${right}`);
  const distrusted = state.distrusted(table);
  if (distrusted !== null) throw new NotDared(distrusted);
  if (table.columns.some(({ generated }) => generated))
    throw new NotDared(`${table.name} has generated columns`);
  if (table.keys.some(({ deferrable }) => deferrable))
    throw new NotDared(`${table.name} has a key that is checked later`);
  for (const check of table.checks) {
    const why = checkOddity(state.schema, check.definition);
    if (why !== null) throw new NotDared(`${table.name}: ${check.name}: ${why}`);
  }
  return table;
}

/** The rows that an UPDATE or DELETE is about, and all that it reads of them and of others. */
export interface Change {
  ref: Ref;
  rows: Map<string, Row>;
  resolved: Resolved;
  refs: Ref[];
}

export function changeOf(
  state: State,
  asked: Asked,
  table: Table,
  change: UpdateStmt | DeleteStmt,
  when: string,
  set: ReadonlySet<number>,
): Change {
  const reader = { schema: state.schema, asked };
  const range: Node = { RangeVar: change.relation! };
  const level: Level = levelOf(
    reader,
    { fromClause: [range], whereClause: change.whereClause },
    null,
    new Set(),
  );
  const [ref] = level.refs;
  const levels = [level];
  addInner(reader, [change.whereClause, 'targetList' in change ? change.targetList : []], level, levels);
  if (levels.slice(1).some(({ refs }) => refs.some((other) => other.table === table)))
    throw new NotDared(`it reads ${table.name} while it writes it`);
  const shown = (change.returningClause?.exprs ?? []).map((node) => as(node, 'ResTarget')!);
  // What SET gave a column stands in RETURNING, whatever was there before.
  const returned = shown.flatMap((target) => readBy(table, target, set));
  const statement = [change.whereClause, 'targetList' in change ? change.targetList : [], returned];
  const resolved = resolve(state, statement, levels, when);
  const refs = levels.flatMap((one) => one.refs);
  checkDeterminism(state, asked, [statement, shown], refs, resolved);
  return { ref: ref!, rows: resolved.rows.get(ref!)!, resolved, refs };
}

/** What an item of RETURNING reads that the statement itself does not give. */
function readBy(table: Table, target: ResTarget, set: ReadonlySet<number>): Node[] {
  const fields = as(target.val, 'ColumnRef')?.fields;
  const isStar = fields && as(fields.at(-1), 'A_Star') !== undefined;
  if (isStar)
    return table.columns
      .filter(({ number }) => !set.has(number))
      .map(({ name }) => ({ ColumnRef: { fields: [{ String: { sval: name } }] } }));
  const name = as(fields?.at(-1), 'String')?.sval;
  const column = table.columns.find((one) => one.name === name);
  return target.val && !(column && set.has(column.number)) ? [target.val] : [];
}
