import type { SelectStmt, WithClause } from 'libpg-query';
import { constantOf, type Asked } from './atoms.ts';
import { as, type Node } from './parse.ts';
import type { PgSchema } from './schema.ts';
import { levelOf, NotDared, type Level, type Reader } from './scope.ts';

/** Every SELECT inside of a statement with its tables, outer ones first. */
export function levelsOf(
  schema: PgSchema,
  asked: Asked,
  select: SelectStmt,
): { top: Level; levels: Level[] } {
  const levels: Level[] = [];
  const top = addSelect({ schema, asked }, select, null, new Set(), levels);
  return { top, levels };
}

/** SELECTs in the expressions of an UPDATE or DELETE, whose own table is `outer`. */
export function addInner(reader: Reader, node: unknown, outer: Level, levels: Level[]): void {
  for (const { select } of selectsIn(node)) addSelect(reader, select, outer, new Set(), levels);
}

/** No OFFSET, or one of 0. */
export function skipsNothing({ schema, asked }: Reader, { limitOffset }: SelectStmt): boolean {
  return limitOffset === undefined || constantOf(schema, asked, limitOffset)?.text === '0';
}

function addSelect(
  reader: Reader,
  select: SelectStmt,
  outer: Level | null,
  ctes: ReadonlySet<string>,
  levels: Level[],
): Level {
  const names = new Set(ctes);
  addWith(reader, select.withClause, outer, names, levels);
  if (select.op !== undefined && select.op !== 'SETOP_NONE') {
    if (select.larg) addSelect(reader, select.larg, outer, names, levels);
    if (select.rarg) addSelect(reader, select.rarg, outer, names, levels);
    return { refs: [], outer, atoms: new Map(), links: [], unread: [] };
  }
  if (select.intoClause) throw new NotDared('it makes a table');
  if (select.limitOption === 'LIMIT_OPTION_WITH_TIES') throw new NotDared('WITH TIES is not looked into');
  if (select.distinctClause?.some((node) => Object.keys(node).length > 0))
    throw new NotDared('DISTINCT ON takes the first of several rows');
  const level = levelOf(reader, select, outer, names);
  levels.push(level);
  const { withClause: _, ...rest } = select;
  for (const { select: inner, sees } of selectsIn(rest)) {
    if (inner.limitCount || !skipsNothing(reader, inner))
      throw new NotDared('LIMIT inside of a statement is not looked into');
    addSelect(reader, inner, sees ? level : outer, names, levels);
  }
  return level;
}

function addWith(
  reader: Reader,
  clause: WithClause | undefined,
  outer: Level | null,
  names: Set<string>,
  levels: Level[],
): void {
  if (clause?.recursive) throw new NotDared('WITH RECURSIVE is not looked into');
  for (const node of clause?.ctes ?? []) {
    const cte = as(node, 'CommonTableExpr');
    const query = as(cte?.ctequery, 'SelectStmt');
    if (!cte?.ctename || !query) throw new NotDared('it writes inside of WITH');
    if (query.limitCount || !skipsNothing(reader, query))
      throw new NotDared('LIMIT inside of a statement is not looked into');
    addSelect(reader, query, outer, names, levels);
    names.add(cte.ctename);
  }
}

/** The SELECTs directly inside; those in a FROM list see the tables beside them only with LATERAL. */
function* selectsIn(value: unknown, sees = true): Generator<{ select: SelectStmt; sees: boolean }> {
  if (Array.isArray(value)) {
    for (const item of value) yield* selectsIn(item, sees);
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const node = value as Node;
  const select = as(node, 'SelectStmt');
  if (select) {
    yield { select, sees };
    return;
  }
  const derived = as(node, 'RangeSubselect');
  const inner = derived ? derived.lateral === true : sees;
  for (const part of Object.values(node)) yield* selectsIn(part, inner);
}
