import { z } from 'zod';
import type { Range } from '../../intent.ts';
import { lineStarts, offsetAt, offsetBy, OUTSIDE, type Unit } from './columns.ts';
import { rangesIn, type ToolRead } from './read.ts';

const whole = z.number().int();
const region = z.object({
  startLine: whole.positive().optional(),
  startColumn: whole.positive().optional(),
  endLine: whole.positive().optional(),
  endColumn: whole.positive().optional(),
  charOffset: whole.nonnegative().optional(),
  charLength: whole.nonnegative().optional(),
  byteOffset: whole.nonnegative().optional(),
  byteLength: whole.nonnegative().optional(),
});
type Region = z.infer<typeof region>;

const location = z.object({ uri: z.string().optional(), index: whole.nonnegative().optional() });
const replacement = z.object({
  deletedRegion: region,
  insertedContent: z.object({ text: z.string() }).optional(),
});
const fix = z.object({
  artifactChanges: z.array(z.object({ artifactLocation: location, replacements: z.array(replacement) })),
});

/** SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/: `fix` objects (3.55) and regions (3.30). */
const schema = z.object({
  runs: z.array(
    z.object({
      columnKind: z.enum(['utf16CodeUnits', 'unicodeCodePoints']).optional(),
      artifacts: z.array(z.object({ location: location.optional() })).optional(),
      results: z
        .array(
          z.object({
            ruleId: z.string().optional(),
            kind: z.string().optional(),
            fixes: z.array(fix).optional(),
          }),
        )
        .nullish(),
    }),
  ),
});

export function readSarif(value: unknown): ToolRead | null {
  const parsed = schema.safeParse(value);
  if (!parsed.success) return null;
  const problems: string[] = [];
  const files = new Map<string, Range[]>();
  for (const run of parsed.data.runs) {
    const units: Unit[] =
      run.columnKind === 'utf16CodeUnits'
        ? ['utf16']
        : run.columnKind === 'unicodeCodePoints'
          ? ['points']
          : ['utf16', 'points'];
    for (const [i, result] of (run.results ?? []).entries()) {
      if (result.kind === 'pass' || !result.fixes || result.fixes.length === 0) continue;
      const rule = `SARIF ${result.ruleId ?? 'finding'} (result ${i + 1})`;
      // Each of several fixes would do alone, and which is wanted is not said.
      if (new Set(result.fixes.map((one) => JSON.stringify(one.artifactChanges))).size > 1) {
        problems.push(`${rule}: has ${result.fixes.length} different fixes, of which one is to be chosen`);
        continue;
      }
      for (const change of result.fixes[0]!.artifactChanges) {
        const uri =
          change.artifactLocation.uri ?? run.artifacts?.[change.artifactLocation.index ?? -1]?.location?.uri;
        const path = uri === undefined ? null : pathOf(uri);
        if (path === null) {
          problems.push(`${rule}: names no file`);
          continue;
        }
        const ranges = files.get(path) ?? [];
        files.set(path, ranges);
        for (const { deletedRegion, insertedContent } of change.replacements)
          ranges.push({
            label: `${rule} at line ${deletedRegion.startLine ?? '?'}`,
            text: insertedContent?.text ?? '',
            locate: (text) => located(text, deletedRegion, units),
          });
      }
    }
  }
  const intents = rangesIn(files);
  if (intents.length === 0 && problems.length === 0) problems.push('no finding carries a fix');
  return { form: 'sarif', files: intents, problems };
}

function pathOf(uri: string): string | null {
  const bare = uri.replace(/^file:\/\/(?:localhost)?/i, '');
  if (/^[a-z][a-z0-9+.-]*:/i.test(bare)) return null;
  try {
    return decodeURIComponent(bare);
  } catch {
    return null;
  }
}

/** The range on which all units agree that the run leaves open; a missing end is that of the line (3.30.7, 3.30.8). */
function located(
  text: string,
  at: Region,
  units: readonly Unit[],
): { start: number; end: number } | { refusal: string } {
  const found = new Map<string, { start: number; end: number }>();
  for (const unit of units) {
    const range = rangeIn(text, at, unit);
    if (range === null) continue;
    found.set(`${range.start}-${range.end}`, range);
  }
  const [only] = found.values();
  if (only === undefined) return OUTSIDE;
  return found.size === 1
    ? only
    : {
        refusal:
          'the line has letters that can be counted in several ways, and the run does not say its `columnKind`',
      };
}

function rangeIn(text: string, at: Region, unit: Unit): { start: number; end: number } | null {
  if (at.startLine !== undefined) {
    const starts = lineStarts(text);
    const endLine = at.endLine ?? at.startLine;
    const start = offsetAt(text, starts, { line: at.startLine, column: (at.startColumn ?? 1) - 1 }, unit);
    const end =
      at.endColumn === undefined
        ? endOfLine(text, starts, endLine)
        : offsetAt(text, starts, { line: endLine, column: at.endColumn - 1 }, unit);
    return start === null || end === null || start > end ? null : { start, end };
  }
  const [offset, length, counted] =
    at.charOffset === undefined
      ? [at.byteOffset, at.byteLength, 'bytes' as const]
      : [at.charOffset, at.charLength, unit];
  if (offset === undefined) return null;
  const start = offsetBy(text, 0, offset, counted, text.length);
  const end = start === null ? null : offsetBy(text, start, length ?? 0, counted, text.length);
  return start === null || end === null ? null : { start, end };
}

function endOfLine(text: string, starts: readonly number[], line: number): number | null {
  const start = starts[line - 1];
  if (start === undefined) return null;
  const newline = text.indexOf('\n', start);
  const end = newline === -1 ? text.length : newline;
  return text[end - 1] === '\r' && end > start ? end - 1 : end;
}
