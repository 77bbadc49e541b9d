import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inbound, slice } from '../../../test/fixtures/recordings.ts';
import type { DeploymentExit, PreparedDeployment } from '../../deploy/facade.ts';
import { listIncidents, listOccurrences } from '../../incident/store.ts';
import type { Agent } from '../../record/agent/port.ts';
import type { CutAnswer, RecordingReader, ScanAnswer } from '../../record/reader.ts';
import { openStore, type Store } from '../../store/store.ts';
import { createObserver, type Observer } from './observe.ts';

let folder: string;
let store: Store;
let observer: Observer;
let told: (string | null)[];
let tapped: string[];
let cuts: { folder: string; exchange: string | undefined }[];
/** What the reader answers next; the last one again and again. */
let cutAnswers: CutAnswer[];
let scanAnswer: ScanAnswer;
/** Resolves when the observer has told of so many incidents. */
let whenTold: (count: number) => Promise<void>;

const whole: CutAnswer = {
  json: JSON.stringify(slice([])),
  failing: 'r',
  confidence: 1,
  underWay: false,
  schemas: {},
};
const halfDone: CutAnswer = { ...whole, underWay: true };
const nothing: ScanAnswer = { failed: [], scannedTo: 0, fresh: false };
const deployment = { id: 'dep_1', app: 'shop' } as PreparedDeployment['deployment'];
const release = { id: 'rel_1' } as PreparedDeployment['release'];
const startsOf = (attempt: number): PreparedDeployment => ({
  cgroupPath: '/cgroup',
  cgroupId: 7n,
  attempt,
  deployment,
  release,
});
const exitOf = (part: Partial<DeploymentExit>): DeploymentExit => ({
  deployment,
  release,
  attempt: 0,
  code: 1,
  signal: null,
  outOfMemory: false,
  asked: false,
  at: Date.now() * 1000,
  lastLines: [],
  ...part,
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-observe-'));
  store = await openStore(join(folder, 'data'));
  [told, tapped, cuts, cutAnswers, scanAnswer] = [[], [], [], [whole], nothing];
  const waiting: { count: number; resolve: () => void }[] = [];
  whenTold = (count) =>
    new Promise((resolve) => {
      if (told.length >= count) resolve();
      else waiting.push({ count, resolve });
    });
  const agent: Agent = {
    tap: (request) => Promise.resolve(void tapped.push(request.folder)),
    untap: () => Promise.resolve(void tapped.push('untapped')),
    flush: () => Promise.resolve({ events: told.length + 1, bytes: 0, lostBytes: 0, connections: 0 }),
    redirect: () => Promise.reject(new Error('not here')),
    close: () => Promise.resolve(),
  };
  const reader: RecordingReader = {
    scan: () => Promise.resolve(scanAnswer),
    cut(request) {
      cuts.push({ folder: request.folder, exchange: request.error.exchange });
      return Promise.resolve(cutAnswers.length > 1 ? cutAnswers.shift()! : cutAnswers[0]!);
    },
    close: () => Promise.resolve(),
  };
  observer = createObserver({
    store,
    agent,
    reader,
    maxPending: 20,
    folder: join(folder, 'recordings'),
    onIncident(_incident, pinned) {
      told.push(pinned);
      for (const { count, resolve } of waiting) if (told.length >= count) resolve();
    },
  });
  await observer.hooks.onPrepared?.(startsOf(0));
});
afterEach(async () => {
  await observer.close();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function prints(...lines: string[]): void {
  for (const line of lines)
    observer.hooks.onOutput?.({
      at: Date.now() * 1000,
      deployment: 'dep_1',
      release: 'v1',
      stream: 'stderr',
      line,
    });
}
const raises = (message: string): void => prints(`TypeError: ${message}`, '    at f (/app/server.js:1:2)');

describe('an observer', () => {
  it('taps each start of a deployment into a folder of its own', async () => {
    await observer.hooks.onPrepared?.(startsOf(1));
    expect(tapped).toEqual(['0', '1'].map((attempt) => join(folder, 'recordings', 'dep_1', attempt)));
  });

  it('stores an error with the recording around it, though nothing follows its stack', async () => {
    raises('x is not a function');
    await whenTold(1);
    const [incident] = await listIncidents(store);
    expect(incident).toMatchObject({
      app: 'shop',
      release: 'rel_1',
      type: 'TypeError',
      culprit: 'f (server.js)',
    });
    expect(await listOccurrences(store, incident!.id)).toMatchObject([{ slice: told[0] }]);
    expect(told[0]).toMatch(/^slc_/);
  });

  it('waits for the end of the request before it pins, and pins what there is when it has to be done', async () => {
    cutAnswers = [halfDone, whole];
    raises('early');
    await whenTold(2);
    expect(told).toEqual([null, expect.stringMatching(/^slc_/)]);
    cutAnswers = [halfDone];
    raises('never ends');
    await whenTold(3);
    expect(told[2]).toBeNull();
    await observer.settle();
    expect(told[3]).toMatch(/^slc_/);
  });

  it('pins the first few of one error, and counts the others', async () => {
    for (let n = 0; n < 5; n++) raises('again');
    await observer.settle();
    expect(told.map((pinned) => pinned !== null)).toEqual([true, true, true, false, false]);
    expect((await listIncidents(store))[0]!.occurrences).toBe(5);
  });

  it('takes an answer of 5xx for an error where no stack was printed, by its exchange', async () => {
    const quiet = inbound('GET', '/quiet', 502, {}, { id: 'quiet', endedAt: Date.now() * 1000 - 5e6 });
    scanAnswer = { failed: [quiet], scannedTo: quiet.endedAt!, fresh: false };
    await observer.settle();
    expect(await listIncidents(store)).toMatchObject([{ type: 'HTTP 502' }]);
    expect(cuts).toMatchObject([{ exchange: 'quiet' }]);
  });

  it('takes it for the same error where a stack was printed beside it', async () => {
    raises('loud');
    const loud = inbound('GET', '/loud', 500, {}, { endedAt: Date.now() * 1000 });
    scanAnswer = { failed: [loud], scannedTo: loud.endedAt!, fresh: false };
    await observer.settle();
    expect(await listIncidents(store)).toMatchObject([{ type: 'TypeError' }]);
  });

  it('stores how a program ended that was not asked to, and lets go of it', async () => {
    observer.hooks.onExit?.(exitOf({ signal: 'SIGKILL', code: null, outOfMemory: true }));
    await observer.settle();
    expect(await listIncidents(store)).toMatchObject([{ type: 'OutOfMemory' }]);
    expect(tapped.at(-1)).toBe('untapped');
  });

  it('says nothing of one that was asked to end, nor of lines of ours', async () => {
    observer.hooks.onOutput?.({
      at: 0,
      deployment: 'dep_1',
      release: 'v1',
      stream: 'vouch',
      line: 'TypeError: x',
    });
    observer.hooks.onExit?.(exitOf({ asked: true, code: 0 }));
    await observer.settle();
    expect(await listIncidents(store)).toEqual([]);
  });

  it('bounds what waits, whatever is printed', async () => {
    for (let n = 0; n < 50; n++) raises('a flood');
    await observer.settle();
    const { occurrences } = (await listIncidents(store))[0]!;
    expect(occurrences).toBeGreaterThan(10);
    expect(occurrences).toBeLessThanOrEqual(20);
  });

  it('keeps errors whose recording cannot be read', async () => {
    cutAnswers = [{ ...whole, json: '{}' }];
    Object.defineProperty(cutAnswers[0], 'json', {
      get() {
        throw new Error('damaged');
      },
    });
    raises('lost');
    await whenTold(1);
    expect(told).toEqual([null]);
    expect(await listIncidents(store)).toHaveLength(1);
  });
});
