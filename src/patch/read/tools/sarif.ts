import { z } from 'zod';
import type { Range } from '../../intent.ts';
import { addRange, has, MAX_FINDINGS, NO_FIX, rangesIn, tooMany, unlike, type ToolRead } from './read.ts';
import { countingOf, located, region } from './sarif-region.ts';
import { pathOf } from './sarif-uri.ts';

const location = z.object({
  uri: z.string().optional(),
  uriBaseId: z.string().optional(),
  index: z.number().int().optional(),
});
const fix = z.object({
  artifactChanges: z.array(
    z.object({
      artifactLocation: location,
      replacements: z.array(
        z.object({
          deletedRegion: region,
          insertedContent: z
            .object({ text: z.string().optional(), binary: z.string().optional() })
            .optional(),
        }),
      ),
    }),
  ),
});

/** SARIF 2.1.0, https://docs.oasis-open.org/sarif/sarif/v2.1.0/: `fix` objects are 3.55. */
const schema = z.object({
  runs: z.array(
    z.object({
      columnKind: z.string().optional(),
      newlineSequences: z.array(z.string()).optional(),
      originalUriBaseIds: z.record(z.string(), location).optional(),
      artifacts: z.array(z.object({ location: location.optional() })).optional(),
      results: z
        .array(
          z.object({
            ruleId: z.string().optional(),
            kind: z.string().optional(),
            baselineState: z.string().optional(),
            fixes: z.array(fix).optional(),
          }),
        )
        .nullish(),
    }),
  ),
});
type Run = z.infer<typeof schema>['runs'][number];

export function readSarif(value: unknown): ToolRead | null {
  if (!has(value, 'runs') || !Array.isArray(value.runs)) return null;
  const given: unknown[] = value.runs;
  if (!['version', '$schema'].some((key) => has(value, key)) && !given.some((run) => has(run, 'results')))
    return null;
  const parsed = schema.safeParse(value);
  if (!parsed.success) return unlike('sarif', 'SARIF', parsed.error);
  const { runs } = parsed.data;
  if (runs.reduce((sum, { results }) => sum + (results?.length ?? 0), 0) > MAX_FINDINGS)
    return tooMany('sarif');
  const problems: string[] = [];
  const files = new Map<string, Range[]>();
  for (const run of runs) takeRun(run, files, problems);
  const intents = rangesIn(files);
  if (intents.length === 0 && problems.length === 0) problems.push(NO_FIX);
  return { form: 'sarif', files: intents, problems };
}

function takeRun(run: Run, files: Map<string, Range[]>, problems: string[]): void {
  const counting = countingOf(run.columnKind, run.newlineSequences);
  for (const [i, { ruleId, kind, baselineState, fixes }] of (run.results ?? []).entries()) {
    // What is no finding, or is none any more.
    if (kind === 'pass' || kind === 'notApplicable' || baselineState === 'absent') continue;
    const [first] = fixes ?? [];
    if (fixes === undefined || first === undefined) continue;
    const rule = `SARIF ${ruleId ?? 'finding'} (result ${i + 1})`;
    // Each of several fixes would do alone, and which is wanted is not said.
    if (new Set(fixes.map((one) => JSON.stringify(one.artifactChanges))).size > 1) {
      problems.push(`${rule}: has ${fixes.length} different fixes, of which one is to be chosen`);
      continue;
    }
    for (const { artifactLocation, replacements } of first.artifactChanges) {
      const path = pathOf(artifactLocation, run.artifacts ?? [], run.originalUriBaseIds ?? {});
      if (path === null) problems.push(`${rule}: names no file`);
      for (const { deletedRegion, insertedContent } of path === null ? [] : replacements) {
        const text = insertedContent?.text;
        if (text === undefined && insertedContent?.binary !== undefined)
          problems.push(`${rule}: what it inserts is given in bytes, not as a text`);
        addRange(files, path!, {
          label: `${rule} at line ${deletedRegion.startLine ?? '?'}`,
          text: text ?? '',
          locate: (content) => located(content, deletedRegion, counting),
        });
      }
    }
  }
}
