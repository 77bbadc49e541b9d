/** How a tool counts letters. */
export type Unit = 'utf16' | 'points' | 'bytes';

/** A position as tools give it: `line` from 1, `column` from 0 in the tool's unit. */
export interface Position {
  line: number;
  column: number;
}

/** The offset in UTF-16 code units of so many units behind `from`; null if it is past the end or inside of a letter. */
export function offsetBy(text: string, from: number, count: number, unit: Unit, end: number): number | null {
  if (count < 0) return null;
  if (unit === 'utf16') return from + count <= end ? from + count : null;
  let at = from;
  let left = count;
  while (left > 0) {
    if (at >= end) return null;
    const point = text.codePointAt(at)!;
    left -= unit === 'points' ? 1 : point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (left < 0) return null;
    at += point > 0xffff ? 2 : 1;
  }
  return at;
}

/** Where lines start; a byte order mark is no part of the first. One more start stands behind the last line. */
export function lineStarts(text: string): number[] {
  const starts = [text.startsWith('\ufeff') ? 1 : 0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The offset of a position; null where the text has none. A column may stand behind the last letter of its line, not beyond. */
export function offsetAt(
  text: string,
  starts: readonly number[],
  { line, column }: Position,
  unit: Unit,
): number | null {
  const start = starts[line - 1];
  if (start === undefined) return line === starts.length + 1 && column === 0 ? text.length : null;
  const newline = text.indexOf('\n', start);
  return offsetBy(text, start, column, unit, newline === -1 ? text.length : newline);
}

export const OUTSIDE = { refusal: 'the position is not in the file' };
