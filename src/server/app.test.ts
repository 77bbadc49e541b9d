import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slice } from '../../test/fixtures/recordings.ts';
import type { ErrorEvent } from '../incident/model.ts';
import { recordOccurrence, saveSlice } from '../incident/store.ts';
import { VouchError } from '../lib/errors.ts';
import { silentLogger } from '../lib/log.ts';
import { createProposal } from '../proposal/proposals.ts';
import { openStore, type Store } from '../store/store.ts';
import { createApp } from './app.ts';
import { createToken, revokeToken } from './auth.ts';
import { createEvents } from './events.ts';
import { ACCESS, type Env } from './guard.ts';
import type { Services } from './services.ts';
import type { Role } from './views.ts';
import { createWorks } from './work.ts';

const ROLES: readonly Role[] = ['viewer', 'maintainer', 'admin'];
const HOST = 'localhost:8877';

let folder: string;
let store: Store;
let app: Hono<Env>;
let services: Services;
let proposal: string;
const tokens = {} as Record<Role, string>;
const ending = new AbortController();

/** Whatever is asked of a room that this test does not have. */
function absent<T extends object>(): T {
  return new Proxy({} as T, {
    get: () => () => Promise.reject(new VouchError('not-found', 'nothing here')),
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-app-test-'));
  store = await openStore(folder);
  for (const role of ROLES) tokens[role] = (await createToken(store, { name: role, role, by: 'test' })).token;
  services = {
    store,
    deployer: absent(),
    fixDesk: {
      ...absent<Services['fixDesk']>(),
      async fix(incident, _options, work) {
        work.onProgress('looking');
        return {
          incident,
          verdict: 'inconclusive',
          reason: 'a test',
          candidates: [],
          unavailable: [],
          seconds: 0,
          costUsd: 0,
        };
      },
      follow: () => Promise.reject(new VouchError('conflict', 'cannot be merged')),
    },
    replayer: absent(),
    events: createEvents(),
    works: createWorks(),
    doctor: async () => ({ ok: true, parts: [] }),
    serving: true,
    version: '0',
    startedAt: 0,
    url: () => `http://${HOST}`,
  };
  app = makeApp();
  const created = await createProposal(store, {
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
  proposal = created.id;
  await store.db
    .insertInto('incidents')
    .values({
      id: 'inc_0000000000000001',
      app: 'shop',
      fingerprint: 'f',
      title: 'TypeError: x',
      type: 'TypeError',
      message: 'x',
      culprit: null,
      status: 'open',
      occurrences: 1,
      firstSeen: 1,
      lastSeen: 1,
      release: 'rel_1',
    })
    .execute();
});

afterAll(async () => {
  ending.abort();
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

function makeApp(extra: Partial<Parameters<typeof createApp>[0]> = {}): Hono<Env> {
  const hosts = ['localhost'];
  const options = {
    services,
    localToken: 'local_secret',
    hosts,
    pages: join(folder, 'dist'),
    log: silentLogger,
    ending: ending.signal,
  };
  return createApp({ ...options, ...extra });
}

interface Asked {
  token?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

async function ask(
  method: string,
  path: string,
  { token, headers = {}, body }: Asked = {},
  of = app,
): Promise<Response> {
  return of.request(`http://${HOST}${path}`, {
    method,
    headers: {
      host: HOST,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const pathOf = (entry: (typeof ACCESS)[number]): string =>
  entry.path.replace(/:[a-z]+/g, 'x').replace('*', '');

describe('who may ask what', () => {
  const guarded = ACCESS.filter(({ role }) => role !== 'public');

  it.each(guarded.map((entry) => [entry.method, entry.path, entry] as const))(
    '%s %s',
    async (method, _, entry) => {
      const path = pathOf(entry);
      for (const token of [undefined, '', 'nonsense', 'vouch_nonsense', `${tokens.admin}x`]) {
        expect((await ask(method, path, { token })).status, `token ${token}`).toBe(401);
      }
      for (const role of ROLES) {
        const response = await ask(method, path, { token: tokens[role] });
        const allowed = ROLES.indexOf(role) >= ROLES.indexOf(entry.role as Role);
        expect(response.status === 403, `${role}: ${response.status}`).toBe(!allowed);
        expect(response.status).not.toBe(401);
        await response.body?.cancel();
      }
    },
  );

  it('has nothing that is not in the table, and nothing twice', () => {
    const registered = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path}`);
    const listed = ACCESS.map(({ method, path }) => `${method} ${path}`);
    expect(registered.sort()).toEqual(listed.toSorted());
    expect(new Set(listed).size).toBe(listed.length);
  });

  it('lets viewers change nothing, and only admins hand out tokens or destroy', () => {
    const open = ACCESS.filter(
      ({ method, role }) => method !== 'GET' && (role === 'viewer' || role === 'public'),
    );
    expect(open.map(({ name }) => name).sort()).toEqual(['signIn', 'signOut']);
    const admins = ACCESS.filter(({ role }) => role === 'admin').map(({ name }) => name);
    expect(admins.sort()).toEqual(['createToken', 'destroyApp', 'listTokens', 'revokeToken']);
    expect(
      ACCESS.filter(({ method, role }) => method === 'GET' && role === 'public').map(({ name }) => name),
    ).toEqual(['health', 'pages']);
  });

  it('refuses a route that somebody added without the table, to an admin too', async () => {
    const grown = makeApp();
    grown.get('/api/stray', (c) => c.text('secret'));
    grown.post('/healthz', (c) => c.text('secret'));
    expect((await ask('GET', '/api/stray', { token: tokens.admin }, grown)).status).toBe(404);
    expect((await ask('POST', '/healthz', { token: tokens.admin }, grown)).status).toBe(405);
  });

  it.each([
    ['GET', '/api'],
    ['GET', '/api/'],
    ['GET', '/api/nothing'],
    ['GET', '/api/apps/'],
    ['GET', '//api/apps'],
    ['PUT', '/api/apps'],
    ['GET', '/git/shop/objects/info/packs'],
    ['POST', '/git/shop/git-upload-archive'],
  ])('answers %s %s with no data', async (method, path) => {
    const response = await ask(method, path, { token: tokens.admin });
    if (path.startsWith('//')) expect(response.headers.get('content-type')).not.toContain('json');
    else expect([404, 405]).toContain(response.status);
  });

  it('forgets a token that was revoked, and never the last of an admin', async () => {
    const extra = await createToken(store, { name: 'guest', role: 'viewer', by: 'test' });
    expect((await ask('GET', '/api/me', { token: extra.token })).status).toBe(200);
    const revoked = await ask('DELETE', `/api/tokens/${extra.id}`, { token: tokens.admin });
    expect(revoked.status).toBe(200);
    expect((await ask('GET', '/api/me', { token: extra.token })).status).toBe(401);
    const last = await store.db
      .selectFrom('tokens')
      .select('id')
      .where('name', '=', 'admin')
      .executeTakeFirstOrThrow();
    await expect(revokeToken(store, last.id, 'test')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('stores no token, only its hash, and shows neither', async () => {
    const rows = JSON.stringify(await store.db.selectFrom('tokens').selectAll().execute());
    expect(rows).not.toContain(tokens.admin);
    const listed = await (await ask('GET', '/api/tokens', { token: tokens.admin })).text();
    expect(listed).not.toContain('hash');
  });

  it("takes git's password for a token, and asks git for one", async () => {
    const basic = (password: string): Record<string, string> => ({
      authorization: `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}`,
    });
    const path = '/git/shop/info/refs?service=git-receive-pack';
    expect((await ask('GET', path, { headers: basic(tokens.maintainer) })).status).toBe(404);
    expect((await ask('GET', path, { headers: basic(tokens.viewer) })).status).toBe(403);
    const refused = await ask('GET', path, { headers: basic('wrong') });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic /);
  });
});

describe('pages', () => {
  async function signIn(): Promise<string> {
    const response = await ask('POST', '/api/session', {
      body: { token: tokens.admin },
      headers: { origin: `http://${HOST}` },
    });
    expect(response.status).toBe(200);
    const cookie = response.headers.get('set-cookie')!;
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    return cookie.split(';')[0]!;
  }

  it('work with a cookie instead of a token', async () => {
    const cookie = await signIn();
    expect((await ask('GET', '/api/me', { headers: { cookie } })).status).toBe(200);
    await ask('DELETE', '/api/session', { headers: { cookie, origin: `http://${HOST}` } });
    expect((await ask('GET', '/api/me', { headers: { cookie } })).status).toBe(401);
  });

  it('change things only when the request comes from them', async () => {
    const cookie = await signIn();
    const from = async (headers: Record<string, string>): Promise<number> =>
      (
        await ask('POST', '/api/tokens', {
          headers: { cookie, ...headers },
          body: { name: 'n', role: 'viewer' },
        })
      ).status;
    expect(await from({})).toBe(403);
    expect(await from({ origin: 'http://evil.example' })).toBe(403);
    expect(await from({ origin: 'null' })).toBe(403);
    expect(await from({ origin: 'http://localhost:1' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await from({ origin: `http://${HOST}` })).toBe(200);
  });

  it('sign in with ?token= once, and take it off the address', async () => {
    const response = await ask('GET', `/incidents?token=${tokens.viewer}&x=1`);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/incidents?x=1');
    expect(response.headers.get('set-cookie')).toContain('vouch_session=');
    const wrong = await ask('GET', '//evil.example/?token=wrong');
    expect(wrong.headers.get('location')).toBe('/evil.example/');
    expect(wrong.headers.get('set-cookie')).toBeNull();
  });

  it('run nothing but their own scripts, and say when they are not built', async () => {
    const response = await ask('GET', '/incidents/inc_1');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toContain('npm run build:web');
    expect((await ask('GET', '/../../etc/passwd.txt')).status).toBe(404);
  });
});

describe('requests', () => {
  it.each(['evil.example', 'localhost.evil.example', 'localhost@evil.example', '', '127.0.0.1.evil'])(
    'for another host are refused (%j)',
    async (host) => {
      expect((await ask('GET', '/healthz', { headers: { host } })).status).toBe(403);
    },
  );

  it('are bounded, and must be JSON that fits the contract', async () => {
    const token = tokens.admin;
    const large = await ask('POST', '/api/apps', { token, body: { name: 'x'.repeat(11 * 1024 * 1024) } });
    expect(await large.json()).toMatchObject({
      error: { code: 'usage', message: expect.stringContaining('larger') },
    });
    const form = await ask('POST', '/api/apps', {
      token,
      headers: { 'content-type': 'text/plain' },
      body: { name: 'x' },
    });
    expect(form.status).toBe(400);
    const wrong = await ask('POST', '/api/tokens', { token, body: { name: 'x', role: 'god' } });
    expect(await wrong.json()).toMatchObject({ error: { message: expect.stringContaining('body.role') } });
    expect((await ask('GET', '/api/incidents?limit=0', { token })).status).toBe(400);
  });

  it('that hit a bug get an id, and no story', async () => {
    const broken = makeApp({
      services: { ...services, doctor: () => Promise.reject(new Error('secret path /root')) },
    });
    const response = await ask('GET', '/api/doctor', { token: tokens.admin }, broken);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });

  it('for long work are answered with progress and then the result', async () => {
    const response = await ask('POST', '/api/incidents/inc_0000/fix', { token: tokens.maintainer, body: {} });
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { progress: 'looking' },
      { result: expect.objectContaining({ incident: 'inc_0000000000000001', reason: 'a test' }) },
    ]);
    const unknown = await ask('POST', '/api/incidents/inc_zz/fix', { token: tokens.maintainer, body: {} });
    expect(JSON.parse(await unknown.text())).toMatchObject({ error: { code: 'not-found' } });
  });
});

describe('an incident', () => {
  it('is shown with the newest recording that can be read, and says which cannot', async () => {
    const event: ErrorEvent = {
      detector: 'stack',
      type: 'TypeError',
      message: 'y',
      frames: [],
      causes: [],
      at: 1,
      raw: '',
      fingerprint: 'damaged',
    };
    const pin = async (at: number): Promise<{ incident: string; slice: string }> => {
      const common = { app: 'shop', release: 'rel_1', deployment: 'dep_1' };
      const error = { ...event, at };
      const { incident, occurrence } = await recordOccurrence(store, {
        ...common,
        error,
        title: 'TypeError: y',
        culprit: null,
      });
      const content = slice([], { ...common, confidenceWhy: [`at ${at}`] });
      return {
        incident: incident.id,
        slice: (await saveSlice(store, content, JSON.stringify(content), occurrence.id)).id,
      };
    };
    const show = async (id: string): Promise<unknown> =>
      (await ask('GET', `/api/incidents/${id}`, { token: tokens.viewer })).json();
    const damage = async (id: string): Promise<void> => {
      const { blob } = await store.db
        .selectFrom('slices')
        .select('blob')
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      await writeFile(join(folder, 'blobs', blob.slice(0, 2), `${blob.slice(2)}.zst`), 'nonsense');
    };
    const older = await pin(1);
    const newer = await pin(2);
    expect(await show(newer.incident)).toMatchObject({ recording: newer.slice, confidenceWhy: ['at 2'] });
    await damage(newer.slice);
    expect(await show(newer.incident)).toMatchObject({
      recording: older.slice,
      confidenceWhy: ['at 1', expect.stringMatching(/damaged/)],
    });
    await damage(older.slice);
    expect(await show(newer.incident)).toMatchObject({ recording: null, occurrenceList: [{}, {}] });
  });
});

describe('decisions', () => {
  it('stand when what should follow fails, and are made once', async () => {
    const decide = async (body: object): Promise<unknown> =>
      JSON.parse(
        await (
          await ask('POST', `/api/proposals/${proposal}/decide`, { token: tokens.maintainer, body })
        ).text(),
      );
    expect(await decide({ decision: 'accept', by: ' ' })).toMatchObject({ error: { code: 'usage' } });
    expect(await decide({ decision: 'accept', by: 'Ada' })).toMatchObject({
      result: { decision: 'accept', by: 'Ada', followed: { error: 'cannot be merged', merged: null } },
    });
    expect(await decide({ decision: 'dismiss', by: 'Bob' })).toMatchObject({ error: { code: 'conflict' } });
    const shown = await (await ask('GET', `/api/proposals/${proposal}`, { token: tokens.viewer })).json();
    expect(shown).toMatchObject({
      decision: { by: 'Ada' },
      audit: [{ actor: 'Ada', detail: { token: 'maintainer' } }],
    });
  });
});
