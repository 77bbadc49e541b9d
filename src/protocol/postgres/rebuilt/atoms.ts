import { canonicalJson } from '../../../lib/json.ts';
import type { PgValue } from '../messages.ts';
import { as, texts, walk, words, type Node } from './parse.ts';
import type { PgSchema, Table, TableColumn } from './schema.ts';
import { canonicalOf, elements, order, sameFamily, typedOf } from './values.ts';

type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** One condition on the rows of one table. Values are canonical. */
export type Atom =
  | { kind: 'compare'; column: number; op: Comparison; value: string }
  | { kind: 'in'; column: number; values: string[] }
  | { kind: 'null'; column: number; is: boolean }
  /** No row fulfils it. */
  | { kind: 'never' }
  /** Not understood, but the same text means the same. */
  | { kind: 'other'; columns: number[]; text: string };

/** A statement's parameters, and what its session decides. */
export interface Asked {
  params: readonly PgValue[];
  types: readonly number[];
  /** Settings on which the meaning of a text depends, such as the time zone. */
  settings: string;
}

const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};
const TYPE_OIDS: Readonly<Record<string, number>> = {
  int2: 21,
  int4: 23,
  int8: 20,
  text: 25,
  varchar: 1043,
  bool: 16,
  uuid: 2950,
  numeric: 1700,
  timestamptz: 1184,
  timestamp: 1114,
  date: 1082,
  json: 114,
  jsonb: 3802,
  bytea: 17,
  float8: 701,
  float4: 700,
};
const PURE_FUNCTIONS: ReadonlySet<string> = new Set(['lower', 'upper', 'coalesce', 'length', 'abs']);
const PURE_KINDS: ReadonlySet<string> = words(
  'A_Expr BoolExpr NullTest BooleanTest A_Const ParamRef ColumnRef String List CoalesceExpr ' +
    'FuncCall TypeCast',
);

/** A constant's text and the type it was given, 0 where the place decides; undefined: no constant. */
export function constantOf(
  schema: PgSchema,
  asked: Asked,
  node: Node | undefined,
): { text: string | null; type: number } | undefined {
  const constant = as(node, 'A_Const');
  if (constant) {
    if (constant.isnull) return { text: null, type: 0 };
    if (constant.ival) return { text: String(constant.ival.ival ?? 0), type: 23 };
    if (constant.fval) {
      const text = constant.fval.fval ?? '';
      return { text, type: /^\d+$/.test(text) ? 20 : 1700 };
    }
    if (constant.boolval) return { text: constant.boolval.boolval ? 't' : 'f', type: 16 };
    return constant.sval ? { text: constant.sval.sval ?? '', type: 0 } : undefined;
  }
  const number = as(node, 'ParamRef')?.number;
  if (number !== undefined) {
    const value = asked.params[number - 1];
    if (value === undefined || (value !== null && typeof value !== 'string')) return undefined;
    return { text: value, type: asked.types[number - 1] ?? 0 };
  }
  const cast = as(node, 'TypeCast');
  if (!cast?.typeName || cast.typeName.typmods || cast.typeName.arrayBounds) return undefined;
  const inner = constantOf(schema, asked, cast.arg);
  const name = texts(cast.typeName.names).at(-1) ?? '';
  const type = TYPE_OIDS[name] ?? schema.enums.find((one) => one.name === name)?.oid;
  if (inner === undefined || type === undefined) return undefined;
  if (inner.text === null) return { text: null, type };
  const target = { type, modifier: -1, labels: schema.enums.find(({ oid }) => oid === type)?.labels };
  if (inner.type !== 25 && inner.type !== 1043 && !sameFamily(target, inner.type)) return undefined;
  // Casts read what they are given more freely than we do: dates in words, spaces, other spellings.
  const steady = [114, 3802].includes(type);
  return steady || canonicalOf(target, inner.text) !== undefined ? { text: inner.text, type } : undefined;
}

/** The constant as a value of a column; null is NULL. */
function valueFor(
  schema: PgSchema,
  column: TableColumn,
  asked: Asked,
  node: Node | undefined,
): string | null | undefined {
  const found = constantOf(schema, asked, node);
  if (found === undefined) return undefined;
  if (found.text === null) return null;
  const typed = typedOf(schema, column);
  return sameFamily(typed, found.type) ? canonicalOf(typed, found.text) : undefined;
}

/** Finds the column that a reference means, if it is one of the table in question. */
export type Resolve = (node: Node | undefined) => TableColumn | undefined;

/** What a condition says of the rows of one table; undefined where it is about more, or is not understood at all. */
export function atomsOf(schema: PgSchema, asked: Asked, resolve: Resolve, node: Node): Atom[] | undefined {
  return simple(schema, asked, resolve, node) ?? opaque(asked, resolve, node);
}

function simple(schema: PgSchema, asked: Asked, resolve: Resolve, node: Node): Atom[] | undefined {
  const flag = boolean(resolve, node);
  if (flag) return [flag];
  const test = as(node, 'NullTest');
  if (test) {
    const column = resolve(test.arg);
    return column && [{ kind: 'null', column: column.number, is: test.nulltesttype === 'IS_NULL' }];
  }
  const expression = as(node, 'A_Expr');
  if (!expression) return undefined;
  const { kind, lexpr, rexpr } = expression;
  const [operator] = texts(expression.name);
  const left = resolve(lexpr);
  if (kind === 'AEXPR_OP' && operator !== undefined && Object.hasOwn(MIRRORED, operator)) {
    const op = operator as Comparison;
    const column = left ?? resolve(rexpr);
    if (!column) return undefined;
    const value = valueFor(schema, column, asked, left ? rexpr : lexpr);
    if (value === undefined) return undefined;
    return [
      value === null
        ? { kind: 'never' }
        : { kind: 'compare', column: column.number, op: left ? op : MIRRORED[op], value },
    ];
  }
  if (!left) return undefined;
  if (kind === 'AEXPR_IN' && operator === '=')
    return inList(schema, left, asked, as(rexpr, 'List')?.items ?? []);
  if (kind === 'AEXPR_OP_ANY' && operator === '=') return inArray(schema, left, asked, rexpr);
  if (kind === 'AEXPR_BETWEEN') {
    const values = (as(rexpr, 'List')?.items ?? []).map((item) => valueFor(schema, left, asked, item));
    if (values.length !== 2 || values.includes(undefined)) return undefined;
    if (values.includes(null)) return [{ kind: 'never' }];
    const column = left.number;
    return [
      { kind: 'compare', column, op: '>=', value: values[0]! },
      { kind: 'compare', column, op: '<=', value: values[1]! },
    ];
  }
  return undefined;
}

function boolean(resolve: Resolve, node: Node): Atom | undefined {
  const test = as(node, 'BooleanTest');
  const not = as(node, 'BoolExpr');
  const inner = test ? test.arg : not?.boolop === 'NOT_EXPR' ? not.args?.[0] : node;
  const column = resolve(inner);
  if (column?.type !== 16) return undefined;
  if (test && test.booltesttype !== 'IS_TRUE' && test.booltesttype !== 'IS_FALSE') return undefined;
  const value = not || test?.booltesttype === 'IS_FALSE' ? 'f' : 't';
  return { kind: 'compare', column: column.number, op: '=', value };
}

function inList(
  schema: PgSchema,
  column: TableColumn,
  asked: Asked,
  items: readonly Node[],
): Atom[] | undefined {
  const values = items.map((item) => valueFor(schema, column, asked, item));
  if (values.includes(undefined)) return undefined;
  const there = [...new Set(values.filter((value) => value !== null && value !== undefined))];
  return [there.length === 0 ? { kind: 'never' } : { kind: 'in', column: column.number, values: there }];
}

/** `= ANY($1)` with an array of the column's own type, in its text form. */
function inArray(
  schema: PgSchema,
  column: TableColumn,
  asked: Asked,
  node: Node | undefined,
): Atom[] | undefined {
  const cast = as(node, 'TypeCast');
  const list = as(node, 'A_ArrayExpr');
  if (list) return inList(schema, column, asked, list.elements ?? []);
  const number = as(cast?.typeName?.arrayBounds ? cast.arg : node, 'ParamRef')?.number;
  const value = number === undefined ? undefined : asked.params[number - 1];
  if (value === null) return [{ kind: 'never' }];
  const items = typeof value === 'string' ? elements(value) : undefined;
  const typed = typedOf(schema, column);
  // Elements of a wider or other type would be compared by that type's rules.
  const fits = ![1021, 1022, 1231].includes(asked.types[number! - 1] ?? 0) || typed.type === 1700;
  const canonical = items?.map((item) => (item === null ? null : canonicalOf(typed, item)));
  if (!canonical || canonical.includes(undefined) || !fits) return undefined;
  const there = [...new Set(canonical.filter((item) => item !== null && item !== undefined))];
  return [there.length === 0 ? { kind: 'never' } : { kind: 'in', column: column.number, values: there }];
}

/** A condition that depends on nothing but one row: we need not understand it to know when it is the same one again. */
function opaque(asked: Asked, resolve: Resolve, node: Node): Atom[] | undefined {
  const columns = new Set<number>();
  for (const [kind, body] of walk(node)) {
    if (!/^[A-Z]/.test(kind)) continue;
    if (!PURE_KINDS.has(kind)) return undefined;
    if (kind === 'FuncCall' && !PURE_FUNCTIONS.has(texts(body['funcname'] as Node[]).join('.')))
      return undefined;
    if (kind !== 'ColumnRef') continue;
    const column = resolve({ ColumnRef: body } as Node);
    if (!column) return undefined;
    columns.add(column.number);
  }
  if (columns.size === 0) return undefined;
  return [
    {
      kind: 'other',
      columns: [...columns],
      text: `${canonicalJson(plain(node, asked, resolve))} ${asked.settings}`,
    },
  ];
}

function plain(value: unknown, asked: Asked, resolve: Resolve): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, asked, resolve));
  if (value === null || typeof value !== 'object') return value;
  const node = value as Node;
  const number = as(node, 'ParamRef')?.number;
  if (number !== undefined)
    return { parameter: asked.params[number - 1], type: asked.types[number - 1] ?? 0 };
  const column = as(node, 'ColumnRef') && resolve(node);
  if (column) return { column: column.number };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith('location') && !key.startsWith('rexpr_list'))
      .map(([key, inner]) => [key, plain(inner, asked, resolve)]),
  );
}

export function columnsOf(atom: Atom): number[] {
  if (atom.kind === 'never') return [];
  return atom.kind === 'other' ? atom.columns : [atom.column];
}

/** Whether a value of a row fulfils a condition. `value`: canonical, null for NULL, undefined where it is not known. */
export function holds(
  schema: PgSchema,
  table: Table,
  atom: Atom,
  valueOf: (column: number) => string | null | undefined,
): boolean | undefined {
  if (atom.kind === 'never') return false;
  if (atom.kind === 'other') return undefined;
  const value = valueOf(atom.column);
  if (value === undefined) return undefined;
  if (atom.kind === 'null') return (value === null) === atom.is;
  if (value === null) return false;
  if (atom.kind === 'in') return atom.values.includes(value);
  if (atom.op === '=') return value === atom.value;
  if (atom.op === '<>') return value !== atom.value;
  const column = table.columns.find(({ number }) => number === atom.column);
  const sign = column && order(typedOf(schema, column), value, atom.value, schema.plainOrder);
  if (sign === undefined) return undefined;
  return atom.op === '<' ? sign < 0 : atom.op === '<=' ? sign <= 0 : atom.op === '>' ? sign > 0 : sign >= 0;
}

/** Whether every row that fulfils all of `given` fulfils `atom`. */
export function implied(schema: PgSchema, table: Table, given: readonly Atom[], atom: Atom): boolean {
  return given.some((one) => {
    if (one.kind === 'never') return true;
    if (canonicalJson(one) === canonicalJson(atom)) return true;
    if (one.kind === 'other' || atom.kind === 'other' || atom.kind === 'never' || one.column !== atom.column)
      return false;
    const withValue = (value: string): boolean => holds(schema, table, atom, () => value) === true;
    if (one.kind === 'null') return one.is && holds(schema, table, atom, () => null) === true;
    if (one.kind === 'in') return one.values.every(withValue);
    if (one.op === '=') return withValue(one.value);
    if (atom.kind === 'null') return !atom.is;
    return atom.kind === 'compare' && inside(one.op, atom.op) && withValue(one.value);
  });
}

/** Whether the values beyond `v` by the first comparison lie within the second's if `v` itself is (or touches) it. */
function inside(narrow: Comparison, wide: Comparison): boolean {
  if (narrow === '<' || narrow === '<=') return wide === '<' || wide === '<=';
  return (narrow === '>' || narrow === '>=') && (wide === '>' || wide === '>=');
}
