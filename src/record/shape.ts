import { isObject, type Json } from '../lib/json.ts';
import { redactText } from './redact.ts';

const MAX_DEPTH = 8;
const MAX_KEYS = 40;
const MAX_ITEMS = 200;

/**
 * What a value is like, without what it is: types, nullness, lengths, and a known form of texts.
 * `{ id: integer, name: string(5), tags: array(2) of string(3), note: null }`
 */
export function shapeOf(value: Json | undefined): string {
  return describe(value, 0);
}

function describe(value: Json | undefined, depth: number): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return numberShape(value);
  if (typeof value === 'string') return stringShape(value);
  if (depth >= MAX_DEPTH) return Array.isArray(value) ? `array(${value.length})` : 'object';
  if (Array.isArray(value)) return arrayShape(value, depth);
  return objectShape([value], depth);
}

function numberShape(value: number): string {
  const kind = Number.isInteger(value) ? 'integer' : 'number';
  return value < 0 ? `negative ${kind}` : value === 0 ? 'zero' : kind;
}

/** Forms whose name gives nothing away but explains errors: a date, a number in a text, an empty text. */
const FORMS: readonly [RegExp, string][] = [
  [/^$/, 'empty'],
  [/^\s+$/, 'blank'],
  [/^-?\d+$/, 'of digits'],
  [/^-?\d*\.\d+(?:e[+-]?\d+)?$/i, 'of a decimal number'],
  [/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, 'uuid'],
  [/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/, 'date-time'],
  [/^\d{4}-\d{2}-\d{2}$/, 'date'],
  [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'email'],
  [/^https?:\/\//, 'url'],
  [/^(?:true|false)$/, 'boolean word'],
  [/^(?:null|undefined|NaN|\[object Object\])$/, 'word for nothing'],
  [/^\s*[[{]/, 'json-like'],
];

function stringShape(text: string): string {
  const form = FORMS.find(([pattern]) => pattern.test(text))?.[1];
  if (form === 'empty') return 'empty string';
  return `string(${text.length}${form === undefined ? '' : `, ${form}`})`;
}

function arrayShape(items: Json[], depth: number): string {
  if (items.length === 0) return 'empty array';
  return `array(${items.length}) of ${unionOf(items.slice(0, MAX_ITEMS), depth + 1)}`;
}

/** The shape of several values: objects are merged, the rest listed. */
function unionOf(values: Json[], depth: number): string {
  const objects = values.filter(isObject);
  const others = values.filter((value) => !isObject(value));
  const shapes = [...new Set(others.map((value) => describe(value, depth)))];
  if (objects.length > 0) shapes.unshift(depth >= MAX_DEPTH ? 'object' : objectShape(objects, depth));
  return shapes.length > 6 ? `${shapes.slice(0, 6).join(' | ')} | …` : shapes.join(' | ');
}

/** `?` marks a member that only some have. Names that are data themselves (an e-mail address, an id) are not shown. */
function objectShape(objects: { [key: string]: Json }[], depth: number): string {
  const keys = new Map<string, Json[]>();
  for (const object of objects) {
    for (const [key, member] of Object.entries(object)) {
      const name = keyShape(key);
      const known = keys.get(name);
      if (known) known.push(member);
      else keys.set(name, [member]);
    }
  }
  if (keys.size === 0) return 'empty object';
  const parts = [...keys].slice(0, MAX_KEYS).map(([name, members]) => {
    const some = members.length < objects.length ? '?' : '';
    return `${name}${some}: ${unionOf(members, depth + 1)}`;
  });
  if (keys.size > MAX_KEYS) parts.push(`… ${keys.size - MAX_KEYS} more`);
  return `{ ${parts.join(', ')} }`;
}

function keyShape(key: string): string {
  const plain = /^[A-Za-z_$][\w$-]{0,59}$/.test(key) && !/\d{4,}/.test(key) && redactText(key) === key;
  return plain ? key : `[${stringShape(key)}]`;
}
