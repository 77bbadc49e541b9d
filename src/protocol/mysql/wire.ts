import { Nonsense, type Reading, type Source } from '../source.ts';

/** Packets and their fields (MySQL documentation, "Client/Server Protocol"), read and written. */
const MAX_PART = 0xff_ffff;
const MAX_PACKET = 64 * 1024 * 1024;

export interface Packet {
  sequence: number;
  /** Where the last of its parts stood: what is sent next in this exchange has the number after it. */
  lastSequence: number;
  body: Buffer;
  /** Bytes of the body as it was sent. */
  length: number;
  startedAt: number;
  endedAt: number;
  /** Bytes inside that were lost: of `body`, only the first byte is then to be read. */
  lost: number;
}

/** Looks at the beginning of a packet before the rest is waited for; throws where it cannot be one. */
export type Check = (sequence: number, size: number, first: number | undefined) => void;

/** The next packet, its parts of 16 MiB joined; undefined at the end. An empty one has no first byte. */
export function* readPacket(source: Source, check: Check): Reading<Packet | undefined> {
  if (!(yield* source.need(1))) return undefined;
  const startedAt = source.timeAt(0);
  const head = yield* source.take(4);
  if (head === undefined) return undefined;
  const sequence = head[3]!;
  const size = head.readUIntLE(0, 3);
  const packet = { sequence, lastSequence: sequence, length: size, startedAt, lost: 0 };
  if (size === 0) {
    check(sequence, size, undefined);
    return { ...packet, body: Buffer.alloc(0), endedAt: source.lastTime };
  }
  // The first byte tells what a packet is, so that one with a hole can be stepped over.
  const first = yield* source.take(1);
  if (first === undefined) return undefined;
  check(sequence, size, first[0]);
  const bodies = [first];
  for (let part = size - 1, whole = size; ;) {
    const bulk = yield* source.bulk(part, MAX_PACKET);
    if (bulk.missing > 0) return undefined;
    bodies.push(bulk.bytes);
    packet.lost += bulk.lost;
    if (whole < MAX_PART) break;
    const next = yield* source.take(4);
    if (next === undefined) return undefined;
    if (next[3] !== ((packet.lastSequence + 1) & 0xff))
      throw new Nonsense('a long packet with a part missing');
    packet.lastSequence = next[3]!;
    part = whole = next.readUIntLE(0, 3);
    packet.length += part;
    if (packet.length > MAX_PACKET) throw new Nonsense(`a packet longer than ${MAX_PACKET} bytes`);
  }
  return { ...packet, body: Buffer.concat(bodies), endedAt: source.lastTime };
}

/** A body in packets from `sequence` on; the number that the next packet has. */
export function packets(body: Buffer, sequence: number): { bytes: Buffer; next: number } {
  const parts: Buffer[] = [];
  let next = sequence;
  for (let at = 0; ; at += MAX_PART) {
    const part = body.subarray(at, at + MAX_PART);
    const head = Buffer.alloc(4);
    head.writeUIntLE(part.length, 0, 3);
    head[3] = next & 0xff;
    next = (next + 1) & 0xff;
    parts.push(head, part);
    if (part.length < MAX_PART) return { bytes: Buffer.concat(parts), next };
  }
}

/** Reads fields of a packet's body; running over its end is nonsense. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }
  peek(): number | undefined {
    return this.#bytes[this.#at];
  }
  byte(): number {
    return this.#bytes[this.#step(1)]!;
  }
  int16(): number {
    return this.#bytes.readUInt16LE(this.#step(2));
  }
  int32(): number {
    return this.#bytes.readUInt32LE(this.#step(4));
  }
  bytes(count: number): Buffer {
    const start = this.#step(count);
    return this.#bytes.subarray(start, start + count);
  }
  rest(): Buffer {
    return this.bytes(this.left);
  }
  /** Up to a zero byte, or to the end where there is none. */
  text(): string {
    const found = this.#bytes.indexOf(0, this.#at);
    const end = found === -1 ? this.#bytes.length : found;
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = Math.min(end + 1, this.#bytes.length);
    return text;
  }
  /** A length-encoded integer. */
  size(): bigint {
    const first = this.byte();
    if (first < 0xfb) return BigInt(first);
    if (first === 0xfc) return BigInt(this.int16());
    if (first === 0xfd) return BigInt(this.bytes(3).readUIntLE(0, 3));
    if (first === 0xfe) return this.bytes(8).readBigUInt64LE();
    throw new Nonsense(`0x${first.toString(16)} is not a length`);
  }
  /** One that counts something in memory. */
  count(): number {
    const size = this.size();
    if (size > BigInt(MAX_PACKET)) throw new Nonsense(`a length of ${size}`);
    return Number(size);
  }
  /** A length-encoded string. */
  string(): Buffer {
    return this.bytes(this.count());
  }
  /** A cell of a row in text form. */
  cell(): Buffer | null {
    if (this.peek() !== 0xfb) return this.string();
    this.#at++;
    return null;
  }

  #step(count: number): number {
    if (count < 0 || count > this.left) throw new Nonsense('a packet shorter than its fields');
    this.#at += count;
    return this.#at - count;
  }
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value & 0xffff);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

/** A length-encoded integer. */
export function size(value: number | bigint): Buffer {
  const big = BigInt(value);
  if (big < 0xfbn) return Buffer.from([Number(big)]);
  if (big <= 0xffffn) return Buffer.concat([Buffer.from([0xfc]), int16(Number(big))]);
  const bytes = Buffer.alloc(big <= 0xff_ffffn ? 4 : 9);
  if (bytes.length === 4) {
    bytes[0] = 0xfd;
    bytes.writeUIntLE(Number(big), 1, 3);
  } else {
    bytes[0] = 0xfe;
    bytes.writeBigUInt64LE(BigInt.asUintN(64, big), 1);
  }
  return bytes;
}

/** A length-encoded string. */
export function string(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([size(bytes.length), bytes]);
}
