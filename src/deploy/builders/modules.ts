import { createHash } from 'node:crypto';
import {
  copyFile,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  utimes,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { VouchError, systemCode } from '../../lib/errors.ts';
import { isObject, parseJson } from '../../lib/json.ts';
import { runOrThrow } from '../../lib/process.ts';
import { scratchDir } from '../../lib/scratch.ts';
import { emptyFolder, npmInstall } from './npm.ts';
import type { BuildRequest } from './port.ts';

/** Installed sets of dependencies kept for the next build. */
const KEPT = 20;

export interface Lock {
  name: string;
  bytes: Buffer;
}

/**
 * Puts what the lock file says into `tree/node_modules`. An install from the same lock file, manifest, Node.js and
 * settings is reused, as hard links: a release costs no second copy, and no second download. Returns whether it was.
 *
 * `writable`: something will write in the tree afterwards, so the files are copied instead.
 */
export async function installLocked(
  build: BuildRequest,
  lock: Lock,
  writable: boolean,
): Promise<'installed' | 'reused'> {
  if (!(await isSelfContained(build.tree, lock))) {
    // Packages that are folders of the app itself can only be linked in place.
    await npmInstall({ build, folder: build.tree, command: 'ci' });
    await checkLinksStay(build.tree);
    return 'installed';
  }
  const modules = join(build.cache, 'modules');
  const kept = join(modules, await keyOf(build, lock));
  const there = await isFolder(kept);
  if (!there) await fill(build, lock, modules, kept);
  // The time of its last use, for `trim`.
  const now = new Date();
  await utimes(kept, now, now);
  if (await isFolder(join(kept, 'node_modules'))) {
    const how = writable ? ['cp', '-a', '--reflink=auto'] : ['cp', '-a', '-l'];
    await rm(join(build.tree, 'node_modules'), { recursive: true, force: true });
    await copy(how, join(kept, 'node_modules'), build.tree);
  }
  return there ? 'reused' : 'installed';
}

/** Hard links need one file system; a cache on another one is copied. */
async function copy(how: string[], from: string, to: string): Promise<void> {
  const [one, other] = await Promise.all([stat(from), stat(to)]);
  const command = one.dev === other.dev ? how : ['cp', '-a'];
  await runOrThrow([...command, '--', from, to], { timeoutMs: 300_000 });
}

async function fill(build: BuildRequest, lock: Lock, modules: string, kept: string): Promise<void> {
  await mkdir(modules, { recursive: true });
  const work = await emptyFolder(await scratchDir('install', modules));
  try {
    for (const name of ['package.json', lock.name, '.npmrc']) await copyIfThere(build.tree, work, name);
    await npmInstall({ build, folder: work, command: 'ci' });
    await checkLinksStay(work);
    await rename(work, kept).catch((error: unknown) => {
      // Another build with the same lock file was first.
      if (!['EEXIST', 'ENOTEMPTY'].includes(systemCode(error) ?? '')) throw error;
    });
    await trim(modules);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function copyIfThere(from: string, to: string, name: string): Promise<void> {
  try {
    // A link would be followed to wherever it points at the time.
    if ((await lstat(join(from, name))).isFile()) await copyFile(join(from, name), join(to, name));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

async function keyOf(build: BuildRequest, lock: Lock): Promise<string> {
  const hash = createHash('sha256');
  const parts = [
    build.nodeVersion,
    process.platform,
    process.arch,
    build.settings.installScripts ? build.app : '',
  ];
  hash.update(JSON.stringify(parts));
  for (const name of ['package.json', lock.name, '.npmrc']) {
    const bytes = await readRegular(join(build.tree, name));
    const part = name === 'package.json' ? Buffer.from(dependencyPart(bytes)) : bytes;
    hash.update(`${name}\0${part.length}\0`).update(part);
  }
  return hash.digest('hex');
}

/** A changed start script does not change what is installed. */
function dependencyPart(bytes: Buffer): string {
  const manifest = parseJson(bytes.toString('utf8'));
  if (!isObject(manifest)) return bytes.toString('hex');
  const { scripts: _scripts, version: _version, description: _description, ...rest } = manifest;
  return JSON.stringify(rest);
}

async function readRegular(path: string): Promise<Buffer> {
  try {
    return (await lstat(path)).isFile() ? await readFile(path) : Buffer.alloc(0);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Whether every package of the lock file comes from elsewhere, none from a folder or file of the app. */
async function isSelfContained(tree: string, lock: Lock): Promise<boolean> {
  const manifest = parseJson((await readRegular(join(tree, 'package.json'))).toString('utf8'));
  if (!isObject(manifest) || manifest['workspaces'] !== undefined) return false;
  const content = parseJson(lock.bytes.toString('utf8'));
  if (!isObject(content))
    throw new VouchError('usage', `${lock.name} does not hold a JSON object`, {
      hint: 'make it anew with npm install',
    });
  const packages = content['packages'];
  if (!isObject(packages)) return false;
  return Object.entries(packages).every(([path, entry]) => {
    if (path === '') return true;
    if (!path.startsWith('node_modules/') || !isObject(entry)) return false;
    const resolved = entry['resolved'];
    return entry['link'] !== true && !(typeof resolved === 'string' && resolved.startsWith('file:'));
  });
}

/** Throws `usage` when an installed package is a link to somewhere outside. */
async function checkLinksStay(root: string): Promise<void> {
  const folder = join(root, 'node_modules');
  if (!(await isFolder(folder))) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const target = resolve(entry.parentPath, await readlink(join(entry.parentPath, entry.name)));
    if (target === root || target.startsWith(`${root}/`)) continue;
    throw new VouchError('usage', `the dependency ${entry.name} is a link to a folder outside of the app`, {
      hint: 'depend on a published version, or move the folder into the repository',
    });
  }
}

/** Removes the sets that were used least recently. Releases keep their own links to the files. */
async function trim(modules: string): Promise<void> {
  const sets: { path: string; used: number }[] = [];
  for (const name of await readdir(modules)) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    const path = join(modules, name);
    sets.push({ path, used: (await stat(path)).mtimeMs });
  }
  sets.sort((a, b) => b.used - a.used);
  for (const { path } of sets.slice(KEPT)) await rm(path, { recursive: true, force: true });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
