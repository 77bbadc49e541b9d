/** Thrown by a reader on bytes that are not of its protocol; decoders turn it into `failed`. */
export class Nonsense extends Error {}

/** Thrown by a reader that can no longer tell what belongs to what, as after lost bytes: decoding starts afresh. */
export class LostTrack extends Error {}

/**
 * A parser written as straight code over bytes that come in pieces: it yields when it needs more, and returns what it
 * read. Nothing is parsed twice, however small the pieces are.
 */
export type Reading<T> = Generator<undefined, T, undefined>;

/** One direction of a connection: bytes that were not read yet, with the times at which they came. */
export class Source {
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** Bytes of this direction before the first one held. */
  #offset = 0;
  /** Pieces by the offset of their end; neighbours of one time are one piece. */
  #marks: { end: number; at: number }[] = [];
  #ended = false;
  #lastTime = 0;
  /** Bytes left of a piece of known length that is being read by `bulk`. */
  #left = 0;
  #lostInside = 0;

  get length(): number {
    return this.#end - this.#start;
  }
  get offset(): number {
    return this.#offset;
  }
  get ended(): boolean {
    return this.#ended;
  }
  /** When the last byte came that was read. */
  get lastTime(): number {
    return this.#lastTime;
  }

  append(bytes: Uint8Array, at: number): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
    const last = this.#marks.at(-1);
    const end = this.#offset + this.length;
    if (last !== undefined && last.at === at) last.end = end;
    else this.#marks.push({ end, at });
  }

  end(): void {
    this.#ended = true;
  }

  /** Forgets what was not read. */
  clear(): void {
    this.skip(this.length);
    this.#left = 0;
    this.#lostInside = 0;
  }

  /** Counts bytes that are not looked at. */
  discard(count: number): void {
    this.clear();
    this.#offset += count;
  }

  /**
   * Steps over lost bytes if they lie inside a piece of known length (`bulk`), so that what follows is still framed.
   * False if they do not.
   */
  stepOver(lost: number): boolean {
    if (this.length > 0 || lost > this.#left) return false;
    this.#left -= lost;
    this.#lostInside += lost;
    this.#offset += lost;
    return true;
  }

  /** What is held, without copying. Valid until the next append. */
  view(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** The time at which the byte at `index` of the view came. */
  timeAt(index: number): number {
    const offset = this.#offset + index;
    let [low, high] = [0, this.#marks.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#marks[middle]!.end > offset) high = middle;
      else low = middle + 1;
    }
    return this.#marks[low]?.at ?? 0;
  }

  skip(count: number): void {
    if (count === 0) return;
    this.#lastTime = this.timeAt(count - 1);
    this.#start += count;
    this.#offset += count;
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      // A big buffer is not kept for the sake of one big message.
      if (this.#buffer.length > 1024 * 1024) this.#buffer = Buffer.alloc(0);
    }
    let gone = 0;
    while (gone < this.#marks.length - 1 && this.#marks[gone]!.end <= this.#offset) gone++;
    if (gone > 0) this.#marks.splice(0, gone);
  }

  /** Waits for more bytes. False: there will be none. */
  *more(): Reading<boolean> {
    const before = this.length;
    while (this.length === before) {
      if (this.#ended) return false;
      yield;
    }
    return true;
  }

  /** Waits until `count` bytes are held; false if the end comes first. Only for small counts: memory grows by it. */
  *need(count: number): Reading<boolean> {
    while (this.length < count) {
      if (this.#ended) return false;
      yield;
    }
    return true;
  }

  /** The next `count` bytes as a copy, or undefined at the end. Only for small counts. */
  *take(count: number): Reading<Buffer | undefined> {
    if (!(yield* this.need(count))) return undefined;
    const bytes = Buffer.from(this.view().subarray(0, count));
    this.skip(count);
    return bytes;
  }

  /** The next line without its CRLF or LF, ISO 8859-1; undefined at the end. Longer than `limit` is nonsense. */
  *line(limit: number): Reading<string | undefined> {
    let scanned = 0;
    for (;;) {
      const held = this.view();
      const at = held.indexOf(10, scanned);
      if (at > limit || (at === -1 && held.length > limit))
        throw new Nonsense(`a line longer than ${limit} bytes`);
      if (at !== -1) {
        const text = held.toString('latin1', 0, at > 0 && held[at - 1] === 13 ? at - 1 : at);
        this.skip(at + 1);
        return text;
      }
      scanned = this.length;
      if (!(yield* this.more())) return undefined;
    }
  }

  /**
   * Reads `count` bytes (or, with Infinity, all until the end), of which the first `keep` are kept. Memory grows with
   * what really came, never by `count`. Lost bytes inside are stepped over and counted.
   */
  *bulk(count: number, keep: number): Reading<Bulk> {
    let bytes: Buffer = Buffer.alloc(0);
    let kept = 0;
    let endedAt = 0;
    let cut = false;
    this.#left = count;
    this.#lostInside = 0;
    while (this.#left > 0) {
      if (this.length === 0) {
        if (this.#ended) break;
        yield;
        continue;
      }
      const size = Math.min(this.length, this.#left);
      const room = Math.min(size, keep - kept);
      if (room > 0) {
        bytes = grown(bytes, kept, kept + room, Math.min(count, keep));
        this.view().copy(bytes, kept, 0, room);
        kept += room;
      }
      if (room < size) cut = true;
      this.#left -= size;
      this.skip(size);
      endedAt = this.#lastTime;
    }
    const missing = Number.isFinite(count) ? this.#left : 0;
    const lost = this.#lostInside;
    this.#left = 0;
    this.#lostInside = 0;
    return { bytes: bytes.subarray(0, kept), lost, missing, cut, endedAt };
  }

  #reserve(extra: number): void {
    if (this.#end + extra <= this.#buffer.length) return;
    const held = this.length;
    if (held + extra <= this.#buffer.length && this.#start >= this.#buffer.length / 2) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    } else {
      const bigger = Buffer.allocUnsafe(Math.max(4096, (held + extra) * 2));
      this.#buffer.copy(bigger, 0, this.#start, this.#end);
      this.#buffer = bigger;
    }
    this.#start = 0;
    this.#end = held;
  }
}

export interface Bulk {
  /** The first bytes, at most as many as were to be kept. */
  bytes: Buffer;
  /** Bytes inside that were lost. */
  lost: number;
  /** Bytes that did not come before the end. */
  missing: number;
  /** More came than was to be kept. */
  cut: boolean;
  /** When the last byte came; 0 if none did. */
  endedAt: number;
}

/** `buffer` with room for `size` bytes, of which the first `used` are kept; it doubles, but never beyond `limit`. */
function grown(buffer: Buffer, used: number, size: number, limit: number): Buffer {
  if (buffer.length >= size) return buffer;
  const bigger = Buffer.allocUnsafe(Math.max(size, Math.min(size * 2, limit)));
  buffer.copy(bigger, 0, 0, used);
  return bigger;
}
