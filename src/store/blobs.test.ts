import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBlobs } from './blobs.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-blobs-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const pathOf = (hash: string): string => join(folder, hash.slice(0, 2), `${hash.slice(2)}.zst`);

describe('blobs', () => {
  it('gives back what was put, once for equal bytes, and leaves nothing else behind', async () => {
    const blobs = openBlobs(folder);
    const hashes = await Promise.all(Array.from({ length: 20 }, () => blobs.put('the same')));
    expect(new Set(hashes).size).toBe(1);
    expect((await blobs.get(hashes[0]!)).toString()).toBe('the same');
    expect(await readdir(join(folder, hashes[0]!.slice(0, 2)))).toHaveLength(1);
  });

  it('keeps empty and binary bytes', async () => {
    const blobs = openBlobs(folder);
    const bytes = Buffer.from([0, 255, 10, 0]);
    expect(await blobs.get(await blobs.put(bytes))).toEqual(bytes);
    expect(await blobs.get(await blobs.put(''))).toHaveLength(0);
  });

  it('says when there is none', async () => {
    await expect(openBlobs(folder).get('0'.repeat(64))).rejects.toMatchObject({ code: 'not-found' });
  });

  it('says when one is damaged, cut, or swapped for another', async () => {
    const blobs = openBlobs(folder);
    const hash = await blobs.put('a'.repeat(10_000));
    const whole = await readFile(pathOf(hash));
    const other = await readFile(pathOf(await blobs.put('something else')));
    for (const bytes of [whole.subarray(0, 10), Buffer.from('nonsense'), Buffer.alloc(0), other]) {
      await writeFile(pathOf(hash), bytes);
      await expect(blobs.get(hash)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('damaged'),
      });
    }
  });

  it('never unpacks more than it was told', async () => {
    const blobs = openBlobs(folder);
    const hash = await blobs.put('a'.repeat(100_000));
    await expect(blobs.get(hash, 1000)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await blobs.get(hash, 100_000)).toHaveLength(100_000);
  });

  it('takes nothing but a hash for a name', async () => {
    await expect(openBlobs(folder).get('../../etc/passwd')).rejects.toMatchObject({ code: 'usage' });
  });

  it('removes, also what is not there', async () => {
    const blobs = openBlobs(folder);
    const hash = await blobs.put('x');
    await blobs.remove(hash);
    await blobs.remove(hash);
    expect(await blobs.has(hash)).toBe(false);
  });
});
