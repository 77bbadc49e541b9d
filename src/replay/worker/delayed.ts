import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/**
 * A socket whose writes can be held back, so that an answer takes as long as it took when it was recorded. Order is kept:
 * what is written behind something held waits as well.
 */
export function delayed(socket: Socket): { stream: Duplex; hold: (ms: number) => void } {
  let releaseAt = 0;
  const stream = new Duplex({
    read() {
      socket.resume();
    },
    write(chunk: Buffer, _encoding, done) {
      const wait = releaseAt - performance.now();
      if (wait <= 0) socket.write(chunk, done);
      else setTimeout(() => socket.write(chunk, done), wait);
    },
    final(done) {
      socket.end(done);
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => {
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('close', () => stream.destroy());
  socket.on('error', () => stream.destroy());
  return { stream, hold: (ms) => (releaseAt = Math.max(releaseAt, performance.now() + ms)) };
}
