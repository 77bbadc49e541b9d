import { z } from 'zod';
import type { Range } from '../../intent.ts';
import { lineStarts, offsetAt, offsetBy, OUTSIDE, type Unit } from './columns.ts';
import { rangesIn, type ToolRead } from './read.ts';

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
      extra: z.object({ fix: z.string().nullish(), lines: z.string().nullish() }),
    }),
  ),
});

const UNITS: readonly Unit[] = ['bytes', 'points', 'utf16'];

export function readSemgrep(value: unknown): ToolRead | null {
  const parsed = schema.safeParse(value);
  if (!parsed.success || parsed.data.results.length === 0) return null;
  const files = new Map<string, Range[]>();
  for (const { check_id, path, start, end, extra } of parsed.data.results) {
    const { fix } = extra;
    if (fix === null || fix === undefined) continue;
    const ranges = files.get(path) ?? [];
    files.set(path, ranges);
    const label = `Semgrep ${check_id} at line ${start.line}`;
    ranges.push({ label, text: fix, locate: (text) => located(text, start, end, extra.lines ?? null) });
  }
  const intents = rangesIn(files);
  return {
    form: 'semgrep',
    files: intents,
    problems: intents.length === 0 ? ['no finding carries a fix'] : [],
  };
}

/** The one range on which line and column, offset and the lines shown agree, whatever they are counted in. */
function located(
  text: string,
  start: Place,
  end: Place,
  lines: string | null,
): { start: number; end: number } | { refusal: string } {
  const starts = lineStarts(text);
  const base = start.col === 0 || end.col === 0 ? 0 : 1;
  const byColumn = rangesOf((unit) => [
    offsetAt(text, starts, { line: start.line, column: start.col - base }, unit),
    offsetAt(text, starts, { line: end.line, column: end.col - base }, unit),
  ]);
  if (byColumn.length === 0) return OUTSIDE;
  const mark = text.startsWith('\ufeff') ? 1 : 0;
  const hasOffsets =
    start.offset !== undefined && end.offset !== undefined && !(start.offset === 0 && end.offset === 0);
  const byOffset = hasOffsets
    ? [0, mark].flatMap((from) =>
        rangesOf((unit) => [
          offsetBy(text, from, start.offset!, unit, text.length),
          offsetBy(text, from, end.offset!, unit, text.length),
        ]),
      )
    : byColumn;
  const agreed = byColumn.filter((one) =>
    byOffset.some((other) => other.start === one.start && other.end === one.end),
  );
  const shown = lines === null || lines.trim() === '' || /requires login/i.test(lines) ? null : lines.trim();
  const fitting = agreed.filter(
    (one) => shown === null || linesAround(text, one).includes(shown.split('\n')[0]!.trim()),
  );
  const [only] = fitting;
  if (only === undefined)
    return {
      refusal: 'its line, column, offset and lines do not agree on a place; run it again on this file',
    };
  return fitting.length === 1
    ? only
    : {
        refusal:
          'the line has letters that can be counted in several ways; its columns do not tell the place',
      };
}

function rangesOf(at: (unit: Unit) => [number | null, number | null]): { start: number; end: number }[] {
  const found = new Map<string, { start: number; end: number }>();
  for (const unit of UNITS) {
    const [start, end] = at(unit);
    if (start !== null && end !== null && start <= end) found.set(`${start}-${end}`, { start, end });
  }
  return [...found.values()];
}

function linesAround(text: string, { start, end }: { start: number; end: number }): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const to = text.indexOf('\n', end);
  return text.slice(from, to === -1 ? text.length : to);
}
