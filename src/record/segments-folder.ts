import { closeSync, fchownSync, lchownSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Whom files are given to. Null: they stay ours. */
export type Owner = { uid: number; gid: number } | null;

/**
 * Makes the folder of a recording, and says whose its files are to be. The privileged process writes for a server that
 * may be another user: what it makes belongs to whoever owns the folder around it, and nobody else can read it.
 */
export function makeFolder(folder: string): Owner {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  const around = statSync(first === undefined ? folder : dirname(first));
  if (process.getuid?.() !== 0 || around.uid === 0) return null;
  const owner = { uid: around.uid, gid: around.gid };
  // Not followed: whoever owns the folder around it could have put a link in its place meanwhile.
  for (let made = folder; first !== undefined && made.length >= first.length; made = dirname(made))
    lchownSync(made, owner.uid, owner.gid);
  return owner;
}

/** A new file for its owner only; throws when there is something of this name, were it only a link. */
export function createFile(path: string, owner: Owner): number {
  const fd = openSync(path, 'wx', 0o600);
  if (owner) fchownSync(fd, owner.uid, owner.gid);
  return fd;
}

/** A small file whole, in place of what was there. */
export function replaceFile(path: string, text: string, owner: Owner): void {
  rmSync(path, { force: true });
  const fd = createFile(path, owner);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}
