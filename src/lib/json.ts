/** Plain JSON, as it crosses processes. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** JSON text with sorted keys: equal values give equal texts. Undefined members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** One place where two values differ. `path` is like `body.items.0.id`; '' is the whole value. */
export interface Difference {
  path: string;
  before: Json | undefined;
  after: Json | undefined;
}

/** Where two JSON values differ, at most `limit` places, in document order. Equal values give an empty list. */
export function differences(before: Json | undefined, after: Json | undefined, limit = 100): Difference[] {
  const found: Difference[] = [];
  walk(before, after, '');
  return found;

  function walk(a: Json | undefined, b: Json | undefined, path: string): void {
    if (found.length >= limit || a === b) return;
    if (Array.isArray(a) && Array.isArray(b)) {
      for (let i = 0; i < Math.max(a.length, b.length); i++) walk(a[i], b[i], join(path, String(i)));
    } else if (isObject(a) && isObject(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) walk(a[key], b[key], join(path, key));
    } else {
      found.push({ path, before: a, after: b });
    }
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

export function isObject(value: unknown): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The value that `text` holds, or undefined if it is not JSON. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
