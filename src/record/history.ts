import type { Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import { protocolOf } from '../protocol/registry.ts';
import { destinationKey, type RecordedExchanges } from './exchanges.ts';
import type { Slice } from './model.ts';

/** JSON bytes and number of the exchanges that are kept for what they say of state. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_EXCHANGES = 10_000;
/** Of the bytes, for what came after the error. */
const AFTER_SHARE = 0.25;

/**
 * Everything that the app said to servers that keep state, around a moment and without a gap: a write that was left out would make a
 * proof of nothing. Goes back from the moment, and forward, as far as there is room. Null where no such server was asked.
 */
export function historyAround(
  {
    exchanges,
    connections,
    facts,
    undecoded,
  }: Pick<RecordedExchanges, 'exchanges' | 'connections' | 'facts' | 'undecoded'>,
  moment: number,
): Slice['history'] {
  const stateful = exchanges
    .filter(
      ({ direction, protocol }) => direction === 'outbound' && protocolOf(protocol).rebuild !== undefined,
    )
    .toSorted((a, b) => a.startedAt - b.startedAt);
  if (stateful.length === 0) return null;
  const unsure: Record<string, string> = {};
  const known: Record<string, Json> = {};
  for (const { destination, connection } of stateful) {
    const key = destinationKey(destination);
    const lost = connections[connection]?.lostBytes ?? 0;
    if (facts[key] !== undefined) known[key] = facts[key];
    if (undecoded[key] !== undefined) unsure[key] = `a connection to it could not be read: ${undecoded[key]}`;
    else if (lost > 0) unsure[key] = `${lost} bytes of a connection to it were lost`;
  }
  const sure = stateful.filter(({ destination }) => unsure[destinationKey(destination)] === undefined);
  const middle = sure.findIndex(({ startedAt }) => startedAt > moment);
  const [before, after] = middle === -1 ? [sure, []] : [sure.slice(0, middle), sure.slice(middle)];
  const earlier = within(before.toReversed(), MAX_BYTES * (1 - AFTER_SHARE)).toReversed();
  const later = within(after, MAX_BYTES * AFTER_SHARE);
  return {
    from: earlier[0]?.startedAt ?? moment,
    exchanges: [...earlier, ...later],
    facts: known,
    unsure,
  };
}

function within(exchanges: readonly Exchange[], bytes: number): Exchange[] {
  const kept: Exchange[] = [];
  let size = 0;
  for (const exchange of exchanges.slice(0, MAX_EXCHANGES)) {
    size += JSON.stringify(exchange).length;
    if (size > bytes) break;
    kept.push(exchange);
  }
  return kept;
}
