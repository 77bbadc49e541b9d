import { canonicalJson } from '../lib/json.ts';
import type { Changes } from './paths.ts';
import { isCode, parseCode } from './syntax.ts';

/**
 * Whether two texts of one file mean the same: equal syntax trees, so comments, white space, quotes, parentheses and
 * trailing commas do not count. Text that is not code, or does not parse, is compared with its white space squeezed.
 */
export function sameCode(a: string, b: string, path = 'file.ts'): boolean {
  return a === b || codeKey(a, path) === codeKey(b, path);
}

/** Whether two candidates change the same files to the same code. */
export function sameChanges(a: Changes, b: Changes): boolean {
  const paths = Object.keys(a);
  if (paths.length !== Object.keys(b).length) return false;
  return paths.every((path) => {
    const [x, y] = [a[path] ?? null, b[path]];
    if (y === undefined) return false;
    return x === y || (x !== null && y !== null && sameCode(x, y, path));
  });
}

/** A text that is equal for equal code, for use as a key. */
function codeKey(text: string, path = 'file.ts'): string {
  const parsed = isCode(path) ? parseCode(path, text) : null;
  if (parsed === null || !parsed.ok) return `text:${text.replace(/\s+/g, ' ').trim()}`;
  return `code:${canonicalJson(strip(parsed.program))}`;
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip);
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof RegExp) return String(value);
  if (typeof value !== 'object' || value === null) return value;
  const literal = 'type' in value && value.type === 'Literal';
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === 'start' || key === 'end' || key === 'range' || key === 'hashbang') continue;
    if (key === 'raw' && literal) continue;
    kept[key] = strip(member);
  }
  return kept;
}
