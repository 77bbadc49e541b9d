import { VouchError } from '../../../lib/errors.ts';
import { readCommitObjects, type CommitObject } from '../git/commit-objects.ts';
import type { Repository } from '../git/repository.ts';
import { boundCommit } from '../commits-file.ts';
import type { Commit } from '../model.ts';
import type { HistoryCache } from './cache.ts';
import { changesThrough } from './changes.ts';

/** A commit with what trying to pick it needs. */
export interface HistoryCommit extends Commit {
  /** Its place in the history: parents have smaller ones. */
  order: number;
  parents: string[];
  /** Seconds since 1970. */
  authoredAt: number;
}

export interface GitHistory {
  /** Oldest first, parents before children, without merges. */
  commits: HistoryCommit[];
  /** How many merges were left out: what they bring is in the list by itself. */
  merges: number;
}

export interface Reading {
  cache: HistoryCache;
  signal: AbortSignal;
  onProgress: (line: string) => void;
}

const MAX_COMMITS = 200_000;

/** The commits that `revisions` select (`A..B`, or `B` and `^A`). Throws `usage` where a shallow clone ends inside the range. */
export async function readGitHistory(
  repository: Repository,
  revisions: readonly string[],
  reading: Reading,
): Promise<GitHistory> {
  const { signal } = reading;
  const ids = await listIds(repository, revisions, signal);
  const input = `${revisions.join('\n')}\n`;
  const merges = Number(
    await repository.text(['rev-list', '--count', '--merges', '--stdin'], { input, signal }),
  );
  return { commits: await readCommits(repository, ids, reading), merges };
}

/** These commits, in this order. */
export async function readCommits(
  repository: Repository,
  ids: readonly string[],
  reading: Reading,
): Promise<HistoryCommit[]> {
  const objects: CommitObject[] = [];
  for await (const batch of readCommitObjects(repository, ids, reading.signal)) objects.push(...batch);
  const changes = await changesThrough(repository, ids, reading);
  return objects.map((object, order) => ({
    ...boundCommit({ ...object, files: changes.get(object.sha) ?? [] }),
    parents: object.parents,
    authoredAt: object.authoredAt,
    order,
  }));
}

/** Ids of what `revisions` select, oldest first, without merges. */
export async function listIds(
  repository: Repository,
  revisions: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const text = await repository.text(['rev-list', '--topo-order', '--reverse', '--no-merges', '--stdin'], {
    input: `${revisions.join('\n')}\n`,
    signal,
    maxOutputBytes: (MAX_COMMITS + 1) * 66,
  });
  const ids = text.split('\n').filter((id) => id !== '');
  if (ids.length > MAX_COMMITS)
    throw new VouchError('usage', `${revisions.join(' ')}: more than ${MAX_COMMITS} commits`, {
      hint: 'give a shorter --range',
    });
  const end = ids.find((id) => repository.shallow.has(id));
  if (end !== undefined)
    throw new VouchError(
      'usage',
      `${repository.name}: a shallow clone that ends at ${end.slice(0, 12)}, which is inside what is asked for`,
      { hint: 'fetch the rest first: git fetch --unshallow' },
    );
  return ids;
}
