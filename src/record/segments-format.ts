/**
 * The form of a segment file `NNNNNNNN.seg`: a header, then records. All numbers little-endian.
 *
 *   header: 8 bytes `VOUCHSEG`, u32 version, u32 size of the header, u64 created (µs since 1970)
 *   record: the head below, then `length` bytes of payload
 *
 * The head is what the kernel program sends (`struct event` in agent/event.h), with the checksum and the time filled in:
 *
 *    0 u32 sync mark       16 u32 pid          40 u64 offset in the direction, of the first byte
 *    4 u32 CRC-32 of all   20 u32 tid          48 i32 detail: errno, descriptor, mark
 *          behind it       24 u64 time (µs)    52 u32 1: repeated from an older segment
 *    8 u32 length          32 u64 connection
 *   12 u8 type  13 u8 direction
 */
export const SEGMENT_VERSION = 1;
export const SEGMENT_MAGIC = Buffer.from('VOUCHSEG');
export const SEGMENT_HEADER = 24;

export const HEAD = 56;
export const SYNC = 0x53c0e5d1;
/** No payload is longer: a chunk of 32 KiB and a peer's address, with room. */
export const MAX_PAYLOAD = 64 * 1024;

export const RECORD = {
  open: 1,
  data: 2,
  packet: 3,
  stdio: 4,
  connect: 5,
  close: 6,
  shutdown: 7,
  mark: 8,
  position: 9,
} as const;

export const AT = {
  sync: 0,
  tap: 4,
  crc: 4,
  length: 8,
  type: 12,
  direction: 13,
  pid: 16,
  tid: 20,
  time: 24,
  connection: 32,
  offset: 40,
  detail: 48,
  carried: 52,
} as const;

export const KIND = { tcp: 1, udp: 2, unix: 3 } as const;

/** How a socket was first seen. The kernel says `use`; for streams user space makes one of the last two of it. */
export const SEEN = { use: 0, accept: 1, connect: 2, earlierInbound: 3, earlierOutbound: 4 } as const;

export interface SegmentRecord {
  type: number;
  /** Of data: what the app read came `in`, what it wrote went `out`. */
  direction: 'in' | 'out';
  pid: number;
  tid: number;
  /** Microseconds since 1970. */
  time: number;
  connection: number;
  offset: number;
  detail: number;
  carried: boolean;
  payload: Buffer;
}

export interface SegmentIndex {
  version: 1;
  bytes: number;
  records: number;
  /** Times of the earliest and latest record that is not repeated, µs since 1970; null when there is none. */
  from: number | null;
  to: number | null;
}

/** A 64-bit number of ours: below 2^53 by construction. */
export function readU64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 0x1_0000_0000;
}

export function writeU64(buffer: Buffer, value: number, at: number): void {
  buffer.writeUInt32LE(value >>> 0, at);
  buffer.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.seg`;
}

/** The number in a segment's file name, or null when it is another file. */
export function segmentNumber(name: string): number | null {
  const match = /^(\d{8,12})\.seg$/.exec(name);
  return match ? Number(match[1]) : null;
}

export function indexName(segment: string): string {
  return segment.replace(/\.seg$/, '.idx');
}
