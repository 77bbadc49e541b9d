import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode } from '../lib/errors.ts';

/** The recording of one deployment, as the server's books know it. */
export interface RecordingFolder {
  path: string;
  /** A tap writes to it: the tap keeps its own bound, so it is counted and never deleted. */
  live: boolean;
  /** Milliseconds since 1970. */
  lastActive: number;
}

export interface RetentionLimits {
  /** Of all folders together. Default 4 GiB. */
  maxBytes?: number;
  /** Of a folder that is not live. Default 14 days. */
  maxAgeMs?: number;
  now?: number;
}

export interface RetentionResult {
  deleted: string[];
  /** What could not be deleted, one line each. */
  failed: string[];
  bytes: number;
}

/**
 * Deletes recordings of deployments that ended: those too old, then the oldest until the rest fits. Slices pinned for
 * incidents are blobs of the store and are not touched.
 */
export async function enforceRetention(
  folders: readonly RecordingFolder[],
  limits: RetentionLimits = {},
): Promise<RetentionResult> {
  const { maxBytes = 4 * 1024 ** 3, maxAgeMs = 14 * 24 * 3600 * 1000, now = Date.now() } = limits;
  const sized = await Promise.all(
    folders.map(async (folder) => ({ ...folder, size: await folderBytes(folder.path) })),
  );
  const result: RetentionResult = {
    deleted: [],
    failed: [],
    bytes: sized.reduce((sum, { size }) => sum + size, 0),
  };
  const ended = sized.filter(({ live }) => !live).sort((a, b) => a.lastActive - b.lastActive);
  for (const { path, size, lastActive } of ended) {
    if (result.bytes <= maxBytes && now - lastActive <= maxAgeMs) continue;
    try {
      await rm(path, { recursive: true, force: true });
      result.deleted.push(path);
      result.bytes -= size;
    } catch (error) {
      result.failed.push(`${path}: ${messageOf(error)}`);
    }
  }
  return result;
}

/** Bytes of the files in a folder; 0 for one that is not there. */
async function folderBytes(path: string): Promise<number> {
  let bytes = 0;
  try {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const inner = join(path, entry.name);
      if (entry.isDirectory()) bytes += await folderBytes(inner);
      else if (entry.isFile()) bytes += (await stat(inner)).size;
    }
  } catch (error) {
    // Segments are rotated while we look.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return bytes;
}
