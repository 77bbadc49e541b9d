import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/store.ts';
import type { Trace } from './model.ts';
import { countFaults, getTrace, listTraces, saveTrace, setOutcome } from './store.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-trace-test-'));
  store = await openStore(folder);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const trace: Trace = {
  id: 'trc_1',
  run: 'run_1',
  desk: 'fix',
  engine: 'llm',
  operation: 'chat',
  provider: 'openai',
  model: 'm',
  prompt: 'what is wrong?',
  answer: 'this is',
  tokens: { input: 10, cachedInput: 4, output: 3 },
  costUsd: 0.25,
  prices: '2026-01',
  startedAt: 5,
  seconds: 1.5,
  error: null,
  outcome: null,
  repairs: null,
};

describe('traces', () => {
  it('come back as they were, with and without tokens', async () => {
    const agent: Trace = {
      ...trace,
      id: 'trc_2',
      run: 'run_2',
      tokens: null,
      costUsd: null,
      prices: null,
      startedAt: 6,
    };
    await saveTrace(store, trace);
    await saveTrace(store, agent);
    expect(await getTrace(store, 'trc_1')).toEqual(trace);
    expect(await getTrace(store, 'trc_2')).toEqual(agent);
  });

  it('are listed newest first, of one run or of all, without what was said', async () => {
    await saveTrace(store, trace);
    await saveTrace(store, { ...trace, id: 'trc_2', run: 'run_2', startedAt: 6 });
    expect((await listTraces(store)).map(({ id }) => id)).toEqual(['trc_2', 'trc_1']);
    const [only, ...others] = await listTraces(store, { run: 'run_1' });
    expect(others).toEqual([]);
    expect(only).not.toHaveProperty('prompt');
    expect(only).not.toHaveProperty('answer');
  });

  it('learn later what came of them', async () => {
    await saveTrace(store, trace);
    await setOutcome(store, 'trc_1', 'verified');
    expect((await getTrace(store, 'trc_1')).outcome).toBe('verified');
    await setOutcome(store, 'trc_1', 'candidate: x', { 'line-ends': 1 });
    await setOutcome(store, 'trc_1', 'verified');
    expect(await getTrace(store, 'trc_1')).toMatchObject({
      outcome: 'verified',
      repairs: { 'line-ends': 1 },
    });
    await expect(setOutcome(store, 'trc_none', 'x')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are counted by the faults of their answers', async () => {
    const rows: [string, string, string, Record<string, number> | null][] = [
      ['trc_1', 'run_1', 'candidate: a', { 'hunk-counts': 2, 'line-ends': 1 }],
      ['trc_2', 'run_1', 'refused: b', { 'hunk-counts': 1 }],
      ['trc_3', 'run_2', 'the end', { 'hunk-counts': 4 }],
      ['trc_4', 'run_2', 'candidate: c', {}],
      ['trc_5', 'run_2', 'no fix: d', null],
    ];
    for (const [id, run, outcome, repairs] of rows)
      await saveTrace(store, { ...trace, id, run, outcome, repairs });
    await saveTrace(store, { ...trace, id: 'trc_6', repairs: { elision: 1 } }); // nothing known of it
    expect(await countFaults(store)).toEqual([
      { fault: 'hunk-counts', calls: 3, times: 7, candidates: 1, refused: 1 },
      { fault: 'elision', calls: 1, times: 1, candidates: 0, refused: 0 },
      { fault: 'line-ends', calls: 1, times: 1, candidates: 1, refused: 0 },
    ]);
    expect(await countFaults(store, { run: 'run_2' })).toEqual([
      { fault: 'hunk-counts', calls: 1, times: 4, candidates: 0, refused: 0 },
    ]);
    expect(await countFaults(store, { run: 'run_none' })).toEqual([]);
  });

  it('keep so much of a prompt, and say that it was cut', async () => {
    await saveTrace(store, { ...trace, prompt: 'x'.repeat(3_000_000) });
    const { prompt } = await getTrace(store, 'trc_1');
    expect(prompt.length).toBeLessThan(2_000_100);
    expect(prompt.endsWith('… (cut)')).toBe(true);
  });
});
