import { VouchError } from '../lib/errors.ts';
import type { ObjectSource, Repositories } from './git.ts';
import { printable } from './names.ts';

const MAX_FILES = 100_000;
const MAX_BYTES = 2 * 1024 ** 3;
const MAX_LINK_BYTES = 4096;
const MAX_LINKS = 2_000;
/** As the kernel does: more hops than this is a loop. */
const MAX_HOPS = 40;

interface Entry {
  mode: string;
  hash: string;
  bytes: number;
  path: string;
}

/**
 * Reads the whole tree of a commit and refuses (`usage`) what must not be unpacked: paths with a `.git` component or
 * control characters, symbolic links that leave the tree, submodules, and more than a release may hold. Returns the
 * paths of its files.
 */
export async function checkTree(
  repositories: Repositories,
  app: string,
  commit: string,
  objects: ObjectSource = {},
): Promise<string[]> {
  const listed = await repositories.git(app, ['ls-tree', '-r', '-z', '-l', '--full-tree', commit], {
    env: { ...objects },
    maxOutputBytes: 64 * 1024 * 1024,
  });
  if (listed.truncated) throw tooMany();
  const entries = parseListing(listed.stdout.toString('utf8'));
  checkEntries(entries);
  const links = new Map<string, string>();
  for (const { path, hash } of entries.filter(({ mode }) => mode === '120000')) {
    const target = await repositories.git(app, ['cat-file', 'blob', hash], {
      env: { ...objects },
      maxOutputBytes: MAX_LINK_BYTES,
    });
    links.set(path, target.stdout.toString('utf8'));
  }
  checkLinks(links);
  return entries.map(({ path }) => path);
}

function parseListing(text: string): Entry[] {
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode, , hash, size] = line.slice(0, tab).split(/ +/);
      return { mode: mode!, hash: hash!, bytes: Number(size) || 0, path: line.slice(tab + 1) };
    });
}

/** Exported for its test. */
export function checkEntries(entries: readonly Entry[]): void {
  if (entries.length > MAX_FILES) throw tooMany();
  let bytes = 0;
  let links = 0;
  const seen = new Set<string>();
  for (const entry of entries) {
    checkPath(entry.path);
    if (entry.mode === '160000') {
      throw refusal(
        entry.path,
        'is a submodule, and submodules are not fetched',
        'commit its files, or depend on it as a package',
      );
    }
    if (entry.mode === '120000') links += 1;
    if (entry.mode === '120000' && entry.bytes > MAX_LINK_BYTES)
      throw refusal(entry.path, 'is a symbolic link with an overlong target', 'remove it');
    if (seen.has(entry.path)) throw refusal(entry.path, 'is in the tree twice', 'repair the commit');
    seen.add(entry.path);
    bytes += entry.bytes;
  }
  for (const { path } of entries) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      if (seen.has(path.slice(0, at)))
        throw refusal(path, 'lies below something that is not a folder', 'repair the commit');
    }
  }
  if (links > MAX_LINKS)
    throw new VouchError('usage', `the commit holds more than ${MAX_LINKS} symbolic links`);
  if (bytes > MAX_BYTES)
    throw new VouchError('usage', `the commit holds ${bytes} bytes, more than ${MAX_BYTES}`);
}

function checkPath(path: string): void {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(path))
    throw refusal(path, 'has a control character in its name', 'rename it');
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..')
      throw refusal(path, 'has a component that is not a name', 'repair the commit');
    if (isDotGit(part)) throw refusal(path, 'has a component .git, which git would obey', 'remove it');
  }
}

/** `.git` as file systems may read it: any case, NTFS's short name and trailing dots, HFS's ignored characters. */
function isDotGit(name: string): boolean {
  const bare = name
    .replaceAll(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, '')
    .toLowerCase()
    .replace(/[. ]+$/, '')
    .replace(/:.*$/, '');
  return bare === '.git' || bare === 'git~1';
}

/**
 * Exported for its test. Each link is followed as the kernel would, through other links of the tree: `a/..` is not `.`
 * where `a` is a link.
 */
export function checkLinks(links: ReadonlyMap<string, string>): void {
  for (const path of links.keys()) {
    const at: string[] = [];
    const ahead = path.split('/');
    for (let hops = 0; ahead.length > 0;) {
      const part = ahead.shift()!;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (at.length === 0) throw leaves(path, links);
        at.pop();
        continue;
      }
      at.push(part);
      const target = links.get(at.join('/'));
      if (target === undefined) continue;
      if (target.startsWith('/')) throw leaves(path, links);
      if (++hops > MAX_HOPS) throw refusal(path, 'is a symbolic link that leads back to itself', 'remove it');
      at.pop();
      ahead.unshift(...target.split('/'));
    }
  }
}

function leaves(path: string, links: ReadonlyMap<string, string>): VouchError {
  const target = printable(links.get(path) ?? '');
  return refusal(path, `is a symbolic link that leaves the tree (to ${target})`, 'commit the file itself');
}

function refusal(path: string, what: string, hint: string): VouchError {
  return new VouchError('usage', `${printable(path)} ${what}`, { hint });
}

function tooMany(): VouchError {
  return new VouchError('usage', `the commit holds more than ${MAX_FILES} files`, {
    hint: 'keep dependencies and build output out of the repository',
  });
}
