import { z } from 'zod';
import { linesOf, OUTSIDE, type Breaks, type Lines, type Unit } from './columns.ts';

const whole = z.number().int();
/** -1 stands for an offset that is not given (3.30.9, 3.30.11). */
const offset = whole.min(-1).transform((value) => (value === -1 ? undefined : value));

export const region = z.object({
  startLine: whole.positive().optional(),
  startColumn: whole.positive().optional(),
  endLine: whole.positive().optional(),
  endColumn: whole.positive().optional(),
  charOffset: offset.optional(),
  charLength: whole.nonnegative().optional(),
  byteOffset: offset.optional(),
  byteLength: whole.nonnegative().optional(),
});
export type Region = z.infer<typeof region>;

/** All ways to count that a run leaves open. */
export interface Counting {
  units: readonly Unit[];
  breaks: readonly Breaks[];
}

/** `columnKind` has no default (3.14.27); `newlineSequences` has one (3.14.26), but not all tools that split lines in other ways say so. */
export function countingOf(
  columnKind: string | undefined,
  newlines: readonly string[] | undefined,
): Counting {
  const units: Unit[] =
    columnKind === 'utf16CodeUnits'
      ? ['utf16']
      : columnKind === 'unicodeCodePoints'
        ? ['points']
        : ['utf16', 'points'];
  if (newlines === undefined) return { units, breaks: ['lf', 'cr', 'unicode'] };
  const plain = newlines.every((one) => one === '\n' || one === '\r\n');
  return { units, breaks: plain ? ['lf'] : ['cr', 'unicode'] };
}

interface Span {
  start: number;
  end: number;
}

/** The range of a region (3.30) on which all ways to count agree. */
export function located(text: string, at: Region, { units, breaks }: Counting): Span | { refusal: string } {
  const found = new Map<string, Span>();
  let contrary = false;
  for (const unit of units)
    for (const kind of breaks) {
      const spans = spansIn(linesOf(text, kind), at, unit);
      const [first] = spans;
      if (first === undefined || first === null) continue;
      if (spans.some((one) => one?.start !== first.start || one.end !== first.end)) contrary = true;
      else found.set(`${first.start}-${first.end}`, first);
    }
  const [only] = found.values();
  if (only === undefined)
    return contrary ? { refusal: 'its lines, characters and bytes do not agree on a place' } : OUTSIDE;
  if (found.size === 1) return only;
  return {
    refusal:
      'the text up to there can be counted in several ways, and the run does not say its `columnKind` or `newlineSequences`',
  };
}

/** The ranges that a region gives in lines and columns, in characters and in bytes: each on its own (3.30.4), with its own defaults. */
function spansIn(lines: Lines, at: Region, unit: Unit): (Span | null)[] {
  const spans: (Span | null)[] = [];
  if (at.startLine !== undefined) spans.push(byLine(lines, at, at.startLine, unit));
  // Text is counted as if there was no byte order mark (3.30.2), bytes are not.
  if (at.charOffset !== undefined)
    spans.push(byOffset(lines, at.charOffset, at.charLength ?? 0, unit, false));
  if (at.byteOffset !== undefined)
    spans.push(byOffset(lines, at.byteOffset, at.byteLength ?? 0, 'bytes', true));
  return spans;
}

function byLine(lines: Lines, at: Region, startLine: number, unit: Unit): Span | null {
  const endLine = at.endLine ?? startLine;
  const start = lines.offsetAt({ line: startLine, column: (at.startColumn ?? 1) - 1 }, unit, true);
  const end =
    at.endColumn === undefined
      ? lines.endOf(endLine)
      : lines.offsetAt({ line: endLine, column: at.endColumn - 1 }, unit, true);
  return spanOf(start, end);
}

function byOffset(lines: Lines, from: number, length: number, unit: Unit, marked: boolean): Span | null {
  return spanOf(lines.offsetOf(from, unit, marked), lines.offsetOf(from + length, unit, marked));
}

function spanOf(start: number | null, end: number | null): Span | null {
  return start === null || end === null || start > end ? null : { start, end };
}
