import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sliceSchema } from './model.ts';
import { openReader, type RecordingReader } from './reader.ts';
import { AT, HEAD, KIND, RECORD, SEEN, SYNC, writeU64 } from './segments-format.ts';
import { SegmentWriter } from './segments-writer.ts';

let folder: string;
let reader: RecordingReader;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-reader-'));
  reader = openReader();
});
afterEach(async () => {
  await reader.close();
  await rm(folder, { recursive: true, force: true });
});

/** One connection that the app accepted: a request at each time, answered 10 microseconds later. */
function record(answers: [at: number, status: number][]): void {
  const writer = new SegmentWriter(folder, { maxBytes: 1e6 });
  const sent = { in: 0, out: 0 };
  const append = (type: number, at: number, direction: 'in' | 'out', payload: Buffer): void => {
    const bytes = Buffer.concat([Buffer.alloc(HEAD), payload]);
    bytes.writeUInt32LE(SYNC, AT.sync);
    bytes.writeUInt32LE(payload.length, AT.length);
    bytes[AT.type] = type;
    bytes[AT.direction] = direction === 'out' ? 1 : 0;
    bytes.writeUInt32LE(42, AT.pid);
    writeU64(bytes, 1, AT.connection);
    if (type === RECORD.data) writeU64(bytes, sent[direction], AT.offset);
    if (type === RECORD.data) sent[direction] += payload.length;
    writer.append(bytes, 0, bytes.length, at);
  };
  const ends = Buffer.alloc(40);
  ends[0] = KIND.tcp;
  ends[1] = SEEN.accept;
  ends.writeUInt16LE(2, 2);
  ends.writeUInt16LE(8080, 4);
  ends.writeUInt16LE(50_000, 6);
  append(RECORD.open, 1, 'in', ends);
  for (const [at, status] of answers) {
    append(RECORD.data, at, 'in', Buffer.from(`GET /${at} HTTP/1.1\r\nHost: a\r\n\r\n`));
    append(RECORD.data, at + 10, 'out', Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: 2\r\n\r\nno`));
  }
  writer.close();
}

const cutRequest = (at: number): Parameters<RecordingReader['cut']>[0] => ({
  app: 'shop',
  release: 'rel_1',
  deployment: 'dep_1',
  folder,
  from: 0,
  error: { at, detector: 'stack', message: 'x' },
});

it('finds answers of 5xx in the time asked for, and says up to where it looked', async () => {
  record([
    [100, 500],
    [200, 200],
    [300, 503],
    [400, 500],
  ]);
  const scan = { folder, after: 150, until: 350, lookBack: 1000 };
  const found = await reader.scan(scan);
  expect(found.failed).toMatchObject([
    { request: { method: 'GET', target: '/300' }, response: { status: 503 }, direction: 'inbound' },
  ]);
  expect(found).toMatchObject({ scannedTo: 310, fresh: true });
  const later = await reader.scan({ ...scan, after: found.scannedTo, until: Infinity });
  expect(later.failed).toMatchObject([{ request: { target: '/400' } }]);
  expect(later).toMatchObject({ scannedTo: 410, fresh: false });
  // A request may have begun before what was looked at last.
  expect((await reader.scan({ ...scan, after: 405, until: Infinity })).failed).toHaveLength(1);
});

it('cuts slices', async () => {
  record([
    [100, 200],
    [200, 500],
  ]);
  const cut = await reader.cut(cutRequest(205));
  const slice = sliceSchema.parse(JSON.parse(cut.json));
  expect(slice.exchanges.find(({ id }) => id === cut.failing)?.request).toMatchObject({ target: '/200' });
  expect(slice.confidence).toBe(cut.confidence);
});

it('answers many questions in order, and goes on after one that cannot be answered', async () => {
  record([[100, 500]]);
  await writeFile(join(folder, 'file'), '');
  const scan = { folder, after: 0, until: Infinity, lookBack: 0 };
  const asked = [
    reader.scan(scan),
    reader.scan({ ...scan, folder: join(folder, 'file') }),
    reader.cut(cutRequest(105)),
    reader.scan({ ...scan, folder: join(folder, 'none') }),
    reader.scan(scan),
  ];
  const [first, broken, cut, none, last] = await Promise.allSettled(asked);
  expect(first).toMatchObject({ status: 'fulfilled', value: { failed: [{}] } });
  expect(broken).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
  expect(cut).toMatchObject({ status: 'fulfilled', value: { failing: expect.any(String) } });
  expect(none).toMatchObject({ status: 'fulfilled', value: { failed: [], scannedTo: 0, fresh: false } });
  expect(last).toEqual(first);
});
