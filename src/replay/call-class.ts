import { isObject, type Json } from '../lib/json.ts';
import { touches } from './touches.ts';

const GENERATED =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?|\b[0-9a-f]{16,}\b|\b[A-Za-z0-9_-]{20,}\b|\b\d{9,}\b/gi;

/** Text with what looks generated (UUIDs, times, long hex, base64 and digit runs) replaced, so that the rest can be compared. */
export function withoutGenerated(text: string): string {
  return text.replace(GENERATED, '…');
}

/** A path with its variable parts replaced: `/users/17/orders` → `/users/:id/orders`. */
export function routeShape(path: string): string {
  return path
    .split('/')
    .map((part) => (/\d/.test(part) || withoutGenerated(part) !== part ? ':id' : part))
    .join('/');
}

/**
 * What kind of call this is, its data left out: the statement of an SQL query, command and key pattern of a Redis command, method and
 * route of an HTTP request. Two calls of one class differ only in their values.
 */
export function callClass(protocol: string, canonical: Json): string {
  if (!isObject(canonical)) return protocol;
  if (typeof canonical['sql'] === 'string') return `${protocol} ${canonical['sql']}`;
  if (typeof canonical['command'] === 'string') {
    const args = Array.isArray(canonical['args']) ? canonical['args'] : [];
    const key = typeof args[0] === 'string' ? ` ${keyShape(args[0])}` : '';
    return `${protocol} ${canonical['command']}${key}`;
  }
  if (typeof canonical['path'] === 'string') {
    return `${protocol} ${text(canonical['method'])} ${text(canonical['host'])}${routeShape(canonical['path'])}`;
  }
  return `${protocol} ${Object.keys(canonical).sort().join(',')}`;
}

/** A call without its values, and these. */
export interface CallForm {
  form: string;
  values: Json;
}

/**
 * As `callClass`, where clients write values into the text of a statement too: a statement without parameters has its literals among its
 * values. Where it has parameters, literals are the code's own words.
 */
export function callForm(protocol: string, canonical: Json): CallForm {
  const form = callClass(protocol, canonical);
  if (!isObject(canonical) || typeof canonical['sql'] !== 'string') return { form, values: canonical };
  const { sql, ...values } = canonical;
  if (Array.isArray(values['params']) && values['params'].length > 0) return { form, values };
  const literals: Json[] = [];
  const bare = sql.replace(protocol === 'mysql' ? MYSQL_LITERAL : LITERAL, (text) => {
    literals.push(valueOf(text));
    return '?';
  });
  return { form: `${protocol} ${bare}`, values: { ...values, literals } };
}

const NUMBER = String.raw`(?<![\w$."])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w"])`;
const WORD = String.raw`(?<!\b(?:is|not|default)\s)\b(?:null|true|false)\b`;
const LITERAL = new RegExp(String.raw`'(?:[^']|'')*'|${NUMBER}|${WORD}`, 'gi');
const MYSQL_LITERAL = new RegExp(
  String.raw`'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|${NUMBER}|${WORD}`,
  'gis',
);

function valueOf(literal: string): Json {
  if (/^null$/i.test(literal)) return null;
  return /^['"]/.test(literal) ? literal.slice(1, -1) : literal.toLowerCase();
}

/** What is done to what, whatever the words: `postgres INSERT orders`. */
export function callAct(protocol: string, canonical: Json): string {
  const sql = isObject(canonical) ? canonical['sql'] : undefined;
  const subjects = callSubjects(protocol, canonical);
  if (typeof sql !== 'string' || subjects.length === 0) return callClass(protocol, canonical);
  return `${protocol} ${sql.split(/\s/, 1)[0]!.toUpperCase()} ${subjects.toSorted().join(' ')}`;
}

/**
 * What a call is about, as far as its text tells: tables of an SQL statement, the pattern of a Redis key, host and first part of the path of an HTTP
 * request. Two calls about one thing may ask different questions of it.
 */
export function callSubjects(protocol: string, canonical: Json): string[] {
  if (!isObject(canonical)) return [];
  if (typeof canonical['command'] === 'string') {
    const [key] = Array.isArray(canonical['args']) ? canonical['args'] : [];
    return typeof key === 'string' ? [keyShape(key)] : [];
  }
  const host = typeof canonical['path'] === 'string' ? text(canonical['host']) : '';
  return [...(touches(protocol, canonical) ?? [])].map((name) => host + name);
}

/** `session:17:cart` → `session:*:*`: the first word of a key says what it is of, the others which one. */
function keyShape(key: string): string {
  const [first = '', ...others] = key.split(/[:/.]/);
  return [first.replaceAll(/\d+/g, '*'), ...others.map(() => '*')].join(':');
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
