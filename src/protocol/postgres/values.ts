import { fromTextOrBytes, toTextOrBytes } from '../bytes.ts';
import type { Column, PgValue } from './messages.ts';
import { decodeBinary, encodeBinary } from './types.ts';

/** A parameter or cell from the wire as it is stored. */
export function storedValue(type: number, format: number, bytes: Buffer | null): PgValue {
  if (bytes === null) return null;
  if (format === 0) return toTextOrBytes(bytes);
  return decodeBinary(type, bytes) ?? { base64: bytes.toString('base64') };
}

/** A stored cell in the format that a client wants; undefined where it cannot be had in that format. */
export function wireValue(
  column: Column | undefined,
  value: PgValue,
  format: number,
): Buffer | null | undefined {
  if (value === null) return null;
  const recorded = column?.format ?? 0;
  // Bytes are what was sent, in the format in which it was sent.
  if (typeof value !== 'string') return format === recorded ? fromTextOrBytes(value) : undefined;
  if (format === 0) return Buffer.from(value, 'utf8');
  return encodeBinary(column?.type ?? 0, value);
}
