import { canonicalJson, type Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import { protocolOf } from '../protocol/registry.ts';
import { callAct } from '../replay/call-class.ts';
import type { Call } from '../replay/plan.ts';
import type { Slice } from '../record/model.ts';
import { once, recordedCalls } from './calls.ts';
import { failingCalls, siblingsOf, type Case } from './case.ts';
import type { Behaviour } from './evidence.ts';
import { bodyOf, statusOf } from './observe.ts';
import { oddities } from './shape.ts';

/** The calls that a candidate makes for the failing request, in order. */
export type Way = readonly Step[];

export interface Step {
  /** What is done to what, whatever the words: `SELECT orders`. */
  kind: string;
  /** The call itself, as text. */
  key: string;
  /** It was answered from state that the recording proves. */
  rebuilt: boolean;
}

export function wayOf(calls: readonly Call[]): Way {
  return calls.map(({ protocol, canonical, match }) => ({
    kind: callAct(protocol, canonical),
    key: callKey(protocol, canonical),
    rebuilt: match === 'rebuilt',
  }));
}

export function callKey(protocol: string, canonical: Json): string {
  return `${protocol} ${canonicalJson(canonical)}`;
}

/**
 * The sibling whose way a candidate goes to its end, from where the recording broke off: it makes all calls that the request made before
 * it failed, then those with which a sibling that was answered well went on, and answers as that one was answered. Undefined: none, or
 * it asks nothing beyond what was recorded.
 */
export function goesTheWayOf(
  at: Case,
  way: Way,
  { status, body }: Pick<Behaviour, 'status' | 'body'>,
): Exchange | undefined {
  const before = recordedWay(at, at.failing);
  const kinds = withoutChatter(
    at,
    before,
    way.map(({ kind }) => kind),
  );
  if (before.some((kind, i) => kinds[i] !== kind)) return undefined;
  const rest = kinds.slice(before.length);
  if (rest.length === 0 && !way.some(({ rebuilt }) => rebuilt)) return undefined;
  return siblingsOf(at).find((sibling) => {
    const theirs = recordedWay(at, sibling);
    const end = rest.length === 0 ? theirs : theirs.slice(-rest.length);
    return (
      sibling.complete &&
      status !== null &&
      status < 400 &&
      statusOf(sibling.response) === status &&
      oddities(body, [bodyOf(sibling.response)]).length === 0 &&
      isSame(end, rest.length === 0 ? kinds : rest)
    );
  });
}

/** Without what the unpatched app asks in replay too and did not ask in production: a driver asks for types on each new connection. */
function withoutChatter(at: Case, before: readonly string[], kinds: readonly string[]): string[] {
  const [unpatched] = at.unpatched;
  const chatter = unpatched ? wayOf(failingCalls(at, unpatched)).map(({ kind }) => kind) : [];
  for (const kind of before) take(chatter, kind);
  return kinds.filter((kind) => !take(chatter, kind));
}

/** Takes one out; false where there is none. */
function take(kinds: string[], kind: string): boolean {
  const at = kinds.indexOf(kind);
  if (at !== -1) kinds.splice(at, 1);
  return at !== -1;
}

function recordedWay({ slice }: Case, { id }: Exchange): readonly string[] {
  return waysIn(slice)(id);
}

const waysIn = once((slice: Slice) => {
  const known = new Map<string, readonly string[]>();
  return (request: string): readonly string[] => {
    const way =
      known.get(request) ??
      recordedCalls(slice, request)
        .filter((call) => !protocolOf(call.protocol).housekeeping(call.request))
        .map((call) => callAct(call.protocol, protocolOf(call.protocol).canonical(call.request)));
    known.set(request, way);
    return way;
  };
});

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
