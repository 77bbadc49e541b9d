import { z } from 'zod';
import type { Range } from '../../intent.ts';
import { linesOf, OUTSIDE, type Unit } from './columns.ts';
import { addRange, has, MAX_FINDINGS, NO_FIX, rangesIn, tooMany, unlike, type ToolRead } from './read.ts';

const place = z.object({
  line: z.number().int().positive(),
  col: z.number().int().nonnegative(),
  offset: z.number().int().nonnegative().optional(),
});
type Place = z.infer<typeof place>;

/** `semgrep --json`. Its versions count columns and offsets in bytes or in letters. */
const schema = z.object({
  results: z.array(
    z.object({
      check_id: z.string(),
      path: z.string(),
      start: place,
      end: place,
      extra: z.object({
        fix: z.string().nullish(),
        lines: z.string().nullish(),
        is_ignored: z.boolean().nullish(),
      }),
    }),
  ),
});

interface Span {
  start: number;
  end: number;
}

interface Found {
  start: Place;
  end: Place;
  /** The column of a line's first letter. */
  base: number;
  /** The lines, where they are shown. */
  shown: string[] | null;
}

const UNITS: readonly Unit[] = ['bytes', 'points', 'utf16'];

export function readSemgrep(value: unknown): ToolRead | null {
  if (!has(value, 'results') || !Array.isArray(value.results)) return null;
  const { results } = value;
  if (results.length === 0 ? !has(value, 'errors', 'paths') : !results.every((one) => has(one, 'check_id')))
    return null;
  if (results.length > MAX_FINDINGS) return tooMany('semgrep');
  const parsed = schema.safeParse(value);
  if (!parsed.success) return unlike('semgrep', 'Semgrep', parsed.error);
  const files = new Map<string, Range[]>();
  const base = parsed.data.results.some(({ start, end }) => start.col === 0 || end.col === 0) ? 0 : 1;
  for (const { check_id, path, start, end, extra } of parsed.data.results) {
    if (extra.fix === null || extra.fix === undefined || extra.is_ignored === true) continue;
    const found: Found = { start, end, base, shown: shownLines(extra.lines) };
    const label = `Semgrep ${check_id} at line ${start.line}`;
    addRange(files, path, { label, text: extra.fix, locate: (text) => located(text, found) });
  }
  const intents = rangesIn(files);
  return { form: 'semgrep', files: intents, problems: intents.length === 0 ? [NO_FIX] : [] };
}

/** Without an account it says "requires login" instead. */
function shownLines(lines: string | null | undefined): string[] | null {
  if (lines === null || lines === undefined || lines.trim() === '' || /^requires login$/i.test(lines.trim()))
    return null;
  return lines.trimEnd().split('\n').map(trimmed);
}

function trimmed(line: string): string {
  return line.trim();
}

/** The one range on which line and column, offset and the lines shown agree, whatever they are counted in. */
function located(text: string, { start, end, base, shown }: Found): Span | { refusal: string } {
  const lines = linesOf(text);
  const byColumn = spansOf((unit) => [
    lines.offsetAt({ line: start.line, column: start.col - base }, unit),
    lines.offsetAt({ line: end.line, column: end.col - base }, unit),
  ]);
  if (byColumn.length === 0) return OUTSIDE;
  if (shown !== null && !shows(lines.textsOf(start.line, end.line).map(trimmed), shown))
    return { refusal: 'the lines that it shows are not those of the file; run it again on this file' };
  const { offset: from } = start;
  const { offset: to } = end;
  const unset = from === undefined || to === undefined || (from === 0 && to === 0);
  const agreed = unset
    ? byColumn
    : byColumn.filter((one) =>
        UNITS.some((unit) =>
          [true, false].some(
            (marked) =>
              lines.offsetOf(from, unit, marked) === one.start &&
              lines.offsetOf(to, unit, marked) === one.end,
          ),
        ),
      );
  const [only] = agreed;
  if (only === undefined)
    return { refusal: 'its line, column and offset do not agree on a place; run it again on this file' };
  if (agreed.length === 1) return only;
  return {
    refusal: 'the line has letters that can be counted in several ways; its columns do not tell the place',
  };
}

/** A range that ends at the start of a line does not show it. */
function shows(lines: readonly string[], shown: readonly string[]): boolean {
  const most = lines.findLastIndex((line) => line !== '') + 1;
  return (
    (shown.length === most || shown.length === lines.length - 1) &&
    shown.every((line, i) => lines[i] === line)
  );
}

function spansOf(at: (unit: Unit) => [number | null, number | null]): Span[] {
  const found = new Map<string, Span>();
  for (const unit of UNITS) {
    const [start, end] = at(unit);
    if (start !== null && end !== null && start <= end) found.set(`${start}-${end}`, { start, end });
  }
  return [...found.values()];
}
