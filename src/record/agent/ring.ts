import { mapMemory } from './libbpf.ts';

const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const HEADER = 8;
const PAGE = 4096;

/**
 * The reading end of a BPF ring buffer, mapped (linux/kernel/bpf/ringbuf.c): the consumer's position in one page, the
 * producer's in the next, then the data. No call is made for a record: its header is loaded atomically, its bytes are
 * read in place. The kernel offers the data twice in a row, so that every record is in one piece, but all of a mapping
 * counts as resident at once; so it is mapped once, and the one record that goes over the end is put together.
 */
export class RingReader {
  readonly #size: number;
  readonly #mask: number;
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #unmap: (() => void)[];
  #joined: Buffer = Buffer.alloc(0);
  #position: number;

  constructor(fd: number, size: number) {
    this.#size = size;
    this.#mask = size - 1;
    const consumer = mapMemory(fd, 0, PAGE, true);
    const producer = mapMemory(fd, PAGE, PAGE + size, false);
    this.#unmap = [consumer.unmap, producer.unmap];
    this.#consumer = new BigInt64Array(consumer.memory, 0, 1);
    this.#producer = new BigInt64Array(producer.memory, 0, 1);
    this.#words = new Int32Array(producer.memory, PAGE, size / 4);
    this.#bytes = Buffer.from(producer.memory, PAGE, size);
    this.#position = Number(Atomics.load(this.#consumer, 0));
  }

  /** Everything before this has been handed out. */
  get consumed(): number {
    return this.#position;
  }

  /** How far the kernel has got. */
  get produced(): number {
    return Number(Atomics.load(this.#producer, 0));
  }

  /**
   * Hands out what is there, at most about `maxBytes`. `onRecord` gets memory and a record's place in it, valid during
   * the call only. Returns the bytes taken off the ring; less than there are when a record is not finished.
   */
  drain(onRecord: (memory: Buffer, start: number, size: number) => void, maxBytes: number): number {
    const begin = this.#position;
    let end = this.produced;
    while (this.#position < end && this.#position - begin < maxBytes) {
      const at = this.#position & this.#mask;
      const header = Atomics.load(this.#words, at >>> 2);
      if (header & BUSY) break;
      const size = header & ~(BUSY | DISCARDED);
      if (!(header & DISCARDED)) {
        if (at + HEADER + size <= this.#size) onRecord(this.#bytes, at + HEADER, size);
        else onRecord(this.#join(at + HEADER, size), 0, size);
      }
      this.#position += (HEADER + size + 7) & ~7;
      // Room is given back in steps, so that the kernel can go on while a long batch is read.
      if ((this.#position ^ begin) & (256 * 1024)) Atomics.store(this.#consumer, 0, BigInt(this.#position));
      if (this.#position === end) end = this.produced;
    }
    Atomics.store(this.#consumer, 0, BigInt(this.#position));
    return this.#position - begin;
  }

  /** A record that begins at `start`, goes to the end of the ring and on from its beginning. */
  #join(start: number, size: number): Buffer {
    if (this.#joined.length < size) this.#joined = Buffer.alloc(size);
    const first = this.#bytes.copy(this.#joined, 0, start, this.#size);
    this.#bytes.copy(this.#joined, first, 0, size - first);
    return this.#joined;
  }

  /** How full it is, 0 … 1. */
  get fullness(): number {
    return (this.produced - this.#position) / this.#size;
  }

  close(): void {
    for (const unmap of this.#unmap.splice(0)) unmap();
  }
}
