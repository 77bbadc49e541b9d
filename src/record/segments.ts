import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { messageOf, systemCode } from '../lib/errors.ts';
import { parseJson } from '../lib/json.ts';
import {
  AT,
  HEAD,
  MAX_PAYLOAD,
  SEGMENT_HEADER,
  SEGMENT_MAGIC,
  SEGMENT_VERSION,
  SYNC,
  indexName,
  readU64,
  segmentNumber,
  type SegmentIndex,
  type SegmentRecord,
} from './segments-format.ts';

const SYNC_BYTES = Buffer.alloc(4);
SYNC_BYTES.writeUInt32LE(SYNC);

/** Recorded bytes may hold any number of false sync marks; past this many in a row the rest of a segment is given up. */
const MAX_TRIES = 10_000;

const indexSchema = z.object({
  version: z.literal(1),
  bytes: z.number(),
  records: z.number(),
  from: z.number().nullable(),
  to: z.number().nullable(),
});

/** The size of the whole and sound record at `at`, or 0. */
function recordAt(buffer: Buffer, at: number): number {
  if (at + HEAD > buffer.length || buffer.readUInt32LE(at) !== SYNC) return 0;
  const length = buffer.readUInt32LE(at + AT.length);
  if (length > MAX_PAYLOAD || at + HEAD + length > buffer.length) return 0;
  const size = HEAD + length;
  return crc32(buffer.subarray(at + AT.length, at + size)) === buffer.readUInt32LE(at + AT.crc) ? size : 0;
}

/**
 * The records of one segment's bytes; payloads are views, not copies. What is damaged is skipped up to the next sound
 * record and reported; a tail that is not whole is cut and reported. Never throws on input.
 */
export function* segmentRecords(buffer: Buffer, onDamage: (what: string) => void): Generator<SegmentRecord> {
  if (buffer.length < SEGMENT_HEADER || !buffer.subarray(0, 8).equals(SEGMENT_MAGIC)) {
    // Nothing yet: its writer was stopped before the header, or is just beginning.
    if (buffer.length > 0) onDamage('not a segment: the header is missing');
    return;
  }
  const version = buffer.readUInt32LE(8);
  if (version !== SEGMENT_VERSION) return onDamage(`version ${version} is not known here`);
  let at = SEGMENT_HEADER;
  while (at < buffer.length) {
    const size = recordAt(buffer, at);
    if (size === 0) {
      const next = nextRecord(buffer, at + 1);
      if (next === -1)
        return onDamage(`cut at byte ${at}: ${buffer.length - at} bytes behind it hold no whole record`);
      onDamage(`bytes ${at} to ${next} are damaged and were skipped`);
      at = next;
      continue;
    }
    yield {
      type: buffer[at + AT.type]!,
      direction: buffer[at + AT.direction] === 1 ? 'out' : 'in',
      pid: buffer.readUInt32LE(at + AT.pid),
      tid: buffer.readUInt32LE(at + AT.tid),
      time: readU64(buffer, at + AT.time),
      connection: readU64(buffer, at + AT.connection),
      offset: readU64(buffer, at + AT.offset),
      detail: buffer.readInt32LE(at + AT.detail),
      carried: buffer.readUInt32LE(at + AT.carried) === 1,
      payload: buffer.subarray(at + HEAD, at + size),
    };
    at += size;
  }
}

function nextRecord(buffer: Buffer, from: number): number {
  let at = buffer.indexOf(SYNC_BYTES, from);
  for (let tries = 0; at !== -1 && tries < MAX_TRIES; tries++) {
    if (recordAt(buffer, at) > 0) return at;
    at = buffer.indexOf(SYNC_BYTES, at + 1);
  }
  return -1;
}

/** What the index of a segment says, made from the segment itself. */
export function indexOf(buffer: Buffer): SegmentIndex {
  const index: SegmentIndex = { version: 1, bytes: buffer.length, records: 0, from: null, to: null };
  for (const record of segmentRecords(buffer, () => {})) {
    index.records++;
    if (record.carried) continue;
    index.from = Math.min(index.from ?? record.time, record.time);
    index.to = Math.max(index.to ?? record.time, record.time);
  }
  return index;
}

/**
 * The segments of a folder that may hold something between `from` and `to` (µs since 1970), oldest first, one at a
 * time. A segment that is deleted meanwhile, by its writer, is passed over.
 */
export async function* segmentsOf(
  folder: string,
  range: { from?: number; to?: number },
  onDamage: (what: string) => void,
): AsyncGenerator<{ name: string; buffer: Buffer }> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const numbered = names.filter((name) => segmentNumber(name) !== null);
  numbered.sort((a, b) => segmentNumber(a)! - segmentNumber(b)!);
  for (const name of numbered) {
    const index = await readIndex(join(folder, indexName(name)));
    if (index && outside(index, range)) continue;
    try {
      yield { name, buffer: await readFile(join(folder, name)) };
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') onDamage(`${name}: ${messageOf(error)}`);
    }
  }
}

async function readIndex(path: string): Promise<SegmentIndex | null> {
  try {
    const parsed = indexSchema.safeParse(parseJson(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // there is none yet, or it can't be read: the segment itself says it all
  }
}

function outside(index: SegmentIndex, { from, to }: { from?: number; to?: number }): boolean {
  if (index.from === null || index.to === null) return true;
  return (from !== undefined && index.to < from) || (to !== undefined && index.from > to);
}
