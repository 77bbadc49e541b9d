/** What pages are told as it happens; they ask the API for the rest. Sent as server-sent events named `change`. */
export interface Change {
  topic: 'app' | 'deployment' | 'incident' | 'proposal' | 'decision' | 'review' | 'progress';
  /** Of what changed; for `progress` of what is worked on: an app's name, an incident's or a recording's id. */
  id: string;
  app: string | null;
  /** For people: a line of a build, a step of a fix. */
  text: string | null;
}

export interface Events {
  publish(change: Change): void;
  /** Each subscriber has a queue of its own; one that does not keep up is ended. */
  subscribe(signal: AbortSignal): AsyncIterable<Change>;
}

const MAX_SUBSCRIBERS = 200;
const MAX_QUEUED = 1000;

/** Hands changes to the pages that are open. Nothing is kept for those that are not. */
export function createEvents(): Events {
  const subscribers = new Set<(change: Change) => void>();
  return {
    publish(change) {
      for (const deliver of subscribers) deliver(change);
    },
    async *subscribe(signal) {
      if (subscribers.size >= MAX_SUBSCRIBERS) return;
      const queue: Change[] = [];
      let wake = (): void => {};
      let slow = false;
      const deliver = (change: Change): void => {
        if (queue.length >= MAX_QUEUED) slow = true;
        else queue.push(change);
        wake();
      };
      const stop = (): void => wake();
      subscribers.add(deliver);
      signal.addEventListener('abort', stop, { once: true });
      try {
        while (!signal.aborted && !slow) {
          const next = queue.shift();
          if (next) yield next;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        subscribers.delete(deliver);
        signal.removeEventListener('abort', stop);
      }
    },
  };
}
