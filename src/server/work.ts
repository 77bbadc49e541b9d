import { VouchError } from '../lib/errors.ts';

/** Long work that is under way, so that it is bounded, done once at a time per subject, and ended with the server. */
export interface Works {
  /** Throws `conflict` when the subject is worked on already, `unavailable` when too much is under way. */
  run<T>(subject: string, asked: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Stops everything, and waits for its end, at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const MAX_AT_ONCE = 8;

export function createWorks(): Works {
  const running = new Map<string, Promise<unknown>>();
  const ending = new AbortController();
  return {
    async run(subject, asked, work) {
      if (ending.signal.aborted) throw new VouchError('unavailable', 'the server is stopping');
      if (running.has(subject)) {
        throw new VouchError('conflict', `${subject}: is being worked on`, {
          hint: 'wait until that is done',
        });
      }
      if (running.size >= MAX_AT_ONCE) {
        throw new VouchError('unavailable', `${running.size} pieces of work are under way`, {
          hint: 'try again later',
        });
      }
      const promise = work(AbortSignal.any([asked, ending.signal]));
      running.set(subject, promise);
      try {
        return await promise;
      } finally {
        running.delete(subject);
      }
    },
    async stop(graceMs) {
      ending.abort(new VouchError('unavailable', 'the server is stopping'));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
      await Promise.race([Promise.allSettled(running.values()), late]);
      clearTimeout(timer);
    },
  };
}
