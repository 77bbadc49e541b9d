import { describe, expect, it } from 'vitest';
import type { Commit } from '../model.ts';
import { featuresOf } from './features.ts';
import { readHistory } from './history.ts';
import { loadProject } from './project.ts';
import { lookAgain } from './second-look.ts';

const haproxy = await loadProject('haproxy');
const START = Date.parse('2024-01-01T00:00:00Z');

function commit(at: number, subject: string, body = '', paths = ['src/mux_h2.c']): Commit {
  return {
    sha: at.toString(16).padStart(40, '0'),
    date: new Date(START + at * 1000).toISOString(),
    subject,
    body,
    files: paths.map((path) => ({ path, added: 3, removed: 1 })),
    author: null,
  };
}

/** By place: what is known of it for 3.0. */
function featured(commits: Commit[]): ReadonlyMap<string, number>[] {
  const history = readHistory(haproxy, commits);
  return lookAgain(haproxy.model.first!, history, featuresOf(haproxy, history, '3.0')).map(
    ({ features }) => features,
  );
}

describe('the second look', () => {
  const asked = 'Must be backported to 3.0.';

  it('makes a silent commit likelier by a likely one of its area that was pushed with it', () => {
    const [, alone] = featured([
      commit(0, 'BUG/MINOR: dns: a', asked),
      commit(1, 'MINOR: mux-h2: add b'),
      commit(2, 'MINOR: ssl: c'),
    ]);
    const [, beside] = featured([
      commit(0, 'BUG/MINOR: mux-h2: a', asked),
      commit(1, 'MINOR: mux-h2/trace: add b'),
      commit(2, 'MINOR: ssl: c'),
    ]);
    expect(alone!.get('likely-in-series-most')).toBe(0);
    expect(beside!.get('likely-in-series-most')).toBeGreaterThan(0.8);
    expect(beside!.get('likely-before')).toBe(beside!.get('likely-in-series-most'));
  });

  it('takes a commit that is asked for on later branches only for none', () => {
    const [, beside] = featured([
      commit(0, 'BUG/MINOR: mux-h2: a', 'Must be backported to 3.1.'),
      commit(1, 'MINOR: mux-h2: add b'),
    ]);
    expect(beside!.get('likely-in-series-most')).toBe(0);
  });

  it('knows who names it', () => {
    const [first] = featured([
      commit(0, 'MINOR: mux-h2: add b'),
      commit(9000, 'BUG/MINOR: stream: c', `It needs "MINOR: mux-h2: add b". ${asked}`),
    ]);
    expect(first!.get('likely-namer')).toBeGreaterThan(0.8);
  });
});

describe('the course of a history', () => {
  it('counts the other commits of a file, and not the commit itself', () => {
    const asked = 'Must be backported to 3.0.';
    const [first, second] = featured([
      commit(0, 'MINOR: a: b', '', ['src/a.c', 'src/b.c']),
      commit(1, 'BUG/MINOR: a: c', asked, ['src/a.c']),
    ]);
    expect(first!.get('next-touch-wanted')).toBe(0.5);
    // One of one, with three more of which 0.6 are wanted; and none of none. Doubled.
    expect(first!.get('file-wanted-most')).toBeCloseTo((2 * 1.6) / 4);
    expect(first!.get('files-wanted')).toBeCloseTo(1.6 / 4 + 0.6 / 3);
    expect(second!.has('files-wanted')).toBe(false);
  });

  it('of a long history is told in time that grows with it', () => {
    const many = Array.from({ length: 20_000 }, (_, at) =>
      commit(at * 400, `MINOR: a: ${at}`, '', ['src/a.c', 'src/b.c', `src/${at % 100}.c`]),
    );
    const began = performance.now();
    featured(many);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
