import { isObject, parseJson, type Json } from '../lib/json.ts';

const MAX_VALUES = 2000;
const MAX_TEXT = 64 * 1024;
/** Said by everybody, so that it ties nothing to anything. */
const COMMON = new Set([
  '',
  'true',
  'false',
  'null',
  'get',
  'post',
  'http',
  'https',
  'utf-8',
  'keep-alive',
  'select',
  'json',
]);

/**
 * The values that a message carries: leaves as they are, and the parts of paths, queries and texts of JSON. What two
 * messages share of them ties them together. Headers are left out but for those that say who is asking.
 */
export function valuesOf(message: Json | null): Set<string> {
  const found = new Set<string>();
  visit(message, 0);
  return found;

  function visit(value: Json, depth: number): void {
    if (found.size >= MAX_VALUES || depth > 12) return;
    if (typeof value === 'number') add(String(value));
    else if (typeof value === 'string') text(value, depth);
    else if (Array.isArray(value)) for (const one of value) visit(one, depth + 1);
    else if (isObject(value)) {
      for (const [key, member] of Object.entries(value)) {
        if (key === 'headers' && Array.isArray(member)) headers(member, depth);
        else if (key !== 'base64' && key !== 'version' && key !== 'reason') visit(member, depth + 1);
      }
    }
  }

  function headers(lines: Json[], depth: number): void {
    for (const line of lines) {
      if (!Array.isArray(line) || typeof line[0] !== 'string') continue;
      if (/^(?:authorization|cookie|x-request-id|traceparent|idempotency-key)$/i.test(line[0]))
        visit(line[1] ?? null, depth + 1);
    }
  }

  function text(value: string, depth: number): void {
    if (value.length > MAX_TEXT) return;
    if (/^\s*[[{]/.test(value)) {
      const inner = parseJson(value);
      if (inner !== undefined && depth < 10) return visit(inner, depth + 1);
    }
    add(value);
    if (/[^\w.-]/.test(value)) for (const part of value.split(/[^\w.@%-]+/)) add(part);
  }

  function add(value: string): void {
    const plain = value.length > 200 ? '' : value.toLowerCase();
    if (!COMMON.has(plain)) found.add(plain);
  }
}
