import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCode } from './errors.ts';

const PREFIX = 'vouch-';
const LEFT_ALONE = new Set(['EACCES', 'EPERM', 'EBUSY', 'ENOTEMPTY', 'EROFS']);

/** A new empty folder for work that need not survive; its name holds our process id, so `reapScratch` can tell. */
export async function scratchDir(purpose: string, parent: string = tmpdir()): Promise<string> {
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, `${PREFIX}${process.pid}-${purpose}-`));
}

/**
 * Removes scratch folders whose process has died, but those that are somebody else's, or still in use. Call after their
 * mounts are gone. Returns what was removed.
 */
export async function reapScratch(parent: string = tmpdir()): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(parent)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      await rm(join(parent, name), { recursive: true, force: true });
      removed.push(join(parent, name));
    } catch (error) {
      if (!LEFT_ALONE.has(systemCode(error) ?? '')) throw error;
    }
  }
  return removed;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
