import type { Stats } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../lib/errors.ts';
import { badPath } from '../lib/tree-path.ts';

/** Files over this are not patched: no source file is that long, and a model's context is not either. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** Changed files, whole, by path relative to the tree; null deletes. */
export type Changes = Record<string, string | null>;

export interface TreeFile {
  text: string;
  /** Git's mode: 100644 or 100755. */
  mode: string;
}

export type Read = { file: TreeFile | null } | { bad: string };

/** A file of the tree by a checked path; null if there is none. Symbolic links are never followed. */
export async function readTreeFile(tree: string, path: string): Promise<Read> {
  const bad = badPath(path);
  if (bad !== null) return { bad };
  const parts = path.split('/');
  for (let i = 1; i <= parts.length; i++) {
    const at = join(tree, ...parts.slice(0, i));
    const info = await lstatIfThere(at);
    if (info === undefined) return { file: null };
    if (info.isSymbolicLink())
      return { bad: `${path}: goes through a symbolic link (${parts.slice(0, i).join('/')})` };
    if (i < parts.length) {
      if (!info.isDirectory()) return { bad: `${path}: ${parts.slice(0, i).join('/')} is not a folder` };
      continue;
    }
    if (!info.isFile()) return { bad: `${path}: not a regular file` };
    if (info.size > MAX_FILE_BYTES)
      return { bad: `${path}: ${info.size} bytes, more than ${MAX_FILE_BYTES}` };
    const text = decode(await readFile(at));
    if (text === null) return { bad: `${path}: binary or not UTF-8` };
    return { file: { text, mode: (info.mode & 0o100) === 0 ? '100644' : '100755' } };
  }
  return { file: null };
}

/** The text that bytes hold, or null for a binary (a NUL byte, or not UTF-8). A byte order mark is kept. */
export function decode(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw error;
  }
}
