import type { Duplex } from 'node:stream';
import { Source, type Reading } from './source.ts';

const LINGER_MS = 1000;
/** Bytes taken in while nobody reads. */
const MAX_KEPT = 1024 * 1024;

/**
 * A socket read with `Reading`s, for mock servers and clients: bytes are taken from it only while somebody reads, so
 * that a sender who floods is held back. An error of the socket counts as its end.
 */
export class Peer {
  readonly #socket: Duplex;
  readonly #source = new Source();
  #wake: (() => void) | null = null;
  #closed = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    const stop = (): void => {
      this.#source.end();
      this.#closed = true;
      this.#wake?.();
    };
    socket.on('readable', () => this.#wake?.());
    socket.on('end', () => {
      this.#source.end();
      this.#wake?.();
    });
    socket.on('error', stop);
    socket.on('close', stop);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether bytes are there that nobody has read yet. */
  get hasInput(): boolean {
    return this.#source.length > 0 || this.#socket.readableLength > 0;
  }

  async read<T>(reading: (source: Source) => Reading<T>): Promise<T> {
    const running = reading(this.#source);
    for (;;) {
      const step = running.next();
      if (step.done === true) return step.value;
      const chunk = this.#closed ? null : (this.#socket.read() as Buffer | null);
      if (chunk !== null) this.#source.append(chunk, Date.now() * 1000);
      else if (!this.#source.ended) await this.#readable();
    }
  }

  /** Resolves when the bytes may be forgotten; bytes for a socket that is closed are dropped. */
  async write(bytes: Uint8Array | string): Promise<void> {
    if (this.#closed || this.#socket.writableEnded) return;
    if (this.#socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done);
        this.#socket.off('close', done);
        resolve();
      };
      this.#socket.on('drain', done);
      this.#socket.on('close', done);
    });
  }

  /** Waits for `ms` (Infinity: for ever) without reading. False: the connection ended first. */
  async idle(ms: number): Promise<boolean> {
    if (this.#closed) return false;
    return new Promise<boolean>((resolve) => {
      const timer = Number.isFinite(ms) ? setTimeout(() => done(true), ms) : undefined;
      const onEnd = (): void => done(false);
      // Input that nobody takes would hide the end behind it; it is kept for later.
      const onReadable = (): void => {
        while (this.#source.length < MAX_KEPT) {
          const chunk = this.#socket.read() as Buffer | null;
          if (chunk === null) return;
          this.#source.append(chunk, Date.now() * 1000);
        }
      };
      const done = (over: boolean): void => {
        clearTimeout(timer);
        this.#socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
        resolve(over);
      };
      this.#socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
      onReadable();
      if (this.#source.ended) done(false);
    });
  }

  /**
   * Sends what was written, ends our direction, and resolves when the connection is over: when the other end has ended, too,
   * or after a second. What still comes is read over, because input left unread would turn the end into a reset, which can
   * overtake the last bytes sent.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    const over = this.#source.ended ? Promise.resolve() : this.read(toTheEnd);
    await new Promise<void>((resolve) => {
      this.#socket.end(() => resolve());
      this.#socket.on('close', () => resolve());
    });
    await over;
    clearTimeout(timer);
    this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #readable(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = null;
  }
}

function* toTheEnd(source: Source): Reading<void> {
  yield* source.bulk(Infinity, 0);
}
