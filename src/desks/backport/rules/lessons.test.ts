import { describe, expect, it } from 'vitest';
import type { Commit } from '../model.ts';
import { triageByRules } from './engine.ts';
import { lessonsOf, shiftOf, type Lesson } from './lessons.ts';
import { loadProject } from './project.ts';

const haproxy = await loadProject('haproxy');

function lesson(over: Partial<Lesson> = {}): Lesson {
  return {
    sha: 'a'.repeat(40),
    subject: 'MINOR: debug: add the pool_dump command',
    body: 'It prints the state of pool_head.',
    files: ['src/debug.c'],
    branch: '3.0',
    call: 'yes',
    by: 'Jane',
    at: Date.parse('2026-10-01'),
    note: '',
    ...over,
  };
}

function commit(over: Partial<Commit> = {}): Commit {
  return {
    sha: 'b'.repeat(40),
    date: '2026-11-01T00:00:00Z',
    subject: 'MINOR: debug: extend the pool_dump command',
    body: 'More of pool_head.',
    files: [{ path: 'src/debug.c', added: 5, removed: 1 }],
    author: null,
    ...over,
  };
}

const NOW = Date.parse('2026-11-20');
const tell = (past: Lesson[], own = commit()): ReturnType<typeof triageByRules>[number] =>
  triageByRules(haproxy, [own], ['3.0'], NOW, past)[0]!;

describe('past decisions', () => {
  it('on commits that are alike are shown and weigh, by how alike they are', () => {
    const before = tell([]);
    const after = tell([lesson()]);
    expect(after.probability).toBeGreaterThan(before.probability);
    expect(after.evidence.join('\n')).toMatch(
      /Jane decided yes for 3\.0 on 2026-10-01, on aaaaaaaaaa "MINOR: debug: add .*" \(\d\d % alike\)/,
    );
    expect(tell([lesson({ call: 'no' })]).probability).toBeLessThan(before.probability);
    const other = lesson({ subject: 'DOC: quic: typo', body: '', files: ['doc/quic.txt'] });
    expect(tell([other])).toEqual(before);
  });

  it('count less for another branch, and never outweigh what a message says itself', () => {
    const here = tell([lesson()]).probability;
    const there = tell([lesson({ branch: '2.8' })]).probability;
    expect(there).toBeLessThan(here);
    const asks = commit({
      subject: 'BUG/MAJOR: debug: fix pool_dump',
      body: 'This must be backported to 3.0.',
    });
    const against = Array.from({ length: 9 }, (_, i) => lesson({ sha: `${i}`.repeat(40), call: 'no' }));
    expect(tell(against, asks).verdict).toBe('yes');
    const similar = lessonsOf(against).similar(commit(), '3.0', 9);
    expect(shiftOf(similar, true)).toBeGreaterThanOrEqual(-0.5);
  });

  it('on the very commit and branch settle it, by the newest of them', () => {
    const own = commit();
    const older = lesson({ sha: own.sha, call: 'no', by: 'Tom' });
    const newer = lesson({ sha: own.sha, call: 'wait', at: older.at + 1, note: 'after 3.0.5' });
    expect(tell([newer, older], own)).toMatchObject({
      verdict: 'wait',
      confidence: 1,
      reason: 'Jane decided wait on 2026-10-01: after 3.0.5',
    });
    expect(tell([lesson({ sha: own.sha, branch: '2.8', call: 'no' })], own).verdict).not.toBe('wait');
  });

  it('of hostile texts are quick', () => {
    const long = lesson({ subject: 'a '.repeat(100_000), body: 'x_y '.repeat(500_000), files: ['f'] });
    const began = performance.now();
    tell(Array.from({ length: 50 }, (_, i) => ({ ...long, sha: i.toString(16).padStart(40, '0') })));
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
