import { closeSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { VouchError } from '../../lib/errors.ts';

export interface Cgroup {
  path: string;
  id: bigint;
  /** 1 for one directly below the root. */
  level: number;
}

/** Where the v2 tree is mounted, or null: `/sys/fs/cgroup` or, beside v1 controllers, a folder in it. */
export function cgroupRoot(mounts: string = readFileSync('/proc/self/mounts', 'utf8')): string | null {
  for (const line of mounts.split('\n')) {
    const [, folder, type] = line.split(' ');
    if (type === 'cgroup2' && folder) return folder;
  }
  return null;
}

/** A cgroup by its folder, checked: below the v2 root, not the root itself (that would be the whole machine). */
export function findCgroup(path: string): Cgroup {
  const root = cgroupRoot();
  if (root === null) {
    throw new VouchError('missing-part', 'there is no cgroup v2 tree', {
      hint: 'mount -t cgroup2 none /sys/fs/cgroup/unified',
    });
  }
  let real: string;
  try {
    real = realpathSync(resolve(root, path));
  } catch {
    throw new VouchError('not-found', `${path}: there is no such cgroup`);
  }
  const below = relative(root, real);
  if (below === '' || below.startsWith('..') || isAbsolute(below)) {
    throw new VouchError('usage', `${path}: not a cgroup below ${root}`);
  }
  return { path: real, id: statSync(real, { bigint: true }).ino, level: below.split('/').length };
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
