import { isUtf8 } from 'node:buffer';
import { fromTextOrBytes, toTextOrBytes, type TextOrBytes } from '../bytes.ts';
import { Nonsense, type Reading, type Source } from '../source.ts';
import type { Resp } from './messages.ts';

/** RESP2 and RESP3 (redis.io, "Redis serialization protocol specification"). */
const MAX_BULK = 64 * 1024 * 1024;
const MAX_ITEMS = 1024 * 1024;
const MAX_NESTING = 16;
const MAX_LINE = 64 * 1024;

/** What may still be read of one value, and whether bytes of it were lost. */
interface Room {
  bytes: number;
  items: number;
  lost: number;
}

export interface Value {
  value: Resp;
  startedAt: number;
  endedAt: number;
  /** Bytes inside that were lost. */
  lost: number;
}

/** The next value that a server sent; undefined at the end. */
export function* readValue(source: Source): Reading<Value | undefined> {
  if (!(yield* source.need(1))) return undefined;
  const startedAt = source.timeAt(0);
  const room: Room = { bytes: MAX_BULK, items: MAX_ITEMS, lost: 0 };
  const value = yield* readNested(source, room, 0);
  return value === undefined ? undefined : { value, startedAt, endedAt: source.lastTime, lost: room.lost };
}

export interface Command {
  name: TextOrBytes;
  args: TextOrBytes[];
  startedAt: number;
  endedAt: number;
  lost: number;
}

/** The next command of a client, as an array of bulk strings or inline; undefined at the end. */
export function* readCommand(source: Source): Reading<Command | undefined> {
  for (;;) {
    if (!(yield* source.need(1))) return undefined;
    const startedAt = source.timeAt(0);
    const room: Room = { bytes: MAX_BULK, items: MAX_ITEMS, lost: 0 };
    const words = source.view()[0] === 0x2a ? yield* readWords(source, room) : yield* readInline(source);
    if (words === undefined) return undefined;
    const [name, ...args] = words;
    if (name === undefined) continue; // an empty line or array is no command
    return { name, args, startedAt, endedAt: source.lastTime, lost: room.lost };
  }
}

function* readWords(source: Source, room: Room): Reading<TextOrBytes[] | undefined> {
  const line = yield* source.line(32);
  if (line === undefined) return undefined;
  const count = countOf(line.slice(1));
  if (count > room.items) throw new Nonsense(`a command of ${count} words`);
  const words: TextOrBytes[] = [];
  while (words.length < count) {
    if (!(yield* source.need(1))) return undefined;
    if (source.view()[0] !== 0x24) throw new Nonsense('a command that is not an array of bulk strings');
    const word = yield* readNested(source, room, 0);
    if (word === undefined) return undefined;
    if (word === null || typeof word === 'boolean' || Array.isArray(word))
      throw new Nonsense('a command with a null in it');
    words.push(word as TextOrBytes);
  }
  return words;
}

function* readInline(source: Source): Reading<string[] | undefined> {
  const first = source.view()[0]!;
  // Inline commands are words that a person types.
  if (!/[A-Za-z\r\n ]/.test(String.fromCharCode(first))) throw new Nonsense('not a command of Redis');
  const line = yield* source.line(MAX_LINE);
  if (line === undefined) return undefined;
  if (/[^\x20-\x7e\t]/.test(line)) throw new Nonsense('not an inline command of Redis');
  const words: string[] = [];
  for (const [, double, single, bare] of line.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)) {
    words.push(double?.replace(/\\(.)/g, '$1') ?? single ?? bare!);
  }
  // What another protocol begins with must not pass for a command.
  if (words.length > 0 && !/^[A-Za-z][A-Za-z0-9._-]{0,40}$/.test(words[0]!))
    throw new Nonsense('not a command of Redis');
  return words;
}

function countOf(text: string): number {
  if (!/^-?\d{1,10}$/.test(text)) throw new Nonsense('not a length of Redis');
  return Number(text);
}

function* readNested(source: Source, room: Room, depth: number): Reading<Resp | undefined> {
  if (depth > MAX_NESTING) throw new Nonsense(`nested deeper than ${MAX_NESTING}`);
  if (--room.items < 0) throw new Nonsense(`a value of more than ${MAX_ITEMS} items`);
  const line = yield* source.line(MAX_LINE);
  if (line === undefined) return undefined;
  const [type, rest] = [line[0], line.slice(1)];
  room.bytes -= line.length;
  switch (type) {
    case '+':
      return { simple: utf8(rest) };
    case '-':
      return { error: utf8(rest) };
    case ':':
      return { integer: wholeNumber(rest) };
    case '_':
      return null;
    case '#':
      if (rest !== 't' && rest !== 'f') throw new Nonsense('neither true nor false');
      return rest === 't';
    case ',':
      return { double: rest };
    case '(':
      return { big: rest };
    case '$':
    case '=':
    case '!':
      return yield* readBulk(source, room, type, countOf(rest));
    case '*':
    case '~':
    case '>': {
      const count = countOf(rest);
      if (count === -1 && type === '*') return { nullArray: true };
      const items = yield* readItems(source, room, depth, count);
      if (items === undefined) return undefined;
      return type === '*' ? items : type === '~' ? { set: items } : { push: items };
    }
    case '%':
    case '|': {
      const count = countOf(rest);
      const items = yield* readItems(source, room, depth, count * 2);
      if (items === undefined) return undefined;
      // Attributes are hints about the value that follows; nobody asked for them.
      if (type === '|') return yield* readNested(source, room, depth + 1);
      return {
        map: Array.from({ length: count }, (_, i) => [items[i * 2]!, items[i * 2 + 1]!] as [Resp, Resp]),
      };
    }
    default:
      throw new Nonsense('not a value of Redis');
  }
}

function* readItems(source: Source, room: Room, depth: number, count: number): Reading<Resp[] | undefined> {
  if (count < 0 || count > room.items) throw new Nonsense(`an array of ${count} items`);
  const items: Resp[] = [];
  while (items.length < count) {
    const item = yield* readNested(source, room, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

function* readBulk(source: Source, room: Room, type: string, count: number): Reading<Resp | undefined> {
  if (count === -1 && type === '$') return null;
  if (count < 0 || count > room.bytes) throw new Nonsense(`a string of ${count} bytes`);
  const bulk = yield* source.bulk(count, count);
  if (bulk.missing > 0) return undefined;
  room.lost += bulk.lost;
  room.bytes -= count;
  const end = yield* source.take(2);
  if (end === undefined) return undefined;
  if (end.toString('latin1') !== '\r\n') throw new Nonsense('a string longer than its length');
  if (type === '$') return toTextOrBytes(bulk.bytes);
  const text = bulk.bytes.toString('utf8');
  return type === '!' ? { error: text } : { verbatim: text.slice(0, 3), text: text.slice(4) };
}

/** Lines are read as ISO 8859-1; errors may quote UTF-8. */
function utf8(line: string): string {
  const bytes = Buffer.from(line, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : line;
}

function wholeNumber(text: string): number | string {
  if (!/^[-+]?\d{1,20}$/.test(text)) throw new Nonsense('not a whole number');
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** A value in the given version; what RESP2 does not have becomes what a server sends to such a client. */
export function valueBytes(value: Resp, version: 2 | 3): Buffer {
  const parts: Buffer[] = [];
  write(value);
  return Buffer.concat(parts);

  function line(text: string): void {
    parts.push(Buffer.from(`${text.replace(/[\r\n]/g, ' ')}\r\n`, 'utf8'));
  }
  function bulk(bytes: Buffer, mark = '$'): void {
    line(`${mark}${bytes.length}`);
    parts.push(bytes, Buffer.from('\r\n'));
  }
  function number(mark: string, text: string): void {
    if (version === 3) line(mark + text);
    else bulk(Buffer.from(text));
  }
  function list(mark: string, items: readonly Resp[], count = items.length): void {
    line(`${mark}${count}`);
    for (const item of items) write(item);
  }
  function write(item: Resp): void {
    if (item === null) line(version === 3 ? '_' : '$-1');
    else if (typeof item === 'boolean') line(version === 3 ? `#${item ? 't' : 'f'}` : `:${item ? 1 : 0}`);
    else if (typeof item === 'string' || 'base64' in item) bulk(fromTextOrBytes(item));
    else if (Array.isArray(item)) list('*', item);
    else if ('simple' in item) line(`+${item.simple}`);
    else if ('error' in item) line(`-${item.error}`);
    else if ('integer' in item) line(`:${item.integer}`);
    else if ('nullArray' in item) line(version === 3 ? '_' : '*-1');
    else if ('double' in item) number(',', item.double);
    else if ('big' in item) number('(', item.big);
    else if ('verbatim' in item) {
      if (version === 3) bulk(Buffer.from(`${item.verbatim}:${item.text}`, 'utf8'), '=');
      else bulk(Buffer.from(item.text, 'utf8'));
    } else if ('map' in item)
      list(version === 3 ? '%' : '*', item.map.flat(), version === 3 ? item.map.length : item.map.length * 2);
    else if ('set' in item) list(version === 3 ? '~' : '*', item.set);
    else list(version === 3 ? '>' : '*', item.push);
  }
}
