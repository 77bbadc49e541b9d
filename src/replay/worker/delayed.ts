import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/**
 * A socket whose writes and whose end can be held back, so that an answer takes as long as it took when it was recorded. Order is kept:
 * what is written behind something held waits as well.
 */
export function delayed(socket: Socket): { stream: Duplex; hold: (ms: number) => void } {
  let releaseAt = 0;
  const afterHold = (work: () => void): void => {
    const wait = releaseAt - performance.now();
    if (wait <= 0 || socket.destroyed) return work();
    const timer = setTimeout(() => (socket.off('close', early), work()), wait);
    const early = (): void => (clearTimeout(timer), work());
    socket.once('close', early);
  };
  const stream = new Duplex({
    read() {
      socket.resume();
    },
    write(chunk: Buffer, _encoding, done) {
      afterHold(() => socket.write(chunk, done));
    },
    final(done) {
      afterHold(() => socket.end(done));
    },
    destroy(error, done) {
      afterHold(() => (socket.destroy(), done(error)));
    },
  });
  socket.on('data', (chunk) => {
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('close', () => stream.destroy());
  socket.on('error', () => stream.destroy());
  stream.on('error', () => {}); // what cannot be written any more has nobody to read it
  return { stream, hold: (ms) => (releaseAt = Math.max(releaseAt, performance.now() + ms)) };
}
