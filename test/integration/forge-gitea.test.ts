import { describe, expect, test } from 'vitest';
import { createGiteaForge } from '../../src/forge/gitea/forge.ts';
import type { PullRequest } from '../../src/forge/port.ts';
import { ANA, fixOf, noWaiting } from '../doubles/forge-requests.ts';
import { giteaDouble } from '../doubles/gitea.ts';
import type { Reply } from '../doubles/http-double.ts';

const REQUEST = fixOf({ 'src/a #1?.js': 'zwei ü\n', 'new.js': 'made\n', 'gone.txt': null });
const FILES = { 'src/a #1?.js': 'one\n', 'gone.txt': 'x', 'other.txt': 'o', link: 'link:/etc/passwd' };

async function setUp(options: { pulls?: number } = {}) {
  const gitea = await giteaDouble(FILES, options);
  const { waits, effects } = noWaiting();
  const config = { repository: 'acme/shop', token: 'gitea-token', baseUrl: `${gitea.url}/`, timeoutMs: 300 };
  return {
    gitea,
    waits,
    forge: createGiteaForge(config, effects),
    make: (token: string) => createGiteaForge({ ...config, token }, effects),
  };
}

describe('a pull request', () => {
  test('is one commit on a new branch with all files', async () => {
    const { gitea, forge } = await setUp();
    const opened = await forge.open(REQUEST);
    expect(opened).toEqual({
      branch: 'vouch/fix-1',
      url: 'https://gitea.example/acme/shop/pulls/1',
      ref: '1',
      commit: gitea.branches.get('vouch/fix-1'),
    });
    expect(gitea.filesOf('vouch/fix-1')).toEqual({
      'src/a #1?.js': 'zwei ü\n',
      'new.js': 'made\n',
      'other.txt': 'o',
      link: 'link:/etc/passwd',
    });
    const sent = gitea.received.find(
      (request) => request.method === 'POST' && request.path.endsWith('/contents'),
    )!;
    expect(sent.body).toMatchObject({
      branch: 'main',
      new_branch: 'vouch/fix-1',
      author: REQUEST.author,
      files: [{ operation: 'update' }, { operation: 'create' }, { operation: 'delete' }],
    });
    for (const request of gitea.received) {
      expect(request.path).toMatch(/^\/api\/v1\/repos\/acme\/shop\//);
      expect(request.headers.authorization).toBe('token gitea-token');
    }
  });

  test('opened again is the same, past many others, and its text is brought up to date', async () => {
    const { gitea, forge } = await setUp({ pulls: 120 });
    const first = await forge.open(REQUEST);
    expect(first.ref).toBe('121');
    expect(await forge.open({ ...REQUEST, body: 'Better.' })).toEqual(first);
    expect(gitea.pulls).toHaveLength(121);
    expect(gitea.pulls.at(-1)).toMatchObject({ body: 'Better.' });
  });

  test('opened by someone else at the same moment is taken', async () => {
    const { gitea, forge } = await setUp();
    let raced = false;
    gitea.override((request) => {
      if (!raced && request.method === 'POST' && request.path.endsWith('/pulls')) {
        raced = true;
        gitea.pulls.push({
          number: 1,
          head: 'vouch/fix-1',
          base: 'main',
          title: REQUEST.title,
          body: REQUEST.body,
          state: 'open',
          merged: null,
        });
      }
      return undefined;
    });
    expect(await forge.open(REQUEST)).toMatchObject({ ref: '1' });
  });

  test.each<[string, Partial<PullRequest>, string]>([
    ['other changes on its branch', { changes: { 'new.js': 'else' } }, 'conflict'],
    ['fewer changes on its branch', { changes: { 'new.js': 'made\n' } }, 'conflict'],
    ['a base that is not there', { branch: 'x', base: 'nowhere' }, 'not-found'],
    ['a change that is there already', { branch: 'x', changes: { 'other.txt': 'o' } }, 'conflict'],
    ['a symbolic link', { branch: 'x', changes: { link: 'b' } }, 'usage'],
    ['a bad path', { branch: 'x', changes: { '../x': 'b' } }, 'usage'],
  ])('for %s', async (_, part, code) => {
    const { forge } = await setUp();
    await forge.open(REQUEST);
    await expect(forge.open({ ...REQUEST, ...part })).rejects.toMatchObject({ code });
  });
});

describe('merging', () => {
  test('is done once, at the head that was seen, with the name of the person', async () => {
    const { gitea, forge } = await setUp();
    const { ref, commit: fix } = await forge.open(REQUEST);
    const { commit } = await forge.merge(ref, ANA, fix);
    expect(gitea.branches.get('main')).toBe(commit);
    expect(gitea.commits.get(commit)!.message).toContain('Merged-by: Ana Example <ana@example.com>');
    expect(await forge.merge(ref, ANA)).toEqual({ commit });
  });

  test('waits while the server works out whether it can, and not for ever', async () => {
    const { gitea, forge, waits } = await setUp();
    const { ref } = await forge.open(REQUEST);
    let asked = 0;
    gitea.override((request) =>
      request.path.endsWith('/merge') && asked++ < 2
        ? { status: 405, json: { message: 'Please try again later' } }
        : undefined,
    );
    await forge.merge(ref, ANA);
    expect(waits).toEqual([1000, 1000]);
    const second = await forge.open({ ...REQUEST, branch: 'vouch/fix-2', changes: { 'new.js': 'other\n' } });
    gitea.override((request) =>
      request.path.endsWith('/merge')
        ? { status: 405, json: { message: 'Please try again later' } }
        : undefined,
    );
    await expect(forge.merge(second.ref, ANA)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('is refused for another head, a conflict and closed ones; closing comments once', async () => {
    const { gitea, forge } = await setUp();
    const { ref } = await forge.open(REQUEST);
    await expect(forge.merge(ref, ANA, 'f'.repeat(40))).rejects.toMatchObject({ code: 'conflict' });
    gitea.override((request) =>
      request.path.endsWith('/merge') ? { status: 409, json: { message: 'merge conflict' } } : undefined,
    );
    await expect(forge.merge(ref, ANA)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('merge conflict'),
    });
    gitea.override(() => undefined);
    await forge.close(ref, 'Dismissed');
    await forge.close(ref, 'Dismissed');
    expect(gitea.comments).toEqual([{ issue: 1, body: 'Dismissed' }]);
    await expect(forge.merge(ref, ANA)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('closed'),
    });
  });

  test('a merge that shows no merge afterwards is none', async () => {
    const { gitea, forge } = await setUp();
    const { ref } = await forge.open(REQUEST);
    gitea.override((request) => (request.path.endsWith('/merge') ? { status: 200, text: '' } : undefined));
    await expect(forge.merge(ref, ANA)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('shows no merge'),
    });
  });
});

describe('bad answers', () => {
  test.each<[string, Reply, string, string]>([
    ['401', { status: 401, json: { message: 'invalid token' } }, 'forbidden', 'invalid token'],
    [
      '403',
      { status: 403, json: { message: 'token does not have at least one of required scope(s)' } },
      'forbidden',
      'scope',
    ],
    ['422', { status: 422, json: { message: 'nope' } }, 'usage', 'nope'],
    ['429', { status: 429, json: { message: 'slow' } }, 'unavailable', 'HTTP 429'],
    ['500', { status: 500, text: 'Internal' }, 'unavailable', 'HTTP 500'],
    ['a page', { status: 200, text: '<html>Sign in</html>' }, 'unavailable', 'not what the API promises'],
    ['JSON of another kind', { status: 200, json: { commit: {} } }, 'unavailable', 'commit.id'],
    [
      'half an answer',
      { status: 200, json: { commit: { id: 'a'.repeat(4000) } }, cut: true },
      'unavailable',
      'gitea',
    ],
    ['a redirect', { status: 302, headers: { location: '/user/login' }, text: '' }, 'usage', 'redirect'],
    ['silence', { hang: true }, 'unavailable', 'no answer within 0.3 s'],
  ])('%s', async (_, reply, code, said) => {
    const { gitea, forge } = await setUp();
    gitea.override(() => reply);
    await expect(forge.open(REQUEST)).rejects.toMatchObject({ code, message: expect.stringContaining(said) });
    expect(gitea.received.length).toBeLessThanOrEqual(3);
  });

  test('a wrong token', async () => {
    const { make } = await setUp();
    await expect(make('other').open(REQUEST)).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('token'),
    });
  });

  test('an answer without end', async () => {
    const { gitea, forge } = await setUp();
    gitea.override(() => ({ status: 200, text: 'x'.repeat(17 * 1024 * 1024) }));
    await expect(forge.open(REQUEST)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
