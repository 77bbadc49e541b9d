/**
 * Load for the benchmarks, as a process of its own: `bench-load.ts PORT PATH SECONDS CONNECTIONS [RATE]`. Keeps the
 * connections open and sends GETs one after another on each, without a RATE as fast as they are answered, with one
 * spread evenly. Prints JSON: requests a second and latencies in microseconds. A request that had to wait because its
 * connection was still busy counts from when it was due, so a stall is not hidden by the requests it held back.
 */
import { connect, type Socket } from 'node:net';

const [port, path, seconds, connections, rate] = process.argv.slice(2);
const HEAD_END = Buffer.from('\r\n\r\n');
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
const latencies: number[] = [];
let errors = 0;

/** Bytes of the response at the beginning of `buffer`, or 0 when it is not whole. Responses have a Content-Length. */
function responseSize(buffer: Buffer): number {
  const end = buffer.indexOf(HEAD_END);
  if (end === -1) return 0;
  const length = /content-length: *(\d+)/i.exec(buffer.toString('latin1', 0, end))?.[1];
  const size = end + 4 + Number(length ?? 0);
  return buffer.length >= size ? size : 0;
}

function client(intervalMs: number, firstMs: number, endMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(port), '127.0.0.1');
    socket.setNoDelay(true);
    let due = firstMs;
    let since = 0;
    let buffer: Buffer = Buffer.alloc(0);
    const send = (): void => {
      const now = performance.now();
      if (now >= endMs) return void socket.end();
      if (now < due) return void setTimeout(send, due - now);
      // Timers come up to a millisecond late; that is this program's, not the app's.
      since = intervalMs > 0 && now - due > 2 ? due : now;
      due += intervalMs;
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
      const size = responseSize(buffer);
      if (size === 0) return;
      buffer = buffer.subarray(size);
      latencies.push((performance.now() - since) * 1000);
      send();
    });
    socket.on('error', () => errors++);
    socket.on('close', () => resolve());
  });
}

const width = Number(connections);
const interval = rate === undefined ? 0 : (width * 1000) / Number(rate);
const start = performance.now();
const end = start + Number(seconds) * 1000;
await Promise.all(
  Array.from({ length: width }, (_, i) => client(interval, start + (interval * i) / width, end)),
);
const took = (performance.now() - start) / 1000;
latencies.sort((a, b) => a - b);
const at = (share: number): number => Math.round(latencies[Math.floor((latencies.length - 1) * share)] ?? 0);
console.log(
  JSON.stringify({ perSecond: Math.round(latencies.length / took), p50: at(0.5), p99: at(0.99), errors }),
);
