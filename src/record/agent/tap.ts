import { setImmediate as nextTurn } from 'node:timers/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import koffi, { type node } from 'koffi';
import { VouchError } from '../../lib/errors.ts';
import type { Logger } from '../../lib/log.ts';
import { AT, HEAD, KIND, RECORD, SEEN, SYNC, readU64, writeU64 } from '../segments-format.ts';
import { SegmentWriter } from '../segments-writer.ts';
import { isAlive } from '../../lib/scratch.ts';
import { findCgroup, type FoundCgroup } from './cgroup.ts';
import { BpfObject, OBJECTS, mapMemory, possibleCpus, wallMicros, type BpfMap } from './libbpf.ts';
import { Listeners } from './listeners.ts';
import type { TapRequest, TapStats } from './port.ts';
import { RingReader } from './ring.ts';

const MAX_RING_BYTES = 64 * 1024 * 1024;
const MIN_RING_BYTES = 4 * 1024 * 1024;
/** Of the machine's memory, for the ring. */
const RING_SHARE = 64;
const DEFAULT_MAX_BYTES = 1024 * 1024 * 1024;
const MIN_MAX_BYTES = 1024 * 1024;
const MAX_TAPS = 512;
/** Bytes taken off the ring before others get a turn. */
const BATCH = 8 * 1024 * 1024;
/** Waking up costs more than the records do, and who waits for them calls `flush`. */
const FASTEST_MS = 50;
const SLOWEST_MS = 250;
const SWEEP_MS = 5000;
const CLOCK_STEP_MICROS = 50_000;
const CONN_SIZE = 56;
const POSITION = 24;

/** Places in `struct shared` of agent/tap.bpf.c, in 32-bit words. */
const SHARED = { nextId: 0, generation: 4, levels: 5, woken: 6 };

interface Tap {
  slot: number;
  cgroup: FoundCgroup;
  folder: string;
  descendants: boolean;
  writer: SegmentWriter;
  events: number;
  bytes: number;
  connections: number;
}

interface Attached {
  object: BpfObject;
  ring: RingReader;
  shared: Uint32Array;
  unmapShared: () => void;
  watches: BpfMap;
  losses: BpfMap;
  socks: BpfMap;
  poll: node.PollHandle;
}

/**
 * All taps of this process: one loaded object and one ring, attached while there is a tap. The ring is emptied by a
 * timer that slows down when there is nothing, and at once when the kernel says that much is waiting.
 */
export class TapEngine {
  readonly #logger: Logger;
  readonly #ringBytes: number;
  readonly #taps = new Map<number, Tap>();
  readonly #listeners = new Listeners();
  #attached: Attached | null = null;
  #nextSlot = 1;
  #timer: NodeJS.Timeout | null = null;
  #interval = FASTEST_MS;
  #lastSweep = 0;
  /** Added to the kernel's time since boot (µs) to get the time since 1970. */
  #clock = 0;

  constructor(logger: Logger, options: { ringBytes?: number } = {}) {
    this.#logger = logger;
    this.#ringBytes = options.ringBytes ?? ringBytesFor(totalmem());
  }

  async add(request: TapRequest): Promise<void> {
    const cgroup = await findCgroup(request.cgroupPath);
    if (cgroup.id !== request.cgroupId) {
      throw new VouchError(
        'conflict',
        `${request.cgroupPath}: its id is ${cgroup.id}, not ${request.cgroupId}`,
      );
    }
    if (this.#find(cgroup.id)) throw new VouchError('conflict', `${request.cgroupPath} is tapped already`);
    for (const { folder } of this.#taps.values()) {
      if (folder === request.folder) throw new VouchError('conflict', `${folder}: another tap writes there`);
    }
    if (this.#taps.size >= MAX_TAPS)
      throw new VouchError('unavailable', `there are ${MAX_TAPS} taps already`);
    const maxBytes = Math.max(request.maxBytes ?? DEFAULT_MAX_BYTES, MIN_MAX_BYTES);
    const writer = new SegmentWriter(request.folder, { maxBytes });
    const slot = this.#nextSlot++;
    const descendants = request.descendants ?? false;
    try {
      const attached = (this.#attached ??= this.#attach());
      attached.losses.set(u32(slot), Buffer.alloc(8));
      const watch = Buffer.alloc(8);
      watch.writeUInt32LE(slot, 0);
      watch.writeUInt32LE(descendants ? 1 : 0, 4);
      this.#taps.set(slot, {
        slot,
        cgroup,
        folder: request.folder,
        descendants,
        writer,
        events: 0,
        bytes: 0,
        connections: 0,
      });
      attached.watches.set(u64(cgroup.id), watch);
      this.#watchesChanged();
    } catch (error) {
      this.#taps.delete(slot);
      writer.close();
      this.#detachIfIdle();
      throw error;
    }
    this.#schedule(FASTEST_MS);
  }

  /** Ends a tap; what was captured is in its segments when this resolves. */
  async remove(cgroupId: bigint): Promise<void> {
    const tap = this.#find(cgroupId);
    const attached = this.#attached;
    if (!tap || !attached) throw new VouchError('not-found', `cgroup ${cgroupId} is not tapped`);
    attached.watches.delete(u64(cgroupId));
    this.#watchesChanged(tap);
    await this.#drainAll();
    if (!this.#taps.has(tap.slot)) return; // somebody else was quicker
    this.#sweep((key, conn) => {
      if (conn.tap !== tap.slot) return;
      this.#writePosition(tap, conn, RECORD.position);
      attached.socks.delete(key);
    });
    this.#taps.delete(tap.slot);
    attached.losses.delete(u32(tap.slot));
    tap.writer.close();
    this.#detachIfIdle();
  }

  async flush(cgroupId: bigint): Promise<TapStats> {
    const tap = this.#find(cgroupId);
    if (!tap) throw new VouchError('not-found', `cgroup ${cgroupId} is not tapped`);
    await this.#drainAll();
    this.#sweepEnds();
    // Losses at the end of a connection show in no later record, so they are written down now.
    this.#sweep((_, conn) => {
      if (conn.tap === tap.slot && conn.lost > 0) this.#writePosition(tap, conn, RECORD.position);
    });
    tap.writer.flush();
    if (tap.writer.trouble !== null) {
      throw new VouchError('unavailable', `${tap.folder}: cannot be written: ${tap.writer.trouble}`);
    }
    const lost = this.#attached?.losses.get(u32(tap.slot), 8);
    return {
      events: tap.events,
      bytes: tap.bytes,
      lostBytes: (lost ? readU64(lost, 0) : 0) + tap.writer.lostBytes,
      connections: tap.connections,
    };
  }

  /** The cgroups that are tapped. */
  tapped(): bigint[] {
    return [...this.#taps.values()].map(({ cgroup }) => cgroup.id);
  }

  async close(): Promise<void> {
    for (const id of this.tapped()) await this.remove(id);
  }

  #find(id: bigint): Tap | undefined {
    return [...this.#taps.values()].find(({ cgroup }) => cgroup.id === id);
  }

  #attach(): Attached {
    const { object, ioUring } = loadTap(this.#ringBytes);
    const undo: (() => void)[] = [() => object.close()];
    try {
      const ringFd = object.map('ring').fd;
      const ring = new RingReader(ringFd, this.#ringBytes);
      undo.push(() => ring.close());
      const { memory, unmap } = mapMemory(object.map('shared_map').fd, 0, 4096, true);
      undo.push(unmap);
      const shared = new Uint32Array(memory, 0, 8);
      // Unlike those of any earlier life of this process, and below 2^53: seconds, then room for a million each.
      const firstId = Math.floor(Date.now() / 1000) * 2 ** 20;
      shared[SHARED.nextId] = firstId >>> 0;
      shared[SHARED.nextId + 1] = Math.floor(firstId / 2 ** 32);
      this.#syncClock(true);
      for (const program of ['on_sys_enter', 'on_sys_exit', 'on_set_state']) object.attach(program);
      if (ioUring) object.attach('on_io_uring');
      const poll = koffi.node.poll(ringFd, { readable: true }, () => this.#turn());
      poll.unref();
      return {
        object,
        ring,
        shared,
        unmapShared: unmap,
        watches: object.map('watches'),
        losses: object.map('losses'),
        socks: object.map('socks'),
        poll,
      };
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
  }

  #detachIfIdle(): void {
    const attached = this.#attached;
    if (!attached || this.#taps.size > 0) return;
    this.#attached = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    attached.poll.stop();
    attached.poll.close();
    attached.object.detachAll();
    attached.ring.close();
    attached.unmapShared();
    attached.object.close();
  }

  /** Tells the kernel program to think again about every cgroup. */
  #watchesChanged(leaving?: Tap): void {
    const { shared } = this.#attached!;
    let levels = 0;
    for (const tap of this.#taps.values()) {
      if (tap.descendants && tap !== leaving) levels |= 1 << tap.cgroup.level;
    }
    shared[SHARED.levels] = levels;
    Atomics.add(shared, SHARED.generation, 1);
  }

  #schedule(milliseconds: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#interval = milliseconds;
    this.#timer = setTimeout(() => this.#turn(), milliseconds);
    this.#timer.unref();
  }

  #turn(): void {
    if (!this.#attached) return;
    const taken = this.#drain();
    for (const tap of this.#taps.values()) {
      const before = tap.writer.trouble;
      tap.writer.flush();
      if (tap.writer.trouble !== null && before === null) {
        this.#logger.error({ folder: tap.folder }, `segments cannot be written: ${tap.writer.trouble}`);
      }
    }
    const now = performance.now();
    if (now - this.#lastSweep > SWEEP_MS) {
      this.#lastSweep = now;
      this.#syncClock(false);
      this.#sweepEnds();
    }
    if (taken >= BATCH) this.#schedule(0);
    else this.#schedule(taken > 0 ? FASTEST_MS : Math.min(this.#interval * 2 || FASTEST_MS, SLOWEST_MS));
  }

  /** Takes a batch off the ring; returns its bytes. */
  #drain(): number {
    const { ring, shared } = this.#attached!;
    shared[SHARED.woken] = 0;
    return ring.drain((memory, start, size) => this.#take(memory, start, size), BATCH);
  }

  /** Until everything that was in the ring at the time of the call is out. */
  async #drainAll(): Promise<void> {
    const target = this.#attached?.ring.produced ?? 0;
    // A record that the kernel has not finished yet is finished within microseconds.
    for (let turns = 0; this.#attached && this.#attached.ring.consumed < target && turns < 10_000; turns++) {
      this.#drain();
      await nextTurn();
    }
  }

  #take(memory: Buffer, start: number, size: number): void {
    const tap = this.#taps.get(memory.readUInt32LE(start + AT.tap));
    if (!tap || size < HEAD) return;
    const length = memory.readUInt32LE(start + AT.length);
    const type = memory[start + AT.type]!;
    const time = Math.round(readU64(memory, start + AT.time) / 1000 + this.#clock);
    tap.events++;
    if (type === RECORD.open) {
      tap.connections++;
      if (memory[start + HEAD + 1] === SEEN.use)
        return this.#takeEarlier(tap, memory.subarray(start, start + size), time);
    } else if (type === RECORD.data || type === RECORD.packet || type === RECORD.stdio) {
      tap.bytes += length;
    }
    tap.writer.append(memory, start, HEAD + length, time);
  }

  /** The first sight of a socket that is in use already: which end of it is this? */
  #takeEarlier(tap: Tap, record: Buffer, time: number): void {
    const copy = Buffer.from(record);
    if (copy[HEAD] === KIND.tcp) {
      const listens = this.#listeners.has(copy.readUInt32LE(AT.pid), copy.readUInt16LE(HEAD + 4));
      copy[HEAD + 1] = listens ? SEEN.earlierInbound : SEEN.earlierOutbound;
    } else if (copy[HEAD] === KIND.unix) {
      // The accepting end has the listener's name, the connecting end mostly none.
      const named = copy.readUInt32LE(HEAD + 40) > 0;
      copy[HEAD + 1] = named ? SEEN.earlierInbound : SEEN.earlierOutbound;
    }
    tap.writer.append(copy, 0, copy.length, time);
  }

  #writePosition(tap: Tap, conn: Conn, type: number): void {
    const record = Buffer.alloc(HEAD + POSITION);
    record.writeUInt32LE(SYNC, AT.sync);
    record.writeUInt32LE(POSITION, AT.length);
    record[AT.type] = type;
    record.writeUInt32LE(conn.pid, AT.pid);
    writeU64(record, conn.id, AT.connection);
    writeU64(record, conn.in, HEAD);
    writeU64(record, conn.out, HEAD + 8);
    writeU64(record, conn.lost, HEAD + 16);
    tap.writer.append(record, 0, record.length, Math.round(wallMicros()));
  }

  #sweep(visit: (key: Buffer, conn: Conn) => void): void {
    const socks = this.#attached?.socks;
    if (!socks) return;
    for (const key of socks.keys(8)) {
      const value = socks.get(key, CONN_SIZE);
      if (value) visit(key, readConn(value));
    }
  }

  /**
   * Ends that the kernel program could not report: the ring was full, or a process ended with datagram or unix sockets
   * open, for which there is no hook.
   */
  #sweepEnds(): void {
    const attached = this.#attached;
    if (!attached) return;
    this.#sweep((key, conn) => {
      const tap = this.#taps.get(conn.tap);
      const gone = conn.closed === 0 && conn.kind !== KIND.tcp && !isAlive(conn.pid);
      const unreported = conn.closed === 2;
      const stale = conn.closed === 1 && !isAlive(conn.pid);
      if (tap && conn.kind !== 0 && (gone || unreported)) this.#writePosition(tap, conn, RECORD.close);
      if (!tap || gone || unreported || stale) attached.socks.delete(key);
    });
  }

  /** Follows steps of the wall clock; between them times of one machine stay in order. */
  #syncClock(force: boolean): void {
    const now = wallMicros() - Number(process.hrtime.bigint()) / 1000;
    if (force || Math.abs(now - this.#clock) > CLOCK_STEP_MICROS) this.#clock = now;
  }
}

/** Value of the map `socks`: `struct conn` of agent/event.h. */
interface Conn {
  id: number;
  in: number;
  out: number;
  lost: number;
  tap: number;
  pid: number;
  kind: number;
  closed: number;
}

function readConn(value: Buffer): Conn {
  return {
    id: readU64(value, 0),
    in: readU64(value, 16),
    out: readU64(value, 24),
    lost: readU64(value, 32),
    tap: value.readUInt32LE(40),
    pid: value.readUInt32LE(44),
    kind: value[48]!,
    closed: value[49]!,
  };
}

/** A ring's size, a power of two: 64 MiB, which lasts for a tenth of a second at the most a machine moves, less on a small one. */
export function ringBytesFor(memoryBytes: number): number {
  const share = 2 ** Math.floor(Math.log2(memoryBytes / RING_SHARE));
  return Math.min(MAX_RING_BYTES, Math.max(MIN_RING_BYTES, share));
}

/** Opens and loads the tap's object; the program for io_uring only where the kernel has its tracepoint. */
export function loadTap(ringBytes: number): { object: BpfObject; ioUring: boolean } {
  try {
    return { object: openTap(ringBytes, true), ioUring: true };
  } catch {
    return { object: openTap(ringBytes, false), ioUring: false };
  }
}

function openTap(ringBytes: number, ioUring: boolean): BpfObject {
  const object = new BpfObject('tap', join(OBJECTS, 'tap.bpf.o'));
  try {
    object.setMaxEntries('ring', ringBytes);
    object.setMaxEntries('scratches', possibleCpus());
    object.setAutoload('on_io_uring', ioUring);
    object.load();
    return object;
  } catch (error) {
    object.close();
    throw error;
  }
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function u64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(value);
  return buffer;
}
