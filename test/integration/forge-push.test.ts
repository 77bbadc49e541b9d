import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { trappedClone } from '../doubles/forge-series.ts';
import { FORGES } from '../doubles/forges.ts';
import { httpDouble } from '../doubles/http-double.ts';

/** Everything that is shown or logged of an error. */
function shown(error: unknown): string {
  const { message, stack, hint, cause } = error as Error & { hint?: string };
  return JSON.stringify([message, stack, hint, cause === undefined ? '' : shown(cause)]);
}

/** Command lines of all processes: everybody on the machine can read them. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/cmdline`))
    .map((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8');
      } catch {
        return ''; // gone
      }
    })
    .join('\n');
}

describe.each(['github', 'gitea'] as const)('%s, answering badly to git', (name) => {
  const setUp = async (timeoutMs?: number) => {
    const clone = await trappedClone();
    const double = await FORGES[name](clone, timeoutMs);
    const { forge, token } = double;
    const secrets = [
      token,
      ...[':', 'x-access-token:'].map((user) => Buffer.from(user + token).toString('base64')),
    ];
    const fail = async (request = clone.request): Promise<Error & { code: string }> => {
      const error: unknown = await forge.openCommits(request).then(
        () => expect.unreachable('it was opened'),
        (one: unknown) => one,
      );
      for (const secret of secrets) expect(shown(error)).not.toContain(secret);
      return error as Error & { code: string };
    };
    return { ...clone, ...double, secrets, fail };
  };
  type Answer = (response: ServerResponse, sent: string) => unknown;

  test.each<[string, Answer, string, string]>([
    ['401', (to) => to.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(), 'forbidden', ''],
    [
      '403 that repeats what it was sent',
      (to, sent) => to.writeHead(403, { 'content-type': 'text/plain' }).end(`not with ${sent}`),
      'forbidden',
      'not with Basic …',
    ],
    ['404', (to) => to.writeHead(404).end(), 'not-found', 'not found'],
    ['500', (to) => to.writeHead(500).end(), 'unavailable', '500'],
    ['a page', (to) => to.writeHead(200, { 'content-type': 'text/html' }).end('<html>'), 'unavailable', ''],
    [
      'half an answer',
      (to) => to.writeHead(200, { 'content-length': 99 }).write('0', () => to.destroy()),
      'unavailable',
      '',
    ],
    ['no answer', (to) => to.destroy(), 'unavailable', ''],
  ])('%s', async (_, answer, code, said) => {
    const { endpoint, fail, pulls } = await setUp();
    endpoint.override(({ headers }, response) => {
      answer(response, headers.authorization ?? '');
      return true;
    });
    const error = await fail();
    expect(error).toMatchObject({ code, message: expect.stringContaining(said) });
    expect(error.message).toMatch(
      new RegExp(`^${name}: branch vouch/backport-3.0 cannot be (?:pushed|made): .{5}`),
    );
    expect(await pulls()).toEqual([]);
  });

  test('a redirect to another host, which is not followed', async () => {
    const { endpoint, fail } = await setUp();
    const other = await httpDouble(() => ({ json: {} }));
    endpoint.override((request, response) => {
      response.writeHead(302, { location: other.url + (request.url ?? '') }).end();
      return true;
    });
    expect(await fail()).toMatchObject({ code: 'usage', hint: expect.stringContaining('redirect') });
    expect(other.received).toEqual([]);
  });

  test('a protected branch', async () => {
    const { endpoint, fail, request } = await setUp();
    await endpoint.protect();
    expect(await fail()).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('GH006: Protected branch update failed'),
    });
    expect(await endpoint.tip(request.branch)).toBeNull();
  });

  test('a branch that others make at the same moment is theirs', async () => {
    const { endpoint, fail, request } = await setUp();
    endpoint.onPush('before', () => endpoint.git('update-ref', `refs/heads/${request.branch}`, 'main'));
    expect(await fail()).toMatchObject({ code: 'conflict' });
    expect(await endpoint.tip(request.branch)).toBe(await endpoint.tip('main'));
  });

  test('a push that was done, and whose answer was lost', async () => {
    const { forge, endpoint, request } = await setUp();
    endpoint.onPush('after', (response) => response.destroy());
    expect(await forge.openCommits(request)).toMatchObject({ ref: '1', commit: request.commit });
  });

  test('a push that was cut off leaves nothing half, and the next one is whole', async () => {
    const { forge, endpoint, fail, pulls, request } = await setUp();
    endpoint.onPush('before', (response) => response.destroy());
    expect(await fail()).toMatchObject({ code: 'unavailable' });
    expect(await endpoint.tip(request.branch)).toBeNull();
    expect(await pulls()).toEqual([]);
    endpoint.onPush('before', () => {});
    expect(await forge.openCommits(request)).toMatchObject({ ref: '1' });
  });

  test('silence is not waited for without end, and the token is in no command line', async () => {
    const { endpoint, fail, secrets, url } = await setUp(400);
    let lines = '';
    endpoint.onPush('before', async () => {
      lines = commandLines();
      await new Promise(() => {});
    });
    expect(await fail()).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('took too long'),
    });
    expect(lines).toContain(`${url}/acme/shop.git`);
    for (const secret of secrets) expect(lines).not.toContain(secret);
  });

  test('stopped in the middle, it ends what it started, and is taken up again', async () => {
    const { forge, endpoint, fail, pulls, request, url } = await setUp();
    const stop = new AbortController();
    endpoint.onPush('before', () => stop.abort());
    expect(await fail({ ...request, signal: stop.signal })).toMatchObject({ name: 'AbortError' });
    expect(await pulls()).toEqual([]);
    expect(commandLines()).not.toContain(url);
    endpoint.onPush('before', () => {});
    expect(await forge.openCommits(request)).toMatchObject({ ref: '1', commit: request.commit });
  });
});
