import type { PgValue } from '../messages.ts';
import { canonicalText } from '../types.ts';
import type { PgSchema, TableColumn } from './schema.ts';

const INTEGERS: ReadonlySet<number> = new Set([20, 21, 23]);
const TEXTS: ReadonlySet<number> = new Set([25, 1043]);
const [BOOL, DATE, TIMESTAMP, TIMESTAMPTZ, NUMERIC, UUID, UNKNOWN] = [16, 1082, 1114, 1184, 1700, 2950, 705];
/** Types whose text form means the same in every session, though we cannot tell which texts are equal. */
const STEADY: ReadonlySet<number> = new Set([
  17, 114, 3802, 700, 701, 1042, 1000, 1005, 1007, 1009, 1015, 1016, 1231, 2951,
]);
const FLOATS: ReadonlySet<number> = new Set([700, 701]);

const DAY = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?$/;
const MOMENT_ZONE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d(?::?\d\d)?)$/;

export interface Typed {
  type: number;
  /** Undefined: a type that only equality of its text is known of (an enum's labels in order), or none. */
  labels?: readonly string[] | undefined;
  modifier: number;
}

export function typedOf(schema: PgSchema, column: TableColumn): Typed {
  return {
    type: column.type,
    labels: schema.enums.find(({ oid }) => oid === column.type)?.labels,
    modifier: column.modifier,
  };
}

export function isFloat(type: number): boolean {
  return FLOATS.has(type);
}

/** The one spelling of a value that all equal values share; undefined where we do not know that there is one. */
export function canonicalOf({ type, labels }: Typed, text: string): string | undefined {
  if (labels) return labels.includes(text) ? text : undefined;
  if (INTEGERS.has(type)) return /^[-+]?\d{1,19}$/.test(text) ? canonicalText(20, text) : undefined;
  if (TEXTS.has(type)) return text;
  switch (type) {
    case BOOL: {
      const value = canonicalText(BOOL, text);
      return value === 't' || value === 'f' ? value : undefined;
    }
    case NUMERIC:
      return /^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text) ? canonicalText(NUMERIC, text) : undefined;
    case UUID:
      return /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(text) ? text.toLowerCase() : undefined;
    case DATE:
      return DAY.test(text) ? text : undefined;
    case TIMESTAMP:
      return MOMENT.test(text) ? canonicalText(TIMESTAMP, text) : undefined;
    case TIMESTAMPTZ:
      return MOMENT_ZONE.test(text) ? canonicalText(TIMESTAMPTZ, text) : undefined;
    default:
      return undefined;
  }
}

/** Whether values that are equal are spelled alike, so that `=` shows the value itself. */
export function isExact({ type, labels, modifier }: Typed): boolean {
  if (type === NUMERIC) return modifier !== -1;
  return (
    labels !== undefined ||
    INTEGERS.has(type) ||
    TEXTS.has(type) ||
    [BOOL, DATE, TIMESTAMP, TIMESTAMPTZ, UUID].includes(type)
  );
}

/** < 0, 0, > 0 for two canonical values; undefined where equality is all that is known. */
export function order(
  { type, labels }: Typed,
  a: string,
  b: string,
  plainOrder: boolean,
): number | undefined {
  if (a === b) return 0;
  if (labels) return labels.indexOf(a) - labels.indexOf(b);
  if (INTEGERS.has(type)) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (type === NUMERIC) return decimalOrder(a, b);
  if (TEXTS.has(type)) return plainOrder ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : undefined;
  return a < b ? -1 : 1;
}

function decimalOrder(a: string, b: string): number {
  const places = Math.max(...[a, b].map((text) => text.split('.')[1]?.length ?? 0));
  const [x, y] = [a, b].map((text) => {
    const [whole = '0', fraction = ''] = text.split('.');
    return BigInt(whole + fraction.padEnd(places, '0'));
  }) as [bigint, bigint];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Whether a value of one type, compared with a column of another or put into it, keeps its text. */
export function sameFamily(column: Typed, type: number): boolean {
  if (type === 0 || type === UNKNOWN || type === column.type) return true;
  if (INTEGERS.has(type)) return INTEGERS.has(column.type) || column.type === NUMERIC;
  return TEXTS.has(type) && TEXTS.has(column.type);
}

export interface Stored {
  value: string | null;
  /** Equal values may be spelled otherwise: nothing is concluded from a difference. */
  loose: boolean;
}

/** What a column holds after it was given a text; undefined where that depends on more than we know. */
export function stored(column: Typed, text: string | null): Stored | undefined {
  if (text === null) return { value: null, loose: false };
  const canonical = canonicalOf(column, text);
  if (canonical !== undefined) {
    if (column.type === NUMERIC && column.modifier !== -1) {
      const scale = (column.modifier - 4) & 0x7ff;
      const places = canonical.split('.')[1]?.length ?? 0;
      return scale < 1024 && places <= scale ? { value: text, loose: false } : undefined;
    }
    // Spaces at the end beyond its length are cut off.
    if (TEXTS.has(column.type) && column.modifier !== -1 && text.length > column.modifier - 4)
      return undefined;
    if ((column.type === TIMESTAMP || column.type === TIMESTAMPTZ) && column.modifier !== -1)
      return undefined;
    return { value: text, loose: false };
  }
  return STEADY.has(column.type) ? { value: text, loose: true } : undefined;
}

/** A cell as it came in a result; undefined where its bytes could not be read. */
export function seen(value: PgValue, labels?: readonly string[]): string | null | undefined {
  if (value === null || typeof value === 'string') return value;
  // An enum's binary form is its label.
  const text = Buffer.from(value.base64, 'base64').toString('utf8');
  return labels?.includes(text) ? text : undefined;
}

/** The elements of an array's text of one dimension; null stands for NULL. */
export function elements(text: string): (string | null)[] | undefined {
  if (!/^\{[^{}]*\}$/.test(text.replace(/"(?:[^"\\]|\\.)*"/gs, ''))) return undefined;
  const found: (string | null)[] = [];
  for (const [, quoted, bare] of text.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,"]+)/gs)) {
    if (quoted !== undefined) found.push(quoted.replace(/\\(.)/gs, '$1'));
    else found.push(bare!.trim().toUpperCase() === 'NULL' ? null : bare!.trim());
  }
  return found;
}
