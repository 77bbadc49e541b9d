import type { Random } from '../patch/random.ts';
import type { MadeColumn, MadeSchema, MadeTable } from './schemas.ts';
import { makeCell, makeValue } from './values.ts';

export interface Statement {
  kind: string;
  sql: string;
  params: (string | null)[];
  binary: boolean;
}

/** Writes SQL with its values as parameters, some as literals. */
class Writer {
  readonly params: (string | null)[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  value(value: string | null, type: string): string {
    if (value === null) return this.#random.below(2) === 0 ? 'NULL' : this.#param(null);
    const form = this.#random.below(10);
    if (form < 6) return this.#param(value);
    if (form < 7) return `${this.#param(value)}::${type}`;
    if (/^\d+$/.test(value) && type !== 'text' && type !== 'uuid') return value;
    return `'${value.replaceAll("'", "''")}'`;
  }

  #param(value: string | null): string {
    this.params.push(value);
    return `$${this.params.length}`;
  }
}

const SQL_NAMES: Readonly<Record<string, string>> = {
  int: 'int',
  bigint: 'bigint',
  text: 'text',
  numeric: 'numeric',
  bool: 'boolean',
  timestamptz: 'timestamptz',
  jsonb: 'jsonb',
  uuid: 'uuid',
  mood: 'mood',
};

export function makeRead(random: Random, schema: MadeSchema): Statement {
  const table = random.pick(schema.tables);
  const writer = new Writer(random);
  const make = random.pick([
    point,
    point,
    point,
    filter,
    filter,
    all,
    list,
    list,
    aggregate,
    join,
    join,
    joinMany,
    inner,
    mapped,
  ]);
  const { kind, sql } = make(random, schema, table, writer);
  return { kind, sql, params: writer.params, binary: random.below(4) === 0 };
}

export function makeWrite(random: Random, schema: MadeSchema): Statement {
  const table = random.pick(schema.tables);
  const writer = new Writer(random);
  const make = random.pick([
    insert,
    insert,
    insert,
    upsert,
    update,
    update,
    update,
    updateMany,
    remove,
    removeMany,
  ]);
  const { kind, sql } = make(random, schema, table, writer);
  return { kind, sql, params: writer.params, binary: random.below(6) === 0 };
}

type Made = { kind: string; sql: string };

function shown(random: Random, table: MadeTable, name = ''): string {
  const prefix = name === '' ? '' : `${name}.`;
  if (random.below(2) === 0) return `${prefix}*`;
  const some = table.columns.filter((one) => table.key.includes(one) || random.below(2) === 0);
  const kept = random.below(5) === 0 ? some.filter((one) => !table.key.includes(one)) : some;
  return (kept.length > 0 ? kept : table.key).map((one) => prefix + one.name).join(', ');
}

function byKey(random: Random, table: MadeTable, writer: Writer, name = ''): string {
  const prefix = name === '' ? '' : `${name}.`;
  return table.key
    .map((one) => `${prefix}${one.name} = ${writer.value(makeValue(random, one.type), SQL_NAMES[one.type]!)}`)
    .join(' AND ');
}

function condition(random: Random, columns: readonly MadeColumn[], writer: Writer, name = ''): string {
  const one = random.pick([...columns]);
  const prefix = name === '' ? '' : `${name}.`;
  const column = prefix + one.name;
  const value = (): string => writer.value(makeValue(random, one.type), SQL_NAMES[one.type]!);
  if (one.type === 'jsonb') return random.pick([`${column}->>'k' = '3'`, `${column} IS NOT NULL`]);
  if (one.type === 'bool' && random.below(2) === 0)
    return random.pick([column, `NOT ${column}`, `${column} IS TRUE`]);
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return `${column} = ${value()}`;
    case 3:
      return one.type === 'bool' || one.type === 'uuid'
        ? `${column} = ${value()}`
        : `${column} ${random.pick(['<', '<=', '>', '>='])} ${value()}`;
    case 4:
      return `${column} IN (${value()}, ${value()})`;
    case 5:
      return `${column} IS ${random.pick(['', 'NOT '])}NULL`;
    case 6:
      return `${column} <> ${value()}`;
    case 7:
      return one.type === 'int'
        ? `${column} = ANY(${writer.value(`{${random.below(12)},${random.below(12)}}`, 'int[]').replace(/^'(.*)'$/, "'$1'::int[]")})`
        : `${column} = ${value()}`;
    case 8:
      return one.type === 'text' ? `${column} LIKE 'a%'` : `${column} = ${value()}`;
    case 9:
      return one.type === 'text'
        ? `lower(${column}) = 'ab1'`
        : `(${column} = ${value()} OR ${column} IS NULL)`;
    case 10:
      return one.type === 'int' || one.type === 'numeric'
        ? `${column} BETWEEN 2 AND 6`
        : `${column} = ${value()}`;
    default:
      return one.type === 'int' ? `${column} + 1 > 4` : `NOT (${column} = ${value()})`;
  }
}

function point(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  const uniques = table.columns.filter(({ unique }) => unique);
  const columns = shown(random, table);
  if (uniques.length > 0 && random.below(3) === 0) {
    const one = random.pick(uniques);
    return {
      kind: 'by a unique column',
      sql: `SELECT ${columns} FROM ${table.name} WHERE ${one.name} = ${writer.value(makeValue(random, one.type), SQL_NAMES[one.type]!)}`,
    };
  }
  const more = random.below(4) === 0 ? ` AND ${condition(random, table.columns, writer)}` : '';
  const lock = random.below(6) === 0 ? ' FOR UPDATE' : random.below(6) === 0 ? ' LIMIT 1' : '';
  return {
    kind: 'by key',
    sql: `SELECT ${columns} FROM ${table.name} WHERE ${byKey(random, table, writer)}${more}${lock}`,
  };
}

function parents(table: MadeTable): MadeColumn[] {
  return table.columns.filter(({ parent }) => parent !== null);
}

function tail(random: Random, table: MadeTable, name = ''): string {
  const prefix = name === '' ? '' : `${name}.`;
  const key = table.key.map((one) => prefix + one.name).join(', ');
  const other = `${prefix}${random.pick(table.columns.filter(({ type }) => type !== 'jsonb')).name}`;
  return random.pick([
    '',
    ` ORDER BY ${key}`,
    ` ORDER BY ${key}`,
    ` ORDER BY ${other} DESC, ${key}`,
    ` ORDER BY ${other}`,
    ` ORDER BY ${key} LIMIT 3`,
    ` ORDER BY ${key} DESC LIMIT 2 OFFSET 1`,
    ' LIMIT 100',
  ]);
}

function list(random: Random, schema: MadeSchema, table: MadeTable, writer: Writer): Made {
  const [first] = parents(table);
  if (!first) return filter(random, schema, table, writer);
  const more = random.below(3) === 0 ? ` AND ${condition(random, table.columns, writer)}` : '';
  return {
    kind: 'by a reference',
    sql: `SELECT ${shown(random, table)} FROM ${table.name} WHERE ${first.name} = ${writer.value(makeValue(random, first.type), SQL_NAMES[first.type]!)}${more}${tail(random, table)}`,
  };
}

function filter(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  const more = random.below(3) === 0 ? ` AND ${condition(random, table.columns, writer)}` : '';
  return {
    kind: 'by conditions',
    sql: `SELECT ${shown(random, table)} FROM ${table.name} WHERE ${condition(random, table.columns, writer)}${more}${tail(random, table)}`,
  };
}

function all(random: Random, _: MadeSchema, table: MadeTable): Made {
  return {
    kind: 'whole table',
    sql: `SELECT ${shown(random, table)} FROM ${table.name}${tail(random, table)}`,
  };
}

function aggregate(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  const numbers = table.columns.filter(({ type }) => type === 'int' || type === 'numeric');
  const number = numbers.length > 0 ? random.pick(numbers).name : undefined;
  const what = random.pick([
    'count(*)',
    'count(*) AS n',
    ...(number
      ? [
          `sum(${number})`,
          `avg(${number})`,
          `min(${number}), max(${number})`,
          `coalesce(sum(${number}), 0) AS total`,
        ]
      : []),
  ]);
  const [first] = parents(table);
  const where =
    first && random.below(2) === 0
      ? ` WHERE ${first.name} = ${writer.value(makeValue(random, first.type), SQL_NAMES[first.type]!)}`
      : random.below(2) === 0
        ? ` WHERE ${condition(random, table.columns, writer)}`
        : '';
  const by = random.pick(table.columns.filter(({ type }) => type !== 'jsonb')).name;
  return {
    kind: 'aggregate',
    sql:
      random.below(3) === 0
        ? `SELECT ${by}, ${what} FROM ${table.name}${where} GROUP BY ${by} ORDER BY ${by}`
        : `SELECT ${what} FROM ${table.name}${where}`,
  };
}

function join(random: Random, schema: MadeSchema, table: MadeTable, writer: Writer): Made {
  const [first] = parents(table);
  if (!first?.parent) return point(random, schema, table, writer);
  const [a, b] = random.pick([
    ['x', 'y'],
    [table.name, first.parent.name],
  ]) as [string, string];
  const from = `${table.name}${a === 'x' ? ' x' : ''} ${random.pick(['JOIN', 'LEFT JOIN', 'JOIN'])} ${first.parent.name}${a === 'x' ? ' AS y' : ''} ON ${b}.${first.parent.key[0]!.name} = ${a}.${first.name}`;
  const where =
    random.below(4) === 0 ? condition(random, table.columns, writer, a) : byKey(random, table, writer, a);
  return {
    kind: 'join to its parent',
    sql: `SELECT ${shown(random, table, a)}, ${shown(random, first.parent, b)} FROM ${from} WHERE ${where}`,
  };
}

function joinMany(random: Random, schema: MadeSchema, table: MadeTable, writer: Writer): Made {
  const [first] = parents(table);
  if (!first?.parent) return filter(random, schema, table, writer);
  const from = `${first.parent.name} p ${random.pick(['JOIN', 'LEFT JOIN'])} ${table.name} c ON c.${first.name} = p.${first.parent.key[0]!.name}`;
  const on = random.below(4) === 0 ? ` AND ${condition(random, table.columns, writer, 'c')}` : '';
  const order =
    random.below(2) === 0 ? ` ORDER BY ${table.key.map((one) => `c.${one.name}`).join(', ')}` : '';
  return {
    kind: 'join to its children',
    sql: `SELECT ${shown(random, first.parent, 'p')}, ${shown(random, table, 'c')} FROM ${from}${on} WHERE ${byKey(random, first.parent, writer, 'p')}${order}${random.pick(['', '', '', ' LIMIT 2', ' LIMIT 50'])}`,
  };
}

/** As object mappers write: each name in full, conditions that say nothing, a LIMIT and an OFFSET. */
function mapped(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  const name = `"public"."${table.name}"`;
  const columns = table.columns.filter(() => random.below(4) > 0).map((one) => `${name}."${one.name}"`);
  const where =
    random.below(2) === 0
      ? byKey(random, table, writer, name)
      : condition(random, table.columns, writer, name);
  const order =
    random.below(3) === 0 ? ` ORDER BY ${table.key.map((one) => `${name}.${one.name}`).join(', ')}` : '';
  const limit = random.below(2) === 0 ? ` LIMIT ${writer.value(String(1 + random.below(30)), 'bigint')}` : '';
  const select = `SELECT ${(columns.length > 0 ? columns : [`${name}.*`]).join(', ')} FROM ${name} WHERE (${where} AND 1=1)${order}${limit} OFFSET ${writer.value('0', 'bigint')}`;
  return {
    kind: 'as mappers write',
    sql: limit === '' && random.below(4) === 0 ? `SELECT COUNT(*) FROM (${select}) AS "sub"` : select,
  };
}

function inner(random: Random, schema: MadeSchema, table: MadeTable, writer: Writer): Made {
  const [first] = parents(table);
  if (!first?.parent) return aggregate(random, schema, table, writer);
  const { parent } = first;
  const key = parent.key[0]!.name;
  const alternatives = [
    () =>
      `SELECT p.${key}, (SELECT count(*) FROM ${table.name} c WHERE c.${first.name} = p.${key}) AS n FROM ${parent.name} p WHERE ${byKey(random, parent, writer, 'p')}`,
    () =>
      `SELECT ${shown(random, table)} FROM ${table.name} WHERE ${first.name} IN (SELECT ${key} FROM ${parent.name} WHERE ${byKey(random, parent, writer)})`,
    () => `SELECT EXISTS (SELECT 1 FROM ${table.name} WHERE ${byKey(random, table, writer)}) AS there`,
    () =>
      `WITH one AS (SELECT * FROM ${parent.name} WHERE ${byKey(random, parent, writer)}) SELECT one.*, (SELECT count(*) FROM ${table.name}) FROM one`,
  ];
  return { kind: 'with a query inside', sql: random.pick(alternatives)() };
}

function returning(random: Random, table: MadeTable): string {
  const key = table.key.map(({ name }) => name).join(', ');
  return random.pick(['', '', ' RETURNING *', ` RETURNING ${key}`, ` RETURNING ${key}`]);
}

function insert(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  const columns = table.columns.filter((one) =>
    table.key.includes(one)
      ? one.generated === null || random.below(5) === 0
      : one.notNull
        ? one.generated === null || random.below(2) === 0
        : random.below(4) > 0,
  );
  if (columns.length === 0)
    return { kind: 'INSERT', sql: `INSERT INTO ${table.name} DEFAULT VALUES${returning(random, table)}` };
  const row = (): string =>
    `(${columns.map((one) => writer.value(makeCell(random, one, table.key.includes(one) ? 40 : 14), SQL_NAMES[one.type]!)).join(', ')})`;
  const rows = random.below(6) === 0 ? `${row()}, ${row()}` : row();
  return {
    kind: 'INSERT',
    sql: `INSERT INTO ${table.name} (${columns.map(({ name }) => name).join(', ')}) VALUES ${rows}${returning(random, table)}`,
  };
}

function upsert(random: Random, schema: MadeSchema, table: MadeTable, writer: Writer): Made {
  const made = insert(random, schema, table, writer);
  if (made.sql.includes('DEFAULT VALUES')) return made;
  const key = table.key.map(({ name }) => name).join(', ');
  const free = table.columns.filter(
    (one) => !table.key.includes(one) && !one.unique && !one.parent && made.sql.includes(one.name),
  );
  const then =
    free.length > 0 && random.below(2) === 0
      ? ` ON CONFLICT (${key}) DO UPDATE SET ${upsertSet(random, table, free[0]!)}`
      : random.pick([` ON CONFLICT (${key}) DO NOTHING`, ' ON CONFLICT DO NOTHING']);
  const at = made.sql.indexOf(' RETURNING');
  const sql = at < 0 ? made.sql + then : made.sql.slice(0, at) + then + made.sql.slice(at);
  return { kind: 'INSERT … ON CONFLICT', sql };
}

/** What an upsert makes of the row in its way: the new value, one made of both, or another. */
function upsertSet(random: Random, table: MadeTable, column: MadeColumn): string {
  const both =
    column.type === 'int' || column.type === 'numeric'
      ? `${table.name}.${column.name} + excluded.${column.name}`
      : `coalesce(${table.name}.${column.name}, excluded.${column.name})`;
  const value = random.pick([`excluded.${column.name}`, both, 'NULL']);
  const where = random.below(5) === 0 ? ` WHERE ${table.name}.${column.name} IS NOT NULL` : '';
  return `${column.name} = ${value}${where}`;
}

function assignments(random: Random, table: MadeTable, writer: Writer): string {
  const columns = table.columns.filter((one) => !table.key.includes(one) || random.below(20) === 0);
  if (columns.length === 0) return `${table.key[0]!.name} = ${table.key[0]!.name}`;
  const chosen = new Set([random.pick(columns), ...(random.below(3) === 0 ? [random.pick(columns)] : [])]);
  return [...chosen]
    .map((one) => {
      if ((one.type === 'int' || one.type === 'numeric') && random.below(2) === 0)
        return `${one.name} = ${one.name} ${random.pick(['+', '-'])} ${writer.value(String(random.below(5)), SQL_NAMES[one.type]!)}`;
      if (one.type === 'text' && random.below(4) === 0) return `${one.name} = ${one.name} || '!'`;
      return `${one.name} = ${writer.value(makeCell(random, one), SQL_NAMES[one.type]!)}`;
    })
    .join(', ');
}

function update(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  const set = assignments(random, table, writer);
  const more = random.below(5) === 0 ? ` AND ${condition(random, table.columns, writer)}` : '';
  return {
    kind: 'UPDATE by key',
    sql: `UPDATE ${table.name} SET ${set} WHERE ${byKey(random, table, writer)}${more}${returning(random, table)}`,
  };
}

function updateMany(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  const set = assignments(random, table, writer);
  return {
    kind: 'UPDATE by conditions',
    sql: `UPDATE ${table.name} SET ${set} WHERE ${condition(random, table.columns, writer)}${returning(random, table)}`,
  };
}

function remove(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  return {
    kind: 'DELETE by key',
    sql: `DELETE FROM ${table.name} WHERE ${byKey(random, table, writer)}${returning(random, table)}`,
  };
}

function removeMany(random: Random, _: MadeSchema, table: MadeTable, writer: Writer): Made {
  if (random.below(3) > 0) return remove(random, _, table, writer);
  return {
    kind: 'DELETE by conditions',
    sql: `DELETE FROM ${table.name} WHERE ${condition(random, table.columns, writer)}${returning(random, table)}`,
  };
}
