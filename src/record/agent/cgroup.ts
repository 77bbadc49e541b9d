import { closeSync, openSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { cgroupLayout } from '../../lib/cgroup.ts';
import { VouchError } from '../../lib/errors.ts';

export interface FoundCgroup {
  path: string;
  id: bigint;
  /** 1 for one directly below the root. */
  level: number;
}

/** A cgroup by its folder, checked: below the v2 root, and not the root itself (that would be the whole machine). */
export async function findCgroup(path: string): Promise<FoundCgroup> {
  const root = (await cgroupLayout())?.v2;
  if (root === undefined) {
    throw new VouchError('missing-part', 'there is no cgroup v2 tree', {
      hint: 'mount -t cgroup2 none /sys/fs/cgroup/unified',
    });
  }
  let real: string;
  try {
    real = await realpath(resolve(root, path));
  } catch {
    throw new VouchError('not-found', `${path}: there is no such cgroup`);
  }
  const below = relative(root, real);
  if (below === '' || below.startsWith('..') || isAbsolute(below)) {
    throw new VouchError('usage', `${path}: not a cgroup below ${root}`);
  }
  return { path: real, id: (await stat(real, { bigint: true })).ino, level: below.split('/').length };
}

/** Calls `use` with an open descriptor of the cgroup's folder. */
export function withCgroup<T>(path: string, use: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
