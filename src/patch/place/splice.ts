import type { HunkLine } from '../intent.ts';
import { isBlank, type FileText } from './lines.ts';
import type { Placement } from './match.ts';

/** Lines of a file taken out and put in: `insert` are lines of the hunk, `at` the index of a file line. */
export interface Splice {
  at: number;
  remove: number;
  insert: HunkLine[];
}

/** Equal splices change the file in the same way. */
export function spliceKey(splices: readonly Splice[]): string {
  return splices
    .map((one) => `${one.at},${one.remove}:${one.insert.map((line) => line.text).join('\n')}`)
    .join('\u0000');
}

/**
 * What a hunk changes where it was placed; context stays as the file has it. Null where blank lines that the hunk does
 * not show leave open where its new lines go.
 */
export function splicesOf(file: FileText, lines: readonly HunkLine[], placement: Placement): Splice[] | null {
  const at = placement.rung.blankless ? withBlanks(file, lines, placement) : placement.at;
  if (at === null) return null;
  const splices: Splice[] = [];
  for (let i = 0; i < lines.length;) {
    const line = lines[i]!;
    if (line.op === '-' && at[i] !== -1) {
      splices.push({ at: at[i]!, remove: 1, insert: [] });
      i++;
    } else if (line.op === '+') {
      let end = i;
      while (end < lines.length && lines[end]!.op === '+') end++;
      const where = insertionAt(lines, at, i, end);
      if (where === null) return null;
      splices.push({ at: where, remove: 0, insert: lines.slice(i, end) });
      i = end;
    } else i++;
  }
  return merged(splices);
}

/** The index of the file line before which lines `from`…`end` go. */
function insertionAt(lines: readonly HunkLine[], at: Int32Array, from: number, end: number): number | null {
  const before = neighbour(lines, at, from - 1, -1);
  const after = neighbour(lines, at, end, 1);
  if (before === null && after === null) return null;
  if (before === null) return at[after!]!;
  if (after === null) return at[before]! + 1;
  if (at[after]! === at[before]! + 1) return at[after]!;
  // Only blank lines that the hunk does not show stand between. Beside a removed line the new ones need not take its
  // place: the blank line may have stood between them. New lines that bring a blank line of their own show the side.
  const startsBlank = isBlank(lines[from]!.text);
  const endsBlank = isBlank(lines[end - 1]!.text);
  if (startsBlank && !endsBlank) return at[before]! + 1;
  if (endsBlank && !startsBlank) return at[after]!;
  return null;
}

/** The nearest line of the hunk that stands for a line of the file; none behind an elision. */
function neighbour(lines: readonly HunkLine[], at: Int32Array, from: number, step: 1 | -1): number | null {
  for (let i = from; i >= 0 && i < lines.length; i += step) {
    if (lines[i]!.op === '…') return null;
    if (at[i] !== -1) return i;
  }
  return null;
}

/**
 * Places the hunk's blank lines too, where as many stand in the file. Where fewer or more do, blank context is left
 * out of account; null when a blank line that is to be removed cannot be told from those that stay.
 */
function withBlanks(file: FileText, lines: readonly HunkLine[], placement: Placement): Int32Array | null {
  const at = placement.at.slice();
  let i = 0;
  while (i < lines.length) {
    if (!isUnplacedBlank(lines[i]!, at[i]!)) {
      i++;
      continue;
    }
    const blanks: number[] = [];
    let end = i;
    while (end < lines.length && at[end] === -1 && lines[end]!.op !== '…') {
      if (lines[end]!.op !== '+') blanks.push(end);
      end++;
    }
    const before = neighbour(lines, at, i - 1, -1);
    const after = neighbour(lines, at, end, 1);
    const from = before === null ? null : at[before]! + 1;
    const to = after === null ? null : at[after]!;
    const start = from ?? (to === null ? null : to - blanks.length);
    const stop = to ?? (from === null ? null : from + blanks.length);
    const fits =
      start !== null &&
      stop !== null &&
      stop - start === blanks.length &&
      start >= 0 &&
      allBlank(file, start, stop);
    if (fits) for (const [k, index] of blanks.entries()) at[index] = start + k;
    else if (blanks.some((index) => lines[index]!.op === '-')) return null;
    i = end;
  }
  return at;
}

function isUnplacedBlank(line: HunkLine, at: number): boolean {
  return at === -1 && (line.op === ' ' || line.op === '-') && isBlank(line.text);
}

function allBlank(file: FileText, from: number, to: number): boolean {
  if (to > file.lines.length) return false;
  for (let i = from; i < to; i++) if (!file.lines[i]!.blank) return false;
  return true;
}

function merged(splices: Splice[]): Splice[] {
  const out: Splice[] = [];
  for (const splice of splices) {
    const last = out.at(-1);
    if (last && last.at + last.remove === splice.at) {
      last.remove += splice.remove;
      last.insert = [...last.insert, ...splice.insert];
    } else out.push({ ...splice });
  }
  return out;
}
