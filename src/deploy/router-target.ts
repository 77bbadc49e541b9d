import { Agent } from 'node:http';

/** One deployment behind the router: its port, its idle connections, and how many requests it is busy with. */
export interface Target {
  readonly deployment: string;
  readonly port: number;
  readonly agent: Agent;
  readonly inFlight: number;
  /** Counts a request in; call what it returns once when it is over, however. `abort` is for `close`. */
  enter(abort: () => void): () => void;
  /** Resolves when nothing is in flight any more, or after `ms`; true if all ended by themselves. */
  drain(ms: number): Promise<boolean>;
  /** Breaks off what is still in flight and closes the idle connections. */
  close(): void;
}

export function createTarget(deployment: string, port: number, onClose: () => void): Target {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 128, scheduling: 'lifo' });
  const aborts = new Set<() => void>();
  const waiting = new Set<() => void>();
  return {
    deployment,
    port,
    agent,
    get inFlight() {
      return aborts.size;
    },
    enter(abort) {
      const mine = (): void => abort();
      aborts.add(mine);
      return () => {
        if (aborts.delete(mine) && aborts.size === 0) for (const done of waiting) done();
      };
    },
    async drain(ms) {
      if (aborts.size === 0) return true;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const done = (): void => resolve(true);
      waiting.add(done);
      const timer = setTimeout(() => resolve(false), ms);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(done);
      }
    },
    close() {
      for (const abort of aborts) abort();
      agent.destroy();
      onClose();
    },
  };
}
