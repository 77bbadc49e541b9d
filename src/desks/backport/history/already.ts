import { readCommitObjects, type CommitObject } from '../git/commit-objects.ts';
import type { Repository } from '../git/repository.ts';
import type { Already } from '../model.ts';
import { changesThrough, patchIdsThrough } from './changes.ts';
import { picksIn, revertsIn } from './trailers.ts';
import { listIds, type HistoryCommit, type Reading } from './read.ts';

/** What a branch has of the development branch's commits. */
export interface OnBranch {
  /** By the id of the commit. */
  already: ReadonlyMap<string, Already>;
  /** Commits whose pick was reverted on the branch since, with the revert: somebody thought better of it. */
  reverted: ReadonlyMap<string, string>;
  /** Whether the branch has this commit of the development branch, or a pick of it; also from before the range. Full ids. */
  has(id: string): boolean;
  /** How many commits the branch has of its own. */
  own: number;
}

/**
 * Finds which of `commits` the branch has: the commit itself, a pick that names it, one of the same author, date and subject,
 * or one that changes the same lines (patch id; only computed where the same files are changed).
 */
export async function findOnBranch(
  repository: Repository,
  branch: string,
  development: readonly string[],
  commits: readonly HistoryCommit[],
  reading: Reading,
): Promise<OnBranch> {
  const { signal } = reading;
  const missing = new Set(await listIds(repository, [...development, `^${branch}`], signal));
  const own: CommitObject[] = [];
  const ownIds = await listIds(repository, [branch, ...development.map((id) => `^${id}`)], signal);
  for await (const batch of readCommitObjects(repository, ownIds, signal)) own.push(...batch);

  const already = new Map<string, Already>();
  const reverted = new Map<string, string>();
  const byId = idIndex(commits);
  const undone = revertedOf(own);
  const taken = new Set<string>();
  const note = (commit: HistoryCommit, pick: CommitObject, how: Already['how']): void => {
    taken.add(pick.sha);
    const revert = undone.get(pick.sha);
    if (revert !== undefined) reverted.set(commit.sha, revert);
    else {
      reverted.delete(commit.sha);
      if (!already.has(commit.sha)) already.set(commit.sha, { sha: pick.sha, how });
    }
  };
  for (const commit of commits)
    if (!missing.has(commit.sha)) already.set(commit.sha, { sha: commit.sha, how: 'same-commit' });
  const picked = own.map((pick) => picksIn(pick.body));
  for (const [i, pick] of own.entries())
    for (const id of picked[i]!) {
      const commit = byId(id);
      if (commit !== undefined) note(commit, pick, 'picked-from');
    }
  const byAuthor = new Map(own.map((pick) => [authorKey(pick), pick]));
  for (const commit of commits) {
    if (already.has(commit.sha) || reverted.has(commit.sha)) continue;
    const pick = byAuthor.get(authorKey(commit));
    if (pick !== undefined) note(commit, pick, 'same-author-date-subject');
  }
  const open = commits.filter(({ sha }) => !already.has(sha) && !reverted.has(sha));
  const others = own.filter(({ sha }) => !taken.has(sha));
  for (const [commit, pick] of await sameChange(repository, open, others, reading))
    note(commit, pick, 'same-change');
  const starts = Map.groupBy(picked.flat(), (id) => id.slice(0, 7));
  const known = new Set(commits.map(({ sha }) => sha));
  return {
    already,
    reverted,
    own: own.length,
    has(id) {
      if (known.has(id)) return already.has(id);
      return !missing.has(id) || (starts.get(id.slice(0, 7)) ?? []).some((start) => id.startsWith(start));
    },
  };
}

/** The pick that each revert undoes; a revert of a revert brings it back. */
function revertedOf(own: readonly CommitObject[]): Map<string, string> {
  const find = idIndex(own);
  const undone = new Map<string, string>();
  for (const commit of own)
    for (const id of revertsIn(commit.body)) {
      const target = find(id);
      if (target === undefined) continue;
      const again = [...undone].find(([, revert]) => revert === target.sha);
      if (again === undefined) undone.set(target.sha, commit.sha);
      else undone.delete(again[0]);
    }
  return undone;
}

/** Finds by the start of an id; undefined also where two begin so. */
function idIndex<T extends { sha: string }>(commits: readonly T[]): (id: string) => T | undefined {
  const byStart = new Map<string, T[]>();
  for (const commit of commits) {
    const list = byStart.get(commit.sha.slice(0, 7));
    if (list) list.push(commit);
    else byStart.set(commit.sha.slice(0, 7), [commit]);
  }
  return (id) => {
    const found = (byStart.get(id.slice(0, 7)) ?? []).filter(
      ({ sha }) => sha.startsWith(id) || id.startsWith(sha),
    );
    return found.length === 1 ? found[0] : undefined;
  };
}

function authorKey({
  author,
  authoredAt,
  subject,
}: Pick<CommitObject, 'authoredAt' | 'subject'> & { author: CommitObject['author'] | null }): string {
  return JSON.stringify([author?.email.toLowerCase(), authoredAt, subject.replace(/\s+/g, ' ').trim()]);
}

async function sameChange(
  repository: Repository,
  open: readonly HistoryCommit[],
  others: readonly CommitObject[],
  reading: Reading,
): Promise<[HistoryCommit, CommitObject][]> {
  if (others.length === 0 || open.length === 0) return [];
  const ids = others.map(({ sha }) => sha);
  const known = await changesThrough(repository, ids, reading);
  const key = (files: { path: string; added: number; removed: number }[]): string => JSON.stringify(files);
  const byFiles = Map.groupBy(others, ({ sha }) => key(known.get(sha) ?? []));
  byFiles.delete('[]');
  const candidates = open.filter(({ files }) => byFiles.has(key(files)));
  const wanted = candidates.flatMap((commit) => [
    commit.sha,
    ...byFiles.get(key(commit.files))!.map(({ sha }) => sha),
  ]);
  const patchIds = await patchIdsThrough(repository, [...new Set(wanted)], reading);
  return candidates.flatMap((commit) => {
    const own = patchIds.get(commit.sha);
    const pick = byFiles.get(key(commit.files))!.find(({ sha }) => patchIds.get(sha) === own);
    return own === undefined || pick === undefined ? [] : [[commit, pick] as [HistoryCommit, CommitObject]];
  });
}
