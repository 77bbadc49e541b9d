import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/store.ts';
import type { ErrorEvent } from './model.ts';
import {
  getIncident,
  listIncidents,
  listOccurrences,
  listSlices,
  readSlice,
  recordOccurrence,
  releasesUnderWork,
  reopen,
  saveSlice,
  setIncidentStatus,
  type NewOccurrence,
} from './store.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-incident-test-'));
  store = await openStore(folder);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const error: ErrorEvent = {
  detector: 'stack',
  type: 'TypeError',
  message: 'x is null',
  frames: [],
  causes: [],
  at: 1_000_000,
  raw: 'TypeError: x is null',
  fingerprint: 'f1',
};

const occurrence = (at: number, part: Partial<NewOccurrence> = {}, fingerprint = 'f1'): NewOccurrence => ({
  app: 'shop',
  release: 'rel_1',
  deployment: 'dep_1',
  error: { ...error, at, fingerprint },
  title: 'TypeError: x is null',
  culprit: 'total (cart.js)',
  ...part,
});

describe('incidents', () => {
  it('gather errors of one app and fingerprint, whatever order they come in', async () => {
    const first = await recordOccurrence(store, occurrence(200));
    expect(first).toMatchObject({ isNew: true, incident: { status: 'open', occurrences: 1 } });
    const second = await recordOccurrence(store, occurrence(100, { release: 'rel_2' }));
    expect(second).toMatchObject({
      isNew: false,
      incident: { id: first.incident.id, occurrences: 2, firstSeen: 100, lastSeen: 200, release: 'rel_2' },
    });
    await recordOccurrence(store, occurrence(300, {}, 'f2'));
    await recordOccurrence(store, occurrence(300, { app: 'blog' }));
    expect(await listIncidents(store)).toHaveLength(3);
    expect(await listIncidents(store, { app: 'shop' })).toHaveLength(2);
  });

  it('are counted right when many come at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => recordOccurrence(store, occurrence(i))));
    expect(await listIncidents(store)).toMatchObject([{ occurrences: 20, firstSeen: 0, lastSeen: 19 }]);
  });

  it('open again when they happen after they were resolved, not when they are ignored', async () => {
    const { incident } = await recordOccurrence(store, occurrence(1));
    for (const [before, after] of [
      ['resolved', 'open'],
      ['ignored', 'ignored'],
      ['proposed', 'proposed'],
    ] as const) {
      await setIncidentStatus(store, incident.id, before);
      await recordOccurrence(store, occurrence(2));
      expect((await getIncident(store, incident.id)).status).toBe(after);
    }
  });

  it('whose fix was cut short are open again, others stay as they are', async () => {
    const { incident } = await recordOccurrence(store, occurrence(1));
    const { incident: other } = await recordOccurrence(store, occurrence(1, {}, 'f2'));
    await setIncidentStatus(store, incident.id, 'fixing');
    await setIncidentStatus(store, other.id, 'proposed');
    await reopen(store);
    expect((await getIncident(store, incident.id)).status).toBe('open');
    expect((await getIncident(store, other.id)).status).toBe('proposed');
  });

  it('keep the first occurrence and the newest hundred, with what was seen', async () => {
    for (let i = 0; i < 130; i++) await recordOccurrence(store, occurrence(i));
    const [incident] = await listIncidents(store);
    expect(incident!.occurrences).toBe(130);
    const kept = await listOccurrences(store, incident!.id, 1000);
    expect(kept.length).toBeLessThanOrEqual(101);
    expect([kept[0]!.at, kept.at(-1)!.at]).toEqual([129, 0]);
    expect(kept[0]!.error).toEqual({ ...error, at: 129 });
  });

  it('say when there is none', async () => {
    await expect(getIncident(store, 'inc_none')).rejects.toMatchObject({ code: 'not-found' });
    await expect(setIncidentStatus(store, 'inc_none', 'open')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('slices', () => {
  const about = { app: 'shop', release: 'rel_1', deployment: 'dep_1', failing: 'c.0', confidence: 0.9 };

  it('are kept as they are, and tied to their occurrence', async () => {
    const { incident, occurrence: one } = await recordOccurrence(store, occurrence(1));
    const slice = await saveSlice(store, about, '{"version":1}', one.id);
    expect(await readSlice(store, slice.id)).toBe('{"version":1}');
    expect((await listOccurrences(store, incident.id))[0]!.slice).toBe(slice.id);
    expect(await listSlices(store, { app: 'shop' })).toEqual([slice]);
    expect(await listSlices(store, { app: 'blog' })).toEqual([]);
  });

  it('of an occurrence that is not there leave no row', async () => {
    await expect(saveSlice(store, about, '{}', 'occ_none')).rejects.toMatchObject({ code: 'not-found' });
    expect(await listSlices(store)).toEqual([]);
    await expect(readSlice(store, 'slc_none')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('releases under work', () => {
  it('are those with the newest recording of each incident that is not done', async () => {
    const recorded = async (
      at: number,
      release: string,
      fingerprint: string,
      app = 'shop',
    ): Promise<string> => {
      const { incident, occurrence: one } = await recordOccurrence(
        store,
        occurrence(at, { release, app }, fingerprint),
      );
      const slice = { app, release, deployment: 'dep_1', failing: null, confidence: 1 };
      await saveSlice(store, slice, `{"at":${at}}`, one.id);
      return incident.id;
    };
    await recorded(1, 'rel_1', 'f1');
    await recorded(2, 'rel_2', 'f1');
    await recorded(3, 'rel_3', 'f2');
    await recordOccurrence(store, occurrence(9, { release: 'rel_9' }, 'not recorded'));
    await recorded(4, 'rel_4', 'f3', 'other');
    const done = await recorded(5, 'rel_5', 'f4');
    expect(await releasesUnderWork(store, 'shop')).toEqual(['rel_5', 'rel_3', 'rel_2']);
    await setIncidentStatus(store, done, 'resolved');
    expect(await releasesUnderWork(store, 'shop')).toEqual(['rel_3', 'rel_2']);
    expect(await releasesUnderWork(store, 'none')).toEqual([]);
  });
});
