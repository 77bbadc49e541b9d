import { ConnectionBuilder, readEndpoints, readPeer } from './connections-builder.ts';
import type { RecordedConnection, StdioChunk } from './connections-model.ts';
import { KIND, RECORD, type SegmentRecord } from './segments-format.ts';
import { segmentRecords, segmentsOf } from './segments.ts';

export type { RecordedConnection, StdioChunk };

export interface Recording {
  /** By `openedAt`. */
  connections: RecordedConnection[];
  /** By `at`. */
  stdio: StdioChunk[];
  /** What could not be read and why, one line each; empty when all is well. */
  damage: string[];
}

export interface ReadOptions {
  /** Microseconds since 1970, inclusive. */
  from?: number;
  to?: number;
  /** Bytes of segments held in memory at most; what comes after them is reported as damage. Default 1 GiB. */
  maxBytes?: number;
}

/**
 * What the segments of a tap's folder hold, connections put together. With `from` and `to` only what passed then, and
 * only connections that were active then. A folder that is not there is empty. Damage is reported and never fatal.
 */
export async function readConnections(folder: string, options: ReadOptions = {}): Promise<Recording> {
  const damage: string[] = [];
  const assembly = new Assembly();
  let room = options.maxBytes ?? 1024 * 1024 * 1024;
  for await (const { name, buffer } of segmentsOf(folder, options, (what) => damage.push(what))) {
    room -= buffer.length;
    if (room < 0) {
      damage.push(`${name}: not read, and nothing after it: the part asked for is larger than the limit`);
      break;
    }
    for (const record of segmentRecords(buffer, (what) => damage.push(`${name}: ${what}`)))
      assembly.add(record);
  }
  const range = { from: options.from ?? -Infinity, to: options.to ?? Infinity };
  return { ...assembly.finish(range), damage };
}

class Assembly {
  readonly #connections = new Map<number, ConnectionBuilder>();
  /** Conversations of a datagram socket, by its connection and the peer. */
  readonly #datagrams = new Map<number, Map<string, ConnectionBuilder>>();
  readonly #stdio: StdioChunk[] = [];
  readonly #written = new Map<string, number>();

  add(record: SegmentRecord): void {
    if (record.type === RECORD.stdio) return this.#addStdio(record);
    if (record.type === RECORD.open) return this.#open(record);
    const connection = this.#connections.get(record.connection) ?? this.#unopened(record);
    if (connection.kind === KIND.udp) this.#addDatagram(connection, record);
    else connection.add(record);
  }

  finish(range: { from: number; to: number }): { connections: RecordedConnection[]; stdio: StdioChunk[] } {
    const connections: RecordedConnection[] = [];
    for (const [key, connection] of this.#connections) {
      const parts = connection.kind === KIND.udp ? (this.#datagrams.get(key)?.values() ?? []) : [connection];
      for (const part of parts) {
        const made = part.finish(range);
        if (made) connections.push(made);
      }
    }
    connections.sort((a, b) => a.openedAt - b.openedAt);
    const stdio = this.#stdio
      .filter(({ at }) => at >= range.from && at <= range.to)
      .sort((a, b) => a.at - b.at);
    return { connections, stdio };
  }

  #open(record: SegmentRecord): void {
    const ends = readEndpoints(record.payload);
    const known = this.#connections.get(record.connection);
    if (!ends || known?.opened) return; // repeated at the beginning of a later segment
    const builder = new ConnectionBuilder(`c${record.connection.toString(36)}`, record, ends);
    this.#connections.set(record.connection, builder);
  }

  /** Its first record was lost or lies in a segment that is gone: all that is known is what follows. */
  #unopened(record: SegmentRecord): ConnectionBuilder {
    const builder = new ConnectionBuilder(`c${record.connection.toString(36)}`, record, null);
    this.#connections.set(record.connection, builder);
    return builder;
  }

  #addDatagram(socket: ConnectionBuilder, record: SegmentRecord): void {
    let parts = this.#datagrams.get(record.connection);
    if (!parts) this.#datagrams.set(record.connection, (parts = new Map()));
    if (record.type !== RECORD.packet) {
      for (const part of parts.values()) part.add(record);
      return;
    }
    const peer = readPeer(record.payload);
    if (!peer) return;
    const key = `${peer.host} ${peer.port}`;
    let part = parts.get(key);
    if (!part) parts.set(key, (part = socket.conversation(parts.size, peer, record)));
    part.addPacket(record, socket.advance(record));
  }

  #addStdio(record: SegmentRecord): void {
    const fd = record.detail === 2 ? 2 : 1;
    const key = `${record.pid} ${fd}`;
    const expected = this.#written.get(key);
    const chunk: StdioChunk = {
      at: record.time,
      pid: record.pid,
      tid: record.tid,
      fd,
      bytes: record.payload,
    };
    if (expected !== undefined && record.offset > expected) chunk.lost = record.offset - expected;
    this.#written.set(key, record.offset + record.payload.length);
    this.#stdio.push(chunk);
  }
}
