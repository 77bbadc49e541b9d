import { describe, expect, test } from 'vitest';
import { createGithubForge } from '../../src/forge/github/forge.ts';
import type { PullRequest } from '../../src/forge/port.ts';
import { ANA, fixOf, noWaiting } from '../doubles/forge-requests.ts';
import { githubDouble } from '../doubles/github.ts';
import type { Reply } from '../doubles/http-double.ts';

const REQUEST = fixOf({
  'src/deep/a.js': 'two\n',
  'new.js': 'made\n',
  'gone.txt': null,
  'run.sh': 'walk\n',
});
const FILES = {
  'src/deep/a.js': { text: 'one\n' },
  'gone.txt': { text: 'x' },
  'run.sh': { text: 'run\n', mode: '100755' },
  link: { text: 'a', mode: '120000' },
};

async function setUp(options: Parameters<typeof githubDouble>[1] = {}) {
  const github = await githubDouble(FILES, options);
  const { waits, effects } = noWaiting();
  const config = { repository: 'acme/shop', token: 'gh-token', baseUrl: github.url, timeoutMs: 300 };
  return {
    github,
    waits,
    forge: createGithubForge(config, effects),
    make: (part: Partial<typeof config>) => createGithubForge({ ...config, ...part }, effects),
  };
}

describe('a pull request', () => {
  test('is one commit on the base with all files, and the branch, and the request', async () => {
    const { github, forge } = await setUp();
    const main = github.refs.get('heads/main');
    const opened = await forge.open(REQUEST);
    expect(opened).toEqual({
      branch: 'vouch/fix-1',
      url: 'https://github.example/acme/shop/pull/1',
      ref: '1',
      commit: github.refs.get('heads/vouch/fix-1'),
    });
    expect(github.branch('vouch/fix-1')).toEqual({
      'src/deep/a.js': 'two\n',
      'new.js': 'made\n',
      'run.sh 100755': 'walk\n',
      'link 120000': 'a',
    });
    expect(github.commits.get(opened.commit)).toMatchObject({
      parents: [main],
      message: REQUEST.message,
      author: REQUEST.author,
    });
    expect(github.pulls).toMatchObject([
      { head: 'vouch/fix-1', base: 'main', title: REQUEST.title, body: REQUEST.body },
    ]);
    for (const request of github.received)
      expect(request.headers).toMatchObject({
        authorization: 'token gh-token',
        'user-agent': expect.stringContaining('vouch'),
      });
  });

  test('opened again is the same, also when the base moved on; only its text is brought up to date', async () => {
    const { github, forge } = await setUp();
    const first = await forge.open(REQUEST);
    github.commitOnMain({ 'other.js': 'x' });
    expect(await forge.open({ ...REQUEST, body: 'Better.' })).toEqual(first);
    expect(github.pulls).toMatchObject([{ body: 'Better.' }]);
  });

  test('is found on a later page, whatever the filter did', async () => {
    const { github, forge } = await setUp({ pulls: 7, pageSize: 3 });
    const first = await forge.open(REQUEST);
    expect(first.ref).toBe('8');
    expect(await forge.open(REQUEST)).toEqual(first);
    expect(github.pulls).toHaveLength(8);
  });

  test('opened by someone else at the same moment is taken', async () => {
    const { github, forge } = await setUp();
    let raced = false;
    github.override((request) => {
      if (!raced && request.method === 'POST' && request.path.endsWith('/pulls')) {
        raced = true;
        github.pulls.push({
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

  test('on a branch that holds something else is a conflict', async () => {
    const { github, forge } = await setUp();
    await forge.open(REQUEST);
    await expect(forge.open({ ...REQUEST, changes: { 'new.js': 'else' } })).rejects.toMatchObject({
      code: 'conflict',
    });
    github.refs.set('heads/vouch/fix-2', github.refs.get('heads/main')!);
    await expect(forge.open({ ...REQUEST, branch: 'vouch/fix-2' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test.each<[string, Partial<PullRequest>, string]>([
    ['a base that is not there', { base: 'nowhere' }, 'not-found'],
    ['a change that is there already', { changes: { 'src/deep/a.js': 'one\n' } }, 'conflict'],
    ['a symbolic link', { changes: { link: 'b' } }, 'usage'],
    ['a file as a folder', { changes: { 'run.sh/x': 'b' } }, 'usage'],
    ['a bad branch', { branch: 'a b' }, 'usage'],
  ])('for %s', async (_, part, code) => {
    const { forge } = await setUp();
    await expect(forge.open({ ...REQUEST, ...part })).rejects.toMatchObject({ code });
  });
});

describe('merging', () => {
  test('is done once, at the head that was seen, with the name of the person', async () => {
    const { github, forge } = await setUp();
    const { ref, commit: fix } = await forge.open(REQUEST);
    const { commit } = await forge.merge(ref, ANA, fix);
    expect(github.refs.get('heads/main')).toBe(commit);
    expect(github.commits.get(commit)!.message).toContain('Merged-by: Ana Example <ana@example.com>');
    expect(github.received.at(-1)).toMatchObject({
      method: 'PUT',
      body: { merge_method: 'merge', sha: fix },
    });
    expect(await forge.merge(ref, ANA)).toEqual({ commit });
  });

  test('is refused for conflicts, another head, and closed ones', async () => {
    const { github, forge } = await setUp();
    const { ref } = await forge.open(REQUEST);
    await expect(forge.merge(ref, ANA, 'f'.repeat(40))).rejects.toMatchObject({ code: 'conflict' });
    github.notMergeable();
    await expect(forge.merge(ref, ANA)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('not mergeable'),
    });
    await forge.close(ref, 'Dismissed by Ana');
    await expect(forge.merge(ref, ANA)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('closed'),
    });
  });

  test('a branch that moves in between is GitHub’s 409', async () => {
    const { github, forge } = await setUp();
    const { ref } = await forge.open(REQUEST);
    github.override((request) =>
      request.method === 'PUT' ? { status: 409, json: { message: 'Head branch was modified' } } : undefined,
    );
    await expect(forge.merge(ref, ANA)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('needs a name, and a number', async () => {
    const { github, forge } = await setUp();
    await expect(forge.merge('1', { name: '', email: '' })).rejects.toMatchObject({ code: 'usage' });
    await expect(forge.merge('../issues/1', ANA)).rejects.toMatchObject({ code: 'usage' });
    expect(github.received).toHaveLength(0);
  });

  test('closing comments once', async () => {
    const { github, forge } = await setUp();
    const { ref } = await forge.open(REQUEST);
    await forge.close(ref, 'Dismissed by Ana');
    await forge.close(ref, 'Dismissed by Ana');
    expect(github.comments).toEqual([{ issue: 1, body: 'Dismissed by Ana' }]);
    expect(github.pulls[0]!.state).toBe('closed');
  });
});

describe('bad answers', () => {
  test.each<[string, Reply, string, string]>([
    ['401', { status: 401, json: { message: 'Bad credentials' } }, 'forbidden', 'Bad credentials'],
    ['403', { status: 403, json: { message: 'Resource not accessible' } }, 'forbidden', 'not accessible'],
    [
      '403 for a used up limit',
      {
        status: 403,
        headers: { 'x-ratelimit-remaining': '0' },
        json: { message: 'API rate limit exceeded' },
      },
      'unavailable',
      'rate limit',
    ],
    [
      '422',
      { status: 422, json: { message: 'Validation Failed', errors: [{ field: 'x' }] } },
      'usage',
      'Validation Failed',
    ],
    ['429', { status: 429, json: { message: 'Too many' } }, 'unavailable', 'HTTP 429'],
    [
      '429 for long',
      { status: 429, headers: { 'retry-after': '600' }, json: { message: 'Too many' } },
      'unavailable',
      'HTTP 429',
    ],
    ['500', { status: 500, json: { message: 'Server Error' } }, 'unavailable', 'HTTP 500'],
    ['502 of a proxy', { status: 502, text: '<html>Bad gateway</html>' }, 'unavailable', 'HTTP 502'],
    ['a page', { status: 200, text: '<html>Login</html>' }, 'unavailable', 'not what the API promises'],
    ['JSON of another kind', { status: 200, json: { object: { sha: 7 } } }, 'unavailable', 'object.sha'],
    [
      'half an answer',
      { status: 200, json: { object: { sha: 'a'.repeat(40) } }, cut: true },
      'unavailable',
      'github',
    ],
    [
      'a redirect',
      { status: 301, headers: { location: 'http://127.0.0.1:1/' }, text: '' },
      'usage',
      'redirect',
    ],
    ['silence', { hang: true }, 'unavailable', 'no answer within 0.3 s'],
  ])('%s', async (_, reply, code, said) => {
    const { github, forge } = await setUp();
    github.override(() => reply);
    await expect(forge.open(REQUEST)).rejects.toMatchObject({ code, message: expect.stringContaining(said) });
    expect(github.received.length).toBeLessThanOrEqual(3);
    for (const request of github.received) expect(request.method).toBe('GET');
  });

  test('a wrong token, from GitHub itself', async () => {
    const { make } = await setUp();
    await expect(make({ token: 'other' }).open(REQUEST)).rejects.toMatchObject({
      code: 'forbidden',
      hint: expect.stringContaining('token'),
    });
  });

  test('a limit that ends soon is waited for, also for writes', async () => {
    const { github, forge, waits } = await setUp();
    let limited = 0;
    github.override((request) =>
      request.method === 'POST' && limited++ === 0
        ? { status: 403, headers: { 'retry-after': '5' }, json: { message: 'secondary rate limit' } }
        : undefined,
    );
    await forge.open(REQUEST);
    expect(waits).toEqual([5000]);
  });

  test('a write that may have been done is not sent twice', async () => {
    const { github, forge } = await setUp();
    const { ref } = await forge.open(REQUEST);
    github.override((request) =>
      request.method === 'PUT' ? { status: 500, json: { message: 'oops' } } : undefined,
    );
    await expect(forge.merge(ref, ANA)).rejects.toMatchObject({ code: 'unavailable' });
    expect(github.received.filter((request) => request.method === 'PUT')).toHaveLength(1);
  });

  test('a merge that is answered with no merge is none', async () => {
    const { github, forge } = await setUp();
    const { ref } = await forge.open(REQUEST);
    github.override((request) =>
      request.method === 'PUT' ? { json: { merged: false, message: 'no' } } : undefined,
    );
    await expect(forge.merge(ref, ANA)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test.each(['acme', 'acme/shop/x', '../shop', 'a b/c', ''])('the repository %j is refused', (repository) => {
    expect(() => createGithubForge({ repository, token: 't' })).toThrow('OWNER/NAME');
  });

  test('an address with a password in it is refused, and not repeated', () => {
    expect(() => createGithubForge({ repository: 'a/b', token: 't', baseUrl: 'https://u:pw@host' })).toThrow(
      /^(?!.*pw@)/,
    );
  });
});
