import { canonicalJson } from '../../../lib/json.ts';
import type { Column, PgRequest, PgResponse, PgValue } from '../messages.ts';
import { canonicalText, encodeBinary } from '../types.ts';
import { formatAt } from '../wire.ts';
import type { PgSchema } from './schema.ts';
import type { Reply } from './server.ts';

/** The oids of the real server and of ours for the same things. */
export class Oids {
  readonly #theirs = new Map<number, number>();
  readonly #ours = new Map<number, number>();

  pair(theirs: number, ours: number): void {
    this.#theirs.set(ours, theirs);
    this.#ours.set(theirs, ours);
  }
  theirs(ours: number): number {
    return this.#theirs.get(ours) ?? ours;
  }
  ours(theirs: number): number {
    return this.#ours.get(theirs) ?? theirs;
  }
}

export function oidPairs(schema: PgSchema): { sql: string; theirs: number }[] {
  const name = (one: { schema: string; name: string }): string =>
    `'${`"${one.schema}"."${one.name}"`.replaceAll("'", "''")}'`;
  return [
    ...schema.tables.map((one) => ({ sql: `to_regclass(${name(one)})::oid`, theirs: one.oid })),
    ...schema.enums.map((one) => ({ sql: `to_regtype(${name(one)})::oid`, theirs: one.oid })),
    ...schema.enums.map((one) => ({
      sql: `(SELECT typarray FROM pg_type WHERE oid = to_regtype(${name(one)}))`,
      theirs: one.array,
    })),
  ];
}

/** Our server's reply as it would have been recorded; undefined where the client's format cannot be made. */
export function responseOf(
  reply: Reply,
  request: PgRequest,
  oids: Oids,
  transaction: PgResponse['transaction'],
  isEnum: (type: number) => boolean,
): PgResponse | undefined {
  const formats = request.kind === 'simple' ? [] : request.resultFormats;
  const columns =
    reply.columns?.map((column, i): Column => ({
      ...column,
      table: oids.theirs(column.table),
      type: oids.theirs(column.type),
      format: formatAt(formats, i),
    })) ?? null;
  const rows: PgValue[][] = [];
  for (const row of reply.rows) {
    const values = row.map((value, i) => asRecorded(value, columns?.[i], isEnum));
    if (values.includes(undefined)) return undefined;
    rows.push(values as PgValue[]);
  }
  return {
    columns,
    rows,
    tag: reply.tag,
    error: reply.error,
    transaction,
    notices: reply.notices,
    parameterOids: reply.parameterOids?.map((oid) => oids.theirs(oid)) ?? null,
    suspended: false,
    copyOut: null,
  };
}

/** A cell as it is recorded: binary ones of types that nobody decodes as bytes. */
function asRecorded(
  value: string | null,
  column: Column | undefined,
  isEnum: (type: number) => boolean,
): PgValue | undefined {
  if (value === null || column?.format !== 1) return value;
  if (isEnum(column.type)) return { base64: Buffer.from(value, 'utf8').toString('base64') };
  return encodeBinary(column.type, value) === undefined ? undefined : value;
}

/** Whether two answers are the same; without `ordered` their rows may come in any order. */
export function sameAnswer(a: PgResponse, b: PgResponse, ordered: boolean): boolean {
  if ((a.error?.code ?? null) !== (b.error?.code ?? null)) return false;
  if (a.error) return true;
  if (
    a.tag !== b.tag ||
    (a.columns &&
      b.columns &&
      canonicalJson(a.columns.map(namesOf)) !== canonicalJson(b.columns.map(namesOf)))
  )
    return false;
  const types = (a.columns ?? b.columns ?? []).map(({ type }) => type);
  const [x, y] = [a, b].map(({ rows }) => {
    const texts = rows.map((row) =>
      canonicalJson(
        row.map((value, i) => (typeof value === 'string' ? spelling(types[i] ?? 0, value) : value)),
      ),
    );
    return ordered ? texts : texts.sort();
  });
  return canonicalJson(x) === canonicalJson(y);
}

/** Moments are shown in the session's zone; all else has to be letter by letter. */
function spelling(type: number, value: string): string {
  return type === 1184 ? canonicalText(type, value) : value;
}

function namesOf({ name, type, table, attribute }: Column): unknown {
  return { name, type, table, attribute };
}
