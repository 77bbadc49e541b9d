import { z } from 'zod';
import type { Range, Repair } from '../../intent.ts';
import { lineStarts, offsetAt, OUTSIDE } from './columns.ts';
import { rangesIn, type ToolRead } from './read.ts';

const place = z.object({ row: z.number().int().positive(), column: z.number().int().nonnegative() });

/** `ruff check --output-format json`: rows and columns from 1, columns in code points, a byte order mark not counted. */
const finding = z.object({
  filename: z.string(),
  code: z.string().nullable(),
  cell: z.number().nullish(),
  location: place,
  fix: z
    .object({
      applicability: z.string(),
      edits: z.array(z.object({ content: z.string(), location: place, end_location: place })),
    })
    .nullish(),
});

export function readRuff(value: unknown): ToolRead | null {
  const parsed = z
    .array(finding)
    .min(1)
    .safeParse(Array.isArray(value) ? value : [value]);
  if (!parsed.success) return null;
  const problems: string[] = [];
  const files = new Map<string, Range[]>();
  const left: Repair[] = [];
  for (const { filename, code, cell, location, fix } of parsed.data) {
    if (!fix) continue;
    const label = `Ruff ${code ?? 'finding'} at line ${location.row}`;
    if (cell !== null && cell !== undefined)
      problems.push(`${label}: ${filename} is a notebook, whose cells are not changed`);
    else if (fix.applicability.toLowerCase() !== 'safe')
      left.push({ fault: 'left-out', text: `left out ${label}: its fix is marked ${fix.applicability}` });
    else {
      const ranges = files.get(filename) ?? [];
      files.set(filename, ranges);
      for (const edit of fix.edits)
        ranges.push({ label, text: edit.content, locate: (text) => located(text, edit) });
    }
  }
  const intents = rangesIn(files);
  intents[0]?.repairs.push(...left);
  if (intents.length === 0 && problems.length === 0)
    problems.push(
      left.length > 0
        ? `no fix is marked safe: ${left
            .map((one) => one.text)
            .slice(0, 10)
            .join('; ')}`
        : 'no finding carries a fix',
    );
  return { form: 'ruff', files: intents, problems };
}

type Edit = { location: z.infer<typeof place>; end_location: z.infer<typeof place> };

function located(
  text: string,
  { location, end_location }: Edit,
): { start: number; end: number } | { refusal: string } {
  const starts = lineStarts(text);
  const at = (one: z.infer<typeof place>): number | null =>
    offsetAt(text, starts, { line: one.row, column: Math.max(0, one.column - 1) }, 'points');
  const [start, end] = [at(location), at(end_location)];
  return start === null || end === null || start > end ? OUTSIDE : { start, end };
}
