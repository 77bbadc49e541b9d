import type { HistoryCache } from '../desks/backport/history/cache.ts';
import type { Opened } from '../desks/backport/desk.ts';
import type { HistoryCommit } from '../desks/backport/history/read.ts';
import { Bench } from '../desks/backport/tries/pick.ts';
import { tryQueue } from '../desks/backport/tries/queue.ts';
import { lackingOn } from '../desks/backport/tries/lacking.ts';

/** How well trying told which picks would need hands. */
export interface PicksScore {
  branch: string;
  /** Commits of the range that people really picked onto it. */
  picks: number;
  /** Of these, those that were not what git alone would have made. */
  neededHands: number;
  predicted: number;
  right: number;
  precision: number | null;
  recall: number | null;
  /** Of one try: the median, in milliseconds. */
  medianMs: number;
}

interface Options {
  cache: HistoryCache;
  folder: string;
  signal: AbortSignal;
}

/**
 * Puts the commits that a branch really got into a queue on the commit that it began with, in the history's order, and compares what
 * the tries say with what became of them: a pick that is not what git makes of it on the branch as it was then took hands.
 */
export async function scorePicks(
  { repository, commits, branches, to }: Opened,
  options: Options,
): Promise<PicksScore[]> {
  const bench = await Bench.open(repository, options.folder);
  const scores: PicksScore[] = [];
  for (const { name, tip, on } of branches) {
    const fork = (await repository.text(['merge-base', tip, to])).trim();
    const picked = commits.filter(({ sha }) => {
      const how = on.already.get(sha)?.how;
      return how !== undefined && how !== 'same-commit';
    });
    const hands = new Set<string>();
    for (const commit of picked)
      if (await tookHands(bench, commit, on.already.get(commit.sha)!.sha, options.signal))
        hands.add(commit.sha);
    const took: number[] = [];
    let last = performance.now();
    const outcomes = await tryQueue(
      picked.map((commit) => ({ commit, accepted: true })),
      {
        ...options,
        bench,
        tip: fork,
        lacking: lackingOn(commits, { ...on, already: new Map() }),
        onTried() {
          const now = performance.now();
          took.push(now - last);
          last = now;
        },
      },
    );
    const predicted = outcomes.filter(({ conflicts }) => conflicts.length > 0);
    const right = predicted.filter(({ sha }) => hands.has(sha)).length;
    scores.push({
      branch: name,
      picks: picked.length,
      neededHands: hands.size,
      predicted: predicted.length,
      right,
      precision: predicted.length === 0 ? null : right / predicted.length,
      recall: hands.size === 0 ? null : right / hands.size,
      medianMs: took.toSorted((a, b) => a - b)[took.length >> 1] ?? 0,
    });
  }
  return scores;
}

async function tookHands(
  bench: Bench,
  commit: HistoryCommit,
  pick: string,
  signal: AbortSignal,
): Promise<boolean> {
  const tried = await bench.pick(await bench.treeOf(`${pick}^`), commit, signal);
  return 'conflicts' in tried || tried.tree !== (await bench.treeOf(pick));
}
