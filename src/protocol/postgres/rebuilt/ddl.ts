import { as, statementOf, walk, type Node } from './parse.ts';
import { asksTime, functionName, unsafe } from './safe.ts';
import type { PgSchema, Table, TableColumn } from './schema.ts';
import { rowKey } from './state.ts';

/** How a column's default comes about. */
export type Default = 'null' | 'constant' | 'sequence' | 'assumed' | 'unread';

const FRESH: ReadonlySet<string> = new Set([
  'gen_random_uuid',
  'now',
  'clock_timestamp',
  'statement_timestamp',
  'transaction_timestamp',
]);

/** `assumed`: a moment or a random id, which nobody can know. */
export function defaultKind(schema: PgSchema, column: TableColumn): Default {
  if (column.identity) return 'sequence';
  if (column.default === null) return 'null';
  const select = as(statementOf(`SELECT ${column.default}`) ?? undefined, 'SelectStmt');
  const value = as(select?.targetList?.[0], 'ResTarget')?.val;
  if (!value || column.generated) return 'unread';
  const call = as(value, 'FuncCall');
  const { name } = functionName(call ?? {});
  if (call && name === 'nextval') return ownSequence(schema, column) ? 'sequence' : 'unread';
  const inner = call ? call : as(as(value, 'TypeCast')?.arg, 'FuncCall');
  if (inner && FRESH.has(functionName(inner).name) && !inner.args) return 'assumed';
  if (as(value, 'SQLValueFunction')) return unsafe(schema, value) === null ? 'assumed' : 'unread';
  return unsafe(schema, value) === null && !asksTime(value) ? 'constant' : 'unread';
}

/** A sequence that belongs to the column that has it as its default. */
function ownSequence(schema: PgSchema, column: TableColumn): boolean {
  const name = /^nextval\('(.+)'::regclass\)$/.exec(column.default ?? '')?.[1]?.replaceAll('"', '') ?? '';
  return schema.sequences.some((one) => {
    const table = schema.tables.find(({ oid }) => oid === one.owner?.table);
    const owned = table?.columns.find(({ number }) => number === one.owner!.column);
    return owned === column && (name === one.name || name === `${one.schema}.${one.name}`);
  });
}

/** Why a CHECK is not one that our server decides as the real one does; null if it is. */
export function checkOddity(schema: PgSchema, definition: string): string | null {
  const body = /^CHECK \((.*)\)(?: NO INHERIT)?(?: NOT VALID)?$/s.exec(definition)?.[1];
  const node: Node | null = body === undefined ? null : statementOf(`SELECT ${body}`);
  if (node === null || [...walk(node)].some(([kind]) => kind === 'RangeVar')) return 'it is not looked into';
  return asksTime(node) ? 'it depends on the time' : unsafe(schema, node);
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
export function fullName({ schema, name }: { schema: string; name: string }): string {
  return `${quoted(schema)}.${quoted(name)}`;
}

/** Types, sequences and functions that tables stand on. */
export function preludeSql(schema: PgSchema): string[] {
  const names = new Set([...schema.tables, ...schema.enums, ...schema.sequences].map((one) => one.schema));
  return [
    ...[...names].map((name) => `CREATE SCHEMA IF NOT EXISTS ${quoted(name)}`),
    ...schema.enums.map(
      (one) => `CREATE TYPE ${fullName(one)} AS ENUM (${one.labels.map(literal).join(', ')})`,
    ),
    ...schema.sequences.map(
      (one) =>
        `CREATE SEQUENCE ${fullName(one)} AS ${one.type} START ${one.start} INCREMENT ${one.increment}`,
    ),
    'CREATE SCHEMA vouch',
    'CREATE TABLE vouch.changes (number bigserial, oid int8, op text, before text, after text)',
    `CREATE FUNCTION vouch.note() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE before text; after text;
      BEGIN
        IF TG_OP <> 'INSERT' THEN SELECT json_agg(to_jsonb(OLD)->>k ORDER BY n)::text INTO before FROM unnest(TG_ARGV) WITH ORDINALITY AS a(k, n) WHERE n > 1; END IF;
        IF TG_OP <> 'DELETE' THEN SELECT json_agg(to_jsonb(NEW)->>k ORDER BY n)::text INTO after FROM unnest(TG_ARGV) WITH ORDINALITY AS a(k, n) WHERE n > 1; END IF;
        INSERT INTO vouch.changes (oid, op, before, after) VALUES (TG_ARGV[0]::int8, TG_OP, before, after);
        RETURN NULL;
      END $$`,
  ];
}

/**
 * One table with its keys and checks. Columns other than the key may be NULL, which is what stands for what is not known; that a
 * column must not be NULL is looked at by us.
 */
export function tableSql(schema: PgSchema, table: Table): string[] {
  const key = rowKey(schema, table);
  const statements: string[] = [];
  const last = Math.max(0, ...table.columns.map(({ number }) => number));
  const lines: string[] = [];
  const dropped: string[] = [];
  for (let number = 1; number <= last; number++) {
    const column = table.columns.find((one) => one.number === number);
    // A gap keeps the numbers of the columns behind it.
    if (!column) dropped.push(`dropped_${number}`);
    lines.push(
      column ? columnSql(schema, column, key?.columns.includes(number) === true) : `dropped_${number} int`,
    );
  }
  const name = fullName(table);
  statements.push(`CREATE TABLE ${name} (${lines.join(', ')})`);
  for (const one of dropped) statements.push(`ALTER TABLE ${name} DROP COLUMN ${one}`);
  const columns = (numbers: readonly number[]): string =>
    numbers
      .map((number) => quoted(table.columns.find((column) => column.number === number)?.name ?? '?'))
      .join(', ');
  for (const one of table.keys) {
    // Constraints and indexes are checked in the order in which they were made.
    if (one.constraint && !one.deferrable)
      statements.push(
        one.primary
          ? `ALTER TABLE ${name} ADD CONSTRAINT ${quoted(one.name)} PRIMARY KEY (${columns(one.columns)})`
          : `ALTER TABLE ${name} ADD CONSTRAINT ${quoted(one.name)} UNIQUE (${columns(one.columns)})`,
      );
    else if (!one.deferrable)
      statements.push(`CREATE UNIQUE INDEX ${quoted(one.name)} ON ${name} (${columns(one.columns)})`);
  }
  for (const one of table.checks)
    if (checkOddity(schema, one.definition) === null)
      statements.push(
        `ALTER TABLE ${name} ADD CONSTRAINT ${quoted(one.name)} ${one.definition.replace(/ NOT VALID$/, '')}`,
      );
  const names =
    key?.columns.map((number) => table.columns.find((column) => column.number === number)!.name) ?? [];
  const args = [String(table.oid), ...names].map(literal).join(', ');
  statements.push(
    `CREATE TRIGGER zz_vouch AFTER INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION vouch.note(${args})`,
  );
  return statements;
}

function columnSql(schema: PgSchema, column: TableColumn, isKey: boolean): string {
  const sequence = schema.sequences.find(
    ({ owner }) => owner?.column === column.number && columnOf(schema, owner.table, column),
  );
  const kind = defaultKind(schema, column);
  const value =
    kind === 'sequence' && sequence
      ? ` DEFAULT nextval(${literal(fullName(sequence))}::regclass)`
      : kind === 'constant' || kind === 'assumed'
        ? ` DEFAULT ${column.default}`
        : '';
  return `${quoted(column.name)} ${column.typeName}${value}${isKey ? ' NOT NULL' : ''}`;
}

function columnOf(schema: PgSchema, oid: number, column: TableColumn): boolean {
  return schema.tables.find((table) => table.oid === oid)?.columns.includes(column) === true;
}

/** Foreign keys, when all tables are there. */
export function foreignSql(table: Table): string[] {
  return table.foreign
    .filter(({ deferrable }) => !deferrable)
    .map(
      (one) =>
        `ALTER TABLE ${fullName(table)} ADD CONSTRAINT ${quoted(one.name)} ${one.definition.replace(/ NOT VALID$/, '')}`,
    );
}

export function literal(text: string): string {
  const escaped = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${escaped.replaceAll('\\', '\\\\')}'` : `'${escaped}'`;
}
