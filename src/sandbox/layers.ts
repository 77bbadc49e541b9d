import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode } from '../lib/errors.ts';
import { runOrThrow } from '../lib/process.ts';
import { checkRelative, isBelow } from './spec.ts';

/**
 * Writes changed files as an overlayfs layer into the empty folder `layer`: files as they are, removals as whiteouts
 * (character device 0:0, Documentation/filesystems/overlayfs.rst). The tree is only looked at. Needs root for
 * removals. A file keeps the permissions of the one it stands for.
 */
export async function writeLayer(
  layer: string,
  tree: string,
  changes: Readonly<Record<string, string | Uint8Array | null>>,
): Promise<void> {
  const entries = Object.entries(changes).map(([path, content]) => ({ path: checkRelative(path), content }));
  const kept = entries.filter((entry) => entry.content !== null);
  for (const { path, content } of kept) {
    const target = join(layer, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content!, { mode: (await modeOf(join(tree, path))) ?? 0o644 });
  }
  const removed = entries.filter((entry) => entry.content === null).map((entry) => entry.path);
  const whiteouts = await expandRemovals(
    tree,
    removed,
    kept.map((entry) => entry.path),
  );
  for (const path of whiteouts) {
    const target = join(layer, path);
    await mkdir(dirname(target), { recursive: true });
    await runOrThrow(['mknod', target, 'c', '0', '0']);
  }
}

/**
 * What to white out: the removed paths that exist. A removed folder in which a changed file lives is removed child by
 * child, because the layer has a folder there.
 */
async function expandRemovals(tree: string, removed: string[], kept: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of removed) {
    if (kept.includes(path)) continue;
    if ((await modeOf(join(tree, path))) === undefined) continue;
    if (!kept.some((other) => isBelow(other, path))) {
      found.push(path);
    } else if (await isFolder(join(tree, path))) {
      const children = await readdir(join(tree, path));
      found.push(
        ...(await expandRemovals(
          tree,
          children.map((child) => `${path}/${child}`),
          kept,
        )),
      );
    }
  }
  return [...new Set(found)].filter((path) => !found.some((other) => other !== path && isBelow(path, other)));
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    const info = await lstat(path);
    return info.isFile() ? info.mode & 0o777 : 0o644;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory();
}
