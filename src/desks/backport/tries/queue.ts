import { createHash } from 'node:crypto';
import type { HistoryCache } from '../history/cache.ts';
import type { HistoryCommit } from '../history/read.ts';
import type { Bench, Tried } from './pick.ts';

/** One commit in the order of the branch's queue. */
export interface Queued {
  commit: HistoryCommit;
  /** Whether it is picked, so that what comes after stands on it; the others are only tried where they would stand. */
  accepted: boolean;
}

export interface Outcome {
  sha: string;
  /** Empty when it applies. */
  conflicts: string[];
  /** It applies, and changes nothing: the branch has it already. */
  empty: boolean;
  /** Commits of the history without which it conflicts and with which it does not, oldest first; each was tried. */
  prerequisites: string[];
}

export interface QueueOptions {
  bench: Bench;
  /** The commit that the queue starts from. */
  tip: string;
  cache: HistoryCache;
  /** Commits that the branch lacks and that touch a path, oldest first: what a conflict may be for want of. */
  lacking: ReadonlyMap<string, readonly HistoryCommit[]>;
  signal: AbortSignal;
  onTried: (outcome: Outcome) => void;
}

/** Single commits that are tried as what is missing, and the most that are tried together. */
const CANDIDATES = 8;
const TOGETHER = 4;

/**
 * Tries commits one after the other, as `git cherry-pick` of the whole queue would. A commit in conflict is left out of what
 * the next ones stand on.
 */
export async function tryQueue(queue: readonly Queued[], options: QueueOptions): Promise<Outcome[]> {
  const { bench, tip, signal, onTried } = options;
  let tree = await bench.treeOf(tip);
  const place = new Map([...queue].map(({ commit }, at) => [commit.sha, at]));
  const picked = new Set<string>();
  const outcomes: Outcome[] = [];
  for (const { commit, accepted } of queue) {
    signal.throwIfAborted();
    const tried = await pickThrough(tree, commit, options);
    const clean = 'tree' in tried;
    const outcome: Outcome = {
      sha: commit.sha,
      conflicts: clean ? [] : tried.conflicts,
      empty: clean && tried.tree === tree && commit.files.length > 0,
      prerequisites: clean ? [] : await prerequisitesOf(tree, commit, tried.conflicts, picked, options),
    };
    if (clean && accepted) {
      tree = tried.tree;
      picked.add(commit.sha);
    }
    outcomes[place.get(commit.sha)!] = outcome;
    onTried(outcome);
  }
  return outcomes;
}

/**
 * The fewest commits that make it apply: of those that touch the files in conflict and are older, the newest first, one by
 * itself, then the newest two to four together. None where no such few do.
 */
async function prerequisitesOf(
  tree: string,
  commit: HistoryCommit,
  conflicts: readonly string[],
  picked: ReadonlySet<string>,
  options: QueueOptions,
): Promise<string[]> {
  const key = `needs ${keyOf(tree, commit.sha)}`;
  const known = await options.cache.tried(key);
  if (known !== null) return JSON.parse(known) as string[];
  const touching = new Map<string, HistoryCommit>();
  for (const path of conflicts.slice(0, 20))
    for (const other of options.lacking.get(path) ?? [])
      if (other.sha !== commit.sha && !picked.has(other.sha)) touching.set(other.sha, other);
  const order = [...touching.values()].filter((other) => other.order < commit.order);
  const candidates = order.toSorted((a, b) => b.order - a.order).slice(0, CANDIDATES);
  const sets = [
    ...candidates.map((one) => [one]),
    ...Array.from({ length: Math.min(TOGETHER, candidates.length) - 1 }, (_, i) =>
      candidates.slice(0, i + 2).toReversed(),
    ),
  ];
  let found: string[] = [];
  // Two at a time: a try is a process of its own, and most of them say no.
  for (let at = 0; at < sets.length && found.length === 0; at += 2) {
    options.signal.throwIfAborted();
    const pair = sets.slice(at, at + 2);
    const fits = await Promise.all(pair.map((some) => appliesAfter(tree, some, commit, options)));
    found = pair[fits.indexOf(true)]?.map(({ sha }) => sha) ?? [];
  }
  await options.cache.putTried(key, JSON.stringify(found));
  return found;
}

async function appliesAfter(
  tree: string,
  before: readonly HistoryCommit[],
  commit: HistoryCommit,
  options: QueueOptions,
): Promise<boolean> {
  let at = tree;
  for (const one of [...before, commit]) {
    const tried = await options.bench.pick(at, one, options.signal);
    if (!('tree' in tried)) return false;
    at = tried.tree;
  }
  return true;
}

/** A tree of an earlier run is only believed while it is there: the objects may have been removed. */
async function pickThrough(tree: string, commit: HistoryCommit, options: QueueOptions): Promise<Tried> {
  const { bench, cache, signal } = options;
  const key = keyOf(tree, commit.sha);
  const known = await cache.tried(key);
  if (known !== null) {
    const tried = JSON.parse(known) as Tried;
    if ('conflicts' in tried || (await bench.has(tried.tree))) return tried;
  }
  const tried = await bench.pick(tree, commit, signal);
  await cache.putTried(key, JSON.stringify(tried));
  return tried;
}

function keyOf(tree: string, sha: string): string {
  return createHash('sha256').update(`${tree} ${sha}`).digest('hex');
}
