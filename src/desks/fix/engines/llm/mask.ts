import { isObject, parseJson, type Json } from '../../../../lib/json.ts';
import type { Exchange } from '../../../../protocol/port.ts';
import type { Slice } from '../../../../record/model.ts';
import { redactText } from '../../../../record/redact.ts';
import { shapeOf } from '../../../../record/shape.ts';

/** Takes values of recorded payloads out of a text, and secrets and personal data as well. */
export type Mask = (text: string) => string;

const MAX_VALUES = 3000;
const MIN_LENGTH = 3;
const MAX_LENGTH = 500;

/**
 * A message or a gate's detail may quote what a request held. Whatever of the failing request and its calls occurs in
 * a text is replaced by its shape, but for words that the source itself holds: they are the program's own.
 */
export function createMask(slice: Slice, source: string): Mask {
  const ids = new Set([
    slice.failing,
    ...(slice.failing === null ? [] : (slice.callsOf[slice.failing] ?? [])),
  ]);
  const values = new Set<string>();
  for (const exchange of slice.exchanges) {
    if (slice.failing !== null && !ids.has(exchange.id)) continue;
    for (const value of valuesOf(exchange)) {
      if (values.size >= MAX_VALUES) break;
      if (isTelling(value) && !holdsWord(source, value)) values.add(value);
    }
  }
  const ordered = [...values].sort((a, b) => b.length - a.length);
  return (text) => {
    let out = text;
    for (const value of ordered)
      if (out.includes(value)) out = replaceWhole(out, value, `[${shapeOf(value)}]`);
    return redactText(arrows(out));
  };
}

function isTelling(value: string): boolean {
  return (
    value.length >= MIN_LENGTH && value.length <= MAX_LENGTH && !/^(?:true|false|null|undefined)$/.test(value)
  );
}

function holdsWord(source: string, value: string): boolean {
  for (let at = source.indexOf(value); at !== -1; at = source.indexOf(value, at + 1))
    if (isEdge(source, at, value.length)) return true;
  return false;
}

function replaceWhole(text: string, value: string, by: string): string {
  let out = '';
  let from = 0;
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + value.length)) {
    if (!isEdge(text, at, value.length)) continue;
    out += text.slice(from, at) + by;
    from = at + value.length;
  }
  return out + text.slice(from);
}

function isEdge(text: string, at: number, length: number): boolean {
  const word = /[\p{L}\p{N}_]/u;
  return !word.test(text[at - 1] ?? ' ') && !word.test(text[at + length] ?? ' ');
}

/** Differences as gates print them, `body.total: 10 → null`: both sides become shapes. */
function arrows(text: string): string {
  return text.replace(
    /: ([^\n:→]{1,400}?) → ([^\n→;]{1,400}?)(?=$|\n|;|, \w[\w.]*: )/g,
    (_, before: string, after: string) => {
      return `: ${sideShape(before)} → ${sideShape(after)}`;
    },
  );
}

function sideShape(text: string): string {
  const value = parseJson(text.trim());
  return value === undefined ? text : shapeOf(value);
}

function* valuesOf(exchange: Exchange): Generator<string> {
  yield* leaves(exchange.request, 0);
  yield* leaves(exchange.response, 0);
}

function* leaves(value: Json, depth: number): Generator<string> {
  if (depth > 12) return;
  if (typeof value === 'number') yield String(value);
  else if (typeof value === 'string') yield* textLeaves(value, depth);
  else if (Array.isArray(value)) for (const item of value) yield* leaves(item, depth + 1);
  else if (isObject(value)) for (const member of Object.values(value)) yield* leaves(member, depth + 1);
}

/** A text may be JSON, an address or a form: what is inside counts. */
function* textLeaves(text: string, depth: number): Generator<string> {
  yield text;
  const inner = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
  if (inner !== undefined) yield* leaves(inner, depth + 1);
  else if (text.length <= 20_000) {
    for (const part of text.split(/[/?&=;,\s'"()]+/)) {
      if (!isCommonWord(part)) yield part;
      const decoded = decodeSafely(part);
      if (decoded !== part) yield decoded;
    }
  }
}

/** A short word in a sentence is language, not data. */
function isCommonWord(part: string): boolean {
  return /^[a-z]{1,4}$/.test(part);
}

function decodeSafely(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return part;
  }
}
