import { closeSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { messageOf, systemCode } from '../lib/errors.ts';
import { createFile, makeFolder, replaceFile, type Owner } from './segments-folder.ts';
import { indexOf } from './segments.ts';
import {
  AT,
  MAX_PAYLOAD,
  RECORD,
  SEGMENT_HEADER,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  indexName,
  readU64,
  segmentName,
  segmentNumber,
  writeU64,
} from './segments-format.ts';

const MAX_PENDING = 1024 * 1024;
const MAX_OPEN = 100_000;
/** Of a connection's first record: its head and the ends of a unix socket. */
const MAX_OPEN_RECORD = 512;

export interface WriterOptions {
  /** Of all segments in the folder; the oldest are deleted past this. */
  maxBytes: number;
  /** A segment is closed past this. Default: an eighth of `maxBytes`, within 256 KiB and 32 MiB. */
  segmentBytes?: number;
}

/**
 * Appends records to the segments of one folder. Synchronous on purpose: the caller empties a ring that fills
 * meanwhile, and a promise per batch would only hide the wait. Memory: one pending buffer, and one small record for
 * each open connection, which is repeated in every segment that the connection appears in, so that each segment can
 * be read when the older ones are gone. Never throws after construction: what cannot be written is counted.
 */
export class SegmentWriter {
  readonly folder: string;
  /** Bytes of records that could not be written. */
  lostBytes = 0;
  /** Why the last write failed, or null. */
  trouble: string | null = null;

  readonly #owner: Owner;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  readonly #pending: Buffer;
  #fill = 0;
  #fd: number | null = null;
  #number: number;
  #size = 0;
  #records = 0;
  #from: number | null = null;
  #to: number | null = null;
  /** Finished segments, oldest first. */
  readonly #older: { number: number; bytes: number }[] = [];
  readonly #opens = new Map<number, Buffer>();
  readonly #inSegment = new Set<number>();

  constructor(folder: string, options: WriterOptions) {
    this.folder = folder;
    this.#maxBytes = options.maxBytes;
    this.#segmentBytes =
      options.segmentBytes ??
      Math.min(32 * 1024 * 1024, Math.max(256 * 1024, Math.floor(options.maxBytes / 8)));
    this.#pending = Buffer.alloc(Math.min(MAX_PENDING, Math.max(2 * MAX_PAYLOAD, this.#segmentBytes)));
    this.#owner = makeFolder(folder);
    for (const name of filesIn(folder)) {
      const number = segmentNumber(name);
      if (number === null) continue;
      this.#older.push({ number, bytes: statSync(join(folder, name)).size });
      this.#mendIndex(name);
    }
    this.#number = (this.#older.at(-1)?.number ?? -1) + 1;
    this.#begin();
  }

  /** Copies the record of `size` bytes at `start`; `time` (µs since 1970) and the checksum are filled in. */
  append(source: Buffer, start: number, size: number, time: number): void {
    const type = source[start + AT.type]!;
    // First, so that a connection's repeated first record and what follows it come into the same segment.
    if (this.#fill + size + MAX_OPEN_RECORD > this.#pending.length) this.flush();
    if (type !== RECORD.stdio) this.#carry(source, start, size, type, time);
    this.#put(source, start, size, time);
  }

  /** Hands everything to the operating system. */
  flush(): void {
    if (this.#fill === 0) return;
    const bytes = this.#pending.subarray(0, this.#fill);
    this.#fill = 0;
    if (this.#write(bytes)) this.#size += bytes.length;
    else this.lostBytes += bytes.length;
    if (this.#size >= this.#segmentBytes) this.#rotate();
  }

  close(): void {
    this.flush();
    this.#finish();
  }

  #carry(source: Buffer, start: number, size: number, type: number, time: number): void {
    const connection = readU64(source, start + AT.connection);
    if (type === RECORD.open) {
      const copy = Buffer.from(source.subarray(start, start + size));
      copy.writeUInt32LE(1, AT.carried);
      writeU64(copy, time, AT.time);
      this.#opens.set(connection, copy);
      if (this.#opens.size > MAX_OPEN) this.#opens.delete(this.#opens.keys().next().value!);
      this.#inSegment.add(connection);
      return;
    }
    if (!this.#inSegment.has(connection)) {
      this.#inSegment.add(connection);
      const open = this.#opens.get(connection);
      if (open) this.#put(open, 0, open.length, readU64(open, AT.time));
    }
    if (type === RECORD.close) this.#opens.delete(connection);
  }

  #put(source: Buffer, start: number, size: number, time: number): void {
    const to = this.#pending;
    const at = this.#fill;
    source.copy(to, at, start, start + size);
    writeU64(to, time, at + AT.time);
    to.writeUInt32LE(crc32(to.subarray(at + AT.length, at + size)), at + AT.crc);
    this.#fill += size;
    this.#records++;
    if (to[at + AT.carried] === 1) return;
    if (this.#from === null || time < this.#from) this.#from = time;
    if (this.#to === null || time > this.#to) this.#to = time;
  }

  #write(bytes: Buffer): boolean {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        if (this.#fd === null) this.#begin();
        for (let at = 0; at < bytes.length;) at += writeSync(this.#fd!, bytes, at);
        this.trouble = null;
        return true;
      } catch (error) {
        this.trouble = messageOf(error);
        // What was written of it stays as a torn tail; the next segment begins clean, and may hold all of these times.
        const [from, to, records] = [this.#from, this.#to, this.#records];
        this.#finish();
        [this.#from, this.#to, this.#records] = [from, to, records];
        if (systemCode(error) !== 'ENOSPC' || !this.#dropOldest()) return false;
      }
    }
    return false;
  }

  #begin(): void {
    const path = join(this.folder, segmentName(this.#number));
    const header = Buffer.alloc(SEGMENT_HEADER);
    SEGMENT_MAGIC.copy(header);
    header.writeUInt32LE(SEGMENT_VERSION, 8);
    header.writeUInt32LE(SEGMENT_HEADER, 12);
    writeU64(header, Date.now() * 1000, 16);
    this.#fd = createFile(path, this.#owner);
    writeSync(this.#fd, header);
    this.#size = header.length;
  }

  /** Closes the segment. What is appended from now on belongs to the next one, which begins when it is written. */
  #finish(): void {
    if (this.#fd !== null) {
      closeSync(this.#fd);
      this.#fd = null;
      const name = segmentName(this.#number);
      this.#older.push({ number: this.#number, bytes: this.#size });
      this.#number++;
      this.#writeIndex(name, {
        version: 1,
        bytes: this.#size,
        records: this.#records,
        from: this.#from,
        to: this.#to,
      });
    }
    this.#records = 0;
    this.#from = this.#to = null;
    this.#inSegment.clear();
  }

  #rotate(): void {
    this.#finish();
    const total = (): number => this.#older.reduce((sum, { bytes }) => sum + bytes, 0);
    while (total() + this.#segmentBytes > this.#maxBytes && this.#dropOldest());
  }

  #dropOldest(): boolean {
    const oldest = this.#older.shift();
    if (!oldest) return false;
    const name = segmentName(oldest.number);
    try {
      rmSync(join(this.folder, name), { force: true });
      rmSync(join(this.folder, indexName(name)), { force: true });
    } catch (error) {
      this.trouble = messageOf(error);
    }
    return true;
  }

  /** A segment whose writer was killed has no index yet. */
  #mendIndex(name: string): void {
    try {
      statSync(join(this.folder, indexName(name)));
    } catch {
      this.#writeIndex(name, indexOf(readFileSync(join(this.folder, name))));
    }
  }

  #writeIndex(name: string, index: object): void {
    try {
      replaceFile(join(this.folder, indexName(name)), JSON.stringify(index), this.#owner);
    } catch (error) {
      // It can be made again from the segment; readers do without.
      this.trouble = messageOf(error);
    }
  }
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}
