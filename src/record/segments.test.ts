import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AT, HEAD, RECORD, SYNC, writeU64, type SegmentRecord } from './segments-format.ts';
import { SegmentWriter } from './segments-writer.ts';
import { segmentRecords, segmentsOf } from './segments.ts';

function record(type: number, connection: number, payload: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(HEAD), payload]);
  bytes.writeUInt32LE(SYNC, AT.sync);
  bytes.writeUInt32LE(payload.length, AT.length);
  bytes[AT.type] = type;
  writeU64(bytes, connection, AT.connection);
  return bytes;
}

const open = (connection: number): Buffer => record(RECORD.open, connection, Buffer.alloc(40, 1));
const data = (connection: number, text: string | Buffer): Buffer =>
  record(RECORD.data, connection, Buffer.from(text as string));

describe('segments', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vouch-segments-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const put = (writer: SegmentWriter, bytes: Buffer, time: number): void =>
    writer.append(bytes, 0, bytes.length, time);

  async function readAll(
    range = {},
  ): Promise<{ records: SegmentRecord[]; damage: string[]; names: string[] }> {
    const result = { records: [] as SegmentRecord[], damage: [] as string[], names: [] as string[] };
    for await (const { name, buffer } of segmentsOf(folder, range, (what) => result.damage.push(what))) {
      result.names.push(name);
      result.records.push(...segmentRecords(buffer, (what) => result.damage.push(what)));
    }
    return result;
  }

  it('gives back what was written, with its time and checksum', async () => {
    const writer = new SegmentWriter(folder, { maxBytes: 1e6 });
    const time = 1_795_667_546_414_690;
    put(writer, open(7), time);
    put(writer, data(7, 'hello'), time + 1);
    writer.close();
    const { records, damage } = await readAll();
    expect(damage).toEqual([]);
    expect(records.map(({ type, time: at, connection }) => [type, at, connection])).toEqual([
      [RECORD.open, time, 7],
      [RECORD.data, time + 1, 7],
    ]);
    expect(records[1]!.payload.toString()).toBe('hello');
  });

  it('begins each segment with the connections that it holds, and deletes the oldest', async () => {
    const writer = new SegmentWriter(folder, { maxBytes: 1_000_000, segmentBytes: 150_000 });
    put(writer, open(1), 10);
    put(writer, open(2), 11);
    for (let i = 0; i < 100; i++) put(writer, data(1, Buffer.alloc(30_000, i)), 100 + i);
    writer.close();
    const names = (await readdir(folder)).filter((name) => name.endsWith('.seg'));
    expect(names).not.toContain('00000000.seg');
    for (const name of names) {
      const records = [...segmentRecords(await readFile(join(folder, name)), () => {})];
      if (records.length === 0) continue;
      expect(records[0]).toMatchObject({ type: RECORD.open, connection: 1, time: 10, carried: true });
      expect(records.filter(({ type }) => type === RECORD.open)).toHaveLength(1);
    }
    const { records } = await readAll();
    expect(records.reduce((sum, { payload }) => sum + payload.length, 0)).toBeLessThan(1_100_000);
    expect(records.at(-1)).toMatchObject({ time: 199 });
  });

  it('leaves out segments of another time by their index, and makes a missing index again', async () => {
    const first = new SegmentWriter(folder, { maxBytes: 1e6 });
    put(first, data(1, 'old'), 100);
    first.close();
    const second = new SegmentWriter(folder, { maxBytes: 1e6 });
    put(second, data(1, 'new'), 500);
    second.close();
    expect((await readAll({ from: 400 })).names).toEqual(['00000001.seg']);
    expect((await readAll({ to: 200 })).names).toEqual(['00000000.seg']);
    const index = await readFile(join(folder, '00000000.idx'), 'utf8');
    await rm(join(folder, '00000000.idx'));
    expect((await readAll({ from: 400 })).names).toEqual(['00000000.seg', '00000001.seg']);
    new SegmentWriter(folder, { maxBytes: 1e6 }).close();
    expect(await readFile(join(folder, '00000000.idx'), 'utf8')).toBe(index);
  });

  it('cuts a torn tail and skips what is damaged', async () => {
    const writer = new SegmentWriter(folder, { maxBytes: 1e6 });
    for (const text of ['one', 'two', 'three']) put(writer, data(1, text), 1);
    writer.close();
    const path = join(folder, '00000000.seg');
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, -2));
    const torn = await readAll();
    expect(torn.records.map(({ payload }) => payload.toString())).toEqual(['one', 'two']);
    expect(torn.damage).toEqual([expect.stringContaining('cut at byte')]);
    const broken = Buffer.from(whole);
    broken[broken.indexOf('two')]! ^= 1;
    await writeFile(path, broken);
    const skipped = await readAll();
    expect(skipped.records.map(({ payload }) => payload.toString())).toEqual(['one', 'three']);
    expect(skipped.damage).toEqual([expect.stringContaining('damaged')]);
  });

  it('never throws, whatever the bytes, and hands out only sound records', async () => {
    const writer = new SegmentWriter(folder, { maxBytes: 1e6 });
    const texts = ['alpha', 'beta', 'gamma', 'delta'];
    for (const text of texts) put(writer, data(1, text), 1);
    writer.close();
    const whole = await readFile(join(folder, '00000000.seg'));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 }),
        fc.nat(whole.length),
        (changes, length) => {
          const bytes = Buffer.from(whole.subarray(0, length));
          for (const [at, value] of changes) if (at < length) bytes[at] = value;
          for (const { payload } of segmentRecords(bytes, () => {}))
            expect(texts).toContain(payload.toString());
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect([...segmentRecords(Buffer.from(bytes), () => {})]).toEqual([]);
      }),
    );
  });

  it('counts what it cannot write, and goes on when it can again', async () => {
    const writer = new SegmentWriter(folder, { maxBytes: 1e6, segmentBytes: 100_000 });
    put(writer, open(1), 1);
    for (let i = 0; i < 5; i++) put(writer, data(1, Buffer.alloc(32_000)), 2);
    await rm(folder, { recursive: true });
    await writeFile(folder, 'in the way');
    for (let i = 0; i < 20; i++) put(writer, data(1, Buffer.alloc(32_000)), 3);
    writer.flush();
    const lost = writer.lostBytes;
    expect(lost).toBeGreaterThan(32_000);
    expect(writer.trouble).toContain('ENOTDIR');
    await rm(folder);
    await mkdir(folder);
    put(writer, data(1, 'again'), 4);
    writer.close();
    expect(writer.lostBytes).toBe(lost);
    const { records, damage } = await readAll();
    expect(damage).toEqual([]);
    expect(records).toMatchObject([
      { type: RECORD.open, carried: true },
      { type: RECORD.data, time: 4 },
    ]);
  });
});
