/** How a tool counts letters. */
export type Unit = 'utf16' | 'points' | 'bytes';

/** What ends a line: `\n` with or without `\r`; a lone `\r` too; Unicode's line ends too. */
export type Breaks = 'lf' | 'cr' | 'unicode';

/** A position as tools give it: `line` from 1, `column` from 0 in the tool's unit. */
export interface Position {
  line: number;
  column: number;
}

/** Offsets in the text: `end` is before the line's end, `next` behind it. */
interface Line {
  start: number;
  end: number;
  next: number;
  /** Letters and bytes in front of it, without a byte order mark. */
  points: number;
  bytes: number;
}

const BREAKS: Record<Breaks, RegExp> = {
  lf: /\r\n|\n/g,
  cr: /\r\n|\r|\n/g,
  unicode: /\r\n|[\r\n\u0085\u2028\u2029]/g,
};

export const OUTSIDE = { refusal: 'the position is not in the file' };

/** The lines of a file's text; a byte order mark is no part of the first. */
export class Lines {
  readonly text: string;
  /** The length of the byte order mark: 0 or 1. */
  readonly mark: number;
  private readonly lines: Line[] = [];

  constructor(text: string, breaks: Breaks) {
    this.text = text;
    this.mark = text.startsWith('\ufeff') ? 1 : 0;
    let [start, points, bytes] = [this.mark, 0, 0];
    const add = (end: number, next: number): void => {
      this.lines.push({ start, end, next, points, bytes });
      const line = text.slice(start, next);
      bytes += Buffer.byteLength(line);
      points += line.length - (line.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
      start = next;
    };
    for (const { index, 0: found } of text.matchAll(BREAKS[breaks])) add(index, index + found.length);
    add(text.length, text.length);
  }

  /** How many there are; behind a line end at the end of the text stands another one, which is empty. */
  get count(): number {
    return this.lines.length;
  }

  /**
   * The offset of a position; null where the text has none. A column may stand behind the last letter of its line, not
   * beyond; `past`: but for one behind the last line end.
   */
  offsetAt({ line, column }: Position, unit: Unit, past = false): number | null {
    const found = this.lines[line - 1];
    if (found === undefined)
      return line === this.count + 1 && line > 1 && column === 0 ? this.text.length : null;
    const at = advance(this.text, found.start, column, unit, found.next);
    if (at === null || at <= found.end) return at;
    return past && at === this.text.length ? at : null;
  }

  /** The offset of so many units from the start of the text, or of what follows the byte order mark. */
  offsetOf(count: number, unit: Unit, marked: boolean): number | null {
    const mark = marked ? this.mark : 0;
    const left = count - (unit === 'bytes' ? 3 * mark : mark);
    if (left < 0) return count === 0 ? 0 : null;
    const before = (line: Line): number => (unit === 'utf16' ? line.start - this.mark : line[unit]);
    let [low, high] = [0, this.lines.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (before(this.lines[middle]!) <= left) low = middle;
      else high = middle - 1;
    }
    const line = this.lines[low]!;
    return advance(this.text, line.start, left - before(line), unit, line.next);
  }

  /** Where the letters of a line end; null where there is no such line. */
  endOf(line: number): number | null {
    return this.lines[line - 1]?.end ?? null;
  }

  /** The texts of lines, the first and the last included. */
  textsOf(first: number, last: number): string[] {
    return this.lines.slice(first - 1, last).map(({ start, end }) => this.text.slice(start, end));
  }
}

const known = new Map<Breaks, Lines>();

/** The lines of a text. Those of the last one are kept: all ranges of a file are looked up one after the other. */
export function linesOf(text: string, breaks: Breaks = 'lf'): Lines {
  const last = known.get(breaks);
  if (last !== undefined && last.text === text) return last;
  const lines = new Lines(text, breaks);
  known.set(breaks, lines);
  return lines;
}

/** The offset behind so many units; null if it is past `end` or inside of a letter. */
function advance(text: string, from: number, count: number, unit: Unit, end: number): number | null {
  if (count < 0) return null;
  if (unit === 'utf16') return from + count <= end && !insideLetter(text, from + count) ? from + count : null;
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

/** Between the two halves of a letter. */
export function insideLetter(text: string, at: number): boolean {
  return /^[\ud800-\udbff]$/.test(text[at - 1] ?? '') && /^[\udc00-\udfff]$/.test(text[at] ?? '');
}
