import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import type { RecordedConnection } from './connections.ts';
import { correlate } from './correlate.ts';
import { decodeConnection, exchangesIn, NO_ANSWER, type ConnectionFacts } from './exchanges.ts';
import { findFailing } from './failing.ts';
import { sliceSchema } from './model.ts';
import { enforceRetention } from './retention.ts';
import { cutSlice } from './slice.ts';

let counter = 0;
function http(
  target: string,
  start: number,
  end: number | null,
  status: number | null,
  extra: Partial<Exchange> = {},
): Exchange {
  const body = (value: Json | undefined): Json =>
    value === undefined ? null : { text: JSON.stringify(value) };
  return {
    version: 1,
    id: `in-${counter++}.0`,
    connection: 'in',
    protocol: 'http1',
    direction: 'inbound',
    destination: { host: '127.0.0.1', port: 3000 },
    startedAt: start,
    endedAt: end,
    request: { method: 'GET', target, headers: [], body: null },
    response: status === null ? null : { status, reason: '', headers: [], body: body({ target }) },
    summary: `GET ${target}`,
    complete: status !== null,
    incomplete: status === null ? NO_ANSWER : null,
    ...extra,
  };
}

function query(
  text: string,
  params: Json[],
  start: number,
  rows: Json = [],
  extra: Partial<Exchange> = {},
): Exchange {
  return {
    version: 1,
    id: `db-${counter++}.0`,
    connection: 'db',
    protocol: 'postgres',
    direction: 'outbound',
    destination: { host: '127.0.0.1', port: 5432 },
    startedAt: start,
    endedAt: start + 100,
    request: { text, params },
    response: { rows },
    summary: text,
    complete: true,
    incomplete: null,
    ...extra,
  };
}

const facts = (pid: number, lostBytes = 0): ConnectionFacts => ({
  pid,
  openedAt: 0,
  closedAt: null,
  lostBytes,
});

describe('which calls belong to which request', () => {
  it('goes by time where requests follow each other', () => {
    const boot = query('SELECT version()', [], 10);
    const a = http('/carts/1', 1000, 2000, 200);
    const callA = query('SELECT … WHERE id = $1', ['1'], 1200);
    const b = http('/carts/2', 3000, 4000, 200);
    const callB = query('SELECT … WHERE id = $1', ['2'], 3100);
    const timer = query('DELETE FROM sessions', [], 900_000);
    const found = correlate([boot, a, callA, b, callB, timer]);
    expect(found.callsOf).toEqual({ [a.id]: [callA.id], [b.id]: [callB.id] });
    expect(found.startup).toEqual([boot.id, timer.id]);
    expect(found.shared).toEqual([]);
    expect(found.confidence[a.id]).toBeGreaterThan(0.9);
  });

  it('goes by values where they overlap, also by values that an earlier call brought', () => {
    const a = http('/carts/17', 1000, 9000, 200);
    const b = http('/carts/18', 1100, 9000, 200);
    const first = query('SELECT product FROM items WHERE cart = $1', ['17'], 1200, [['5521']]);
    const other = query('SELECT product FROM items WHERE cart = $1', ['18'], 1300, [['7733']]);
    const learned = query('SELECT * FROM products WHERE id = $1', ['7733'], 1500);
    const found = correlate([a, b, first, other, learned]);
    expect(found.callsOf).toEqual({ [a.id]: [first.id], [b.id]: [other.id, learned.id] });
    expect(found.shared).toEqual([]);
  });

  it('says that a call is shared where nothing tells', () => {
    const a = http('/a', 1000, 9000, 200);
    const b = http('/b', 1100, 9000, 200);
    const call = query('SELECT 1 FROM settings', [], 1200);
    const found = correlate([a, b, call]);
    expect(found.shared).toEqual([call.id]);
    expect(found.callsOf).toEqual({ [a.id]: [call.id], [b.id]: [call.id] });
    expect(found.confidence[a.id]).toBeLessThan(0.6);
  });

  it('goes by the process, and by a transaction once one of its statements tells', () => {
    const a = http('/a', 1000, 9000, 200);
    const b = http('/b/77', 1100, 9000, 200, { connection: 'in2' });
    const call = query('SELECT 1', [], 1200);
    const byPid = correlate([a, b, call], { in: facts(1), in2: facts(2), db: facts(2) });
    expect(byPid.callsOf[b.id]).toEqual([call.id]);
    const begin = query('BEGIN', [], 1300);
    const insert = query('INSERT … $1', ['77'], 1400);
    const blind = query('UPDATE counters SET n = n + 1', [], 1500);
    const commit = query('COMMIT', [], 1600);
    const after = query('SELECT 2', [], 1700);
    const found = correlate([a, b, begin, insert, blind, commit, after]);
    expect(found.callsOf[b.id]).toEqual([begin.id, insert.id, blind.id, commit.id, after.id]);
    expect(found.shared).toEqual([begin.id, after.id]);
  });

  it('lets a call come a little late', () => {
    const a = http('/a', 1000, 2000, 200);
    const late = query('INSERT INTO log', [], 2500);
    expect(correlate([a, late]).callsOf[a.id]).toEqual([late.id]);
  });

  it('gives a late call that carries its values to the one that was answered, though another is under way', () => {
    const a = http('/members/ada@example.org?name=Ada&city=London', 1000, 2000, 409);
    const b = http('/members/grace@example.org', 2100, 9000, 200);
    const own = query('SELECT … WHERE email = $1', ['grace@example.org'], 2200);
    const late = query('INSERT INTO …', ['ada@example.org', 'Ada', 'London'], 2300);
    const found = correlate([a, b, own, late]);
    expect(found.callsOf).toEqual({ [a.id]: [late.id], [b.id]: [own.id] });
    expect(found.confidence[b.id]).toBeGreaterThan(0.9);
    const same = query('SELECT … WHERE city = $1', ['London'], 2400);
    expect(correlate([a, b, same]).callsOf[b.id]).toEqual([same.id]);
  });
});

describe('the request behind an error', () => {
  const error = { at: 5000, detector: 'stack' as const, message: 'Cannot read properties of null' };

  it('is the one that was under way and answered 5xx', () => {
    const good = http('/good', 4000, 6000, 200);
    const bad = http('/bad', 4100, 5100, 500);
    const later = http('/later', 7000, 8000, 500);
    const found = findFailing([good, bad, later], error);
    expect(found.exchange).toBe(bad);
    expect(found.confidence).toBeGreaterThan(0.7);
    expect(findFailing([bad], error).confidence).toBeGreaterThan(0.9);
  });

  it('is the one that was never answered when the process died', () => {
    const hanging = http('/boom', 4000, null, null);
    const done = http('/done', 4000, 4900, 500);
    expect(findFailing([hanging, done], { ...error, detector: 'crash' }).exchange).toBe(hanging);
  });

  it('is told by values of the message among equals, and is none where none was near', () => {
    const a = http('/carts/abc', 4000, 5100, 500);
    const b = http('/carts/xyz', 4000, 5100, 500);
    expect(findFailing([a, b], { ...error, message: 'no cart abc' }).exchange).toBe(a);
    const even = findFailing([a, b], error);
    expect(even.confidence).toBeLessThan(0.6);
    expect(findFailing([http('/old', 1, 2, 200)], { ...error, at: 10_000_000 }).exchange).toBeNull();
    expect(findFailing([a, b], { ...error, exchange: b.id })).toMatchObject({ exchange: b, confidence: 1 });
  });
});

describe('a slice', () => {
  function recording(count: number): { exchanges: Exchange[]; failing: Exchange } {
    const exchanges: Exchange[] = [query('SELECT version()', [], 5)];
    for (let n = 0; n < count; n++) {
      const start = 1000 + n * 1000;
      exchanges.push(
        http(n % 2 === 0 ? `/carts/${n}` : `/products/${n}`, start, start + 500, 200),
        query('SELECT $1', [`${n}`], start + 100),
      );
    }
    const start = 1000 + count * 1000;
    const failing = http('/carts/999', start, start + 500, 500);
    exchanges.push(
      failing,
      query('SELECT $1', ['999'], start + 100),
      http('/carts/1', start + 1000, start + 1100, 200),
    );
    return { exchanges, failing };
  }
  const base = { app: 'shop', release: 'r1', deployment: 'd1' };
  const around = {
    connections: { in: facts(1), db: facts(1) },
    facts: { '127.0.0.1:5432': { v: 1 }, 'other:1': { v: 2 } },
    undecoded: {},
    failedConnects: [],
  };

  it('holds the failing request, its calls, the start, neighbours and the requests before', () => {
    const { exchanges, failing } = recording(30);
    const slice = cutSlice({
      ...base,
      recording: { ...around, exchanges },
      error: { at: failing.startedAt + 400, detector: 'stack', message: 'x' },
    });
    expect(sliceSchema.parse(slice)).toEqual(slice);
    expect(slice.failing).toBe(failing.id);
    expect(slice.exchanges).toHaveLength(exchanges.length);
    expect(slice.callsOf[failing.id]).toHaveLength(1);
    expect(slice.startup).toEqual([exchanges[0]!.id]);
    expect(slice.facts).toEqual({ '127.0.0.1:5432': { v: 1 } });
    expect(slice.confidence).toBeGreaterThan(0.7);
  });

  it('is bounded, and keeps whole requests of every route', () => {
    const { exchanges, failing } = recording(3000);
    const error = { at: failing.startedAt + 400, detector: 'stack' as const, message: 'x' };
    const slice = cutSlice({ ...base, recording: { ...around, exchanges }, error, maxEarlier: 50 });
    const inbound = slice.exchanges.filter(({ direction }) => direction === 'inbound');
    expect(inbound.length).toBeLessThan(120);
    expect(inbound.some(({ summary }) => summary.includes('/products/'))).toBe(true);
    const ids = new Set(slice.exchanges.map(({ id }) => id));
    for (const calls of Object.values(slice.callsOf))
      for (const call of calls) expect(ids.has(call)).toBe(true);
    const small = cutSlice({ ...base, recording: { ...around, exchanges }, error, maxBytes: 4000 });
    expect(JSON.stringify(small.exchanges).length).toBeLessThan(6000);
    expect(small.failing).toBe(failing.id);
  });

  it('says what was lost, refused and unknown', () => {
    const { exchanges, failing } = recording(3);
    const slice = cutSlice({
      ...base,
      recording: {
        exchanges,
        connections: { in: facts(1), db: facts(1, 512) },
        facts: {},
        undecoded: { '10.0.0.1:9000': 'its protocol is not known' },
        failedConnects: [
          {
            host: '10.0.0.2',
            port: 80,
            family: 4,
            at: [1, failing.startedAt + 100, failing.startedAt + 9e9],
          },
        ],
      },
      error: { at: failing.startedAt + 400, detector: 'stack', message: 'x' },
    });
    expect(slice).toMatchObject({
      lostBytes: 512,
      refused: [{ host: '10.0.0.2', port: 80, at: [failing.startedAt + 100] }],
    });
    expect(Object.keys(slice.undecoded)).toEqual(['10.0.0.1:9000']);
  });

  it('has no failing request where the error came outside any', () => {
    const slice = cutSlice({
      ...base,
      recording: { ...around, exchanges: [] },
      error: { at: 1, detector: 'crash', message: '' },
    });
    expect(slice).toMatchObject({ failing: null, confidence: 0, exchanges: [] });
  });
});

describe('a recorded connection', () => {
  const text = (value: string): Uint8Array => Buffer.from(value);
  const connection: RecordedConnection = {
    id: 'c1',
    direction: 'inbound',
    transport: 'tcp',
    pid: 7,
    openedAt: 0,
    closedAt: 900,
    local: { host: '127.0.0.1', port: 3000 },
    remote: { host: '127.0.0.1', port: 55555 },
    chunks: [
      { side: 'client', at: 100, bytes: text('GET /a HTTP/1.1\r\nhost: x\r\n\r\n') },
      { side: 'server', at: 200, bytes: text('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok') },
      { side: 'client', at: 300, bytes: text('GET /b HTTP/1.1\r\nhost: x\r\n\r\n') },
    ],
    lostBytes: 0,
    incomplete: null,
    unseen: null,
    failed: null,
  };

  it('becomes exchanges, the last one without an answer', () => {
    const { exchanges, undecoded } = decodeConnection(connection);
    expect(undecoded).toBeNull();
    expect(exchanges.map(({ id, complete, incomplete }) => ({ id, complete, incomplete }))).toEqual([
      { id: 'c1.0', complete: true, incomplete: null },
      { id: 'c1.1', complete: false, incomplete: NO_ANSWER },
    ]);
    expect(exchanges[0]).toMatchObject({
      direction: 'inbound',
      destination: { port: 3000 },
      response: { status: 200 },
    });
  });

  it('has a call without an answer, if the process that made it went on; if it died, nobody knows', () => {
    const call = {
      ...connection,
      id: 'c2',
      direction: 'outbound' as const,
      chunks: [{ side: 'client' as const, at: 500, bytes: text('GET /up HTTP/1.1\r\nhost: x\r\n\r\n') }],
      closedAt: 700,
    };
    const answered = { ...connection, closedAt: 700 };
    const unanswered = (connections: RecordedConnection[]): unknown =>
      exchangesIn({ connections, stdio: [], damage: [] }).exchanges.find(({ id }) => id === 'c2.0');
    expect(unanswered([call])).toMatchObject({ endedAt: null, incomplete: expect.stringMatching(/ended/) });
    expect(unanswered([call, answered])).toMatchObject({ incomplete: expect.stringMatching(/ended/) });
    answered.chunks = [
      ...answered.chunks,
      { side: 'server', at: 800, bytes: text('HTTP/1.1 500 No\r\n\r\n') },
    ];
    expect(unanswered([call, answered])).toMatchObject({ endedAt: 700, incomplete: NO_ANSWER });
  });

  it('says when a destination could not be reached, each time', () => {
    const failed = (at: number): RecordedConnection => ({
      ...connection,
      id: `f${at}`,
      direction: 'outbound',
      remote: { host: '10.0.0.2', port: 80 },
      chunks: [],
      openedAt: at,
      failed: 111,
    });
    const { failedConnects } = exchangesIn({ connections: [failed(5), failed(9)], stdio: [], damage: [] });
    expect(failedConnects).toEqual([{ host: '10.0.0.2', port: 80, family: 4, at: [5, 9] }]);
  });

  it('is incomplete where bytes passed unseen', () => {
    const { exchanges } = decodeConnection({ ...connection, incomplete: 'sendfile', unseen: 'sendfile' });
    expect(exchanges[0]).toMatchObject({ complete: false, incomplete: 'sendfile' });
    // That it was open before says nothing against what was seen of it.
    const earlier = decodeConnection({ ...connection, incomplete: 'it was open before the recording began' });
    expect(earlier.exchanges[0]).toMatchObject({ complete: true, incomplete: null });
  });

  it('says so when nobody knows its protocol, and says nothing of silence', () => {
    const chunks = [{ side: 'client' as const, at: 1, bytes: Uint8Array.of(0, 255, 1, 254, 9, 9, 9) }];
    expect(decodeConnection({ ...connection, chunks }).undecoded).toMatch(/not known/);
    expect(decodeConnection({ ...connection, chunks: [] })).toMatchObject({
      exchanges: [],
      facts: null,
      undecoded: null,
    });
    expect(decodeConnection({ ...connection, chunks: [], lostBytes: 9 }).undecoded).toMatch(/lost/);
  });
});

describe('retention', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vouch-retention-'));
    for (const name of ['old', 'newer', 'live']) {
      await mkdir(join(root, name));
      await writeFile(join(root, name, 'segment-1'), Buffer.alloc(1000));
    }
  });
  afterEach(() => rm(root, { recursive: true }));
  const folders = (): { path: string; live: boolean; lastActive: number }[] => [
    { path: join(root, 'newer'), live: false, lastActive: 900 },
    { path: join(root, 'live'), live: true, lastActive: 0 },
    { path: join(root, 'old'), live: false, lastActive: 100 },
    { path: join(root, 'gone'), live: false, lastActive: 950 },
  ];

  it('deletes the oldest that ended until the rest fits, and never a live one', async () => {
    const result = await enforceRetention(folders(), { maxBytes: 2000, maxAgeMs: 1e9, now: 1000 });
    expect(result).toMatchObject({ deleted: [join(root, 'old')], bytes: 2000, failed: [] });
    const all = await enforceRetention(folders(), { maxBytes: 0, maxAgeMs: 1e9, now: 1000 });
    expect(all.deleted).toContain(join(root, 'newer'));
    expect((await stat(join(root, 'live'))).isDirectory()).toBe(true);
  });

  it('deletes what is too old', async () => {
    const result = await enforceRetention(folders(), { maxAgeMs: 500, now: 1000 });
    expect(result.deleted).toEqual([join(root, 'old')]);
  });
});
