import { createServer } from 'node:net';
import { VouchError, systemCode } from '../lib/errors.ts';

// Below the range that Linux takes outgoing connections' ports from, so that none of those is in the way.
const FIRST = 20_000;
const COUNT = 12_000;

export interface PortPool {
  /** A port that nobody listens on, and that is not handed out again before `release`. */
  reserve(): Promise<number>;
  release(port: number): void;
}

export function createPortPool(start: number = Math.floor(Math.random() * COUNT)): PortPool {
  const taken = new Set<number>();
  let next = start;
  return {
    async reserve() {
      for (let tries = 0; tries < COUNT; tries++) {
        const port = FIRST + (next++ % COUNT);
        if (taken.has(port)) continue;
        taken.add(port);
        if (await isFree(port)) return port;
        taken.delete(port);
      }
      throw new VouchError('unavailable', `no free port between ${FIRST} and ${FIRST + COUNT - 1}`);
    },
    release(port) {
      taken.delete(port);
    },
  };
}

/** Free on every address: the wildcard cannot be bound while somebody listens on one of them. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (systemCode(error) === 'EADDRINUSE' || systemCode(error) === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
