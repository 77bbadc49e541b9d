import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createForge } from '../../src/forge/registry.ts';
import { filePullRequestStore } from '../../src/forge/local/store.ts';
import type { PullRequest } from '../../src/forge/port.ts';
import { runOrThrow } from '../../src/lib/process.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { ANA, fixOf } from '../doubles/forge-requests.ts';

const REQUEST = fixOf({ 'src/a.js': 'two\n', 'new/b "q" $(x).js': 'made\n', 'gone.txt': null });

/** A bare repository with one commit, as a push leaves it. */
async function setUp() {
  const scratch = await scratchDir('forge');
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const repository = join(scratch, 'app.git');
  const work = join(scratch, 'work');
  const env = { PATH: process.env['PATH']!, HOME: scratch, GIT_CONFIG_NOSYSTEM: '1' };
  const git = async (...args: string[]): Promise<string> =>
    (await runOrThrow(['git', ...args], { cwd: work, env })).stdout.toString('utf8').trim();
  const bare = (...args: string[]): Promise<string> => git('--git-dir', repository, ...args);
  await mkdir(join(work, 'src'), { recursive: true });
  await git('init', '-q', '--bare', '-b', 'main', repository);
  await git('init', '-q', '-b', 'main');
  await git('config', 'user.name', 'Dev');
  await git('config', 'user.email', 'dev@example.com');
  const files = { 'src/a.js': 'one\n', 'gone.txt': 'x\n', 'run.sh': 'run\n', 'other.txt': 'o\n' };
  for (const [path, text] of Object.entries(files))
    await writeFile(join(work, path), text, { mode: path === 'run.sh' ? 0o755 : 0o644 });
  const push = async (message: string): Promise<void> => {
    await git('add', '-A');
    await git('commit', '-qm', message);
    await git('push', '-q', repository, 'main');
  };
  await push('The first');
  const storePath = join(scratch, 'pull-requests.json');
  const make = () =>
    createForge({
      kind: 'local',
      repository,
      store: filePullRequestStore(storePath),
      url: ({ ref }) => `http://vouch/pulls/${ref}`,
      now: () => 1_700_000_000_000,
    });
  return { forge: make(), make, bare, work, push, git, storePath, repository };
}

test('a pull request is a branch with one commit on its base, and a row', async () => {
  const { forge, bare } = await setUp();
  const opened = await forge.open(REQUEST);
  expect(opened).toMatchObject({ branch: 'vouch/fix-1', url: 'http://vouch/pulls/1', ref: '1' });
  expect(await bare('rev-parse', 'vouch/fix-1')).toBe(opened.commit);
  expect(await bare('rev-parse', 'vouch/fix-1^')).toBe(await bare('rev-parse', 'main'));
  expect(await bare('show', '-z', '--format=%an <%ae>%n%B', '--name-status', 'vouch/fix-1')).toContain(
    'Vouch <vouch@localhost>',
  );
  expect(
    (await bare('ls-tree', '-r', '--name-only', '-z', 'vouch/fix-1')).split('\0').filter(Boolean).sort(),
  ).toEqual(['new/b "q" $(x).js', 'other.txt', 'run.sh', 'src/a.js']);
  expect(await bare('show', 'vouch/fix-1:new/b "q" $(x).js')).toBe('made');
});

test('opening it again gives the same; with other changes, or after others took the branch, it is a conflict', async () => {
  const { forge, make, bare, push, work } = await setUp();
  const first = await forge.open(REQUEST);
  expect(await forge.open(REQUEST)).toEqual(first);
  await writeFile(join(work, 'other.txt'), 'moved on\n');
  await push('The base moves on');
  expect(await make().open({ ...REQUEST, body: 'Other words.' })).toEqual(first);
  await expect(forge.open({ ...REQUEST, changes: { 'src/a.js': 'three\n' } })).rejects.toMatchObject({
    code: 'conflict',
  });
  await bare('branch', 'vouch/fix-2', 'main');
  await expect(forge.open({ ...REQUEST, branch: 'vouch/fix-2' })).rejects.toMatchObject({ code: 'conflict' });
});

test('several at once get numbers of their own, through forge objects of their own', async () => {
  const { make } = await setUp();
  const opened = await Promise.all(
    [1, 2, 3].map((n) => make().open({ ...REQUEST, branch: `vouch/fix-${n}` })),
  );
  expect(opened.map((one) => one.ref).sort()).toEqual(['1', '2', '3']);
});

test('merging makes a merge commit by the person, keeps modes, and happens once', async () => {
  const { forge, bare } = await setUp();
  const { ref, commit: fix } = await forge.open({ ...REQUEST, changes: { 'run.sh': 'walk\n' } });
  const before = await bare('rev-parse', 'main');
  const { commit } = await forge.merge(ref, ANA, fix);
  expect(await bare('rev-parse', 'main')).toBe(commit);
  expect(await bare('log', '-1', '--format=%an <%ae>|%cn|%P', 'main')).toBe(
    `Ana Example <ana@example.com>|Ana Example|${before} ${fix}`,
  );
  expect(await bare('ls-tree', 'main', 'run.sh')).toMatch(/^100755 /);
  expect(await forge.merge(ref, ANA)).toEqual({ commit });
  await expect(forge.close(ref, 'no')).rejects.toMatchObject({ code: 'conflict' });
});

test('a base that moved on elsewhere is merged with; one that moved on here is a conflict that names the file', async () => {
  const { forge, bare, push, work } = await setUp();
  const { ref } = await forge.open(REQUEST);
  const second = await forge.open({ ...REQUEST, branch: 'vouch/fix-2', changes: { 'src/a.js': 'three\n' } });
  await writeFile(join(work, 'other.txt'), 'moved on\n');
  await push('The base moves on');
  await forge.merge(ref, ANA);
  expect(await bare('show', 'main:other.txt')).toBe('moved on');
  expect(await bare('show', 'main:src/a.js')).toBe('two');
  await expect(forge.merge(second.ref, ANA)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('src/a.js'),
  });
});

test('what is merged is what was opened, or nothing', async () => {
  const { forge, bare } = await setUp();
  const { ref, commit } = await forge.open(REQUEST);
  await expect(forge.merge(ref, ANA, '0'.repeat(40))).rejects.toMatchObject({ code: 'conflict' });
  await bare('update-ref', 'refs/heads/vouch/fix-1', 'main');
  await expect(forge.merge(ref, ANA, commit)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('is not what'),
  });
});

test('a merge that was cut off after the ref moved is found done', async () => {
  const { make, storePath, bare } = await setUp();
  const forge = make();
  const { ref } = await forge.open(REQUEST);
  const before = await readFile(storePath, 'utf8');
  const { commit } = await forge.merge(ref, ANA);
  await writeFile(storePath, before); // as if killed before the row was written
  expect(await make().merge(ref, ANA)).toEqual({ commit });
  expect(await bare('rev-parse', 'main')).toBe(commit);
});

test('a closed one stays closed, and is not merged', async () => {
  const { forge } = await setUp();
  const { ref } = await forge.open(REQUEST);
  await forge.close(ref, 'Dismissed');
  await forge.close(ref, 'Dismissed');
  await expect(forge.merge(ref, ANA)).rejects.toMatchObject({ code: 'conflict' });
  await expect(forge.open(REQUEST)).rejects.toMatchObject({ code: 'conflict' });
});

test.each<[string, Partial<PullRequest>]>([
  ['branch', { branch: '--upload-pack=x' }],
  ['branch', { branch: 'a..b' }],
  ['branch', { branch: 'x; rm -rf /' }],
  ['branch', { branch: 'HEAD' }],
  ['branch', { branch: 'main' }],
  ['base', { base: '-x' }],
  ['path', { changes: { '../x': '' } }],
  ['path', { changes: { '.git/config': '' } }],
  ['path', { changes: { 'a\nb': '' } }],
  ['path', { changes: { '/etc/passwd': '' } }],
  ['name', { author: { name: 'x\ncommitter y', email: 'a@b' } }],
  ['title', { title: ' ' }],
  ['changes', { changes: {} }],
])('a bad %s is refused before git sees it: %j', async (_, part) => {
  const { forge, bare } = await setUp();
  await expect(forge.open({ ...REQUEST, ...part })).rejects.toMatchObject({ code: 'usage' });
  expect(await bare('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
});

test('nobody merges in no name; and a base, a number, a change that are not there', async () => {
  const { forge } = await setUp();
  const { ref } = await forge.open(REQUEST);
  await expect(forge.merge(ref, { name: ' ', email: 'a@b' })).rejects.toMatchObject({ code: 'usage' });
  await expect(forge.merge('99', ANA)).rejects.toMatchObject({ code: 'not-found' });
  await expect(forge.open({ ...REQUEST, branch: 'x', base: 'nowhere' })).rejects.toMatchObject({
    code: 'not-found',
  });
  await expect(
    forge.open({ ...REQUEST, branch: 'x', changes: { 'src/a.js': 'one\n' } }),
  ).rejects.toMatchObject({ code: 'conflict' });
});

test('a link in the repository is not written through', async () => {
  const { forge, git, push } = await setUp();
  await git('config', 'core.symlinks', 'true');
  await runOrThrow(['ln', '-s', '/etc/passwd', 'link'], { cwd: await git('rev-parse', '--show-toplevel') });
  await push('A link');
  await expect(forge.open({ ...REQUEST, changes: { link: 'x' } })).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('symbolic link'),
  });
});

test('a damaged list of pull requests is named, and kept', async () => {
  const { forge, storePath } = await setUp();
  await writeFile(storePath, '[{"ref":1');
  await expect(forge.open(REQUEST)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(storePath),
  });
  expect(await readFile(storePath, 'utf8')).toBe('[{"ref":1');
});
