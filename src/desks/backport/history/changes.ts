import { mapLimited } from '../../../lib/limit.ts';
import { changesOf, patchIdsOf } from '../git/changes.ts';
import type { Repository } from '../git/repository.ts';
import type { ChangedFile } from '../model.ts';
import type { Reading } from './read.ts';

const DIFFS_AT_ONCE = 250;
const PATCH_IDS_AT_ONCE = 100;
/** Two cores are everywhere; more readers of one disk gain little. */
const READERS = 2;
/** Commits between two lines of progress. */
const REPORTED = 2500;

/** What each commit changes; only those that no earlier run has read are read. */
export async function changesThrough(
  repository: Repository,
  ids: readonly string[],
  { cache, signal, onProgress }: Reading,
): Promise<Map<string, ChangedFile[]>> {
  const known = await cache.changes(ids);
  const unknown = ids.filter((id) => !known.has(id));
  let done = 0;
  await mapLimited(batches(unknown, DIFFS_AT_ONCE), READERS, async (some) => {
    const read = await changesOf(repository, some, signal);
    await cache.putChanges(read);
    for (const [id, files] of read) known.set(id, files);
    done += some.length;
    if (unknown.length > REPORTED && done % REPORTED < some.length)
      onProgress(`${repository.name}: read ${done} of ${unknown.length} new commits`);
  });
  return known;
}

/** The same for patch ids. */
export async function patchIdsThrough(
  repository: Repository,
  ids: readonly string[],
  { cache, signal }: Reading,
): Promise<Map<string, string>> {
  const known = await cache.patchIds(ids);
  const unknown = ids.filter((id) => !known.has(id));
  await mapLimited(batches(unknown, PATCH_IDS_AT_ONCE), READERS, async (some) => {
    const made = await patchIdsOf(repository, some, signal);
    await cache.putPatchIds(made);
    for (const [id, patchId] of made) known.set(id, patchId);
  });
  return known;
}

function batches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
