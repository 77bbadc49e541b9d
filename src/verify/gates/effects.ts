import { canonicalJson, isObject, type Json } from '../../lib/json.ts';
import { callAct, callForm } from '../../replay/call-class.ts';
import type { Call } from '../../replay/plan.ts';
import { writesOf, type Write } from '../behaviour.ts';
import { recordedCalls } from '../calls.ts';
import { failingCalls, siblingsOf, type Case } from '../case.ts';
import { holds, rejects, unsure, type Gate } from '../facts.ts';
import { callsDuring, statusOf, type Observed } from '../observe.ts';
import { leftoverIn, nullsOf } from '../sense.ts';
import { usableNeighbours } from './neighbours.ts';
import type { Exchange } from '../../protocol/port.ts';
import { protocolOf } from '../../protocol/registry.ts';

const GATE = 'effects';

/**
 * Neighbours write what they wrote; the failing request writes nothing that its siblings never write, drops no write, and does not write
 * what it is refused.
 */
export const effects: Gate = ({ at, baseline, failing, neighbours }) => {
  if (!failing || !neighbours) return null;
  for (const exchange of usableNeighbours(baseline)) {
    const changed = firstDifference(
      writesOf(at, callsDuring(baseline.runs![0], exchange.id)),
      writesOf(at, callsDuring(neighbours, exchange.id)),
    );
    if (changed) return rejects(GATE, `${exchange.summary} ${changed}`);
  }
  const dropped = droppedWrites(at, failing);
  if (dropped.length > 0) {
    return rejects(
      GATE,
      `the patched request no longer makes a write that it made before it failed: ${dropped[0]!.summary}`,
    );
  }
  const siblings = siblingsOf(at);
  const writes = writesOf(at, failingCalls(at, failing));
  // What the request itself wrote before it failed is usual as well.
  const usual = writesOfRequests(at, [...siblings, at.failing]);
  const unusual = writes.find((write) => !usual.acts.has(callAct(write.protocol, write.canonical)));
  if (unusual) {
    return siblings.length === 0
      ? unsure(
          GATE,
          `the patched request writes (${unusual.summary}), and no recorded sibling shows whether it should`,
        )
      : rejects(GATE, `the patched request makes a write that its siblings never make: ${unusual.summary}`);
  }
  for (const { protocol, canonical, summary } of writes) {
    const { form, values } = callForm(protocol, canonical);
    const alike = usual.byForm.get(form) ?? [];
    const leftover = leftoverIn(values, alike);
    if (leftover !== null)
      return rejects(
        GATE,
        `the patched request writes what is left of a missing value: ${summary}: ${leftover}`,
      );
    if (alike.length === 0)
      return unsure(
        GATE,
        `the patched request writes where its siblings write, and not as they do: ${summary}`,
      );
    const [empty] = nullsOf(values, alike);
    if (empty !== undefined)
      return unsure(
        GATE,
        `the patched request writes NULL where its siblings never do: ${summary}: ${empty}`,
      );
    const word = strangeWord(values, alike);
    if (word !== null)
      return unsure(
        GATE,
        `the patched request writes ${word.own} where its siblings always write ${word.theirs}: ${summary}`,
      );
  }
  const status = statusOf(failing.responses.get(at.failing.id)?.response);
  if (status !== null && status >= 400) {
    const refusals = writesOfRequests(at, siblings.filter(isRefusal)).byForm;
    const refusedOnly = writes.find(
      ({ protocol, canonical }) => !refusals.has(callForm(protocol, canonical).form),
    );
    if (refusedOnly)
      return unsure(
        GATE,
        `the patched request is answered ${status} and writes all the same (${refusedOnly.summary}), which no recorded refusal of its route does`,
      );
  }
  return holds(
    GATE,
    'the same writes for the neighbours, and none for the failing request that its siblings never make',
  );
};

function firstDifference(before: readonly Write[], after: readonly Write[]): string | null {
  const key = (write: Write): string => `${write.destination} ${canonicalJson(write.canonical)}`;
  const left = after.map(key);
  for (const write of before) {
    const at = left.indexOf(key(write));
    if (at === -1) return `no longer writes: ${write.summary}`;
    left.splice(at, 1);
  }
  if (left.length === 0) return null;
  const extra = after.find((write) => left.includes(key(write)))!;
  return `makes another write: ${extra.summary}`;
}

/** Writes of the unpatched failing runs that the patched one does not make. */
function droppedWrites(at: Case, failing: Observed): Write[] {
  const now = writesOf(at, failingCalls(at, failing)).map((write) => canonicalJson(write.canonical));
  const recorded = new Map(at.slice.exchanges.map((exchange) => [exchange.id, exchange.response]));
  // What the server refused has changed nothing.
  const refused = ({ exchange }: Call): boolean => {
    const response = exchange === null ? null : recorded.get(exchange);
    return isObject(response) && isObject(response['error']);
  };
  const before = failingCalls(at, at.unpatched[0]!).filter((call) => !refused(call));
  return writesOf(at, before).filter((write) => {
    const found = now.indexOf(canonicalJson(write.canonical));
    if (found !== -1) now.splice(found, 1);
    return found === -1;
  });
}

interface Writes {
  /** What they do to what, see `callAct`. */
  acts: ReadonlySet<string>;
  /** Their values by the form of the call. */
  byForm: ReadonlyMap<string, Json[]>;
}

/** What these requests were recorded to write. */
function writesOfRequests(at: Case, requests: readonly Exchange[]): Writes {
  const calls = new Set(requests.flatMap(({ id }) => recordedCalls(at.slice, id)));
  const acts = new Set<string>();
  const byForm = new Map<string, Json[]>();
  for (const exchange of calls) {
    const protocol = protocolOf(exchange.protocol);
    if (protocol.writes(exchange.request) === false) continue;
    const canonical = protocol.canonical(exchange.request);
    acts.add(callAct(exchange.protocol, canonical));
    const { form, values } = callForm(exchange.protocol, canonical);
    byForm.set(form, [...(byForm.get(form) ?? []), values]);
  }
  return { acts, byForm };
}

/** A text in a statement that several siblings all wrote otherwise, and alike: a word of the code, and no value of a request. */
function strangeWord(values: Json, alike: readonly Json[]): { own: string; theirs: string } | null {
  const own = literalsOf(values);
  const [first = [], ...others] = alike.map(literalsOf);
  if (others.length === 0) return null;
  const at = own.findIndex(
    (word, i) =>
      isWord(word) &&
      isWord(first[i]) &&
      word !== first[i] &&
      others.every((literals) => literals[i] === first[i]),
  );
  return at === -1 ? null : { own: JSON.stringify(own[at]), theirs: JSON.stringify(first[at]) };
}

function literalsOf(values: Json): readonly Json[] {
  return isObject(values) && Array.isArray(values['literals']) ? values['literals'] : [];
}

function isWord(value: Json | undefined): boolean {
  return typeof value === 'string' && !/^-?\d/.test(value);
}

function isRefusal(exchange: Exchange): boolean {
  const status = statusOf(exchange.response) ?? 0;
  return status >= 400 && status < 500;
}
