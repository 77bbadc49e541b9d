import type { Call } from '../plan.ts';

/** What a run keeps of its calls. An app that loops makes them without end. */
const MAX_CALLS = 20_000;
const MAX_BYTES = 64 * 1024 * 1024;

export interface CallLog {
  add(call: Call): void;
  readonly calls: Call[];
  /** Calls that found no room. */
  readonly more: number;
}

export function createCallLog(maxCalls = MAX_CALLS, maxBytes = MAX_BYTES): CallLog {
  const calls: Call[] = [];
  let bytes = 0;
  let more = 0;
  return {
    add(call) {
      const size = calls.length < maxCalls ? JSON.stringify(call).length : 0;
      if (calls.length >= maxCalls || bytes + size > maxBytes) {
        more++;
        return;
      }
      bytes += size;
      calls.push(call);
    },
    calls,
    get more() {
      return more;
    },
  };
}
