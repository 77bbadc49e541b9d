/**
 * Load for the benchmarks: a process of its own that is forked once and does one run after another, so that it is as warm
 * in the first measured run as in the last. It shares the machine with what it measures, so it is made cheap: connections
 * stay open, requests are made of bytes beforehand, latencies go into a histogram.
 *
 * With a rate the load is open: a request is due at even intervals, by a clock of the kernel's (libuv's own timers are a
 * millisecond coarse), whatever became of those before it. One that finds no free connection waits, and counts from when
 * it was due. Without a rate, every connection sends as soon as it has been answered.
 */
import { readSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import koffi from 'koffi';
import { Histogram } from './bench-histogram.ts';
import { orderSchema, type Load, type Order } from './bench-order.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
/** The first moments of a run are not measured: what was switched just now settles. */
const SETTLE_MS = 300;
const LAST_ANSWERS_MS = 5000;
const MAX_WAITING = 10_000;

interface Connection {
  socket: Socket;
  /** What is expected of the request under way, and since when it is due; null when it is free. */
  asked: { status: number; since: number } | null;
  rest: Buffer | null;
}

/** Status and bytes of the response that `buffer` begins with, or null when it is not whole. It has a Content-Length. */
function responseAt(buffer: Buffer): { status: number; size: number } | null {
  const end = buffer.indexOf(HEAD_END);
  if (end === -1) return null;
  const head = buffer.toString('latin1', 0, end);
  const size = end + 4 + Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  return buffer.length < size ? null : { status: Number(head.slice(9, 12)), size };
}

/** Calls `tick` with how many intervals have passed since the last call. Returns the end of it. */
function everyNanos(nanos: number, tick: (times: number) => void): () => void {
  const libc = koffi.load('libc.so.6');
  const create = libc.func('int timerfd_create(int clock, int flags)');
  const set = libc.func('int timerfd_settime(int fd, int flags, const int64_t *value, void *old)');
  const close = libc.func('int close(int fd)');
  const fd = Number(create(1 /* CLOCK_MONOTONIC */, 0o4000 /* TFD_NONBLOCK */));
  const [seconds, rest] = [BigInt(Math.floor(nanos / 1e9)), BigInt(Math.round(nanos % 1e9))];
  if (fd < 0 || Number(set(fd, 0, new BigInt64Array([seconds, rest, seconds, rest]), null)) !== 0)
    throw new Error(`no timer of ${nanos} ns: errno ${koffi.errno()}`);
  const expired = Buffer.alloc(8);
  const poll = koffi.node.poll(fd, { readable: true }, () => {
    readSync(fd, expired, 0, 8, null);
    tick(expired.readUInt32LE(0));
  });
  return () => {
    poll.stop();
    poll.close();
    close(fd);
  };
}

class Run {
  readonly #order: Order;
  readonly #bytes: Buffer[];
  readonly #histogram = new Histogram();
  readonly #free: Connection[] = [];
  /** Times at which requests were due that found no free connection. */
  readonly #waiting: number[] = [];
  #next = 0;
  #answered = 0;
  #failed = 0;
  #under = 0;
  #settled = 0;
  #over = false;
  #lastAnswer: (() => void) | null = null;

  constructor(order: Order) {
    this.#order = order;
    this.#bytes = order.requests.map(({ text }) => Buffer.from(text, 'utf8'));
  }

  async measure(): Promise<Load> {
    const { connections, seconds, rate } = this.#order;
    const all = await Promise.all(Array.from({ length: connections }, () => this.#connect()));
    const start = performance.now();
    this.#settled = start + SETTLE_MS;
    this.#free.push(...all);
    let stop = (): void => {};
    if (rate === null)
      for (const connection of this.#free.splice(0)) this.#send(connection, performance.now());
    else stop = everyNanos(1e9 / rate, (times) => this.#due(times));
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS + seconds * 1000));
    stop();
    this.#over = true;
    const took = (performance.now() - start) / 1000;
    const answered = this.#answered;
    await this.#lastAnswers();
    for (const { socket } of all) socket.destroy();
    return {
      perSecond: answered / took,
      p50: this.#histogram.quantile(0.5),
      p99: this.#histogram.quantile(0.99),
      measured: this.#histogram.total,
      answered: this.#answered,
      failed: this.#failed + this.#under + this.#waiting.length,
    };
  }

  #connect(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#order.port, '127.0.0.1');
      const connection: Connection = { socket, asked: null, rest: null };
      socket.setNoDelay(true);
      socket.once('connect', () => resolve(connection));
      socket.on('error', reject);
      socket.on('data', (chunk) => this.#data(connection, chunk));
      socket.on('close', () => {
        if (connection.asked) this.#finish(connection, 0);
      });
    });
  }

  #due(times: number): void {
    const now = performance.now();
    for (let i = 0; i < times; i++) {
      const connection = this.#free.pop();
      if (connection) this.#send(connection, now);
      else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(now);
      else this.#failed++;
    }
  }

  #send(connection: Connection, since: number): void {
    const turn = this.#next++ % this.#bytes.length;
    connection.asked = { status: this.#order.requests[turn]!.status, since };
    this.#under++;
    connection.socket.write(this.#bytes[turn]!);
  }

  #data(connection: Connection, chunk: Buffer): void {
    const buffer = connection.rest ? Buffer.concat([connection.rest, chunk]) : chunk;
    const response = responseAt(buffer);
    connection.rest = response ? null : buffer;
    if (response) this.#finish(connection, response.status);
  }

  #finish(connection: Connection, status: number): void {
    const { asked } = connection;
    if (!asked) return void this.#failed++; // it said something that nobody had asked for
    connection.asked = null;
    const now = performance.now();
    this.#under--;
    this.#answered++;
    if (status !== asked.status) this.#failed++;
    if (!this.#over && asked.since >= this.#settled) this.#histogram.add((now - asked.since) * 1000);
    if (this.#under === 0) this.#lastAnswer?.();
    if (status === 0) return; // the connection is gone
    const since = this.#waiting.shift();
    if (since !== undefined) this.#send(connection, since);
    else if (this.#order.rate !== null || this.#over) this.#free.push(connection);
    else this.#send(connection, now);
  }

  async #lastAnswers(): Promise<void> {
    if (this.#under === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LAST_ANSWERS_MS);
      this.#lastAnswer = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

process.on('message', (message) => {
  void new Run(orderSchema.parse(message)).measure().then((load) => process.send?.(load));
});
