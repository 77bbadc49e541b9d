import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { VouchError, systemCode } from '../lib/errors.ts';
import { readIfThere, writeFileAtomic } from '../lib/files.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** What is never read back larger than this, whoever asks. */
const MAX_BYTES = 1024 * 1024 * 1024;

/** Bytes by the SHA-256 of what they hold (64 hex characters). Equal bytes are kept once. */
export interface Blobs {
  put(bytes: string | Uint8Array): Promise<string>;
  /** Throws `not-found` when there is none, `unavailable` when it is damaged or larger than `maxBytes`. */
  get(hash: string, maxBytes?: number): Promise<Buffer>;
  has(hash: string): Promise<boolean>;
  remove(hash: string): Promise<void>;
}

/** A folder of files `ab/cdef….zst`, each written whole or not at all. Any number of processes may use it at once. */
export function openBlobs(folder: string): Blobs {
  const pathOf = (hash: string): string => {
    if (!/^[0-9a-f]{64}$/.test(hash))
      throw new VouchError('usage', `${hash.slice(0, 80)}: not the name of a blob`);
    return join(folder, hash.slice(0, 2), `${hash.slice(2)}.zst`);
  };
  const has = async (hash: string): Promise<boolean> => {
    try {
      return (await stat(pathOf(hash))).isFile();
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  };
  return {
    has,
    async put(bytes) {
      const hash = createHash('sha256').update(bytes).digest('hex');
      if (await has(hash)) return hash;
      const packed = await compress(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
      try {
        await writeFileAtomic(pathOf(hash), packed, 0o600);
      } catch (error) {
        const code = systemCode(error);
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
        throw new VouchError('unavailable', `${folder}: the disk is full`, {
          hint: 'free space on that file system, then try again',
          cause: error,
        });
      }
      return hash;
    },
    async get(hash, maxBytes = MAX_BYTES) {
      const path = pathOf(hash);
      const packed = await readIfThere(path);
      if (packed === undefined) throw new VouchError('not-found', `${path}: no such blob`);
      const bytes = await unpack(packed, Math.min(maxBytes, MAX_BYTES), path);
      if (createHash('sha256').update(bytes).digest('hex') !== hash) throw damaged(path);
      return bytes;
    },
    async remove(hash) {
      await rm(pathOf(hash), { force: true });
    },
  };
}

async function unpack(packed: Buffer, maxBytes: number, path: string): Promise<Buffer> {
  try {
    return await decompress(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    if (systemCode(error) !== 'ERR_BUFFER_TOO_LARGE') throw damaged(path, error);
    throw new VouchError('unavailable', `${path}: larger than ${maxBytes} bytes`, { cause: error });
  }
}

function damaged(path: string, cause?: unknown): VouchError {
  return new VouchError('unavailable', `${path}: the blob is damaged`, {
    hint: 'restore it from a copy',
    cause,
  });
}
