import type { FuncCall } from 'libpg-query';
import { texts, walk, words, type Node } from './parse.ts';
import type { PgSchema } from './schema.ts';

/** What the rebuilt state and the real server answer alike for equal rows: nothing that depends on time, order or the machine. */
const KINDS: ReadonlySet<string> = words(
  'SelectStmt InsertStmt UpdateStmt DeleteStmt ResTarget RangeVar JoinExpr RangeSubselect ' +
    'SubLink CommonTableExpr List SortBy A_Const ColumnRef ParamRef A_Expr BoolExpr NullTest ' +
    'BooleanTest CaseExpr CaseWhen CoalesceExpr MinMaxExpr FuncCall TypeCast A_ArrayExpr A_Star ' +
    'SetToDefault String Integer Float Boolean LockingClause IndexElem Alias SQLValueFunction',
);

const AGGREGATES: ReadonlySet<string> = new Set([
  'count',
  'sum',
  'min',
  'max',
  'avg',
  'bool_and',
  'bool_or',
  'every',
]);
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...AGGREGATES,
  ...words(
    'abs round ceil ceiling floor trunc mod sign length char_length octet_length lower upper ' +
      'btrim ltrim rtrim substring substr left right replace concat strpos position md5 starts_with ' +
      'split_part jsonb_build_object json_build_object jsonb_array_length jsonb_typeof array_length ' +
      'cardinality',
  ),
]);
const CLOCK: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'clock_timestamp',
]);
const OPERATORS: ReadonlySet<string> = words(
  '= <> != < <= > >= + - * / % || ~~ !~~ ~~* !~~* -> ->> #> #>> @> <@ ? &&',
);
const ORDERING: ReadonlySet<string> = new Set(['<', '<=', '>', '>=']);
const EXPRESSIONS: ReadonlySet<string> = words(
  'AEXPR_OP AEXPR_OP_ANY AEXPR_OP_ALL AEXPR_IN AEXPR_LIKE AEXPR_ILIKE AEXPR_BETWEEN ' +
    'AEXPR_NOT_BETWEEN AEXPR_DISTINCT AEXPR_NOT_DISTINCT AEXPR_NULLIF',
);
const CONDITIONS: ReadonlySet<string> = new Set(['whereClause', 'quals', 'havingClause']);
const TYPES: ReadonlySet<string> = words(
  'int2 int4 int8 text varchar bool uuid numeric timestamptz timestamp date jsonb json float8 ' +
    'float4 bytea',
);

/** Functions of PostgreSQL's own that run other statements, or that move what is not a row. */
const REACHING =
  /^(nextval|setval|lo_.*|query_to_xml.*|table_to_xml.*|schema_to_xml.*|database_to_xml.*|cursor_to_xml.*|ts_stat|ts_rewrite|set_config|pg_read_.*|dblink.*|currtid.*)$/;

export function functionName(call: Partial<FuncCall>): { schema: string | null; name: string } {
  const names = texts(call.funcname);
  return { name: names.at(-1) ?? '', schema: names.length > 1 ? names[0]! : null };
}

/** One value for one row. */
export function isScalar(call: Partial<FuncCall>): boolean {
  const { name } = functionName(call);
  return FUNCTIONS.has(name) && !AGGREGATES.has(name) && !call.over;
}

/** A function of somebody's, or one that may change something: then a SELECT is no mere reading. */
export function reachesOut(schema: PgSchema, node: unknown): boolean {
  const own = new Set(schema.functions.map(({ name }) => name));
  for (const [kind, body] of walk(node)) {
    if (kind !== 'FuncCall') continue;
    const { name } = functionName(body as FuncCall);
    if (own.has(name) || REACHING.test(name)) return true;
  }
  return false;
}

/** Whether it says what time it is. */
export function asksTime(node: unknown): boolean {
  for (const [kind, body] of walk(node)) {
    if (kind === 'SQLValueFunction') return true;
    if (kind === 'FuncCall' && CLOCK.has(functionName(body as FuncCall).name)) return true;
  }
  return false;
}

export function hasAggregate(node: unknown): boolean {
  for (const [kind, body] of walk(node))
    if (kind === 'FuncCall' && AGGREGATES.has(functionName(body as FuncCall).name)) return true;
  return false;
}

/** What in a statement is beyond what we dare, for people; null if nothing is. */
export function unsafe(schema: PgSchema, node: unknown): string | null {
  if (schema.ownOperators > 0) return 'the database has operators or casts of its own';
  const own = new Set(schema.functions.map(({ name }) => name));
  for (const [kind, body] of walk(node)) {
    if (/^[A-Z]/.test(kind) && !KINDS.has(kind)) return `${kind} is not looked into`;
    const why =
      oddity(kind, body, own, schema) ??
      (CONDITIONS.has(kind) && mayFail(body) ? 'a condition that may fail on rows that nobody saw' : null);
    if (why !== null) return why;
  }
  return null;
}

function oddity(
  kind: string,
  body: Record<string, unknown>,
  own: ReadonlySet<string>,
  schema: PgSchema,
): string | null {
  switch (kind) {
    case 'FuncCall': {
      const call = body as FuncCall;
      const { name, schema: of } = functionName(call);
      if (own.has(name) || (of !== null && of !== 'pg_catalog'))
        return `the function ${name} is the database's own`;
      if (CLOCK.has(name)) return null;
      if (!FUNCTIONS.has(name)) return `the function ${name} is not looked into`;
      return call.over || call.agg_order || call.agg_within_group || call.func_variadic
        ? `${name} depends on an order of rows`
        : null;
    }
    case 'A_Expr': {
      const names = texts(body['name'] as Node[]);
      if (!EXPRESSIONS.has(String(body['kind']))) return 'an expression that is not looked into';
      if (String(body['kind']).includes('BETWEEN')) return null;
      return names.length === 1 && OPERATORS.has(names[0]!)
        ? null
        : `the operator ${names.join('.')} is not looked into`;
    }
    case 'typeName':
    case 'TypeName': {
      const name = texts(body['names'] as Node[]).at(-1) ?? '';
      const known = TYPES.has(name) || schema.enums.some((one) => one.name === name);
      return known ? null : `the type ${name} is not looked into`;
    }
    case 'SQLValueFunction':
      return ['SVFOP_CURRENT_TIMESTAMP', 'SVFOP_CURRENT_DATE'].includes(String(body['op']))
        ? null
        : 'it asks who or where it is';
    case 'LockingClause':
      return body['waitPolicy'] === 'LockWaitSkip' ? 'which rows others hold is not known' : null;
    default:
      return null;
  }
}

/** Whether a condition may fail on a row that it would not have let through: then rows that nobody saw may make it fail. */
function mayFail(condition: unknown): boolean {
  for (const [kind, body] of walk(condition)) {
    if (kind === 'A_Expr' && texts(body['name'] as Node[]).some((name) => name === '/' || name === '%'))
      return true;
    if (kind === 'TypeCast' && [...walk(body['arg'])].some(([inner]) => inner === 'ColumnRef')) return true;
  }
  return false;
}

/** Whether it compares by more than equality, which for text is a matter of the server's collation. */
export function comparesOrder(kind: string, body: Record<string, unknown>): boolean {
  if (kind === 'A_Expr')
    return (
      String(body['kind']).includes('BETWEEN') ||
      texts(body['name'] as Node[]).some((name) => ORDERING.has(name))
    );
  if (kind === 'FuncCall') return ['min', 'max'].includes(functionName(body as FuncCall).name);
  return kind === 'MinMaxExpr';
}
