import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../lib/scratch.ts';
import { openStore, type Store } from '../store/store.ts';
import { openEnvironment, type Environment } from './environment.ts';
import { DEFAULT_SETTINGS } from './model.ts';
import { createReleaseStore } from './store.ts';

describe('environment', () => {
  let folder: string;
  let store: Store;
  let environment: Environment;
  const keyFile = (): string => join(folder, 'keys/environment.key');
  beforeEach(async () => {
    folder = await scratchDir('environment');
    store = await openStore(folder);
    const releases = createReleaseStore(store.db);
    await releases.createApp('shop', DEFAULT_SETTINGS);
    await releases.createApp('other', DEFAULT_SETTINGS);
    environment = await openEnvironment(keyFile(), releases);
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives back what was written, and removes', async () => {
    await environment.write('shop', { A: 'eins', B: '', C: 'ü \n "' });
    expect(await environment.read('shop')).toEqual({ A: 'eins', B: '', C: 'ü \n "' });
    await environment.write('shop', { A: null, B: 'zwei' });
    expect(await environment.names('shop')).toEqual(['B', 'C']);
    expect(await environment.read('other')).toEqual({});
  });

  it('keeps neither value nor key where others can read it', async () => {
    await environment.write('shop', { TOKEN: 'correct horse battery staple' });
    for (const name of ['vouch.db', 'vouch.db-wal'])
      expect((await readFile(join(folder, name))).includes('correct horse')).toBe(false);
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
    await chmod(keyFile(), 0o644);
    await openEnvironment(keyFile(), createReleaseStore(store.db));
    expect((await stat(keyFile())).mode & 0o777).toBe(0o600);
  });

  it('encrypts the same value differently each time, and refuses a row moved elsewhere', async () => {
    const releases = createReleaseStore(store.db);
    await environment.write('shop', { A: 'same', B: 'same' });
    const rows = await releases.readEnvironment('shop');
    expect(Buffer.from(rows.get('A')!).equals(Buffer.from(rows.get('B')!))).toBe(false);
    await releases.writeEnvironment('other', new Map([['A', rows.get('A')!]]));
    await expect(environment.read('other')).rejects.toMatchObject({ code: 'unavailable' });
    await releases.writeEnvironment('shop', new Map([['B', rows.get('A')!]]));
    await expect(environment.read('shop')).rejects.toThrow(
      'the environment value B of shop cannot be decrypted',
    );
  });

  it('says so when the key is another one or damaged', async () => {
    await environment.write('shop', { A: 'x' });
    await writeFile(keyFile(), 'ff'.repeat(32));
    const stranger = await openEnvironment(keyFile(), createReleaseStore(store.db));
    await expect(stranger.read('shop')).rejects.toMatchObject({ code: 'unavailable' });
    await writeFile(keyFile(), 'not a key');
    await expect(openEnvironment(keyFile(), createReleaseStore(store.db))).rejects.toThrow('not a key');
  });

  it('refuses bad names and values without repeating the value', async () => {
    for (const name of ['', '1A', 'A-B', 'A=B', 'PORT', 'A'.repeat(200), 'A\n'])
      await expect(environment.write('shop', { [name]: 'x' })).rejects.toMatchObject({ code: 'usage' });
    for (const value of ['hidden\0', `hidden${'x'.repeat(70_000)}`]) {
      const refused = environment.write('shop', { GOOD: 'kept?', BAD: value });
      await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining('hidden') });
    }
    expect(await environment.names('shop')).toEqual([]);
  });
});
