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
