import { VouchError } from '../../../lib/errors.ts';
import { mapLimited } from '../../../lib/limit.ts';
import { changesOf } from '../git/changes.ts';
import { readCommitObjects, type CommitObject } from '../git/commit-objects.ts';
import type { Repository } from '../git/repository.ts';
import { boundCommit } from '../commits-file.ts';
import type { Commit } from '../model.ts';
import type { HistoryCache } from './cache.ts';

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
const DIFFS_AT_ONCE = 250;
/** Two cores are everywhere; more readers of one disk gain little. */
const READERS = 2;
/** Commits between two lines of progress. */
const REPORTED = 2500;

/** The commits of `from..to`. Throws `usage` where a shallow clone ends inside the range. */
export async function readGitHistory(
  repository: Repository,
  { from, to }: { from: string; to: string },
  { cache, signal, onProgress }: Reading,
): Promise<GitHistory> {
  const ids = await listIds(repository, [`${from}..${to}`], signal);
  const merges = Number(
    (await repository.text(['rev-list', '--count', '--merges', `${from}..${to}`], { signal })).trim(),
  );
  const objects: CommitObject[] = [];
  for await (const batch of readCommitObjects(repository, ids, signal)) objects.push(...batch);
  const changes = await cache.changes(ids);
  const missing = ids.filter((id) => !changes.has(id));
  let done = 0;
  const batches = Array.from({ length: Math.ceil(missing.length / DIFFS_AT_ONCE) }, (_, i) =>
    missing.slice(i * DIFFS_AT_ONCE, (i + 1) * DIFFS_AT_ONCE),
  );
  await mapLimited(batches, READERS, async (some) => {
    const read = await changesOf(repository, some, signal);
    await cache.putChanges(read);
    for (const [id, files] of read) changes.set(id, files);
    done += some.length;
    if (done % REPORTED < some.length && missing.length > REPORTED)
      onProgress(`${repository.name}: read ${done} of ${missing.length} new commits`);
  });
  return {
    commits: objects.map((object, order) => ({
      ...boundCommit({ ...object, files: changes.get(object.sha) ?? [] }),
      parents: object.parents,
      authoredAt: object.authoredAt,
      order,
    })),
    merges,
  };
}

/** Ids of what `revisions` select, oldest first, without merges. */
export async function listIds(
  repository: Repository,
  revisions: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const text = await repository.text(
    ['rev-list', '--topo-order', '--reverse', '--no-merges', ...revisions, '--'],
    { signal, maxOutputBytes: (MAX_COMMITS + 1) * 66 },
  );
  const ids = text.split('\n').filter((id) => id !== '');
  if (ids.length > MAX_COMMITS)
    throw new VouchError('usage', `${revisions.join(' ')}: more than ${MAX_COMMITS} commits`, {
      hint: 'give a shorter --range',
    });
  const end = ids.find((id) => repository.shallow.has(id));
  if (end !== undefined)
    throw new VouchError(
      'usage',
      `${repository.name}: a shallow clone that ends at ${end.slice(0, 12)}, inside ${revisions.join(' ')}`,
      { hint: 'fetch the rest first: git fetch --unshallow' },
    );
  return ids;
}
