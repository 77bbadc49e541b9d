import { fromTextOrBytes } from '../bytes.ts';
import type { Column, MyResult } from './messages.ts';
import { writeBinary } from './types.ts';
import { string } from './wire.ts';

type Row = MyResult['rows'][number];

const NULL = Buffer.from([0xfb]);

export function textRow(row: Row): Buffer {
  return Buffer.concat(row.map((value) => (value === null ? NULL : string(fromTextOrBytes(value)))));
}

/** A row in binary form, or why there is none. */
export function binaryRow(columns: readonly Column[], row: Row): Buffer | string {
  // A zero byte, then the bits of what is NULL, of which the first two are not used.
  const head = Buffer.alloc(1 + ((columns.length + 9) >> 3));
  const values: Buffer[] = [head];
  for (const [index, column] of columns.entries()) {
    const value = row[index] ?? null;
    if (value === null) {
      head[1 + ((index + 2) >> 3)]! |= 1 << ((index + 2) & 7);
      continue;
    }
    const bytes = writeBinary(column, value);
    if (bytes === undefined) return `column "${column.name}" does not hold a value of its type`;
    values.push(bytes);
  }
  return Buffer.concat(values);
}
