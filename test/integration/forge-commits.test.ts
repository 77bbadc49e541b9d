import { existsSync } from 'node:fs';
import { chmod, copyFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { CommitsRequest } from '../../src/forge/port.ts';
import { trappedClone } from '../doubles/forge-series.ts';
import { FORGES } from '../doubles/forges.ts';

const NAMES = ['local', 'github', 'gitea'] as const;
/** Names that a shell, git, a URL or a file system would take for something else. */
const HOSTILE = [
  ...'--upload-pack=x|-x|+x|^x|a..b|a:b|a b|a\nb|@{0}|x.lock|refs/../x|HEAD|main||x/|/x|a//b'.split('|'),
  ...'$(x)|x; rm -rf /|ü|*|a?b|[a]|a~1'.split('|'),
];

describe.each(NAMES)('%s: a pull request of commits that exist', (name) => {
  const setUp = async () => {
    const clone = await trappedClone();
    return { ...clone, ...(await FORGES[name](clone)) };
  };

  test('has exactly these commits, and nothing of the clone, the home or the environment is run or believed', async () => {
    const { forge, endpoint, pulls, request, git, dir, trap } = await setUp();
    await writeFile(join(dir, '../.netrc'), 'machine 127.0.0.1 login x password y\n');
    await writeFile(join(dir, '../.gitconfig'), `[credential]\nhelper = "!touch ${trap}"\n`);
    vi.stubEnv('HOME', join(dir, '..'));
    vi.stubEnv('GIT_ASKPASS', `touch ${trap}`);
    vi.stubEnv('http_proxy', 'http://127.0.0.1:4');
    try {
      const opened = await forge.openCommits(request);
      expect(opened).toMatchObject({ branch: request.branch, ref: '1', commit: request.commit });
    } finally {
      vi.unstubAllEnvs();
    }
    expect(await pulls()).toEqual([`${request.branch} open`]);
    const sent = (await endpoint.git('rev-list', request.branch)).split('\n');
    expect(sent).toHaveLength(4);
    for (const commit of sent)
      expect(await endpoint.git('cat-file', 'commit', commit)).toBe(await git('cat-file', 'commit', commit));
    expect(await endpoint.git('log', '--format=%an <%ae> %aI', `main..${request.branch}`)).toBe(
      [
        'Carl <carl@example.org> 2023-02-03T04:05:06+00:00',
        'Bøb "B" Ünal <bob@example.org> 2022-02-03T04:05:06-08:00',
        'Ann <ann@example.org> 2021-02-03T04:05:06+05:30',
      ].join('\n'),
    );
    expect(await endpoint.git('for-each-ref', '--format=%(refname)')).toBe(
      `refs/heads/main\nrefs/heads/${request.branch}`,
    );
    expect(existsSync(trap)).toBe(false);
    expect((await readdir(tmpdir())).filter((one) => one.startsWith(`vouch-${process.pid}-series-`))).toEqual(
      [],
    );
  });

  test('opened again is the same, several at once too, and its text is brought up to date', async () => {
    const { forge, pulls, request } = await setUp();
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => forge.openCommits(request)));
    for (const one of others) expect(one).toEqual(first);
    expect(await forge.openCommits({ ...request, body: 'Better.' })).toEqual(first);
    expect(await pulls()).toEqual([`${request.branch} open`]);
  });

  test('overwrites nobody', async () => {
    const { forge, endpoint, request, git } = await setUp();
    await forge.openCommits(request);
    for (const how of [['--allow-empty'], ['--amend', '--allow-empty']]) {
      await git('commit', '-q', ...how, '-m', 'more');
      const other = { ...request, commit: await git('rev-parse', 'HEAD') };
      await expect(forge.openCommits(other)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(`${name}: branch ${request.branch} is there already`),
      });
    }
    expect(await endpoint.tip(request.branch)).toBe(request.commit);
  });

  test('is not opened again once it was closed, and then no branch is made', async () => {
    const { forge, endpoint, pulls, request } = await setUp();
    const { ref } = await forge.openCommits(request);
    await forge.close(ref, 'No.');
    await endpoint.git('update-ref', '-d', `refs/heads/${request.branch}`);
    await expect(forge.openCommits(request)).rejects.toMatchObject({ code: 'conflict' });
    expect(await endpoint.tip(request.branch)).toBeNull();
    expect(await pulls()).toEqual([`${request.branch} closed`]);
  });

  test('a branch whose pull request could not be opened is taken up again', async () => {
    const { forge, endpoint, pulls, request, refuseToOpen } = await setUp();
    refuseToOpen(true);
    await expect(forge.openCommits(request)).rejects.toThrow('the disk is full');
    expect(await pulls()).toEqual([]);
    expect(await endpoint.tip(request.branch)).toBe(request.commit);
    refuseToOpen(false);
    expect(await forge.openCommits(request)).toMatchObject({ ref: '1', commit: request.commit });
  });

  test('leaves branches alone whose names hold its own', async () => {
    const { forge, endpoint, request } = await setUp();
    await endpoint.git('update-ref', `refs/heads/${request.branch}-2`, 'main');
    expect(await forge.openCommits(request)).toMatchObject({ commit: request.commit });
    // Git itself takes the name of this one for the full name of the other.
    const branch = 'vouch/backport-2.9';
    await endpoint.git('update-ref', `refs/heads/refs/heads/${branch}`, 'main');
    const opened = await forge.openCommits({ ...request, branch }).catch((error: unknown) => error);
    if (name === 'local') expect(opened).toMatchObject({ commit: request.commit });
    else
      expect(opened).toMatchObject({ code: 'unavailable', message: expect.stringContaining('stale info') });
    for (const other of [`${request.branch}-2`, `refs/heads/${branch}`])
      expect(await endpoint.tip(other)).toBe(await endpoint.tip('main'));
  });

  test('says that a branch which is a part of its name is in the way', async () => {
    const { forge, endpoint, pulls, request } = await setUp();
    await endpoint.git('update-ref', 'refs/heads/vouch', 'main');
    await expect(forge.openCommits(request)).rejects.toMatchObject({ code: 'conflict' });
    expect(await pulls()).toEqual([]);
  });

  test('on a base that moved on', async () => {
    const { forge, endpoint, request } = await setUp();
    const who = ['-c', 'user.name=x', '-c', 'user.email=x@y'];
    const next = await endpoint.git(...who, 'commit-tree', '-p', 'main', '-m', 'moved', 'main^{tree}');
    await endpoint.git('update-ref', 'refs/heads/main', next);
    expect(await forge.openCommits(request)).toMatchObject({ commit: request.commit });
  });

  test('of a clone that is shallow at the base', async () => {
    const { forge, endpoint, request, dir, git } = await setUp();
    await git('config', '--unset', 'url.ext::touch x .insteadOf');
    await git('clone', '-q', '--no-local', '--depth', '4', '-b', 'picks', dir, `${dir}-2`);
    const objects = join(`${dir}-2`, '.git/objects');
    expect(await forge.openCommits({ ...request, objects })).toMatchObject({ commit: request.commit });
    expect(await endpoint.git('rev-list', '--count', request.branch)).toBe('4');
  });

  test('in a repository with SHA-256 names', async () => {
    const clone = await trappedClone('sha256');
    const { forge, endpoint } = await FORGES[name](clone);
    await forge.openCommits(clone.request);
    expect(await endpoint.tip(clone.request.branch)).toMatch(/^[0-9a-f]{64}$/);
  });

  test('makes nothing of commits that are on the base, or have nothing to do with it', async () => {
    const { forge, endpoint, request, git } = await setUp();
    const first = await git('rev-parse', 'main');
    await expect(forge.openCommits({ ...request, commit: first })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('main has these commits already'),
    });
    const alien = await git('commit-tree', '-m', 'alien', 'HEAD^{tree}');
    await expect(forge.openCommits({ ...request, commit: alien })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('no history in common'),
    });
    const tree = await git('rev-parse', 'HEAD^{tree}');
    await expect(forge.openCommits({ ...request, commit: tree })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('is a tree'),
    });
    expect(await endpoint.tip(request.branch)).toBeNull();
  });

  test('refuses names of branches that mean something else to somebody', async () => {
    const { forge, endpoint, request } = await setUp();
    for (const branch of HOSTILE)
      await expect(forge.openCommits({ ...request, branch }), branch).rejects.toMatchObject({
        code: 'usage',
      });
    expect(await endpoint.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  test.each<[Partial<CommitsRequest>, string]>([
    [{ base: '--all' }, 'usage'],
    [{ title: ' ' }, 'usage'],
    [{ commit: 'HEAD' }, 'usage'],
    [{ commit: '--all' }, 'usage'],
    [{ base: 'nowhere' }, 'not-found'],
    [{ commit: '1'.repeat(40) }, 'not-found'],
    [{ objects: '/nowhere' }, 'not-found'],
  ])('refuses %j', async (part, code) => {
    const { forge, endpoint, request } = await setUp();
    await expect(forge.openCommits({ ...request, ...part })).rejects.toMatchObject({ code });
    expect(await endpoint.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });

  test('stopped before it began, makes nothing', async () => {
    const { forge, endpoint, pulls, request } = await setUp();
    const signal = AbortSignal.abort();
    await expect(forge.openCommits({ ...request, signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(await endpoint.tip(request.branch)).toBeNull();
    expect(await pulls()).toEqual([]);
  });
});

test('local: an object that is not what its name says is not taken over', async () => {
  const clone = await trappedClone();
  const { forge, endpoint } = await FORGES.local(clone);
  const [good, bad] = [
    await clone.git('rev-parse', 'HEAD:ann@example.org'),
    await clone.git('rev-parse', 'HEAD:carl@example.org'),
  ];
  const at = (id: string): string => join(clone.request.objects, id.slice(0, 2), id.slice(2));
  await chmod(at(good), 0o644);
  await copyFile(at(bad), at(good));
  await expect(forge.openCommits(clone.request)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await endpoint.tip(clone.request.branch)).toBeNull();
  await expect(endpoint.git('cat-file', '-e', good)).rejects.toThrow();
});
