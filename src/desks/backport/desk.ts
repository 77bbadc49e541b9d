import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { commitOf, openRepository, rangeOf, type Repository } from './git/repository.ts';
import { findOnBranch, type OnBranch } from './history/already.ts';
import type { HistoryCache } from './history/cache.ts';
import { introducedBy, weighIntroduced } from './history/introduced.ts';
import { readGitHistory, type HistoryCommit } from './history/read.ts';
import type { Verdict } from './model.ts';
import type { Plan } from './picks/plan.ts';
import { triageByRules } from './rules/engine.ts';
import type { Lesson } from './rules/lessons.ts';
import type { Project } from './rules/project.ts';
import { Bench } from './tries/pick.ts';
import { lackingOn } from './tries/lacking.ts';
import { tryQueue, type Outcome } from './tries/queue.ts';

/** A repository whose history is told apart, as it was when it was opened: branches that move meanwhile change nothing. */
export interface Opened {
  repository: Repository;
  /** The newest commit of the range. */
  to: string;
  from: string;
  commits: HistoryCommit[];
  merges: number;
  branches: Branch[];
}

interface Branch {
  name: string;
  tip: string;
  on: OnBranch;
}

export interface Effects {
  cache: HistoryCache;
  /** The data folder. */
  folder: string;
  signal: AbortSignal;
  onProgress: (line: string) => void;
}

/**
 * Reads `range` (`A..B`) of the repository in `dir`, and what each branch has of it. Throws `usage` for what is not there, with
 * what is.
 */
export async function openHistory(
  dir: string,
  range: string,
  branchNames: readonly string[],
  effects: Effects,
): Promise<Opened> {
  const repository = await openRepository(dir);
  const { from, to } = await rangeOf(repository, range);
  const tips: string[] = [];
  for (const name of branchNames) tips.push(await commitOf(repository, '--onto', name));
  const { commits, merges } = await readGitHistory(repository, [to, `^${from}`], effects);
  const branches: Branch[] = [];
  for (const [i, name] of branchNames.entries()) {
    const on = await findOnBranch(repository, tips[i]!, [to], commits, effects);
    branches.push({ name, tip: tips[i]!, on });
  }
  return { repository, from, to, commits, merges, branches };
}

/** What the rules say of each commit and branch, commit by commit, with what each branch has of them and of their faults. */
export async function triageHistory(
  project: Project,
  opened: Opened,
  { now, past, signal }: { now: number; past: readonly Lesson[]; signal: AbortSignal },
): Promise<Verdict[]> {
  const names = opened.branches.map(({ name }) => name);
  const verdicts = triageByRules(project, opened.commits, names, now, past);
  const byName = new Map(opened.branches.map((branch) => [branch.name, branch]));
  const decided = new Set(past.map(({ sha, branch }) => `${sha} ${branch}`));
  const introduced = await introducedBy(opened.repository, project, opened.commits, signal);
  return verdicts.map((verdict) => {
    const { on } = byName.get(verdict.branch)!;
    // What a person decided stands.
    if (decided.has(`${verdict.sha} ${verdict.branch}`))
      return { ...verdict, already: on.already.get(verdict.sha) ?? null };
    return withBranch(weighIntroduced(verdict, introduced.get(verdict.sha) ?? [], on), on);
  });
}

function withBranch(verdict: Verdict, on: OnBranch): Verdict {
  const already = on.already.get(verdict.sha) ?? null;
  const needs = verdict.needs.filter((sha) => !on.already.has(sha));
  const revert = on.reverted.get(verdict.sha);
  if (revert === undefined) return { ...verdict, already, needs };
  return {
    ...verdict,
    already,
    needs,
    verdict: 'uncertain',
    reason: `${verdict.branch} had it, and took it back with ${revert.slice(0, 12)}; without that: ${verdict.verdict}. ${verdict.reason}`,
    evidence: [`reverted on ${verdict.branch} by ${revert.slice(0, 12)}`, ...verdict.evidence],
  };
}

/** Whether a verdict counts as picked: what a person said of it comes first. */
export type Accepts = (verdict: Verdict) => boolean;

/**
 * Tries every commit that is not a clear no on each branch, in the order of the history, standing on those accepted before it.
 * Fills in `conflicts` and `prerequisites`.
 */
export async function tryVerdicts(
  opened: Opened,
  verdicts: readonly Verdict[],
  accepts: Accepts,
  effects: Effects,
): Promise<Verdict[]> {
  const bench = await Bench.open(opened.repository, repositoryFolder(effects.folder, opened.repository));
  const commitOfId = new Map(opened.commits.map((commit) => [commit.sha, commit]));
  const outcomes = new Map<string, Outcome>();
  for (const { name, tip, on } of opened.branches) {
    const open = verdicts.filter(
      (verdict) =>
        verdict.branch === name && verdict.already === null && (verdict.verdict !== 'no' || accepts(verdict)),
    );
    const queue = open
      .map((verdict) => ({ commit: commitOfId.get(verdict.sha)!, accepted: accepts(verdict) }))
      .toSorted((a, b) => a.commit.order - b.commit.order);
    let done = 0;
    await tryQueue(queue, {
      bench,
      tip,
      cache: effects.cache,
      lacking: lackingOn(opened.commits, on),
      signal: effects.signal,
      onTried(outcome) {
        outcomes.set(`${name} ${outcome.sha}`, outcome);
        if (++done % 100 === 0) effects.onProgress(`${name}: tried ${done} of ${queue.length} picks`);
      },
    });
  }
  return verdicts.map((verdict) => withOutcome(verdict, outcomes.get(`${verdict.branch} ${verdict.sha}`)));
}

/** Tries a plan's picks in order. */
export async function tryPlan(
  repository: Repository,
  tip: string,
  { picks, history, on }: Plan,
  effects: Effects,
): Promise<Outcome[]> {
  return tryQueue(
    picks.map((commit) => ({ commit, accepted: true })),
    {
      bench: await Bench.open(repository, repositoryFolder(effects.folder, repository)),
      tip,
      cache: effects.cache,
      lacking: lackingOn(history, on),
      signal: effects.signal,
      onTried: () => {},
    },
  );
}

function withOutcome(verdict: Verdict, outcome: Outcome | undefined): Verdict {
  if (outcome === undefined) return verdict;
  const { conflicts, prerequisites, empty } = outcome;
  return {
    ...verdict,
    conflicts,
    prerequisites,
    needs: [...new Set([...verdict.needs, ...prerequisites])],
    evidence: empty
      ? [...verdict.evidence, `picking it changes nothing on ${verdict.branch}`]
      : verdict.evidence,
  };
}

/** What is kept for one repository: objects that trying made, and the state of picks. */
export function repositoryFolder(folder: string, { objects }: Repository): string {
  return join(folder, 'backport', createHash('sha256').update(objects).digest('hex').slice(0, 16));
}
