import { readdir, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { reapScratch } from '../lib/scratch.ts';
import { enforceRetention, type RecordingFolder, type RetentionLimits } from '../record/retention.ts';
import type { Sandbox } from '../sandbox/port.ts';
import type { Store } from '../store/store.ts';

const HOUR_MS = 3_600_000;

/** Removes what processes of ours that were killed have left on this machine: sandboxes first, then scratch folders. */
export async function reapMachine(
  sandboxes: readonly Sandbox[],
  log: Logger,
  scratch?: string,
): Promise<void> {
  const removed: string[] = [];
  for (const sandbox of sandboxes) removed.push(...(await sandbox.reap()));
  removed.push(...(await reapScratch(scratch)));
  if (removed.length > 0) log.info({ removed }, 'removed what a process that was killed left');
}

/** Bounds the recordings of the data folder now and every hour, until the function that it returns is called. */
export function keepRecordingsBounded(
  store: Store,
  limits: RetentionLimits,
  log: Logger,
  everyMs: number = HOUR_MS,
): () => Promise<void> {
  let running = Promise.resolve();
  const once = async (): Promise<void> => {
    try {
      const { deleted, failed, bytes } = await enforceRetention(await recordingFolders(store), limits);
      for (const path of deleted) await removeEmpty(join(path, '..'));
      if (deleted.length > 0) log.info({ deleted: deleted.length, bytes }, 'old recordings deleted');
      for (const line of failed) log.warn(`a recording cannot be deleted: ${line}`);
    } catch (error) {
      log.warn({ err: error }, `recordings cannot be bounded: ${messageOf(error)}`);
    }
  };
  const timer = setInterval(() => void (running = running.then(once)), everyMs);
  timer.unref();
  running = once();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/**
 * The folders `recordings/DEPLOYMENT/ATTEMPT` of a data folder. Live is the last attempt of a deployment that has not
 * ended: the ones before it are of starts that failed, and nothing writes to them any more.
 */
export async function recordingFolders(store: Store): Promise<RecordingFolder[]> {
  const root = join(store.folder, 'recordings');
  const rows = await store.db.selectFrom('deployments').select('id').where('endedAt', 'is', null).execute();
  const running = new Set(rows.map(({ id }) => id));
  const found: RecordingFolder[] = [];
  for (const deployment of await namesIn(root)) {
    const attempts = await namesIn(join(root, deployment));
    const last = Math.max(...attempts.map(Number).filter(Number.isInteger));
    for (const attempt of attempts) {
      const path = join(root, deployment, attempt);
      const live = running.has(deployment) && Number(attempt) === last;
      const { mtimeMs } = (await stat(path).catch(gone)) ?? {};
      if (mtimeMs !== undefined) found.push({ path, live, lastActive: mtimeMs });
    }
  }
  return found;
}

async function namesIn(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(gone)) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

async function removeEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
  });
}

function gone(error: unknown): undefined {
  if (systemCode(error) === 'ENOENT') return undefined;
  throw error;
}
