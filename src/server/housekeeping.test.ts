import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReleaseStore } from '../deploy/store.ts';
import { run } from '../lib/process.ts';
import { silentLogger } from '../lib/log.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { openStore, type Store } from '../store/store.ts';
import { keepRecordingsBounded, reapMachine, recordingFolders } from './housekeeping.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'housekeeping-test-'));
  store = await openStore(join(folder, 'data'));
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const recording = async (path: string, bytes: number, ageMs: number): Promise<void> => {
  const at = join(store.folder, 'recordings', path);
  await mkdir(at, { recursive: true });
  await writeFile(join(at, '00000001.seg'), Buffer.alloc(bytes));
  const when = new Date(Date.now() - ageMs);
  await utimes(at, when, when);
};

const deployment = async (id: string, endedAt: number | null): Promise<void> => {
  const releases = createReleaseStore(store.db);
  if ((await releases.findApp('shop')) === undefined) {
    await releases.createApp('shop', {} as never);
    await releases.createRelease({
      id: 'rel_1',
      app: 'shop',
      commit: '0'.repeat(40),
      subject: 's',
      status: 'ready',
      builder: null,
      launch: null,
      error: null,
      createdAt: 1,
      readyAt: 1,
    });
  }
  await releases.createDeployment({
    id,
    app: 'shop',
    release: 'rel_1',
    state: endedAt === null ? 'running' : 'stopped',
    port: 1,
    startedAt: 1,
    endedAt,
    reason: null,
  });
};

const left = async (): Promise<string[]> =>
  (await readdir(join(store.folder, 'recordings'), { recursive: true }))
    .filter((name) => name.endsWith('.seg'))
    .map((name) => name.slice(0, name.lastIndexOf('/')))
    .sort();

describe('recordings', () => {
  beforeEach(async () => {
    await deployment('dep_live', null);
    await deployment('dep_old', 2);
    await recording('dep_live/1', 1000, 9_000_000);
    await recording('dep_live/2', 1000, 8_000_000);
    await recording('dep_live/10', 1000, 7_000_000);
    await recording('dep_old/1', 1000, 60_000);
    await recording('dep_gone/1', 1000, 6_000_000);
  });

  it('are live in the last attempt of what runs only', async () => {
    const live = (await recordingFolders(store)).filter((each) => each.live).map(({ path }) => path);
    expect(live).toEqual([join(store.folder, 'recordings/dep_live/10')]);
  });

  it('that are too old are deleted, never the live one, and no empty folder stays', async () => {
    const end = keepRecordingsBounded(store, { maxAgeMs: 3_600_000 }, silentLogger);
    await end();
    expect(await left()).toEqual(['dep_live/10', 'dep_old/1']);
    expect((await readdir(join(store.folder, 'recordings'))).sort()).toEqual(['dep_live', 'dep_old']);
  });

  it('go, the oldest first, until the rest fits', async () => {
    const end = keepRecordingsBounded(store, { maxBytes: 2500 }, silentLogger);
    await end();
    expect(await left()).toEqual(['dep_live/10', 'dep_old/1']);
  });

  it('are bounded again and again', async () => {
    const end = keepRecordingsBounded(store, { maxAgeMs: 3_600_000 }, silentLogger, 20);
    await recording('dep_old/2', 1000, 9_000_000);
    await expect.poll(left).toEqual(['dep_live/10', 'dep_old/1']);
    await end();
  });

  it('may be none yet', async () => {
    await rm(join(store.folder, 'recordings'), { recursive: true });
    expect(await recordingFolders(store)).toEqual([]);
  });
});

describe('what killed processes left', () => {
  it('is removed, and nothing of those that run, nor what a link points to', async () => {
    const scratch = join(folder, 'tmp');
    const dead = Number((await run(['sh', '-c', 'echo $$'])).stdout.toString());
    await mkdir(join(scratch, `vouch-${dead}-demo-a/data`), { recursive: true });
    await mkdir(join(scratch, `vouch-${process.pid}-demo-b`));
    await mkdir(join(folder, 'precious/file'), { recursive: true });
    await symlink(join(folder, 'precious'), join(scratch, `vouch-${dead}-demo-a/link`));
    await symlink(join(folder, 'precious'), join(scratch, `vouch-${dead}-link`));
    await mkdir(join(scratch, 'somebody'));
    let reaped = 0;
    const sandbox = { reap: async () => (reaped++, []) } as unknown as Sandbox;
    await reapMachine([sandbox, sandbox], silentLogger, scratch);
    expect(reaped).toBe(2);
    expect((await readdir(scratch)).sort()).toEqual(['somebody', `vouch-${process.pid}-demo-b`]);
    expect(await readdir(join(folder, 'precious'))).toEqual(['file']);
  });
});
