import type { Exchange } from '../protocol/port.ts';
import type { Slice } from '../record/model.ts';

/** Of an object that does not change: worked out once, and forgotten with it. */
export function once<K extends object, V>(work: (of: K) => V): (of: K) => V {
  const known = new WeakMap<K, { value: V }>();
  return (of) => {
    const found = known.get(of) ?? { value: work(of) };
    known.set(of, found);
    return found.value;
  };
}

const byRequest = once(({ exchanges, callsOf }: Slice): ReadonlyMap<string, readonly Exchange[]> => {
  const byId = new Map(exchanges.map((exchange) => [exchange.id, exchange]));
  return new Map(
    Object.entries(callsOf).map(([request, ids]) => [
      request,
      [...new Set(ids)].flatMap((id) => byId.get(id) ?? []).toSorted((a, b) => a.startedAt - b.startedAt),
    ]),
  );
});

/** The outgoing calls that were recorded for a request, in the order of their beginnings. */
export function recordedCalls(slice: Slice, request: string): readonly Exchange[] {
  return byRequest(slice).get(request) ?? [];
}
