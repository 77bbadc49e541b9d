import type { Chunk, Side } from '../protocol/port.ts';
import type { Endpoint, RecordedConnection } from './connections-model.ts';
import { KIND, RECORD, SEEN, readU64, type SegmentRecord } from './segments-format.ts';

const FAMILY_IPV4 = 2;
const FAMILY_IPV6 = 10;
const PEER = 20;
const IN_PROGRESS = 115;
const MARK_IO_URING = 1;
const MARKS: Record<number, string> = {
  [MARK_IO_URING]: 'data was moved by io_uring, which is not captured',
  2: 'data was sent by sendfile, which is not captured',
  3: 'data was moved by splice, which is not captured',
  4: 'data was thrown away unread (MSG_TRUNC)',
};

export interface Endpoints {
  kind: number;
  seen: number;
  local: Endpoint;
  remote: Endpoint;
}

/** `struct endpoints` of agent/event.h; null when it is too short to be one. */
export function readEndpoints(payload: Buffer): Endpoints | null {
  if (payload.length < 40) return null;
  const kind = payload[0]!;
  const seen = payload[1]!;
  if (kind === KIND.unix) {
    if (payload.length < 48 + 256) return null;
    return {
      kind,
      seen,
      local: { host: unixPath(payload.subarray(48, 48 + 108), payload.readUInt32LE(40)), port: 0 },
      remote: { host: unixPath(payload.subarray(176, 176 + 108), payload.readUInt32LE(44)), port: 0 },
    };
  }
  const family = payload.readUInt16LE(2);
  return {
    kind,
    seen,
    local: { host: addressText(family, payload.subarray(8, 24)), port: payload.readUInt16LE(4) },
    remote: { host: addressText(family, payload.subarray(24, 40)), port: payload.readUInt16LE(6) },
  };
}

/** The peer in front of a datagram. */
export function readPeer(payload: Buffer): Endpoint | null {
  if (payload.length < PEER) return null;
  return {
    host: addressText(payload.readUInt16LE(0), payload.subarray(4, 20)),
    port: payload.readUInt16LE(2),
  };
}

/** A path ends at its first NUL; an abstract name begins with one and is shown with `@`. */
function unixPath(bytes: Buffer, length: number): string {
  const name = bytes.subarray(0, Math.min(length, bytes.length));
  if (name[0] === 0)
    return name.length === 1 ? '' : `@${name.subarray(1).toString('utf8').replaceAll('\0', '@')}`;
  const end = name.indexOf(0);
  return (end === -1 ? name : name.subarray(0, end)).toString('utf8');
}

/** IPv4, also when mapped into IPv6, as dotted text; IPv6 as RFC 5952 asks: longest run of zeroes as `::`. */
export function addressText(family: number, bytes: Buffer): string {
  if (family === FAMILY_IPV4) return bytes.subarray(0, 4).join('.');
  if (family !== FAMILY_IPV6) return '';
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return bytes.subarray(12, 16).join('.');
  let best = { at: 0, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(':');
  return `${hex.slice(0, best.at).join(':')}::${hex.slice(best.at + best.length).join(':')}`;
}

interface Piece {
  at: number;
  offset: number;
  bytes: Buffer;
  lost: number;
}

type Way = 'in' | 'out';

/** Puts one connection, or one conversation of a datagram socket, together from its records in any number of segments. */
export class ConnectionBuilder {
  readonly kind: number;
  /** Whether its first record was there, be it repeated. */
  readonly opened: boolean;
  readonly #id: string;
  readonly #first: SegmentRecord;
  readonly #ends: Endpoints;
  readonly #pieces: Record<Way, Piece[]> = { in: [], out: [] };
  readonly #expected: Record<Way, number | null> = { in: null, out: null };
  readonly #disorder: Record<Way, boolean> = { in: false, out: false };
  readonly #marks = new Set<number>();
  #final: { in: number; out: number } | null = null;
  #closedAt: number | null = null;
  #failed: number | null = null;
  #lastAt: number;

  constructor(id: string, first: SegmentRecord, ends: Endpoints | null) {
    this.#id = id;
    this.#first = first;
    this.opened = ends !== null;
    this.#ends = ends ?? {
      kind: first.type === RECORD.packet ? KIND.udp : KIND.tcp,
      seen: SEEN.use,
      local: { host: '', port: 0 },
      remote: { host: '', port: 0 },
    };
    this.kind = this.#ends.kind;
    this.#lastAt = first.time;
    // From its beginning, a direction begins at 0; else it begins where the first piece says.
    if (ends && !first.carried) this.#expected = { in: 0, out: 0 };
  }

  add(record: SegmentRecord): void {
    if (!record.carried) this.#lastAt = Math.max(this.#lastAt, record.time);
    switch (record.type) {
      case RECORD.data:
        this.#disorder[record.direction] ||=
          record.offset < (this.#pieces[record.direction].at(-1)?.offset ?? 0);
        this.#pieces[record.direction].push({
          at: record.time,
          offset: record.offset,
          bytes: record.payload,
          lost: 0,
        });
        break;
      case RECORD.connect:
        this.#connected(record);
        break;
      case RECORD.close:
      case RECORD.position:
        if (record.payload.length >= 16)
          this.#final = { in: readU64(record.payload, 0), out: readU64(record.payload, 8) };
        if (record.type === RECORD.close) this.#closedAt ??= record.time;
        break;
      case RECORD.mark:
        this.#marks.add(record.detail);
        break;
      default: // shutdown says nothing that the data does not; later versions may know more types
    }
  }

  /** A conversation of this datagram socket with `peer`. */
  conversation(number: number, peer: Endpoint, first: SegmentRecord): ConnectionBuilder {
    const seen = first.direction === 'out' ? SEEN.connect : SEEN.accept;
    const ends = { kind: KIND.udp, seen, local: this.#ends.local, remote: peer };
    return new ConnectionBuilder(`${this.#id}-${number}`, first, ends);
  }

  /** Bytes that this datagram socket lost before `record`. */
  advance(record: SegmentRecord): number {
    const expected = this.#expected[record.direction];
    this.#expected[record.direction] = record.offset + record.payload.length - PEER;
    return expected === null ? 0 : Math.max(0, record.offset - expected);
  }

  addPacket(record: SegmentRecord, lost: number): void {
    this.#lastAt = Math.max(this.#lastAt, record.time);
    const bytes = record.payload.subarray(PEER);
    this.#pieces[record.direction].push({ at: record.time, offset: record.offset, bytes, lost });
  }

  /** What of it lies in the range (µs, inclusive); null when it was not active then. */
  finish(range: { from: number; to: number }): RecordedConnection | null {
    const opened = this.#first.time;
    const end = this.#closedAt === null ? Infinity : Math.max(this.#closedAt, this.#lastAt);
    if (opened > range.to || end < range.from) return null;
    const why = [...this.#marks].map((mark) => MARKS[mark] ?? `something that is not captured (${mark})`);
    // The other ways leave a gap of a known size at a known place.
    const unseen = this.#marks.has(MARK_IO_URING) ? MARKS[MARK_IO_URING]! : null;
    const inbound = this.#inbound();
    const sides: Record<Way, Side> = inbound
      ? { in: 'client', out: 'server' }
      : { in: 'server', out: 'client' };
    let lostBytes = 0;
    const kept: Record<Way, Chunk[]> = { in: [], out: [] };
    for (const way of ['in', 'out'] as const) {
      const result = this.#direction(way, sides[way], range);
      kept[way] = result.chunks;
      lostBytes += result.lost;
    }
    if (lostBytes > 0) why.push(`${lostBytes} bytes were not captured`);
    if (this.#ends.seen === SEEN.earlierInbound || this.#ends.seen === SEEN.earlierOutbound || !this.opened) {
      why.push('it was open before the recording began');
    } else if (this.kind !== KIND.udp && (this.#first.carried || opened < range.from)) {
      why.push('its beginning lies before the part that was read');
    }
    return {
      id: this.#id,
      direction: inbound ? 'inbound' : 'outbound',
      transport: this.kind === KIND.unix ? 'unix' : this.kind === KIND.udp ? 'udp' : 'tcp',
      pid: this.#first.pid,
      openedAt: opened,
      closedAt: end === Infinity || end > range.to ? null : end,
      local: this.#ends.local,
      remote: this.#ends.remote,
      chunks: merge(kept.in, kept.out),
      lostBytes,
      incomplete: why.length > 0 ? why.join('; ') : null,
      unseen,
      failed: this.#failed,
    };
  }

  #connected(record: SegmentRecord): void {
    const ends = readEndpoints(record.payload);
    if (ends && ends.local.port !== 0) this.#ends.local = ends.local;
    if (ends && ends.seen === SEEN.connect && ends.remote.host !== '') this.#ends.remote = ends.remote;
    this.#failed = record.detail === 0 || record.detail === IN_PROGRESS ? null : record.detail;
  }

  #inbound(): boolean {
    const { seen, local, remote } = this.#ends;
    if (seen === SEEN.use && this.kind === KIND.unix) return local.host !== '' && remote.host === '';
    return seen === SEEN.accept || seen === SEEN.earlierInbound;
  }

  #direction(way: Way, side: Side, range: { from: number; to: number }): { chunks: Chunk[]; lost: number } {
    const pieces = this.#pieces[way];
    if (this.#disorder[way]) pieces.sort((a, b) => a.offset - b.offset);
    const chunks: Chunk[] = [];
    let expected = this.#expected[way];
    let total = 0;
    for (const piece of pieces) {
      const gap =
        this.kind === KIND.udp ? piece.lost : Math.max(0, piece.offset - (expected ?? piece.offset));
      expected = piece.offset + piece.bytes.length;
      if (piece.at < range.from || piece.at > range.to) continue;
      total += gap;
      const cut = chunks.length === 0 && gap === 0 && this.kind !== KIND.udp ? this.#before(way, piece) : gap;
      chunks.push({ side, at: piece.at, bytes: piece.bytes, ...(cut > 0 ? { lost: cut } : {}) });
    }
    if (this.#final && this.kind !== KIND.udp) {
      const passed = this.#final[way];
      if (expected !== null && passed > expected) total += passed - expected;
    }
    return { chunks, lost: total };
  }

  /** Bytes of the direction that lie before the first piece that is handed out. */
  #before(way: Way, first: Piece): number {
    return first.offset > 0 && (this.#expected[way] === null || this.#pieces[way][0] !== first)
      ? first.offset
      : 0;
  }
}

/** Both directions by time; the order within each stays. */
function merge(a: Chunk[], b: Chunk[]): Chunk[] {
  const merged: Chunk[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const left = a[i];
    const right = b[j];
    if (left && (!right || left.at <= right.at)) merged.push(a[i++]!);
    else merged.push(b[j++]!);
  }
  return merged;
}
