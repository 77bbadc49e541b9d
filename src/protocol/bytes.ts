import { isUtf8 } from 'node:buffer';
import { z } from 'zod';

/** Bytes inside JSON: as text where they are valid UTF-8, so that a person can read them; base64 otherwise. */
export const bytesSchema = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ base64: z.string() }),
]);
export type BytesJson = z.infer<typeof bytesSchema>;

export function bytesToJson(bytes: Uint8Array): BytesJson {
  const buffer = asBuffer(bytes);
  return isUtf8(buffer) ? { text: buffer.toString('utf8') } : { base64: buffer.toString('base64') };
}

export function jsonToBytes(value: BytesJson): Buffer {
  return 'text' in value ? Buffer.from(value.text, 'utf8') : Buffer.from(value.base64, 'base64');
}

/** A value of which text is the usual form, such as a column or an argument: a plain string, or base64. */
export const textOrBytesSchema = z.union([z.string(), z.strictObject({ base64: z.string() })]);
export type TextOrBytes = z.infer<typeof textOrBytesSchema>;

export function toTextOrBytes(bytes: Uint8Array): TextOrBytes {
  const buffer = asBuffer(bytes);
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') };
}

export function fromTextOrBytes(value: TextOrBytes): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value.base64, 'base64');
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** At most `limit` characters on one line, for summaries. */
export function oneLine(text: string, limit = 200): string {
  const line = text
    .slice(0, limit * 4)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}
