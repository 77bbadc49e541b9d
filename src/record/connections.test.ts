import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressText } from './connections-builder.ts';
import { readConnections } from './connections.ts';
import { AT, HEAD, KIND, RECORD, SEEN, SYNC, writeU64 } from './segments-format.ts';
import { SegmentWriter } from './segments-writer.ts';

interface Given {
  type: number;
  at: number;
  connection?: number;
  direction?: 'in' | 'out';
  offset?: number;
  detail?: number;
  pid?: number;
  payload?: Buffer;
}

function bytesOf(given: Given): Buffer {
  const payload = given.payload ?? Buffer.alloc(0);
  const record = Buffer.concat([Buffer.alloc(HEAD), payload]);
  record.writeUInt32LE(SYNC, AT.sync);
  record.writeUInt32LE(payload.length, AT.length);
  record[AT.type] = given.type;
  record[AT.direction] = given.direction === 'out' ? 1 : 0;
  record.writeUInt32LE(given.pid ?? 42, AT.pid);
  writeU64(record, given.connection ?? 1, AT.connection);
  writeU64(record, given.offset ?? 0, AT.offset);
  record.writeInt32LE(given.detail ?? 0, AT.detail);
  return record;
}

function ends(seen: number, kind: number = KIND.tcp, ports = [8080, 50_000]): Buffer {
  const payload = Buffer.alloc(40);
  payload[0] = kind;
  payload[1] = seen;
  payload.writeUInt16LE(2, 2);
  payload.writeUInt16LE(ports[0]!, 4);
  payload.writeUInt16LE(ports[1]!, 6);
  payload.set([127, 0, 0, 1], 8);
  payload.set([10, 1, 2, 3], 24);
  return payload;
}

const position = (...counts: number[]): Buffer => {
  const payload = Buffer.alloc(24);
  counts.forEach((count, i) => writeU64(payload, count, 8 * i));
  return payload;
};

const text = (direction: 'in' | 'out', at: number, offset: number, words: string): Given => ({
  type: RECORD.data,
  at,
  direction,
  offset,
  payload: Buffer.from(words),
});

describe('readConnections', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vouch-connections-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  function write(records: Given[]): void {
    const writer = new SegmentWriter(folder, { maxBytes: 1e6 });
    for (const given of records) {
      const record = bytesOf(given);
      writer.append(record, 0, record.length, given.at);
    }
    writer.close();
  }

  it('finds nothing in a folder that is not there', async () => {
    expect(await readConnections(join(folder, 'none'))).toEqual({ connections: [], stdio: [], damage: [] });
  });

  it('takes what the app reads as the client where it accepted, as the server where it connected', async () => {
    write([
      { type: RECORD.open, at: 10, payload: ends(SEEN.accept) },
      text('in', 11, 0, 'ask'),
      text('out', 12, 0, 'answer'),
      { type: RECORD.close, at: 13, payload: position(3, 6, 0) },
      { type: RECORD.open, at: 20, connection: 2, payload: ends(SEEN.connect) },
      { ...text('out', 21, 0, 'ask'), connection: 2 },
    ]);
    const { connections } = await readConnections(folder);
    expect(connections).toMatchObject([
      { direction: 'inbound', openedAt: 10, closedAt: 13, lostBytes: 0, incomplete: null, pid: 42 },
      { direction: 'outbound', openedAt: 20, closedAt: null, remote: { host: '10.1.2.3', port: 50_000 } },
    ]);
    expect(connections[0]!.chunks.map(({ side }) => side)).toEqual(['client', 'server']);
    expect(connections[1]!.chunks.map(({ side }) => side)).toEqual(['client']);
  });

  it('counts a gap where it is, and one at the end', async () => {
    write([
      { type: RECORD.open, at: 1, payload: ends(SEEN.accept) },
      text('in', 2, 0, 'abc'),
      text('in', 3, 10, 'def'),
      { type: RECORD.close, at: 4, payload: position(20, 0, 14) },
    ]);
    const [connection] = (await readConnections(folder)).connections;
    expect(connection!.chunks.map(({ lost }) => lost)).toEqual([undefined, 7]);
    expect(connection).toMatchObject({ lostBytes: 14, incomplete: '14 bytes were not captured' });
  });

  it('puts pieces that two threads sent out of order back in order', async () => {
    write([
      { type: RECORD.open, at: 1, payload: ends(SEEN.accept) },
      text('out', 3, 3, 'second'),
      text('out', 2, 0, 'one'),
    ]);
    const [connection] = (await readConnections(folder)).connections;
    expect(connection!.chunks.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['one', 'second']);
    expect(connection!.lostBytes).toBe(0);
  });

  it('cuts to the time asked for, and says so', async () => {
    write([
      { type: RECORD.open, at: 1, payload: ends(SEEN.accept) },
      text('in', 10, 0, 'early'),
      text('in', 20, 5, 'late'),
      text('in', 30, 9, 'later'),
      { type: RECORD.open, at: 40, connection: 2, payload: ends(SEEN.accept) },
    ]);
    const { connections } = await readConnections(folder, { from: 15, to: 25 });
    expect(connections).toHaveLength(1);
    expect(connections[0]!.chunks).toMatchObject([{ at: 20, lost: 5 }]);
    expect(connections[0]).toMatchObject({
      lostBytes: 0,
      incomplete: expect.stringContaining('before the part'),
    });
  });

  it('makes one conversation of each peer of a datagram socket', async () => {
    const peer = (last: number, words: string): Buffer => {
      const head = Buffer.alloc(20);
      head.writeUInt16LE(2, 0);
      head.writeUInt16LE(53, 2);
      head.set([10, 0, 0, last], 4);
      return Buffer.concat([head, Buffer.from(words)]);
    };
    const packet = (
      direction: 'in' | 'out',
      at: number,
      offset: number,
      last: number,
      words: string,
    ): Given => ({
      ...text(direction, at, offset, ''),
      type: RECORD.packet,
      payload: peer(last, words),
    });
    write([
      { type: RECORD.open, at: 1, payload: ends(SEEN.use, KIND.udp) },
      packet('out', 2, 0, 1, 'q1'),
      packet('out', 3, 2, 2, 'q2'),
      packet('in', 4, 0, 2, 'a2'),
      packet('in', 5, 7, 1, 'a1'),
      { type: RECORD.close, at: 6, payload: position(9, 4, 5) },
    ]);
    const { connections } = await readConnections(folder);
    expect(connections).toMatchObject([
      {
        transport: 'udp',
        direction: 'outbound',
        remote: { host: '10.0.0.1', port: 53 },
        lostBytes: 5,
        closedAt: 6,
      },
      {
        transport: 'udp',
        direction: 'outbound',
        remote: { host: '10.0.0.2', port: 53 },
        lostBytes: 0,
        closedAt: 6,
      },
    ]);
    expect(connections[1]!.chunks.map(({ side }) => side)).toEqual(['client', 'server']);
  });

  it('says why a connect failed, and what could not be captured', async () => {
    write([
      { type: RECORD.open, at: 1, payload: ends(SEEN.connect) },
      { type: RECORD.connect, at: 2, detail: 115, payload: ends(SEEN.connect) },
      { type: RECORD.connect, at: 3, detail: 111, payload: ends(SEEN.use) },
      { type: RECORD.open, at: 4, connection: 2, payload: ends(SEEN.accept) },
      { type: RECORD.mark, at: 5, connection: 2, detail: 1 },
    ]);
    const { connections } = await readConnections(folder);
    expect(connections[0]).toMatchObject({ failed: 111 });
    expect(connections[1]).toMatchObject({ failed: null, unseen: expect.stringContaining('io_uring') });
  });

  it('keeps output with its process, and shows where some is missing', async () => {
    const say = (at: number, offset: number, words: string, fd: number): Given => ({
      type: RECORD.stdio,
      at,
      offset,
      detail: fd,
      payload: Buffer.from(words),
    });
    write([say(1, 0, 'one\n', 1), say(2, 0, 'error\n', 2), say(3, 14, 'two\n', 1)]);
    const { stdio } = await readConnections(folder);
    expect(stdio.map(({ fd, lost }) => [fd, lost])).toEqual([
      [1, undefined],
      [2, undefined],
      [1, 10],
    ]);
  });
});

describe('addressText', () => {
  it('writes addresses as RFC 5952 does', () => {
    const six = (hex: string): string => addressText(10, Buffer.from(hex, 'hex'));
    expect(six('00000000000000000000000000000001')).toBe('::1');
    expect(six('00000000000000000000000000000000')).toBe('::');
    expect(six('20010db8000000000000000000000005')).toBe('2001:db8::5');
    expect(six('20010db8000100000001000000000001')).toBe('2001:db8:1:0:1::1');
    expect(six('00000000000000000000ffff0a010203')).toBe('10.1.2.3');
    expect(addressText(2, Buffer.from([10, 1, 2, 3]))).toBe('10.1.2.3');
  });
});
