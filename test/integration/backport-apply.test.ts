import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PicksResult } from '../../src/desks/backport/picks/apply.ts';
import { gitEndpoint } from '../doubles/git-endpoint.ts';
import { giteaDouble } from '../doubles/gitea.ts';
import { lines, makeClone, type Clone } from './backport-setup.ts';

let clone: Clone;
let one: string;
let two: string;
let three: string;

beforeEach(async () => {
  clone = await makeClone();
  await clone.commit('MINOR: all: begin', { 'a.c': lines('a', 40), 'b.c': lines('b', 40) });
  await clone.git('branch', '3.0');
  await clone.commit('MINOR: a: reword', { 'a.c': lines('a', 40, { 20: 'twenty' }) });
  one = await clone.commit(
    'BUG/MINOR: b: one',
    { 'b.c': lines('b', 40, { 5: 'five' }) },
    'Body.\n\nSigned-off-by: Bob <bob@example.org>',
    'Bob <bob@example.org>',
  );
  two = await clone.commit('BUG/MINOR: a: two', { 'a.c': lines('a', 40, { 20: 'twenty!' }) });
  three = await clone.commit('BUG/MINOR: b: three', { 'b.c': lines('b', 40, { 5: 'five', 30: 'thirty' }) });
});
afterEach(() => clone.remove());

const apply = (...more: string[]): Promise<{ code: number; value: PicksResult; err: string }> =>
  clone.json<PicksResult>('backport', 'apply', '--repo', clone.dir, '--onto', '3.0', ...more);
const AS = ['--as', 'Rita Release <rita@example.org>'];

describe('vouch backport apply', () => {
  it('picks in the order of the history, with -x and sign-off, and leaves the checkout as it is', async () => {
    const head = await clone.git('rev-parse', 'HEAD', '3.0');
    const { code, value } = await apply('--pick', three, one, ...AS);
    expect(code).toBe(0);
    expect(value).toMatchObject({ state: 'done', branch: 'vouch/backport-3.0', conflict: null, left: [] });
    expect(value.picked.map(({ sha }) => sha)).toEqual([one, three]);
    expect(await clone.git('log', '--format=%an <%ae>|%cn <%ce>|%B', '-1', value.picked[0]!.as)).toBe(
      'Bob <bob@example.org>|Rita Release <rita@example.org>|BUG/MINOR: b: one\n\nBody.\n\nSigned-off-by: Bob <bob@example.org>\n' +
        `(cherry picked from commit ${one})\nSigned-off-by: Rita Release <rita@example.org>`,
    );
    expect(await clone.git('rev-parse', 'HEAD', '3.0')).toBe(head);
    expect(await clone.git('status', '--porcelain')).toBe('');
    expect((await clone.git('worktree', 'list')).split('\n')).toHaveLength(1);
    await clone.git('switch', '-q', 'vouch/backport-3.0');
    expect(await readFile(join(clone.dir, 'b.c'), 'utf8')).toBe(lines('b', 40, { 5: 'five', 30: 'thirty' }));
  });

  it('stops at a conflict with the state kept, and goes on when it is solved', async () => {
    const stopped = await apply('--pick', one, two, three, ...AS);
    expect(stopped.code).toBe(1);
    expect(stopped.value).toMatchObject({
      state: 'conflict',
      conflict: { sha: two, files: ['a.c'] },
      left: [three],
    });
    const again = await apply('--continue');
    expect(again).toMatchObject({ code: 1, value: stopped.value });
    expect((await apply('--pick', one, ...AS)).err).toMatch(
      /earlier picks on vouch\/backport-3\.0 are not finished.*--continue/,
    );
    await writeFile(join(stopped.value.worktree, 'a.c'), lines('a', 40, { 20: 'solved' }));
    await clone.git('-C', stopped.value.worktree, 'add', 'a.c');
    const done = await apply('--continue');
    expect(done.code, done.err).toBe(0);
    expect(done.value.picked.map(({ sha }) => sha)).toEqual([one, two, three]);
    expect(await clone.git('log', '-1', '--format=%B', done.value.picked[1]!.as)).toContain(
      `(cherry picked from commit ${two})\nSigned-off-by: Rita Release <rita@example.org>`,
    );
  });

  it('leaves out the commit in conflict on --skip, and removes everything on --abort', async () => {
    await apply('--pick', one, two, three, ...AS);
    const skipped = await apply('--skip');
    expect(skipped.code).toBe(0);
    expect(skipped.value).toMatchObject({ skipped: [{ sha: two, why: 'left out by hand' }] });
    expect(skipped.value.picked.map(({ sha }) => sha)).toEqual([one, three]);
    await clone.git('branch', '-q', '-D', 'vouch/backport-3.0');
    await apply('--pick', two, ...AS);
    expect(
      await clone.vouch('backport', 'apply', '--repo', clone.dir, '--onto', '3.0', '--abort'),
    ).toMatchObject({ code: 0 });
    expect(await clone.git('branch', '--list')).not.toContain('vouch/');
    expect((await apply('--continue')).err).toMatch(/no picks are under way/);
  });

  it('goes on wherever it was killed: before the worktree, and between two picks', async () => {
    const stopped = await apply('--pick', one, two, three, ...AS);
    // As after a power cut that lost the worktree: the branch has what was made.
    await rm(stopped.value.worktree, { recursive: true });
    const again = await apply('--continue');
    expect(again).toMatchObject({ code: 1, value: { conflict: { sha: two }, left: [three] } });
    expect(again.value.picked).toEqual(stopped.value.picked);
  });

  it('knows what the branch has already, and what changes nothing there', async () => {
    await clone.git('checkout', '-q', '3.0');
    await clone.git('cherry-pick', '-x', one);
    await clone.commit('by hand', { 'b.c': lines('b', 40, { 5: 'five', 15: 'more', 30: 'thirty' }) });
    await clone.git('checkout', '-q', 'master');
    const { code, value, err } = await apply('--pick', one, three, ...AS);
    expect(code).toBe(0);
    expect(err).toContain(`${one.slice(0, 12)}: 3.0 has it already`);
    expect(value).toMatchObject({ picked: [], skipped: [{ sha: three, why: 'changes nothing on 3.0' }] });
  });

  it('takes what people decided, and refuses where they disagree', async () => {
    const decide = (sha: string, call: string, as: string): ReturnType<Clone['vouch']> =>
      clone.vouch('backport', 'decide', sha, call, '--repo', clone.dir, '--onto', '3.0', '--as', as);
    expect((await apply(...AS)).err).toMatch(/nobody has accepted a commit for 3\.0 yet/);
    await decide(one.slice(0, 9), 'yes', 'Rita');
    await decide(two, 'no', 'Rita');
    const file = join(clone.dir, '..', 'decisions.json');
    await writeFile(
      file,
      JSON.stringify({ format: 1, decisions: [{ sha: one, branch: '3.0', call: 'n', by: 'Tom' }] }),
    );
    expect(await clone.vouch('backport', 'import', file, '--repo', clone.dir)).toMatchObject({ code: 0 });
    await decide(three, 'yes', 'Rita');
    const tried = await clone.vouch('backport', 'apply', '--repo', clone.dir, '--onto', '3.0', '--dry-run');
    expect(tried.code).toBe(0);
    expect(tried.out).toContain('BUG/MINOR: b: three');
    await writeFile(
      file,
      JSON.stringify({ format: 1, decisions: [{ sha: three, branch: '3.0', call: 'n', by: 'Tom' }] }),
    );
    await clone.vouch('backport', 'import', file, '--repo', clone.dir);
    await decide(one, 'yes', 'Rita');
    await writeFile(
      file,
      JSON.stringify({ format: 1, decisions: [{ sha: one, branch: '3.0', call: 'y', by: 'Tom' }] }),
    );
    await clone.vouch('backport', 'import', file, '--repo', clone.dir);
    const { code, value } = await apply(...AS);
    expect(code).toBe(0);
    expect(value.picked.map(({ sha }) => sha)).toEqual([one]);
  });

  it('opens a pull request of the very commits, and says what is missing before anything is picked', async () => {
    expect((await apply('--pick', one, '--pr', ...AS)).err).toMatch(/no app is named.*--app NAME/);
    const endpoint = await gitEndpoint('gitea-token');
    const gitea = await giteaDouble({ 'a.c': 'a' }, { git: endpoint });
    gitea.branches.set('3.0', gitea.branches.get('main')!);
    const set = (key: string, value: string): ReturnType<Clone['vouch']> =>
      clone.vouch('config', 'set', key, value);
    await set('forge.kind', 'gitea');
    expect((await apply('--pick', one, '--pr', ...AS)).err).toMatch(/forge gitea: forge\.\w+ is not set/);
    await set('forge.repository', 'acme/shop');
    await set('forge.token', 'gitea-token');
    await set('forge.baseUrl', gitea.url);
    expect(await clone.git('branch', '--list')).not.toContain('vouch/');
    const { code, value, err } = await clone.json<PicksResult & { pullRequest: { url: string } }>(
      'backport',
      'apply',
      '--repo',
      clone.dir,
      '--onto',
      '3.0',
      '--pick',
      one,
      three,
      '--pr',
      ...AS,
    );
    expect(code, err).toBe(0);
    expect(value.pullRequest.url).toBe('https://gitea.example/acme/shop/pulls/1');
    expect(await endpoint.tip('vouch/backport-3.0')).toBe(value.head);
    expect(gitea.pulls[0]).toMatchObject({ base: '3.0', title: 'Backport 2 commits to 3.0' });
    expect(gitea.pulls[0]!.body).toContain('BUG/MINOR: b: one');
  });

  it('says on --dry-run what would conflict and what is missing, and makes nothing', async () => {
    const tried = await clone.json<{
      picks: { sha: string; conflicts: string[]; prerequisites: string[] }[];
    }>('backport', 'apply', '--repo', clone.dir, '--onto', '3.0', '--dry-run', '--pick', one, two);
    expect(tried.code).toBe(1);
    const reword = await clone.git('rev-parse', 'master~3');
    expect(tried.value.picks).toMatchObject([
      { sha: one, conflicts: [], prerequisites: [] },
      { sha: two, conflicts: ['a.c'], prerequisites: [reword] },
    ]);
    expect(await clone.git('branch', '--list')).not.toContain('vouch/');
  });

  it.each([
    [['--pick', 'nothing'], /--pick nothing: no such branch or commit/],
    [['--pick', 'HEAD', '--as', 'x<y>z'], /signed off by a person/],
    [['--pick', 'HEAD', '--branch', '-x'], /argument missing|not a name for a branch|--branch/],
    [['--pick', 'HEAD', '--branch', 'a..b'], /--branch a\.\.b: not a name for a branch/],
    [['--continue', '--abort'], /cannot be used with/],
    [['--onto', 'nope', '--pick', 'HEAD'], /--onto nope: no such branch/],
  ])('says what is wrong with %j', async (given, said) => {
    const { code, out, err } = await clone.vouch(
      'backport',
      'apply',
      '--repo',
      clone.dir,
      '--onto',
      '3.0',
      ...given,
    );
    expect({ code, out }, err).toEqual({ code: 2, out: '' });
    expect(err).toMatch(said);
    expect(await clone.git('branch', '--list')).not.toContain('vouch/');
  });
});
