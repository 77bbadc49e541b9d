import type { SelectStmt } from 'libpg-query';
import { constantOf, type Asked } from './atoms.ts';
import { as, texts, walk, type Node } from './parse.ts';
import type { Resolved } from './resolve.ts';
import { comparesOrder, functionName, hasAggregate } from './safe.ts';
import { skipsNothing } from './levels.ts';
import type { PgSchema, TableColumn } from './schema.ts';
import { findColumn, NotDared, type Level, type Ref } from './scope.ts';
import type { State } from './state.ts';
import { canonicalOf, isExact, isFloat, typedOf } from './values.ts';

const TEXT_LIKE: ReadonlySet<number> = new Set([18, 19, 25, 1042, 1043]);
const NUMBER_FUNCTIONS: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'avg',
  'abs',
  'round',
  'ceil',
  'floor',
  'trunc',
  'length',
  'char_length',
  'strpos',
  'mod',
  'sign',
]);
const FOLDS: ReadonlySet<string> = new Set(['lower', 'upper']);

/** What servers with equal rows may still answer differently: order of text, order of adding, which of several equal spellings. */
export function checkDeterminism(
  state: State,
  asked: Asked,
  statement: unknown,
  refs: readonly Ref[],
  resolved: Resolved,
): void {
  const columns = (node: Node | undefined): TableColumn[] => columnsByName(refs, node);
  checkTextOrder(state.schema, asked, statement, columns);
  checkCase(asked, statement, resolved);
  for (const [kind, body] of walk(statement)) {
    if (kind === 'FuncCall') {
      const { name } = functionName(body);
      const args = (body['args'] ?? []) as Node[];
      if ((name === 'sum' || name === 'avg') && mentions(args, columns, (column) => isFloat(column.type)))
        throw new NotDared('adding up floating-point numbers depends on their order');
      if (name === 'min' || name === 'max' || body['agg_distinct'])
        checkExact(state.schema, args, columns, name);
    }
    if (kind === 'MinMaxExpr')
      checkExact(state.schema, body['args'] as Node[], columns, 'GREATEST and LEAST');
    if (kind !== 'SelectStmt' && kind !== 'larg' && kind !== 'rarg') continue;
    const select = body as SelectStmt;
    if (select.distinctClause || (select.op !== undefined && select.op !== 'SETOP_NONE'))
      checkExact(state.schema, select.targetList ?? [], columns, 'DISTINCT');
    if (select.op !== undefined && select.op !== 'SETOP_NONE')
      checkExact(state.schema, [select.larg, select.rarg], columns, 'UNION');
    if (select.groupClause)
      checkExact(
        state.schema,
        select.groupClause.map((node) => byPosition(select, node)),
        columns,
        'GROUP BY',
      );
  }
}

function columnsByName(refs: readonly Ref[], node: Node | undefined): TableColumn[] {
  const fields = as(node, 'ColumnRef')?.fields ?? [];
  const star = as(fields.at(-1), 'A_Star') !== undefined;
  const names = texts(fields);
  const qualifier = fields.length > 1 ? names.at(-2) : undefined;
  return refs
    .filter(({ name }) => qualifier === undefined || name === qualifier)
    .flatMap(({ table }) => table?.columns ?? [])
    .filter(({ name }) => star || name === names.at(-1));
}

type ColumnsOf = (node: Node | undefined) => TableColumn[];

function mentions(value: unknown, columns: ColumnsOf, test: (column: TableColumn) => boolean): boolean {
  for (const [kind, body] of walk(value))
    if (kind === 'ColumnRef' && columns({ ColumnRef: body } as Node).some(test)) return true;
  return false;
}

function checkExact(schema: PgSchema, nodes: readonly unknown[], columns: ColumnsOf, what: string): void {
  if (mentions(nodes, columns, (column) => !isExact(typedOf(schema, column))))
    throw new NotDared(`${what} takes one of several spellings of equal values`);
}

/** Text is ordered by the server's collation, which ours may not have. */
function checkTextOrder(schema: PgSchema, asked: Asked, statement: unknown, columns: ColumnsOf): void {
  if (schema.plainOrder) return;
  const isOther = (node: Node | undefined): boolean => {
    const found = columns(node);
    if (found.length > 0) return found.every(({ type }) => !TEXT_LIKE.has(type));
    const constant = constantOf(schema, asked, node);
    if (constant) return constant.type !== 0 && !TEXT_LIKE.has(constant.type);
    const call = as(node, 'FuncCall');
    if (call) {
      const { name } = functionName(call);
      return NUMBER_FUNCTIONS.has(name) || (['min', 'max'].includes(name) && (call.args ?? []).some(isOther));
    }
    const expression = as(node, 'A_Expr');
    return (
      expression?.kind === 'AEXPR_OP' && ['+', '-', '*', '/', '%'].includes(texts(expression.name).join())
    );
  };
  for (const [kind, body] of walk(statement)) {
    if (comparesOrder(kind, body)) {
      const sides = kind === 'A_Expr' ? [body['lexpr'], body['rexpr']] : ((body['args'] ?? []) as unknown[]);
      if (!sides.some((side) => isOther(side as Node)))
        throw new NotDared('text is compared by the order of another collation');
    }
    if (kind !== 'SelectStmt') continue;
    const select = body as SelectStmt;
    for (const node of select.sortClause ?? []) {
      if (!isOther(sortedBy(select, as(node, 'SortBy')?.node)))
        throw new NotDared('text is sorted by another collation');
    }
  }
}

/** Upper and lower case of letters beyond ASCII are a matter of the server's locale. */
function checkCase(asked: Asked, statement: unknown, { rows, columns }: Resolved): void {
  let folds = false;
  let plain = asked.params.every((param) => typeof param !== 'string' || isAscii(param));
  for (const [kind, body] of walk(statement)) {
    if (kind === 'FuncCall' && FOLDS.has(functionName(body).name)) folds = true;
    if (kind === 'A_Expr' && body['kind'] === 'AEXPR_ILIKE') folds = true;
    const text = body['sval'];
    if (typeof text === 'string' && !isAscii(text)) plain = false;
  }
  if (!folds) return;
  for (const [ref, found] of rows)
    for (const row of found.values())
      for (const number of columns.get(ref)!) plain &&= isAscii(row.cells.get(number)?.value ?? '');
  if (!plain) throw new NotDared('upper and lower case of letters beyond ASCII are a matter of the locale');
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** `1` in GROUP BY or ORDER BY is the first column. */
function byPosition(select: SelectStmt, node: Node | undefined): Node | undefined {
  const position = as(node, 'A_Const')?.ival?.ival;
  return position === undefined ? node : as(select.targetList?.[position - 1], 'ResTarget')?.val;
}

/** Why a LIMIT is not dared. */
export const UNDETERMINED = 'which rows come first is not determined';

/** What an item of ORDER BY sorts by: a position, the name of a result column, or an expression. */
function sortedBy(select: SelectStmt, node: Node | undefined): Node | undefined {
  const fields = as(node, 'ColumnRef')?.fields ?? [];
  const name = fields.length === 1 ? texts(fields)[0] : undefined;
  const named = (select.targetList ?? [])
    .map((target) => as(target, 'ResTarget'))
    .find((target) => name !== undefined && target?.name === name);
  return named?.val ?? byPosition(select, node);
}

/**
 * Whether ORDER BY puts the rows of one table into one order only. A cut by LIMIT where it does not is not dared; `cutAt`: it cuts if
 * there are so many rows.
 */
export function isOrdered(
  state: State,
  asked: Asked,
  select: SelectStmt,
  level: Level | undefined,
  resolved: Resolved,
): { ordered: boolean; cutAt?: number } {
  const [ref, ...others] = level?.refs ?? [];
  const isPlain =
    level !== undefined && (select.op ?? 'SETOP_NONE') === 'SETOP_NONE' && !select.distinctClause;
  const nested = [...walk(select.targetList)].some(([kind]) => kind === 'SelectStmt');
  const oneRow = isPlain && !select.groupClause && !nested && hasAggregate(select.targetList);
  const single = ref?.table && others.length === 0 && isPlain && !select.groupClause ? ref : undefined;
  const ordered = oneRow || (single !== undefined && isTotal(state, select, level!, single, resolved));
  const whole = skipsNothing({ schema: state.schema, asked }, select);
  if (ordered || (!select.limitCount && whole)) return { ordered };
  const limit = constantOf(state.schema, asked, select.limitCount)?.text;
  if (!whole || !/^\d{1,9}$/.test(limit ?? '')) throw new NotDared(UNDETERMINED);
  if (single && resolved.rows.get(single)!.size <= Number(limit)) return { ordered };
  return { ordered, cutAt: Number(limit) };
}

function isTotal(state: State, select: SelectStmt, level: Level, ref: Ref, { rows }: Resolved): boolean {
  const found = rows.get(ref)!;
  if (found.size <= 1) return true;
  const sorted = (select.sortClause ?? []).map(
    (node) => findColumn(level, sortedBy(select, as(node, 'SortBy')?.node))?.column,
  );
  // What comes behind an expression may still decide, what comes before it decides in any case.
  const columns = sorted.filter((column) => column !== undefined);
  if (columns.length === 0 || columns.length < sorted.length) return false;
  const seen = new Set<string>();
  for (const row of found.values()) {
    const values = columns.map((column) => {
      const value = row.cells.get(column.number)?.value;
      return value === null || value === undefined
        ? value
        : canonicalOf(typedOf(state.schema, column), value);
    });
    if (values.includes(undefined)) return false;
    seen.add(JSON.stringify(values));
  }
  return seen.size === found.size;
}
