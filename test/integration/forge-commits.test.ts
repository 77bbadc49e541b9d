import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createGiteaForge } from '../../src/forge/gitea/forge.ts';
import { createGithubForge } from '../../src/forge/github/forge.ts';
import { createLocalForge } from '../../src/forge/local/forge.ts';
import { filePullRequestStore } from '../../src/forge/local/store.ts';
import type { CommitsRequest, Forge } from '../../src/forge/port.ts';
import { baseEnvironment, runOrThrow } from '../../src/lib/process.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { gitEndpoint, type GitEndpoint } from '../doubles/git-endpoint.ts';
import { giteaDouble } from '../doubles/gitea.ts';
import { githubDouble } from '../doubles/github.ts';

interface Setup {
  forge: Forge;
  /** The commit of a branch at the forge. */
  tip: (branch: string) => Promise<string | null>;
  endpoint: GitEndpoint | null;
}

/** A clone with two commits of different people on a branch, and its settings booby-trapped. */
async function clone(): Promise<{
  request: CommitsRequest;
  git: (...args: string[]) => Promise<string>;
  trap: string;
}> {
  const scratch = await scratchDir('clone');
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const dir = join(scratch, 'work');
  const env = { ...baseEnvironment(), GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' };
  const git = async (...args: string[]): Promise<string> =>
    (await runOrThrow(['git', '-C', dir, ...args], { env })).stdout.toString('utf8').trim();
  await mkdir(dir);
  await git('init', '-q', '-b', 'main');
  await git('config', 'user.name', 'Rita');
  await git('config', 'user.email', 'rita@example.org');
  for (const name of ['Ann', 'Bob']) {
    await writeFile(join(dir, name), name);
    await git('add', '-A');
    await git(
      'commit',
      '-q',
      '-m',
      `${name}'s\n\nSigned-off-by: ${name}`,
      `--author=${name} <${name}@example.org>`,
    );
  }
  const trap = join(scratch, 'trapped');
  await writeFile(join(dir, '.git/hooks/pre-push'), `#!/bin/sh\ntouch ${trap}\n`, { mode: 0o755 });
  await git('config', 'url.http://127.0.0.1:1/.insteadOf', 'http://127.0.0.1');
  await git('config', 'credential.helper', `!touch ${trap}`);
  const commit = await git('rev-parse', 'HEAD');
  const objects = join(dir, '.git/objects');
  return {
    request: {
      branch: 'vouch/backport-3.0',
      base: 'main',
      title: 'Backports',
      body: 'Two.',
      commit,
      objects,
    },
    git,
    trap,
  };
}

const FORGES: Record<string, (token?: string) => Promise<Setup>> = {
  async local() {
    const scratch = await scratchDir('forge');
    onTestFinished(() => rm(scratch, { recursive: true, force: true }));
    const { repository, tip } = await gitEndpoint('none');
    const env = { ...baseEnvironment(), GIT_CONFIG_NOSYSTEM: '1' };
    const bare = (...args: string[]): Promise<unknown> =>
      runOrThrow(['git', '--git-dir', repository, '-c', 'user.name=x', '-c', 'user.email=x@y', ...args], {
        env,
      });
    const tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
    await bare('hash-object', '-t', 'tree', '-w', '/dev/null');
    await bare(
      'update-ref',
      'refs/heads/main',
      String(((await bare('commit-tree', tree, '-m', 'first')) as { stdout: Buffer }).stdout).trim(),
    );
    const forge = createLocalForge({
      repository,
      store: filePullRequestStore(join(scratch, 'pulls.json')),
      url: ({ ref }) => `http://vouch/pulls/${ref}`,
    });
    return { forge, tip, endpoint: null };
  },
  async github(token = 'gh-token') {
    const endpoint = await gitEndpoint('gh-token');
    const { url } = await githubDouble({ 'a.txt': { text: 'a' } }, { git: endpoint });
    const forge = createGithubForge({ repository: 'acme/shop', token, baseUrl: url, timeoutMs: 2000 });
    return { forge, tip: endpoint.tip, endpoint };
  },
  async gitea(token = 'gitea-token') {
    const endpoint = await gitEndpoint('gitea-token');
    const { url } = await giteaDouble({ 'a.txt': 'a' }, { git: endpoint });
    const forge = createGiteaForge({ repository: 'acme/shop', token, baseUrl: url, timeoutMs: 2000 });
    return { forge, tip: endpoint.tip, endpoint };
  },
};

describe.each(Object.keys(FORGES))('%s: a pull request of commits that exist', (name) => {
  const setUp = FORGES[name]!;

  test('has exactly these commits, and nothing of the clone is run or believed', async () => {
    const { forge, tip } = await setUp();
    const { request, trap } = await clone();
    const opened = await forge.openCommits(request);
    expect(opened).toMatchObject({ branch: request.branch, ref: '1', commit: request.commit });
    expect(await tip(request.branch)).toBe(request.commit);
    await expect(import('node:fs/promises').then((fs) => fs.access(trap))).rejects.toThrow();
  });

  test('opened again is the same', async () => {
    const { forge } = await setUp();
    const { request } = await clone();
    const first = await forge.openCommits(request);
    expect(await forge.openCommits({ ...request, body: 'Better.' })).toEqual(first);
  });

  test('overwrites nobody', async () => {
    const { forge, tip } = await setUp();
    const { request, git } = await clone();
    await forge.openCommits(request);
    await git('commit', '-q', '--allow-empty', '-m', 'more');
    const other = { ...request, commit: await git('rev-parse', 'HEAD') };
    await expect(forge.openCommits(other)).rejects.toMatchObject({ code: 'conflict' });
    expect(await tip(request.branch)).toBe(request.commit);
  });

  test.each([
    [{ branch: '--upload-pack=x' }, 'usage'],
    [{ branch: 'a..b' }, 'usage'],
    [{ base: 'main', branch: 'main' }, 'usage'],
    [{ commit: 'HEAD' }, 'usage'],
    [{ base: 'nowhere' }, 'not-found'],
    [{ commit: '1'.repeat(40) }, 'unavailable'],
  ] as const)('refuses %j', async (part, code) => {
    const { forge, tip } = await setUp();
    const { request } = await clone();
    await expect(forge.openCommits({ ...request, ...part })).rejects.toMatchObject({ code });
    expect(await tip(request.branch)).toBeNull();
  });
});

describe.each(['github', 'gitea'])('%s, answering badly', (name) => {
  test('a token that may not push, which is never told', async () => {
    const { forge, endpoint } = await FORGES[name]!();
    endpoint!.override((_, response) => {
      response.writeHead(403).end('protected branch');
      return true;
    });
    const { request } = await clone();
    const error = (await forge.openCommits(request).catch((one: unknown) => one)) as Error & { code: string };
    expect(error.code).toBe('forbidden');
    expect(JSON.stringify([error.message, String(error.stack)])).not.toMatch(/token|Basic /i);
  });

  test.each([
    [
      'a redirect to somewhere else',
      { status: 302, headers: { location: 'http://127.0.0.1:9/acme/shop.git/' } },
    ],
    ['a page', { status: 200, headers: { 'content-type': 'text/html' } }],
    ['a failure', { status: 500, headers: {} }],
  ])('%s', async (_, { status, headers }) => {
    const { forge, endpoint } = await FORGES[name]!();
    endpoint!.override((__, response) => {
      response.writeHead(status, headers as Record<string, string>).end('<html>');
      return true;
    });
    const { request } = await clone();
    await expect(forge.openCommits(request)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('what was pushed and not opened is opened the next time', async () => {
    const { forge, endpoint } = await FORGES[name]!();
    const { request } = await clone();
    await runOrThrow(
      [
        'git',
        '--git-dir',
        join(request.objects, '..'),
        'push',
        '-q',
        endpoint!.repository,
        `${request.commit}:refs/heads/${request.branch}`,
      ],
      {
        env: {
          ...baseEnvironment(),
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_CONFIG_COUNT: '1',
          GIT_CONFIG_KEY_0: 'core.hooksPath',
          GIT_CONFIG_VALUE_0: '/dev/null',
        },
      },
    );
    expect(await forge.openCommits(request)).toMatchObject({ ref: '1', commit: request.commit });
  });
});
