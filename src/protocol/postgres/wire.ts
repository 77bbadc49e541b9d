import { Nonsense, type Reading, type Source } from '../source.ts';
import type { Column, PgError } from './messages.ts';

/** Message formats of protocol 3.0 (PostgreSQL documentation, "Message Formats"), read and written. */
const MAX_MESSAGE = 64 * 1024 * 1024;

export interface Message {
  type: string;
  body: Buffer;
  startedAt: number;
  endedAt: number;
  /** Bytes inside that were lost: `body` is then not to be read. */
  lost: number;
}

/** The next message with a type byte; undefined at the end. */
export function* readMessage(source: Source, types: string): Reading<Message | undefined> {
  if (!(yield* source.need(1))) return undefined;
  const type = String.fromCharCode(source.view()[0]!);
  if (!types.includes(type))
    throw new Nonsense(`not a message type of PostgreSQL: 0x${source.view()[0]!.toString(16)}`);
  const startedAt = source.timeAt(0);
  const head = yield* source.take(5);
  if (head === undefined) return undefined;
  const length = head.readUInt32BE(1);
  if (length < 4 || length > MAX_MESSAGE) throw new Nonsense(`a message of ${length} bytes`);
  const bulk = yield* source.bulk(length - 4, MAX_MESSAGE);
  if (bulk.missing > 0) return undefined;
  return { type, body: bulk.bytes, startedAt, endedAt: source.lastTime, lost: bulk.lost };
}

/** Reads fields of a message's body; running over its end is nonsense. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }
  int16(): number {
    return this.#bytes.readInt16BE(this.#step(2));
  }
  count(): number {
    return this.#bytes.readUInt16BE(this.#step(2));
  }
  int32(): number {
    return this.#bytes.readInt32BE(this.#step(4));
  }
  oid(): number {
    return this.#bytes.readUInt32BE(this.#step(4));
  }
  byte(): string {
    return String.fromCharCode(this.#bytes[this.#step(1)]!);
  }
  text(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end === -1) throw new Nonsense('a string without an end');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }
  bytes(count: number): Buffer {
    const start = this.#step(count);
    return this.#bytes.subarray(start, start + count);
  }
  /** A length and so many bytes; -1 is NULL. */
  value(): Buffer | null {
    const length = this.int32();
    return length === -1 ? null : this.bytes(length);
  }
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.count() }, read);
  }

  #step(count: number): number {
    if (count < 0 || count > this.left) throw new Nonsense('a message shorter than its fields');
    this.#at += count;
    return this.#at - count;
  }
}

export function readColumns(body: Buffer): Column[] {
  const fields = new Fields(body);
  return fields.list(() => ({
    name: fields.text(),
    table: fields.oid(),
    attribute: fields.int16(),
    type: fields.oid(),
    size: fields.int16(),
    modifier: fields.int32(),
    format: fields.int16(),
  }));
}

/** ErrorResponse and NoticeResponse. */
export function readError(body: Buffer): PgError {
  const fields = new Fields(body);
  const found: Record<string, string> = {};
  while (fields.left > 0) {
    const letter = fields.byte();
    if (letter === '\0') break;
    found[letter] = fields.text();
  }
  return {
    severity: found['V'] ?? found['S'] ?? '',
    code: found['C'] ?? '',
    message: found['M'] ?? '',
    fields: found,
  };
}

/** The format of the value at `index`, by the rule of Bind: none means text, one is for all. */
export function formatAt(formats: readonly number[], index: number): number {
  return formats.length === 1 ? formats[0]! : (formats[index] ?? 0);
}

export function message(type: string, ...parts: (Buffer | string | number)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'number' ? int16(part) : bytesOf(part))));
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A string is written with its zero byte. */
function bytesOf(part: Buffer | string): Buffer {
  return typeof part === 'string' ? Buffer.from(`${part.replaceAll('\0', '')}\0`, 'utf8') : part;
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

export function columnsMessage(columns: readonly Column[]): Buffer {
  const parts = columns.flatMap((column) => [
    column.name,
    int32(column.table),
    column.attribute,
    int32(column.type),
    column.size,
    int32(column.modifier),
    column.format,
  ]);
  return message('T', columns.length, ...parts);
}

export function rowMessage(values: readonly (Buffer | null)[]): Buffer {
  const parts = values.flatMap((value) => (value === null ? [int32(-1)] : [int32(value.length), value]));
  return message('D', values.length, ...parts);
}

/** `E` for an error, `N` for a notice. */
export function errorMessage(type: 'E' | 'N', error: PgError): Buffer {
  const fields = { S: error.severity, V: error.severity, C: error.code, M: error.message, ...error.fields };
  const parts = Object.entries(fields).flatMap(([letter, text]) => [Buffer.from(letter.slice(0, 1)), text]);
  return message(type, ...parts, Buffer.from([0]));
}
