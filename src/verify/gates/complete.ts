import { holds, unsure, type Gate } from '../facts.ts';

/** No bytes of what was used were lost or cut when it was recorded. */
export const complete: Gate = ({ at }) => {
  const ids = new Set([
    ...(at.slice.callsOf[at.failing.id] ?? []),
    ...[...at.prefix, ...at.together].flatMap(({ id }) => [id, ...(at.slice.callsOf[id] ?? [])]),
  ]);
  const cut = at.slice.exchanges.find(
    (exchange) => ids.has(exchange.id) && !exchange.complete && exchange.response !== null,
  );
  if (cut)
    return unsure(
      'complete',
      `${cut.summary} is incomplete in the recording: ${cut.incomplete ?? 'bytes were lost'}`,
    );
  if (at.slice.lostBytes > 0)
    return unsure('complete', `${at.slice.lostBytes} bytes of the slice were lost at recording`);
  const undecoded = Object.entries(at.slice.undecoded)[0];
  if (undecoded)
    return unsure(
      'complete',
      `the app speaks to ${undecoded[0]} in a way that is not understood: ${undecoded[1]}`,
    );
  return holds('complete', 'no byte of the slice was lost');
};
