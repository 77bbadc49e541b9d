import { isObject, type Json } from '../lib/json.ts';

const TABLES =
  /\b(?:from|join|into|update|table|truncate|only)\s+((?:"[^"]+"|`[^`]+`|[a-z_][\w$]*)(?:\.(?:"[^"]+"|`[^`]+`|[a-z_][\w$]*))?)/gi;

/**
 * The things that a call reads or writes, by name, as far as its text tells: tables of an SQL statement, keys of a Redis command,
 * the path of an HTTP request. Null where it cannot be told, which overlaps with everything. Functions, triggers and views can
 * reach further than the text: this decides only whether an answer recorded elsewhere may be *tried*, never what is proved.
 */
export function touches(protocol: string, canonical: Json): ReadonlySet<string> | null {
  if (!isObject(canonical)) return null;
  if (typeof canonical['sql'] === 'string') {
    const names = [...canonical['sql'].matchAll(TABLES)].map((match) =>
      match[1]!.toLowerCase().replaceAll(/["`]/g, ''),
    );
    return names.length === 0 ? null : new Set(names);
  }
  if (protocol === 'redis' && Array.isArray(canonical['args'])) {
    const keys = canonical['args'].filter((arg): arg is string => typeof arg === 'string');
    return keys.length === 0 ? null : new Set(keys);
  }
  if (protocol === 'http1' && typeof canonical['path'] === 'string') {
    return new Set([canonical['path'].split('/').slice(0, 2).join('/')]);
  }
  return null;
}

export function overlap(a: ReadonlySet<string> | null, b: ReadonlySet<string> | null): boolean {
  if (a === null || b === null) return true;
  for (const name of a) if (b.has(name)) return true;
  return false;
}
