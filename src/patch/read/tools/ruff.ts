import { z } from 'zod';
import type { Range, Repair } from '../../intent.ts';
import { linesOf, OUTSIDE } from './columns.ts';
import { addRange, has, MAX_FINDINGS, NO_FIX, rangesIn, tooMany, unlike, type ToolRead } from './read.ts';

const place = z.object({ row: z.number().int(), column: z.number().int() });

/** `ruff check --output-format json` or `json-lines`: rows and columns from 1, columns in code points, a byte order mark not counted. */
const schema = z.array(
  z.object({
    filename: z.string().nullish(),
    code: z.string().nullish(),
    cell: z.number().nullish(),
    location: place.nullish(),
    fix: z
      .object({
        applicability: z.string(),
        edits: z.array(z.object({ content: z.string().nullish(), location: place, end_location: place })),
      })
      .nullish(),
  }),
);

/** So many fixes that are left out are named. */
const MAX_NAMED = 20;

export function readRuff(value: unknown): ToolRead | null {
  const findings: unknown[] = Array.isArray(value) ? value : [value];
  const isFinding = (one: unknown): boolean =>
    has(one, 'filename', 'code') && (has(one, 'location') || has(one, 'fix'));
  if (findings.length === 0 || !findings.every(isFinding)) return null;
  if (findings.length > MAX_FINDINGS) return tooMany('ruff');
  const parsed = schema.safeParse(findings);
  if (!parsed.success) return unlike('ruff', 'Ruff', parsed.error);
  const problems: string[] = [];
  const files = new Map<string, Range[]>();
  const left: string[] = [];
  for (const { filename, code, cell, location, fix } of parsed.data) {
    if (!fix) continue;
    const label = `Ruff ${code ?? 'finding'} at line ${location?.row ?? '?'}`;
    if (filename === null || filename === undefined) problems.push(`${label}: names no file`);
    else if (cell !== null && cell !== undefined)
      problems.push(`${label}: ${filename} is a notebook, whose cells are not changed`);
    else if (fix.applicability.toLowerCase() !== 'safe')
      left.push(`left out ${label}: its fix is marked ${fix.applicability}`);
    else
      for (const edit of fix.edits)
        addRange(files, filename, {
          label,
          text: edit.content ?? '',
          locate: (text) => located(text, edit),
        });
  }
  const intents = rangesIn(files);
  const more = left.length > MAX_NAMED ? [`left out ${left.length - MAX_NAMED} more`] : [];
  const named = [...left.slice(0, MAX_NAMED), ...more];
  intents[0]?.repairs.push(...named.map((text): Repair => ({ fault: 'left-out', text })));
  if (intents.length === 0 && problems.length === 0)
    problems.push(left.length > 0 ? `no fix is marked safe: ${named.join('; ')}` : NO_FIX);
  return { form: 'ruff', files: intents, problems };
}

type Edit = { location: z.infer<typeof place>; end_location: z.infer<typeof place> };

function located(
  text: string,
  { location, end_location }: Edit,
): { start: number; end: number } | { refusal: string } {
  // Python ends lines at a lone carriage return too.
  const lines = linesOf(text, 'cr');
  const at = (one: z.infer<typeof place>): number | null =>
    lines.offsetAt({ line: one.row, column: one.column - 1 }, 'points');
  const [start, end] = [at(location), at(end_location)];
  return start === null || end === null || start > end ? OUTSIDE : { start, end };
}
