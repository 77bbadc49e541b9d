import { VouchError } from '../lib/errors.ts';

/** One change to an app at a time: pushes, merges, rollbacks and new environments take turns, in order of arrival. */
export interface Turns {
  /**
   * Waits for the app's turn and returns the function that ends it. Throws `conflict` after `waitMs`, or at once when
   * `maxWaiting` wait already. `onWait` is called once if there is something to wait for.
   */
  take(
    app: string,
    purpose: string,
    options?: { waitMs?: number; onWait?: (ahead: string) => void },
  ): Promise<() => void>;
}

export function createTurns(waitMs: number, maxWaiting = 4): Turns {
  const queues = new Map<string, { purpose: string; begin: () => void }[]>();
  return {
    async take(app, purpose, options = {}) {
      const queue = queues.get(app) ?? [];
      queues.set(app, queue);
      if (queue.length > maxWaiting) throw busy(app, queue[0]!.purpose, 'and others wait already');
      const { promise, resolve } = Promise.withResolvers<void>();
      const mine = { purpose, begin: resolve };
      queue.push(mine);
      const leave = (): void => {
        const at = queue.indexOf(mine);
        if (at === -1) return;
        queue.splice(at, 1);
        if (queue.length === 0) queues.delete(app);
        else if (at === 0) queue[0]!.begin();
      };
      if (queue[0] === mine) return leave;
      options.onWait?.(queue[0]!.purpose);
      const limit = options.waitMs ?? waitMs;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const ahead = queue[0]!.purpose;
          leave();
          reject(busy(app, ahead, `and has not ended within ${Math.round(limit / 1000)} s`));
        }, limit);
      });
      try {
        await Promise.race([promise, late]);
      } finally {
        clearTimeout(timer);
      }
      return leave;
    },
  };
}

function busy(app: string, ahead: string, how: string): VouchError {
  return new VouchError('conflict', `${app} is being changed by ${ahead}, ${how}`, {
    hint: 'try again when it is done',
  });
}
