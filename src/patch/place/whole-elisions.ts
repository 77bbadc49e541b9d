import type { Repair } from '../intent.ts';
import { nearestLines } from '../nearest.ts';
import { isElision } from '../read/elision.ts';
import { indentOf, isBlank } from './lines.ts';

export type Expanded = { lines: string[]; repairs: Repair[] } | { refusal: string };

interface Sides {
  path: string;
  label: string;
  old: readonly string[];
  now: readonly string[];
}

const MAX_ELISIONS = 200;
const MAX_ANCHOR = 8;
/** Python's `...` is code as well; for fewer lines than this nobody leaves them out. */
const LEAST_LEFT_OUT = 3;

/**
 * The text with the file's own lines for every line that stands for some. Such a line reaches from the text's line just
 * above it to the one just below it, at the start and end of the text to those of the file. Both must be found in one
 * place; a text that has no such line, or only lines that the file holds as they are, stays as it is.
 */
export function expanded(sides: Sides): Expanded {
  const { old, now, label } = sides;
  const held = new Set(old.map((line) => line.trim()));
  const marks: number[] = [];
  for (const [i, line] of now.entries()) if (isElision(line) && !held.has(line.trim())) marks.push(i);
  if (marks.length === 0) return { lines: [...now], repairs: [] };
  if (marks.length > MAX_ELISIONS)
    return { refusal: `${label}: leaves out lines in ${marks.length} places; send the file whole` };
  const lines: string[] = [];
  const repairs: Repair[] = [];
  /** The line of the text, and of the file, from which on nothing is placed yet. */
  let from = 0;
  let oldFrom = 0;
  /** Whether line `from` of the text is line `oldFrom` of the file. */
  let tied = true;
  for (let i = 0; i < marks.length; i++) {
    const mark = marks[i]!;
    let last = i;
    let below = nonBlank(now, mark + 1);
    while (last + 1 < marks.length && below === marks[last + 1]) below = nonBlank(now, marks[++last]! + 1);
    const segment = withoutEnd(now.slice(from, mark));
    let start = oldFrom;
    if (segment.some((line) => !isBlank(line))) {
      const above = endOf(sides, segment, mark, oldFrom, tied);
      if ('refusal' in above) return above;
      start = above.at + 1;
      lines.push(...segment);
    }
    let end = old.length;
    if (below < now.length) {
      const next = marks[last + 1] ?? now.length;
      const found = startOf(sides, now.slice(below, next), mark, start, next === now.length);
      if ('refusal' in found) return found;
      end = found.at;
    }
    const kept = old.slice(start, end);
    if (
      /^\s*(?:\.{3}|…)\s*$/.test(now[mark]!) &&
      /\.pyi?$/i.test(sides.path) &&
      meaning(kept) < LEAST_LEFT_OUT
    )
      return {
        refusal: `${label}: cannot tell whether \`...\` (line ${mark + 1} of its text) is code or stands for lines of ${sides.path}; send a search/replace block for this change`,
      };
    lines.push(...kept);
    const range = kept.length > 1 ? `lines ${start + 1}-${end}` : `line ${start + 1}`;
    if (kept.length > 0)
      repairs.push({
        fault: 'elision',
        text: `kept ${range} of ${sides.path} for \`${now[mark]!.trim().slice(0, 60)}\` (${label})`,
      });
    else
      repairs.push({
        fault: 'elision',
        text: `\`${now[mark]!.trim().slice(0, 60)}\` stands for no line of ${sides.path} (${label})`,
      });
    [from, oldFrom, tied, i] = [below, end, true, last];
  }
  lines.push(...now.slice(from));
  return { lines, repairs };
}

/** Where the lines above an elision end in the file: index of their last line. */
function endOf(
  sides: Sides,
  segment: readonly string[],
  mark: number,
  from: number,
  tied: boolean,
): { at: number } | { refusal: string } {
  const { old } = sides;
  const last = segment.length - 1;
  // All of it is unchanged, and its start is known.
  if (tied && fits(old, segment, from)) return { at: from + last };
  let count = 0;
  for (let size = 1; size <= Math.min(MAX_ANCHOR, segment.length); size++) {
    const places = placesFrom(old, segment.slice(segment.length - size), from, old.length);
    if (places.length === 0) break;
    count = places.length;
    if (count === 1) return { at: places[0]! + size - 1 };
  }
  const block = endOfBlock(sides, segment, mark, from, tied);
  return block === null ? missing(sides, mark, 'above', segment[last]!, count) : { at: block };
}

/** Where the lines below an elision start in the file. `ends`: the text ends with them. */
function startOf(
  sides: Sides,
  segment: readonly string[],
  mark: number,
  from: number,
  ends: boolean,
): { at: number } | { refusal: string } {
  const { old } = sides;
  let count = 0;
  for (let size = 1; size <= Math.min(MAX_ANCHOR, segment.length); size++) {
    if (isBlank(segment[size - 1]!) && size > 1) continue;
    const places = placesFrom(old, segment.slice(0, size), from, old.length);
    if (places.length === 0) break;
    count = places.length;
    if (count === 1) return { at: places[0]! };
  }
  const whole = withoutEnd(segment);
  const tail = withoutEnd(old).length - whole.length;
  if (ends && tail >= from && fits(old, whole, tail)) return { at: tail };
  return missing(sides, mark, 'below', segment[0]!, count);
}

/**
 * The lines above an elision were changed, and what ends them is no anchor (`}`), but they are a block as a whole whose
 * first line is: the file's block ends where its indentation does.
 */
function endOfBlock(
  { path, old, now }: Sides,
  segment: readonly string[],
  mark: number,
  from: number,
  tied: boolean,
): number | null {
  const last = segment.at(-1)!;
  const closes = /^\s*(?:[)}\]]+[;,]?|end|<\/[\w.:-]+>)\s*$/.test(last);
  const depth = closes ? indentOf(last) : indentOf(now[mark]!);
  if (!closes && !/\.pyi?$/i.test(path)) return null;
  if (indentOf(now[mark]!).length > depth.length) return null;
  let head = segment.length - (closes ? 2 : 1);
  while (head >= 0 && (isBlank(segment[head]!) || indentOf(segment[head]!).length > depth.length)) head--;
  if (head < 0 || indentOf(segment[head]!) !== depth || (!closes && head === segment.length - 1)) return null;
  const start = placeOfHead(old, segment, head, from, tied);
  if (start === null) return null;
  let end = start + 1;
  let inside = start;
  for (; end < old.length; end++) {
    if (isBlank(old[end]!)) continue;
    if (indentOf(old[end]!).length <= depth.length) break;
    inside = end;
  }
  if (!closes) return inside;
  return end < old.length && same(old[end]!, last) ? end : null;
}

/** The one place of line `head` of a segment, told by the lines above it where it is not the only one of its kind. */
function placeOfHead(
  old: readonly string[],
  segment: readonly string[],
  head: number,
  from: number,
  tied: boolean,
): number | null {
  if (tied && fits(old, segment.slice(0, head + 1), from)) return from + head;
  for (let size = 1; size <= Math.min(MAX_ANCHOR, head + 1); size++) {
    const places = placesFrom(old, segment.slice(head + 1 - size, head + 1), from, old.length);
    if (places.length === 0) return null;
    if (places.length === 1) return places[0]! + size - 1;
  }
  return null;
}

function missing(
  { path, label, old, now }: Sides,
  mark: number,
  side: 'above' | 'below',
  line: string,
  count: number,
): { refusal: string } {
  const said = now[mark]!.trim().slice(0, 80);
  const shown = line.trim().slice(0, 200);
  const near = count > 0 ? '' : nearestLines(old, [line], 3);
  const why =
    count > 1
      ? `fits ${count} places of ${path}`
      : `is not in ${path} where it would have to be${near === '' ? '' : `; the nearest there is\n${near}\n`}`;
  return {
    refusal: `${label}: \`${said}\` (line ${mark + 1} of its text) stands for lines of ${path}, but the line ${side} it, \`${shown}\`, ${why}${why.endsWith('\n') ? '' : '. '}Put unchanged lines of the file above and below it, send search/replace blocks, or send the file whole`,
  };
}

function placesFrom(old: readonly string[], wanted: readonly string[], from: number, to: number): number[] {
  const places: number[] = [];
  for (let at = from; at + wanted.length <= to && places.length < 10; at++)
    if (fits(old, wanted, at)) places.push(at);
  return places;
}

function fits(old: readonly string[], wanted: readonly string[], at: number): boolean {
  if (at < 0 || at + wanted.length > old.length) return false;
  for (const [i, line] of wanted.entries()) if (!same(old[at + i]!, line)) return false;
  return true;
}

function same(a: string, b: string): boolean {
  return a === b || a.trimEnd() === b.trimEnd();
}

function nonBlank(lines: readonly string[], from: number): number {
  let i = from;
  while (i < lines.length && isBlank(lines[i]!)) i++;
  return i;
}

/** Without blank lines at the end. */
function withoutEnd(lines: readonly string[]): readonly string[] {
  let end = lines.length;
  while (end > 0 && isBlank(lines[end - 1]!)) end--;
  return lines.slice(0, end);
}

function meaning(lines: readonly string[]): number {
  return lines.filter((line) => !isBlank(line)).length;
}
