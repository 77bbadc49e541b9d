import { mkdir, readFile, readdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { VouchError, messageOf, systemCode } from './errors.ts';

const CONTROLLERS = ['memory', 'pids', 'cpu'] as const;
type Controller = (typeof CONTROLLERS)[number];

/** Where the control groups are mounted. With a pure v2 tree `v1` is empty. */
export interface CgroupLayout {
  v2: string;
  v1: Partial<Record<Controller, string>>;
  /** Every tree, those of other v1 controllers included: container engines use them all. */
  all: string[];
}

export interface CgroupLimits {
  memoryBytes?: number;
  processes?: number;
  /** In cores. */
  cpus?: number;
}

/** One group with its limits: a folder of the v2 tree, and with a hybrid layout one a v1 controller of the same name. */
export interface Cgroup {
  /** The v2 folder. */
  readonly path: string;
  /** The kernel's id of it. */
  readonly id: bigint;
  /** Every folder that a process must join, by writing to its `cgroup.procs`. */
  readonly folders: readonly string[];
  /** How many processes the kernel has killed in it because the memory limit was reached. */
  memoryKills(): Promise<number>;
  /** Whether its memory limit was ever reached, by groups below it too; that alone need not have killed anything. */
  memoryLimitReached(): Promise<boolean>;
  /** Kills every process in it and below it, and waits until they are gone. */
  kill(): Promise<void>;
  /** Kills, then removes the folders. One that is gone is fine. */
  remove(): Promise<void>;
}

/** Reads the layout from /proc/self/mountinfo; undefined if there is no v2 tree. */
export async function cgroupLayout(mountinfo?: string): Promise<CgroupLayout | undefined> {
  const text = mountinfo ?? (await readFile('/proc/self/mountinfo', 'utf8'));
  let v2: string | undefined;
  const v1: CgroupLayout['v1'] = {};
  const all: string[] = [];
  for (const line of text.split('\n')) {
    // proc(5): ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAGS…] - TYPE SOURCE SUPEROPTIONS
    const [left, right] = line.split(' - ');
    const [type, , superOptions] = right?.split(' ') ?? [];
    const mountPoint = left
      ?.split(' ')[4]
      ?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    if (mountPoint === undefined) continue;
    if (type === 'cgroup2') v2 ??= mountPoint;
    if (type === 'cgroup2' || type === 'cgroup') all.push(mountPoint);
    if (type !== 'cgroup') continue;
    for (const name of CONTROLLERS) if (superOptions?.split(',').includes(name)) v1[name] ??= mountPoint;
  }
  return v2 === undefined ? undefined : { v2, v1, all: [...new Set(all)] };
}

/**
 * Makes the group `name` (one or more path parts, such as `parent/child`) with its limits; with a pure v2 tree, turns
 * the controllers on down to it. Without limits it is only a place in the
 * v2 tree. Throws `unavailable` if the kernel
 * does not let us.
 */
export async function createCgroup(
  layout: CgroupLayout,
  name: string,
  limits?: CgroupLimits,
): Promise<Cgroup> {
  const path = join(layout.v2, name);
  const controllers = limits === undefined ? [] : Object.values(layout.v1);
  const folders = [path, ...new Set(controllers.map((root) => join(root, name)))];
  const group: Cgroup = {
    path,
    id: 0n,
    folders,
    memoryKills: () => memoryKills(layout, name),
    memoryLimitReached: () => memoryLimitReached(layout, name),
    kill: () => killCgroup(path),
    remove: () => removeCgroup(layout, name),
  };
  try {
    for (const folder of folders) await mkdir(folder, { recursive: true });
    if (limits !== undefined) {
      await enableControllers(layout, name);
      const files = limitFiles(layout, name, limits);
      await Promise.all(files.map(([file, value, optional]) => setLimit(file, value, optional)));
    }
    return { ...group, id: (await stat(path, { bigint: true })).ino };
  } catch (error) {
    await group.remove();
    throw new VouchError('unavailable', `control group ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Names of the groups directly below `parent`, in any of the trees. */
export async function cgroupNames(layout: CgroupLayout, parent: string): Promise<string[]> {
  const names = new Set<string>();
  for (const root of layout.all) {
    for (const name of await subfolders(join(root, parent))) names.add(name);
  }
  return [...names];
}

/** Kills and removes the group `name` and everything below it, in all trees. */
export async function removeCgroup(layout: CgroupLayout, name: string): Promise<void> {
  await killCgroup(join(layout.v2, name));
  const remove = async (folder: string): Promise<void> => {
    await killCgroup(folder); // processes that only are in a v1 tree
    await removeFolder(folder);
  };
  await Promise.all(layout.all.map((root) => remove(join(root, name))));
}

async function enableControllers(layout: CgroupLayout, name: string): Promise<void> {
  const wanted = CONTROLLERS.filter((controller) => layout.v1[controller] === undefined);
  if (wanted.length === 0) return;
  const parents: string[] = [];
  for (let folder = dirname(join(layout.v2, name)); folder.startsWith(layout.v2); folder = dirname(folder))
    parents.unshift(folder);
  for (const folder of parents) {
    const on = (await readFile(join(folder, 'cgroup.subtree_control'), 'utf8')).trim().split(' ');
    const missing = wanted.filter((controller) => !on.includes(controller));
    if (missing.length > 0)
      await writeFile(join(folder, 'cgroup.subtree_control'), missing.map((c) => `+${c}`).join(' '));
  }
}

/** Files to write, what, and whether the kernel may lack it (swap accounting). */
function limitFiles(layout: CgroupLayout, name: string, limits: CgroupLimits): [string, string, boolean][] {
  const { memoryBytes, processes, cpus } = limits;
  const v2 = join(layout.v2, name);
  const v1 = (controller: Controller, file: string): string | undefined => {
    const root = layout.v1[controller];
    return root === undefined ? undefined : join(root, name, file);
  };
  const files: [string, string, boolean][] = [];
  if (memoryBytes !== undefined) {
    const bytes = String(Math.floor(memoryBytes));
    const old = v1('memory', 'memory.limit_in_bytes');
    if (old !== undefined) files.push([old, bytes, false]);
    else files.push([join(v2, 'memory.max'), bytes, false], [join(v2, 'memory.swap.max'), '0', true]);
  }
  if (processes !== undefined) {
    files.push([v1('pids', 'pids.max') ?? join(v2, 'pids.max'), String(Math.floor(processes)), false]);
  }
  if (cpus !== undefined) {
    const quota = String(Math.max(1000, Math.round(cpus * 100_000)));
    const old = v1('cpu', 'cpu.cfs_quota_us');
    files.push(old === undefined ? [join(v2, 'cpu.max'), `${quota} 100000`, false] : [old, quota, false]);
  }
  return files;
}

async function setLimit(file: string, value: string, optional: boolean): Promise<void> {
  try {
    await writeFile(file, value);
    // v1: memory and swap together; can only be set once the limit of memory alone is. Not there without swap accounting.
    if (basename(file) === 'memory.limit_in_bytes')
      await setLimit(join(dirname(file), 'memory.memsw.limit_in_bytes'), value, true);
  } catch (error) {
    const code = systemCode(error);
    // Opening a file that a cgroup does not have is EACCES: node asks to create it.
    if (optional && (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM')) return;
    throw error;
  }
}

/** v1 counts kills in the group of the victim only, not in those above. */
async function memoryKills(layout: CgroupLayout, name: string): Promise<number> {
  const v1 = layout.v1.memory;
  const file =
    v1 === undefined ? join(layout.v2, name, 'memory.events') : join(v1, name, 'memory.oom_control');
  return countIn(file, /^oom_kill (\d+)$/m);
}

/** Charges come in batches of 64 pages, so the highest use can stay that much below the limit. */
async function memoryLimitReached(layout: CgroupLayout, name: string): Promise<boolean> {
  const v1 = layout.v1.memory;
  if (v1 === undefined) return (await countIn(join(layout.v2, name, 'memory.events'), /^max (\d+)$/m)) > 0;
  const limit = await countIn(join(v1, name, 'memory.limit_in_bytes'), /^(\d+)$/m);
  // Not memory.failcnt: newer kernels no longer count there for every group.
  const most = await countIn(join(v1, name, 'memory.max_usage_in_bytes'), /^(\d+)$/m);
  return limit > 0 && most >= limit - 64 * 4096;
}

async function countIn(file: string, pattern: RegExp): Promise<number> {
  try {
    return Number(pattern.exec(await readFile(file, 'utf8'))?.[1] ?? 0);
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}

async function killCgroup(folder: string): Promise<void> {
  try {
    // One write kills the whole subtree, forks in flight included (kernel 5.14, v2 only).
    await writeFile(join(folder, 'cgroup.kill'), '1', { flag: 'r+' });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  const deadline = Date.now() + 10_000;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    const pids = await processesIn(folder);
    if (pids.length === 0) return;
    if (Date.now() > deadline)
      throw new VouchError('unavailable', `${folder}: ${pids.length} processes do not die`);
    for (const pid of pids) killProcess(pid);
    await delay(wait);
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}

async function processesIn(folder: string): Promise<number[]> {
  let text: string;
  try {
    text = await readFile(join(folder, 'cgroup.procs'), 'utf8');
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
  const own = text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0); // 0: one of another namespace
  const below = await Promise.all((await subfolders(folder)).map((name) => processesIn(join(folder, name))));
  return [...own, ...below.flat()];
}

async function removeFolder(folder: string): Promise<void> {
  for (const name of await subfolders(folder)) await removeFolder(join(folder, name));
  const deadline = Date.now() + 10_000;
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    try {
      return await rmdir(folder);
    } catch (error) {
      if (isGone(error)) return;
      // The kernel lets go of a dead process's group a moment after the process.
      if (systemCode(error) !== 'EBUSY' || Date.now() > deadline) throw error;
    }
    await delay(wait);
  }
}

async function subfolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENODEV';
}
