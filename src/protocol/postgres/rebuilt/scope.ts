import type { RangeVar, SelectStmt } from 'libpg-query';
import { atomsOf, type Asked, type Atom } from './atoms.ts';
import { as, conjuncts, texts, type Node } from './parse.ts';
import type { PgSchema, Table, TableColumn } from './schema.ts';

/** One mention of a table in a FROM list. Table null: a subquery or such, of which nothing is said here. */
export interface Ref {
  name: string;
  table: Table | null;
  /** Rows of it may be missing from a join and stand as NULL. */
  nullable: boolean;
}

export interface Found {
  ref: Ref;
  column: TableColumn;
}

/** A join condition between two columns; it restricts those of its sides that are listed. */
interface Link {
  sides: [Found, Found];
  restricts: Ref[];
}

/** One SELECT (or the target of an UPDATE) with what restricts the rows of each table in it. */
export interface Level {
  refs: Ref[];
  outer: Level | null;
  atoms: Map<Ref, Atom[]>;
  links: Link[];
  /** Conditions that restrict too, in ways that are not understood. */
  unread: Node[];
}

/** The table that a name means; null: none of the schema's; undefined: it may be several. */
export function tableNamed(schema: PgSchema, range: RangeVar): Table | null | undefined {
  const fits = (one: { schema: string; name: string }): boolean =>
    one.name === range.relname && (range.schemaname === undefined ? true : one.schema === range.schemaname);
  if (schema.views.some(fits)) return undefined;
  const found = schema.tables.filter(fits);
  if (found.length > 1) return undefined;
  const table = found[0] ?? null;
  if (table && range.schemaname === undefined && !schema.searchPath.includes(table.schema)) return undefined;
  return table;
}

export interface Reader {
  schema: PgSchema;
  asked: Asked;
}

/** Thrown for what is not looked into; its message is for people. */
export class NotDared extends Error {}

/** The FROM list of a SELECT, its WHERE, and what they say of each table. `ctes`: names that mean no table. */
export function levelOf(
  reader: Reader,
  select: SelectStmt,
  outer: Level | null,
  ctes: ReadonlySet<string>,
): Level {
  const level: Level = { refs: [], outer, atoms: new Map(), links: [], unread: [] };
  const conditions: { node: Node; within: Ref[] }[] = [];
  for (const item of select.fromClause ?? []) addItem(reader, level, item, ctes, conditions);
  conditions.push(...conjuncts(select.whereClause).map((node) => ({ node, within: [...level.refs] })));
  for (const { node, within } of conditions) addCondition(reader, level, node, within);
  return level;
}

/** Adds the tables of one item; returns them. `nullable` is set by the outer joins above. */
function addItem(
  reader: Reader,
  level: Level,
  item: Node,
  ctes: ReadonlySet<string>,
  conditions: { node: Node; within: Ref[] }[],
): Ref[] {
  const range = as(item, 'RangeVar');
  if (range) {
    const isCte = range.schemaname === undefined && ctes.has(range.relname ?? '');
    const table = isCte ? null : tableNamed(reader.schema, range);
    if (range.alias?.colnames) throw new NotDared('columns are renamed');
    if (table === undefined || (table === null && !isCte))
      throw new NotDared(`${range.relname} is not a table that we know`);
    return addRef(level, { name: range.alias?.aliasname ?? range.relname ?? '', table, nullable: false });
  }
  const derived = as(item, 'RangeSubselect');
  if (derived) return addRef(level, { name: derived.alias?.aliasname ?? '', table: null, nullable: false });
  const join = as(item, 'JoinExpr');
  if (!join?.larg || !join.rarg || join.isNatural || join.alias)
    throw new NotDared('a FROM list that is not looked into');
  const left = addItem(reader, level, join.larg, ctes, conditions);
  const right = addItem(reader, level, join.rarg, ctes, conditions);
  const nodes = [
    ...conjuncts(join.quals),
    ...(join.usingClause ?? []).map((name) => usingOf(left, right, texts([name])[0]!)),
  ];
  const within =
    join.jointype === 'JOIN_INNER'
      ? [...left, ...right]
      : join.jointype === 'JOIN_LEFT'
        ? right
        : join.jointype === 'JOIN_RIGHT'
          ? left
          : [];
  conditions.push(
    ...nodes.map((node) => ({ node, within: within.filter((ref) => !ref.nullable || isComparison(node)) })),
  );
  if (join.jointype !== 'JOIN_INNER' && join.jointype !== 'JOIN_RIGHT')
    for (const ref of right) ref.nullable = true;
  if (join.jointype !== 'JOIN_INNER' && join.jointype !== 'JOIN_LEFT')
    for (const ref of left) ref.nullable = true;
  return [...left, ...right];
}

function addRef(level: Level, ref: Ref): Ref[] {
  if (level.refs.some(({ name }) => name === ref.name))
    throw new NotDared(`${ref.name} stands twice in a FROM list`);
  level.refs.push(ref);
  return [ref];
}

/** `USING (x)` as a condition between the two tables that have such a column. */
function usingOf(left: readonly Ref[], right: readonly Ref[], name: string): Node {
  const side = (refs: readonly Ref[]): Node => {
    const ref = refs.find(({ table }) => table?.columns.some((column) => column.name === name));
    return { ColumnRef: { fields: [{ String: { sval: ref?.name ?? '' } }, { String: { sval: name } }] } };
  };
  return {
    A_Expr: { kind: 'AEXPR_OP', name: [{ String: { sval: '=' } }], lexpr: side(left), rexpr: side(right) },
  };
}

/** Conditions that are not true of NULL: where a table's rows may be missing, only these restrict it. */
function isComparison(node: Node): boolean {
  return as(node, 'A_Expr') !== undefined;
}

function addCondition(reader: Reader, level: Level, node: Node, within: readonly Ref[]): void {
  const link = linkOf(level, node);
  if (link) {
    level.links.push({
      sides: link,
      restricts: within.filter((ref) => link.some((side) => side.ref === ref)),
    });
    return;
  }
  for (const ref of within) {
    if (ref.table === null) continue;
    const resolve = (inner: Node | undefined): TableColumn | undefined => {
      const found = findColumn(level, inner);
      return found?.ref === ref ? found.column : undefined;
    };
    const atoms = atomsOf(reader.schema, reader.asked, resolve, node);
    if (!atoms) continue;
    const usable = ref.nullable ? atoms.filter(isStrict) : atoms;
    if (usable.length > 0) level.atoms.set(ref, [...(level.atoms.get(ref) ?? []), ...usable]);
    if (usable.length === atoms.length) return;
  }
  level.unread.push(node);
}

function isStrict(atom: Atom): boolean {
  return atom.kind !== 'other' && !(atom.kind === 'null' && atom.is);
}

function linkOf(level: Level, node: Node): [Found, Found] | undefined {
  const expression = as(node, 'A_Expr');
  if (expression?.kind !== 'AEXPR_OP' || texts(expression.name).join() !== '=') return undefined;
  const [a, b] = [findColumn(level, expression.lexpr), findColumn(level, expression.rexpr)];
  return a && b && a.ref !== b.ref ? [a, b] : undefined;
}

/** The column that a reference means, here or further out; undefined where that is not plain. */
export function findColumn(level: Level, node: Node | undefined): Found | undefined {
  // `schema.table.column` means the table in the FROM list that has no other name there.
  const names = texts(as(node, 'ColumnRef')?.fields).slice(-2);
  const name = names.at(-1);
  if (name === undefined || name === '') return undefined;
  for (let at: Level | null = level; at !== null; at = at.outer) {
    const refs: Ref[] = names.length === 2 ? at.refs.filter((ref) => ref.name === names[0]) : at.refs;
    if (names.length === 2 && refs.length === 0) continue;
    if (refs.some(({ table }) => table === null)) return undefined;
    const found = refs.flatMap((ref) =>
      ref.table!.columns.filter((column) => column.name === name).map((column) => ({ ref, column })),
    );
    if (found.length > 1) return undefined;
    if (found.length === 1) return found[0];
    if (names.length === 2) return undefined;
  }
  return undefined;
}
