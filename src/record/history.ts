import type { Exchange } from '../protocol/port.ts';
import { protocolOf } from '../protocol/registry.ts';
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
export function historyAround(exchanges: readonly Exchange[], moment: number): Slice['history'] {
  const stateful = exchanges
    .filter(
      ({ direction, protocol }) => direction === 'outbound' && protocolOf(protocol).rebuild !== undefined,
    )
    .toSorted((a, b) => a.startedAt - b.startedAt);
  if (stateful.length === 0) return null;
  const middle = stateful.findIndex(({ startedAt }) => startedAt > moment);
  const [before, after] =
    middle === -1 ? [stateful, []] : [stateful.slice(0, middle), stateful.slice(middle)];
  const earlier = within(before.toReversed(), MAX_BYTES * (1 - AFTER_SHARE)).toReversed();
  const later = within(after, MAX_BYTES * AFTER_SHARE);
  return { from: earlier[0]?.startedAt ?? moment, exchanges: [...earlier, ...later] };
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
