import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/desks/backport/model.ts';
import { lines, makeClone, type Clone } from './backport-setup.ts';

let clone: Clone;

beforeEach(async () => {
  clone = await makeClone();
});
afterEach(() => clone.remove());

const BUG = 'This must be backported to 3.0.';

async function triage(...more: string[]): Promise<Map<string, Verdict>> {
  const { code, value, err } = await clone.json<Verdict[]>(
    'backport',
    'triage',
    '--repo',
    clone.dir,
    '--range',
    'v3.0..master',
    '--onto',
    '3.0',
    ...more,
  );
  expect(code, err).toBe(0);
  return new Map(value.map((verdict) => [verdict.subject, verdict]));
}

async function release(): Promise<void> {
  await clone.commit('MINOR: all: begin', {
    'src/a.c': lines('a', 60),
    'src/b.c': lines('b', 60),
    'src/c.c': lines('c', 60),
  });
  await clone.git('tag', 'v3.0');
  await clone.git('branch', '3.0');
}

describe('a history from git', () => {
  it('says what a branch has: picks that name it, by author and date, by their change, and the commit itself', async () => {
    await release();
    const named = await clone.commit(
      'BUG/MINOR: a: named',
      { 'src/a.c': lines('a', 60, { 5: 'five' }) },
      BUG,
    );
    const byAuthor = await clone.commit(
      'BUG/MINOR: b: by author',
      { 'src/b.c': lines('b', 60, { 5: 'five' }) },
      BUG,
    );
    const byChange = await clone.commit(
      'BUG/MINOR: c: by change',
      { 'src/c.c': lines('c', 60, { 5: 'five' }) },
      BUG,
    );
    await clone.commit('BUG/MINOR: a: open', { 'src/a.c': lines('a', 60, { 5: 'five', 30: 'thirty' }) }, BUG);
    await clone.git('checkout', '-q', '3.0');
    await clone.git('cherry-pick', '-x', named);
    await clone.git('cherry-pick', byAuthor);
    await clone.git('cherry-pick', '--no-commit', byChange);
    await clone.git('commit', '-q', '-m', 'another subject', '--author=Bob <bob@example.org>');
    await clone.git('checkout', '-q', 'master');
    const told = await triage();
    expect([...told].map(([subject, { already }]) => [subject, already?.how ?? null])).toEqual([
      ['BUG/MINOR: a: named', 'picked-from'],
      ['BUG/MINOR: b: by author', 'same-author-date-subject'],
      ['BUG/MINOR: c: by change', 'same-change'],
      ['BUG/MINOR: a: open', null],
    ]);
    expect(told.get('BUG/MINOR: a: named')!.already!.sha).toBe(await clone.git('rev-parse', '3.0~2'));
    expect(told.get('BUG/MINOR: a: open')).toMatchObject({
      verdict: 'yes',
      conflicts: [],
      prerequisites: [],
    });
    const both = await clone.json<Verdict[]>(
      'backport',
      'triage',
      '--repo',
      clone.dir,
      '--range',
      'v3.0..3.0',
      '--onto',
      '3.0',
      'master',
    );
    expect(both.value.map(({ branch, already }) => [branch, already?.how])).toContainEqual([
      '3.0',
      'same-commit',
    ]);
  });

  it('does not count a pick that the branch took back, and says so', async () => {
    await release();
    const fix = await clone.commit('BUG/MINOR: a: fix', { 'src/a.c': lines('a', 60, { 5: 'five' }) }, BUG);
    await clone.git('checkout', '-q', '3.0');
    await clone.git('cherry-pick', '-x', fix);
    await clone.git('revert', '--no-edit', 'HEAD');
    await clone.git('checkout', '-q', 'master');
    const told = (await triage()).get('BUG/MINOR: a: fix')!;
    expect(told).toMatchObject({ already: null, verdict: 'uncertain', conflicts: [] });
    expect(told.reason).toMatch(/^3\.0 had it, and took it back/);
  });

  it('knows whether a branch has what a fault came with, picked or from before', async () => {
    await release();
    const old = (await clone.git('rev-parse', 'v3.0')).slice(0, 12);
    const picked = await clone.commit('MINOR: b: picked', { 'src/b.c': lines('b', 60, { 3: 'x' }) });
    const never = await clone.commit('MINOR: c: never', { 'src/c.c': lines('c', 60, { 3: 'x' }) });
    const fix = (name: string, n: number, body: string): Promise<string> =>
      clone.commit(`BUG/MINOR: a: ${name}`, { 'src/a.c': lines('a', 60, { [n]: name }) }, body);
    await fix('old', 10, `The bug was introduced by commit ${old}.`);
    await fix('picked', 20, `The bug was introduced by commit ${picked.slice(0, 9)}.`);
    await fix('never', 30, `The bug was introduced by commit ${never.slice(0, 9)}.`);
    await fix('asked', 40, `The bug was introduced by commit ${never.slice(0, 9)}.\n\n${BUG}`);
    await fix('nonsense', 50, 'The bug was introduced by commit 123456789ab.');
    await clone.git('checkout', '-q', '3.0');
    await clone.git('cherry-pick', '-x', picked);
    await clone.git('checkout', '-q', 'master');
    const told = await triage();
    const of = (name: string): Verdict => told.get(`BUG/MINOR: a: ${name}`)!;
    expect(of('old').evidence).toContain(`3.0 has ${old}, which the fault came with`);
    expect(of('picked').evidence).toContain(`3.0 has ${picked.slice(0, 12)}, which the fault came with`);
    expect(of('never')).toMatchObject({
      verdict: 'no',
      reason: expect.stringMatching(/^3\.0 does not have/),
    });
    expect(of('asked')).toMatchObject({ verdict: 'uncertain', reason: expect.stringMatching(/; but: /) });
    expect(of('nonsense').evidence.join()).not.toContain('came with');
  });

  it('learns from what people decided: of the commit itself it stands, of one that is alike it weighs', async () => {
    await release();
    const fix = await clone.commit('MINOR: debug: dump pool_head', { 'src/a.c': lines('a', 60, { 5: 'x' }) });
    await clone.commit('MINOR: debug: dump more of pool_head', {
      'src/a.c': lines('a', 60, { 5: 'x', 40: 'y' }),
    });
    const before = (await triage()).get('MINOR: debug: dump more of pool_head')!;
    const said = await clone.vouch(
      'backport',
      'decide',
      fix,
      'yes',
      '--repo',
      clone.dir,
      '--onto',
      '3.0',
      '--as',
      'Jane',
      '--rules',
      'haproxy',
    );
    expect(said.code, said.err).toBe(0);
    const told = await triage();
    expect(told.get('MINOR: debug: dump pool_head')).toMatchObject({
      verdict: 'yes',
      confidence: 1,
      conflicts: [],
    });
    const alike = told.get('MINOR: debug: dump more of pool_head')!;
    expect(alike.probability).toBeGreaterThan(before.probability);
    expect(alike.evidence.join()).toContain('Jane decided yes for 3.0');
  });

  it('measures itself on what a branch really has, and how well tries tell what takes hands', async () => {
    await release();
    const one = await clone.commit('BUG/MINOR: a: one', { 'src/a.c': lines('a', 60, { 5: 'five' }) }, BUG);
    await clone.commit('MINOR: b: not', { 'src/b.c': lines('b', 60, { 5: 'five' }) });
    const two = await clone.commit('BUG/MINOR: b: two', { 'src/b.c': lines('b', 60, { 5: 'FIVE' }) }, BUG);
    await clone.git('checkout', '-q', '3.0');
    await clone.git('cherry-pick', '-x', one);
    await clone.git('cherry-pick', '-x', '-X', 'theirs', two).catch(() => '');
    await clone.git('checkout', '-q', '-f', 'master');
    const { code, value, err } = await clone.json<{
      overall: { commits: number; picked: number; f1: number };
      picks: { picks: number; neededHands: number; predicted: number; precision: number }[];
    }>('eval', 'backport', '--repo', clone.dir, '--range', 'v3.0..master', '--onto', '3.0');
    expect(code, err).toBe(0);
    expect(value.overall).toMatchObject({ commits: 3, picked: 2, f1: 1 });
    expect(value.picks).toMatchObject([{ picks: 2, neededHands: 1, predicted: 1, precision: 1 }]);
  });

  it('tries each pick on those before it, and names the files in conflict and the commit that is missing', async () => {
    await release();
    await clone.commit('MINOR: a: reword', { 'src/a.c': lines('a', 60, { 20: 'twenty', 21: 'one more' }) });
    const helper = await clone.git('rev-parse', 'HEAD');
    await clone.commit(
      'BUG/MAJOR: a: on top',
      { 'src/a.c': lines('a', 60, { 20: 'twenty!', 21: 'one more' }) },
      BUG,
    );
    await clone.commit('BUG/MAJOR: b: first', { 'src/b.c': lines('b', 60, { 5: 'five' }) }, BUG);
    await clone.commit('BUG/MAJOR: b: second', { 'src/b.c': lines('b', 60, { 5: 'FIVE' }) }, BUG);
    await clone.commit(
      'BUG/MAJOR: d: of nothing',
      { 'src/a.c': lines('a', 60, { 20: 'x', 21: 'y', 22: 'z' }) },
      BUG,
    );
    await clone.commit('MINOR: c: new', { 'src/c.c': lines('c', 5, {}) }, 'No backport is needed.');
    const before = await clone.git('count-objects', '-v');
    const status = await clone.git('status', '--porcelain');
    const told = await triage();
    expect(told.get('BUG/MAJOR: a: on top')).toMatchObject({
      conflicts: ['src/a.c'],
      prerequisites: [helper],
      needs: expect.arrayContaining([helper]),
    });
    expect(told.get('BUG/MAJOR: b: first')).toMatchObject({ conflicts: [] });
    expect(told.get('BUG/MAJOR: b: second')).toMatchObject({ conflicts: [] });
    expect(told.get('BUG/MAJOR: d: of nothing')!.prerequisites).toHaveLength(2);
    expect(told.get('MINOR: c: new')).toMatchObject({ verdict: 'no', conflicts: null });
    expect(await clone.git('count-objects', '-v')).toBe(before);
    expect(await clone.git('status', '--porcelain')).toBe(status);
    expect(await triage()).toEqual(told);
  });

  it('reads only what is new the next time, and believes nothing of a history that was rewritten', async () => {
    await release();
    await clone.commit('BUG/MINOR: a: one', { 'src/a.c': lines('a', 60, { 5: 'five' }) }, BUG);
    await triage();
    await clone.commit('BUG/MINOR: a: two', { 'src/a.c': lines('a', 60, { 5: 'five', 9: 'nine' }) }, BUG);
    const second = await triage();
    expect([...second.keys()]).toEqual(['BUG/MINOR: a: one', 'BUG/MINOR: a: two']);
    expect(second).toEqual(await triage('--data', `${clone.data}-that-knows-nothing`));
    await clone.git('reset', '-q', '--hard', 'v3.0');
    await clone.commit('BUG/MINOR: a: other', { 'src/a.c': lines('a', 60, { 7: 'seven' }) }, BUG);
    expect([...(await triage()).keys()]).toEqual(['BUG/MINOR: a: other']);
  });

  it('leaves merges out, tells empty commits, and reads messages of any size and encoding', async () => {
    await release();
    await clone.git('checkout', '-q', '-b', 'side');
    await clone.commit('MINOR: b: on the side', { 'src/b.c': lines('b', 60, { 3: 'three' }) });
    await clone.git('checkout', '-q', 'master');
    await clone.commit('MINOR: a: meanwhile', { 'src/a.c': lines('a', 60, { 3: 'three' }) });
    await clone.git('merge', '-q', '--no-ff', '-m', 'Merge side', 'side');
    await clone.commit('BUG/MINOR: empty one', {}, BUG);
    const huge = join(clone.dir, '..', 'message');
    await writeFile(huge, `BUG/MINOR: c: huge\n\n${'word '.repeat(2 ** 20)}\n\n${BUG}\n`);
    await writeFile(join(clone.dir, 'src/c.c'), lines('c', 60, { 3: 'three' }));
    await clone.git('commit', '-q', '-a', '-F', huge);
    await writeFile(
      huge,
      Buffer.from('BUG/MINOR: b: caf\xe9\n\nThis must be backported to 3.0. \xff\xfe\n', 'latin1'),
    );
    await writeFile(join(clone.dir, 'src/b.c'), lines('b', 60, { 3: 'three', 40: 'forty' }));
    await clone.git('-c', 'i18n.commitEncoding=ISO-8859-1', 'commit', '-q', '-a', '-F', huge);
    const { code, value, err } = await clone.json<Verdict[]>(
      'backport',
      'triage',
      '--repo',
      clone.dir,
      '--range',
      'v3.0..',
      '--onto',
      '3.0',
    );
    expect(code, err).toBe(0);
    expect(err).toContain('1 merges left out');
    expect(value.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([
        'BUG/MINOR: empty one',
        'BUG/MINOR: c: huge',
        'BUG/MINOR: b: café',
        'MINOR: b: on the side',
      ]),
    );
    expect(value).toHaveLength(5);
    expect(value.find(({ subject }) => subject.endsWith('huge'))).toMatchObject({
      verdict: 'yes',
      conflicts: [],
    });
  });

  it.each([
    [['--repo', '/nowhere', '--range', 'a..b', '--onto', '3.0'], /--repo \/nowhere: no such folder/],
    [['--repo', '/', '--range', 'a..b', '--onto', '3.0'], /--repo \/: not a git repository/],
    [
      ['--range', 'v3.0..master', '--onto', '3.9'],
      /--onto 3\.9: no such branch or commit.*name one that is there: 3\.0, master/,
    ],
    [['--range', 'v3.0...master', '--onto', '3.0'], /--range v3\.0\.\.\.master: must be A\.\.B/],
    [['--range', 'master', '--onto', '3.0'], /--range master: must be A\.\.B/],
    [['--range', 'v9..master', '--onto', '3.0'], /--range v9: no such branch or commit/],
    [['--range', '--output=x..master', '--onto', '3.0'], /--output=x: no such branch/],
    [['--onto', '3.0'], /needs --range/],
  ])('says what is wrong with %j', async (given, said) => {
    await release();
    const repo = given.includes('--repo') ? [] : ['--repo', clone.dir];
    const { code, out, err } = await clone.vouch('backport', 'triage', ...repo, ...given);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(said);
  });

  it('says where a shallow clone ends, and tells what lies above', async () => {
    await release();
    for (const n of [1, 2, 3, 4])
      await clone.commit(`BUG/MINOR: a: ${n}`, { 'src/a.c': lines('a', 60, { [n]: 'changed' }) }, BUG);
    await clone.git('branch', 'recent', 'master~1');
    const shallow = join(clone.dir, '..', 'shallow');
    await clone.git('clone', '-q', '--depth=3', '--no-single-branch', `file://${clone.dir}`, shallow);
    const run = (range: string, onto: string): ReturnType<Clone['vouch']> =>
      clone.vouch('backport', 'triage', '--repo', shallow, '--range', range, '--onto', onto);
    const across = await run('origin/3.0..master', '3.0');
    expect(across).toMatchObject({ code: 2, out: '' });
    expect(across.err).toMatch(
      /a shallow clone that ends at [0-9a-f]{12}, which is inside .*git fetch --unshallow/,
    );
    expect(await run('master~1..master', 'recent')).toMatchObject({ code: 0 });
  });
});
