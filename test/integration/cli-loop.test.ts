import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { agentHealth } from '../../src/record/agent/health.ts';
import { needs } from '../needs.ts';
import { environment, finish, startServer, vouch, type Finished, type Server } from './server-setup.ts';

/** Prices, with one that nobody entered: looking at it throws. */
const APP = `import { createServer } from 'node:http';

const items = { 1: { name: 'tea', price: 3 }, 2: { name: 'cake', price: 4 } };

function priceOf(id) {
  const item = items[id];
  return { id, price: item.price };
}

function nameOf(id) {
  const item = items[id];
  if (!item) return null;
  return { id, name: item.name };
}

createServer((req, res) => {
  const send = (status, body) => {
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(JSON.stringify(body));
  };
  const [, what, id] = req.url.split('/');
  if (req.url === '/healthz') return send(200, { ok: true });
  try {
    const found = what === 'price' ? priceOf(id) : what === 'name' ? nameOf(id) : null;
    if (!found) return send(404, { error: 'not found' });
    send(200, found);
  } catch (error) {
    console.error(error);
    send(500, { error: 'internal' });
  }
}).listen(process.env.PORT);
`;

const health = await agentHealth();

let folder: string;
let data: string;
let server: Server;

async function ask(...argv: string[]): Promise<Finished> {
  return vouch([...argv, '--data', data]);
}

async function json<T>(...argv: string[]): Promise<T> {
  const { out, err } = await ask(...argv, '--json');
  if (out === '') throw new Error(err);
  return JSON.parse(out) as T;
}

const GIT = {
  GIT_AUTHOR_NAME: 'T',
  GIT_AUTHOR_EMAIL: 't@localhost',
  GIT_COMMITTER_NAME: 'T',
  GIT_COMMITTER_EMAIL: 't@localhost',
};

async function git(...argv: string[]): Promise<Finished> {
  const done = await finish(['git', ...argv], {
    cwd: join(folder, 'app'),
    env: environment({ ...GIT, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }),
  });
  if (done.code !== 0) throw new Error(done.err);
  return done;
}

/** Asks the app through the router, as its own host name. Node's fetch would not send another `Host`. */
async function get(path: string): Promise<{ status: number; body: string }> {
  const { url } = (await json<{ url: string }[]>('apps'))[0]!;
  const { port, host } = new URL(url);
  const { out } = await finish([
    'curl',
    '-s',
    '-w',
    '\n%{http_code}',
    '-H',
    `Host: ${host}`,
    `http://127.0.0.1:${port}${path}`,
  ]);
  const [body, status] = out.split('\n');
  return { status: Number(status), body: body! };
}

beforeAll(async () => {
  if (!health.ok) return;
  folder = await mkdtemp(join(tmpdir(), 'vouch-loop-int-'));
  data = join(folder, 'data');
  await mkdir(join(folder, 'app'));
  await writeFile(join(folder, 'app', 'server.js'), APP);
  await writeFile(
    join(folder, 'app', 'package.json'),
    JSON.stringify({ name: 'prices', type: 'module', scripts: { start: 'node server.js' } }),
  );
  server = await startServer(data);
});

afterAll(async () => {
  await server?.end('SIGTERM');
  if (folder) await rm(folder, { recursive: true, force: true });
});

needs(health.ok, `a recorder: ${health.reason ?? ''}; ${health.mend ?? ''}`)(
  'the loop by hand, command by command',
  () => {
    let incident: string;
    let verified: string;

    it('apps create, git push, releases', async () => {
      const app = await json<{ remote: string; settings: { branch: string } }>('apps', 'create', 'prices');
      const remote = new URL(app.remote);
      remote.username = 'vouch';
      remote.password = (await json<{ token: string }>('tokens', 'create', 'pusher')).token;
      await git('init', '-q', '-b', app.settings.branch);
      await git('add', '.');
      await git('commit', '-q', '-m', 'Prices');
      const { err } = await git('push', remote.href, app.settings.branch);
      expect(err).toContain('v1 is live');
      expect(await json('releases', 'prices')).toMatchObject([
        { version: 'v1', subject: 'Prices', current: true, status: 'ready' },
      ]);
    });

    it('incidents, incident, recordings', async () => {
      for (const path of ['/price/1', '/price/2', '/name/1'])
        expect(await get(path)).toMatchObject({ status: 200 });
      expect(await get('/name/9')).toMatchObject({ status: 404 });
      expect(await get('/price/9')).toMatchObject({ status: 500 });
      interface Detail {
        id: string;
        recording: string | null;
      }
      // The recording is pinned a moment after the error was seen.
      const seen = await eventually(async () => {
        const [first] = await json<{ id: string }[]>('incidents', 'prices');
        if (!first) return undefined;
        const detail = await json<Detail>('incident', first.id);
        return detail.recording === null ? undefined : detail;
      });
      incident = seen.id;
      expect(seen).toMatchObject({
        type: 'TypeError',
        status: 'open',
        failing: { summary: expect.stringContaining('/price/9') },
      });
      const shown = await ask('incident', incident.slice(0, -2));
      expect(shown.out).toContain('priceOf');
      expect(await json('recordings', 'prices')).toMatchObject([{ id: seen.recording, app: 'prices' }]);
      const replayed = await ask('replay', seen.recording!, '--json');
      expect(JSON.parse(replayed.out)).toMatchObject({ same: true, inconclusive: null });
      expect(replayed.code).toBe(0);
    });

    it('verify judges a patch by hand, and says no to one that does not apply', async () => {
      const patch = join(folder, 'fix.diff');
      await writeFile(
        patch,
        `diff --git a/server.js b/server.js
--- a/server.js
+++ b/server.js
@@ -6,2 +6,3 @@
   const item = items[id];
+  if (!item) return null;
   return { id, price: item.price };
`,
      );
      const judged = await ask('verify', incident, '--patch', patch, '--json');
      const judgement = JSON.parse(judged.out) as {
        verdict: 'verified' | 'rejected' | 'inconclusive';
        proposal: string;
        gates: { gate: string; holds: boolean }[];
      };
      expect(judged.code).toBe({ verified: 0, rejected: 1, inconclusive: 3 }[judgement.verdict]);
      expect(judgement.gates.find(({ gate }) => gate === 'error gone')).toMatchObject({ holds: true });
      expect(judgement).toMatchObject({ engine: 'manual', verdict: 'verified' });
      verified = judgement.proposal;
      await writeFile(
        patch,
        'diff --git a/nope.js b/nope.js\n--- a/nope.js\n+++ b/nope.js\n@@ -1 +1 @@\n-a\n+b\n',
      );
      const refused = await ask('verify', incident, '--patch', patch);
      expect(refused).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringMatching(/does not apply[^\n]*\n$/),
      });
    });

    it('proposals, proposal, decide: the person accepts, and production answers', async () => {
      expect(await json<object[]>('proposals', '--incident', incident)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ id: verified, verdict: 'verified', decision: null }),
        ]),
      );
      const decided = await ask(
        'decide',
        verified,
        'accept',
        '--as',
        'Ada Lovelace',
        '--why',
        'proved',
        '--json',
      );
      expect(JSON.parse(decided.out)).toMatchObject({
        by: 'Ada Lovelace',
        followed: { merged: { commit: expect.any(String) }, release: { version: 'v2' }, error: null },
      });
      expect(decided.code).toBe(0);
      expect(await get('/price/9')).toEqual({ status: 404, body: '{"error":"not found"}' });
      expect((await ask('proposal', verified)).out).toContain('accept by Ada Lovelace');
      expect(await ask('decide', verified, 'dismiss', '--as', 'Bob')).toMatchObject({
        code: 2,
        err: expect.stringContaining('decided already'),
      });
      expect(await json('audit', verified)).toMatchObject([
        { actor: 'Ada Lovelace', action: 'proposal.accept' },
      ]);
      expect(await json('incident', incident)).toMatchObject({ status: 'resolved' });
    });

    it('rollback, logs', async () => {
      const back = await ask('rollback', 'prices', '--json');
      expect(JSON.parse(back.out)).toMatchObject({ release: { version: 'v1' } });
      expect(await get('/price/9')).toMatchObject({ status: 500 });
      const lines = await json<{ line: string }[]>('logs', 'prices');
      expect(lines.some(({ line }) => line.includes('TypeError'))).toBe(true);
      expect(await ask('rollback', 'prices', 'v99')).toMatchObject({
        code: 2,
        err: expect.stringContaining('v99'),
      });
    });

    it('apps destroy takes the recorded traffic along, and leaves what was decided', async () => {
      expect((await ask('apps', 'destroy', 'prices')).code).toBe(2);
      expect((await ask('apps', 'destroy', 'prices', '--yes')).code).toBe(0);
      expect(await json('apps')).toEqual([]);
      expect(await json('incidents')).toEqual([]);
      expect(await json('proposal', verified)).toMatchObject({ decision: { by: 'Ada Lovelace' } });
    });
  },
);

/** Asks until there is an answer; the test's own time limit bounds it. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
  }
}
