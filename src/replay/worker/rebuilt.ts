import type { Json } from '../../lib/json.ts';
import type { Told } from '../../protocol/port.ts';
import type { Matched } from '../matching.ts';
import type { FromWorker, Happened } from '../plan.ts';

/** Tells the host what a rebuilt server has to know, and asks it what the recording does not answer. */
export interface HostState {
  /** Whether calls to this destination are of interest there. */
  knows(destination: string): boolean;
  /** After a call was matched: its answer, which the host may give where the recording has none. */
  settle(destination: string, connection: string, matched: Matched): Matched | Promise<Matched>;
  session(destination: string, connection: string, during: string | null, request: Json): void;
  told(number: number, told: Told): void;
}

export function createHostState(
  destinations: readonly string[],
  say: (message: FromWorker) => void,
): HostState {
  const known = new Set(destinations);
  const waiting = new Map<number, (told: Told) => void>();
  let count = 0;
  const happened = (event: Omit<Happened, 'type' | 'number'>): number => {
    const number = count++;
    say({ type: 'happened', number, ...event });
    return number;
  };
  return {
    knows: (destination) => known.has(destination),
    settle(destination, connection, matched) {
      const { call, answer } = matched;
      // What an app asks at its start is of no request, and of no moment.
      if (!known.has(destination) || call.during === null) return matched;
      const { request, exchange, during } = call;
      const event = { destination, connection, during, request, exchange };
      if (answer.found) {
        if (answer.response !== null) happened({ what: 'answered', ...event });
        return matched;
      }
      const number = happened({ what: 'asked', ...event });
      return new Promise<Told>((resolve) => waiting.set(number, resolve)).then((told) =>
        withTold(matched, told),
      );
    },
    session(destination, connection, during, request) {
      if (known.has(destination) && during !== null)
        happened({ what: 'session', destination, connection, during, request, exchange: null });
    },
    told(number, told) {
      waiting.get(number)?.(told);
      waiting.delete(number);
    },
  };
}

function withTold(matched: Matched, told: Told): Matched {
  const { call } = matched;
  if (!told.dared) {
    return {
      ...matched,
      call: { ...call, unknown: told.reason },
      answer: { found: false, reason: `${call.summary} was never recorded; ${told.reason}` },
    };
  }
  return {
    call: {
      ...call,
      match: 'rebuilt',
      nearest: null,
      assumptions: told.assumptions,
      ...(told.anyOrder === true ? { anyOrder: true } : {}),
    },
    answer: { found: true, response: told.response },
    latencyUs: 0,
  };
}
