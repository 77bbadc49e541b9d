import { createServer } from 'node:net';
import { mkdir, mkdtemp, readFile, rm, symlink, utimes } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../../src/lib/scratch.ts';
import { createProposal } from '../../src/proposal/proposals.ts';
import { openStore } from '../../src/store/store.ts';
import { needs } from '../needs.ts';
import { BIN, environment, finish, isRoot, startServer, vouch, type Server } from './server-setup.ts';

let folder: string;
let data: string;
const running: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-serve-int-'));
  data = join(folder, 'data');
});

afterEach(async () => {
  for (const server of running.splice(0)) {
    if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGKILL');
  }
  await rm(folder, { recursive: true, force: true });
});

async function start(
  ...argv: Parameters<typeof startServer> extends [string, ...infer Rest] ? Rest : never
): Promise<Server> {
  const server = await startServer(data, ...argv);
  running.push(server);
  return server;
}

async function ask(
  server: Server,
  path: string,
  token: string,
  body?: unknown,
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

needs(isRoot, 'running apps needs root')('vouch serve', () => {
  it('prints an admin token at its first start only, ends on SIGTERM without a complaint, and leaves nothing running', async () => {
    const first = await start();
    expect(first.adminToken).toMatch(/^vouch_[\w-]{43}$/);
    expect((await ask(first, '/api/me', first.adminToken!)).text).toBe('{"name":"admin","role":"admin"}');
    const children = await readFile(`/proc/${first.pid}/task/${first.pid}/children`, 'utf8');
    const ended = await first.end('SIGTERM');
    expect(ended).toMatchObject({ code: 0, signal: null });
    // pino: 50 is error, 60 fatal.
    expect(ended.err).not.toMatch(/"level":[56]0/);
    for (const pid of children.trim().split(' ').filter(Boolean)) expect(isAlive(Number(pid))).toBe(false);
    expect(existsSync(join(data, 'server.json'))).toBe(false);

    const second = await start();
    expect(second.adminToken).toBeNull();
    expect((await ask(second, '/api/me', first.adminToken!)).status).toBe(200);
    expect(await second.end('SIGINT')).toMatchObject({ code: 0 });
  });

  it('refuses a second server on its data folder, and starts again after a kill -9', async () => {
    const first = await start();
    const second = await vouch(['serve', '--port', '0', '--data', data]);
    expect(second.code).toBe(2);
    expect(second.err).toMatch(
      new RegExp(
        `^vouch: ${data}: a server runs on this data folder already \\(${first.url}, process ${first.pid}\\); do: .*\n$`,
      ),
    );
    await first.end('SIGKILL');
    const third = await start();
    expect((await ask(third, '/api/apps', first.adminToken!)).text).toBe('[]');
  });

  it('says in one line that the port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    try {
      const { code, err } = await vouch(['serve', '--port', String(port), '--data', data]);
      expect(err).toBe(
        `vouch: 127.0.0.1:${port}: the port is in use; do: give another with --port N, or 0 for any\n`,
      );
      expect(code).toBe(2);
    } finally {
      other.close();
    }
    // The folder is free again.
    await start();
  });

  it('says so of the port of the apps too, and how to give another', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    try {
      const env = environment({ VOUCH_ROUTER_PORT: String(port) });
      const { code, err } = await vouch(['serve', '--port', '0', '--data', data], { env });
      expect(code).toBe(2);
      // It may have removed what others left before.
      expect(err.split('\n').at(-2)).toMatch(
        new RegExp(
          `^vouch: 127\\.0\\.0\\.1:${port}, where the apps are served: the port is in use; do: .*router\\.port`,
        ),
      );
    } finally {
      taken.close();
    }
  });

  it('removes what killed processes left, and recordings that are too old, when it starts', async () => {
    await (await start()).end('SIGTERM');
    const dead = Number((await finish(['sh', '-c', 'echo $$'])).out);
    const left = await mkdtemp(join(tmpdir(), `vouch-${dead}-demo-`));
    const old = join(data, 'recordings/dep_old/1');
    const fresh = join(data, 'recordings/dep_old/2');
    for (const path of [old, fresh]) await mkdir(path, { recursive: true });
    const before = new Date(Date.now() - 30 * 24 * 3_600_000);
    await utimes(old, before, before);
    const server = await start();
    await expect.poll(() => existsSync(old)).toBe(false);
    expect(existsSync(left)).toBe(false);
    expect(existsSync(fresh)).toBe(true);
    await server.end('SIGTERM');
  });

  it('keeps a decision when it is killed right after its answer', async () => {
    const store = await openStore(data);
    const { id } = await createProposal(store, {
      desk: 'fix',
      subject: 'inc_1',
      app: null,
      engine: 'manual',
      title: 'T',
      why: 'W',
      kind: 'mitigation',
      patch: 'diff',
      trace: null,
    });
    await store.close();
    const server = await start();
    const body = { decision: 'dismiss', by: 'Ada', why: 'not ours' };
    const { text } = await ask(server, `/api/proposals/${id}/decide`, server.adminToken!, body);
    await server.end('SIGKILL');
    const { result } = JSON.parse(text) as { result: { id: string } };
    const shown = await vouch(['proposal', id, '--data', data, '--json']);
    expect(JSON.parse(shown.out)).toMatchObject({
      decision: { id: result.id, by: 'Ada', why: 'not ours' },
      audit: [{ actor: 'Ada' }],
    });
  });

  it('is found by commands, which do without it when it is gone', async () => {
    const server = await start();
    const created = await vouch(['apps', 'create', 'shop', '--data', data, '--json']);
    expect(JSON.parse(created.out)).toMatchObject({ name: 'shop', remote: `${server.url}/git/shop` });
    expect((await vouch(['apps', 'create', 'shop', '--data', data])).err).toMatch(
      /^vouch: [^\n]*shop[^\n]*\n$/,
    );
    const there = environment({ VOUCH_URL: server.url, VOUCH_TOKEN: server.adminToken! });
    expect(JSON.parse((await vouch(['apps', '--json'], { env: there })).out)).toHaveLength(1);
    const wrong = await vouch(['apps'], { env: { ...there, VOUCH_TOKEN: 'wrong' } });
    expect(wrong).toMatchObject({ code: 4, out: '', err: expect.stringContaining('no valid token') });
    await server.end('SIGKILL');
    expect(JSON.parse((await vouch(['apps', '--data', data, '--json'])).out)).toHaveLength(1);
    const gone = await vouch(['apps'], { env: there });
    expect(gone).toMatchObject({ code: 4, err: expect.stringMatching(/ECONNREFUSED.*vouch serve/) });
  });

  it('tells pages what changes, as it happens', async () => {
    const server = await start();
    const ending = new AbortController();
    const headers = { authorization: `Bearer ${server.adminToken}` };
    const stream = await fetch(`${server.url}/api/events`, { headers, signal: ending.signal });
    let said = '';
    let created: Promise<unknown> | undefined;
    for await (const chunk of stream.body!) {
      said += Buffer.from(chunk).toString();
      if (said.includes('event: ready'))
        created ??= ask(server, '/api/apps', server.adminToken!, { name: 'shop' });
      if (said.includes('event: change')) break;
    }
    await created;
    expect(said).toMatch(/data: \{"topic":"app","id":"shop"/);
    ending.abort();
    // An open stream of events does not keep it from ending.
    const again = await fetch(`${server.url}/api/events`, { headers });
    expect(await server.end('SIGTERM')).toMatchObject({ code: 0 });
    await again.text().catch(() => '');
  });

  it('can be reached by git with a token for a password, and not without', async () => {
    const server = await start();
    await ask(server, '/api/apps', server.adminToken!, { name: 'shop' });
    const url = new URL(`${server.url}/git/shop`);
    const env = environment({ GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' });
    expect((await finish(['git', 'ls-remote', url.href], { env })).code).not.toBe(0);
    url.username = 'anyone';
    url.password = server.adminToken!;
    expect(await finish(['git', 'ls-remote', url.href], { env })).toMatchObject({ code: 0 });
  });
});

const OLD_NODE = '/usr/bin/node';

needs(existsSync(OLD_NODE), `an older Node.js as ${OLD_NODE}`)('bin/vouch', () => {
  it('runs from any folder, through a symlink, whatever Node the system has', async () => {
    const link = join(folder, 'vouch');
    await symlink(BIN, link);
    const env = environment({ PATH: '/usr/bin:/bin' });
    const { version } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(await finish([link, '--version'], { env, cwd: folder })).toMatchObject({
      code: 0,
      out: `${version}\n`,
      err: '',
    });
    expect(await finish([OLD_NODE, link, 'bogus'], { env, cwd: folder })).toMatchObject({ code: 2, out: '' });
  });

  needs(isRoot, 'running apps needs root')('as the parent of a server', () => {
    it('hands signals on, and takes the server with it when it is killed', async () => {
      const first = await start([], [OLD_NODE]);
      first.child.kill('SIGTERM');
      expect(await first.finished).toMatchObject({ code: 0 });
      const second = await start([], [OLD_NODE]);
      second.child.kill('SIGKILL');
      await second.finished;
      // Its output is closed when the server is gone too; a new one may start.
      await start();
    });
  });
});
