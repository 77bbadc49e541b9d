import { z } from 'zod';
import { readCommitsFile, type BadLine } from '../desks/backport/commits-file.ts';
import type { Commit } from '../desks/backport/model.ts';
import { VouchError } from '../lib/errors.ts';

/** What really became of a commit: for measuring and fitting only. */
const labelSchema = z.object({
  cycle: z.string().min(1).max(40),
  prev_stable: z.string().min(1).max(40),
  backported_prev: z.boolean(),
  /** All branches that got it. */
  to: z.array(z.string().max(40)).default([]),
  tag: z.string().max(60).default(''),
});
export type Label = z.infer<typeof labelSchema>;

/** The commits of one development cycle with their labels, which are kept apart. */
export interface Cycle {
  name: string;
  /** The branch that `backported_prev` is about. */
  branch: string;
  commits: Commit[];
  labels: Map<Commit, Label>;
}

/** Cycles in the order of the file. Throws `usage` when a commit has no labels. */
export async function readCycles(
  file: string,
  signal: AbortSignal,
): Promise<{ cycles: Cycle[]; bad: BadLine[] }> {
  const cycles = new Map<string, Cycle>();
  const { bad } = await readCommitsFile(file, {
    signal,
    onRecord: (record, commit) => {
      const parsed = labelSchema.safeParse(record);
      if (!parsed.success) {
        const issue = parsed.error.issues[0]!;
        throw new VouchError(
          'usage',
          `${file}: commit ${commit.sha.slice(0, 12)}: ${issue.path.join('.')}: ${issue.message}`,
          {
            hint: 'measuring needs the labels cycle, prev_stable and backported_prev on each line',
          },
        );
      }
      const label = parsed.data;
      const cycle: Cycle = cycles.get(label.cycle) ?? {
        name: label.cycle,
        branch: label.prev_stable,
        commits: [],
        labels: new Map(),
      };
      cycles.set(label.cycle, cycle);
      cycle.commits.push(commit);
      cycle.labels.set(commit, label);
    },
  });
  return { cycles: [...cycles.values()], bad };
}

/** Of names like `2.4-3.0,3.1`, the cycles of the file. Throws `usage` for a name that is not there. */
export function pickCycles(cycles: readonly Cycle[], names: string): Cycle[] {
  const place = (name: string): number => {
    const at = cycles.findIndex((cycle) => cycle.name === name);
    if (at !== -1) return at;
    throw new VouchError(
      'usage',
      `cycle ${name}: not in the file, which has ${cycles.map((cycle) => cycle.name).join(', ')}`,
    );
  };
  const places = names.split(',').flatMap((part) => {
    const [from, to, ...more] = part.trim().split(/-|\.\./);
    if (from === undefined || more.length > 0)
      throw new VouchError('usage', `cycles ${part}: must be like 2.4-3.0`);
    const [first, last] = [place(from.trim()), place((to ?? from).trim())];
    return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);
  });
  return [...new Set(places)].toSorted((a, b) => a - b).map((at) => cycles[at]!);
}

/** A history as one cycle for each branch, of which it is known what it has. */
export function cyclesOf(
  commits: readonly Commit[],
  branches: readonly { name: string; has: (commit: Commit) => boolean }[],
): Cycle[] {
  return branches.map(({ name, has }) => ({
    name,
    branch: name,
    commits: [...commits],
    labels: new Map(
      commits.map((commit): [Commit, Label] => [
        commit,
        {
          cycle: name,
          prev_stable: name,
          backported_prev: has(commit),
          to: [],
          tag: /^[A-Za-z][\w/.-]{0,40}(?=[:(!])/.exec(commit.subject)?.[0] ?? '',
        },
      ]),
    ),
  }));
}
