import { canonicalJson, isObject, parseJson, type Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import { protocolOf } from '../protocol/registry.ts';
import { callForm, callSubjects, type CallForm } from '../replay/call-class.ts';
import { once, recordedCalls } from './calls.ts';
import { sameRequest, type Case } from './case.ts';
import type { Behaviour } from './evidence.ts';
import { inboundOf } from './neighbours.ts';
import { bodyOf, statusOf } from './observe.ts';
import { routesOf } from './routes.ts';
import { leftoverIn, nullsOf } from './sense.ts';
import { oddities, sameShape } from './shape.ts';
import { callKey } from './ways.ts';

/** What the recording says the answer should look like, and why. */
export interface Precedent {
  status: number;
  /** With the request's own values replaced, so that `no cart 17` and `no cart 4` are one text. */
  body: Json;
  why: string;
  /** The call of the failing request whose outcome it hangs on (see `callKey`); null: on none. */
  premise: string | null;
}

/**
 * What the recording says about how such a request is answered, strongest first: the very same request was answered well at another time; a
 * request in which the same call had the same outcome was answered on purpose; one of the same route in which a call of the same protocol had; one
 * that was not well-formed in the same way. Precedents of one rank that disagree say nothing, and neither does what is weaker.
 */
export const precedentOf: (at: Case) => Precedent | null = once((at) => {
  for (const precedents of ranksOfPrecedents(at)) {
    const [first, ...others] = precedents;
    if (!first) continue;
    return others.every((other) => same(other, first)) ? first : null;
  }
  return null;
});

/**
 * What the failing request itself was answered, if that was no failure: the error came afterwards, or was kept from the client. It may have
 * been wrong all the same, so nothing is proved by answering it again; but a patch that answers something else has to say why.
 */
export function answerBefore(at: Case): Precedent | null {
  const status = statusOf(at.failing.response);
  if (!deliberate(at.failing) || status === null || status >= 500) return null;
  return precedent(at.failing, `the request was answered ${status} when it was recorded`);
}

/** Whether a behaviour is what the precedent says: the same status and text. Of a success, values may differ. */
export function follows(
  at: Case,
  behaviour: Pick<Behaviour, 'status' | 'body'>,
  precedent: Precedent,
): boolean {
  if (behaviour.status !== precedent.status) return false;
  if (precedent.status < 400) return sameShape(behaviour.body, precedent.body);
  return canonicalJson(withoutInputs(at.failing, behaviour.body)) === canonicalJson(precedent.body);
}

function same(a: Precedent, b: Precedent): boolean {
  if (a.status !== b.status) return false;
  return a.status < 400 ? sameShape(a.body, b.body) : canonicalJson(a.body) === canonicalJson(b.body);
}

function* ranksOfPrecedents(at: Case): Generator<Precedent[]> {
  const others = inboundOf(at.slice).filter(
    (exchange) => exchange.id !== at.failing.id && deliberate(exchange),
  );
  const routes = routesOf(at.slice);
  const isSibling = (exchange: Exchange): boolean => routes.of(exchange) === routes.of(at.failing);
  // What the app keeps in memory is not seen: where earlier requests are needed for the failure, the world was not the same.
  if (at.prefix.length === 0) {
    yield sameRequest(at)
      .filter((exchange) => (statusOf(exchange.response) ?? 500) < 400 && sameWorld(at, exchange))
      .map((exchange) =>
        precedent(exchange, `the same request was answered ${statusOf(exchange.response)} at another time`),
      );
  }

  const outcomes = outcomesOf(at, at.failing).filter((outcome) => !asksForNothing(at, outcome));
  const met = others.map((exchange) => ({ exchange, outcomes: outcomesOf(at, exchange) }));
  const because = (exchange: Exchange, { kind, protocol }: Outcome): string =>
    `${routes.of(exchange)} answers ${statusOf(exchange.response)} when ${protocol} ${kind === 'empty' ? 'finds nothing' : 'answers with an error'}`;
  for (const telling of outcomes) {
    const same = met.filter((one) =>
      one.outcomes.some((outcome) => outcome.form === telling.form && outcome.kind === telling.kind),
    );
    // An outcome after which others went on well (an empty cache, say) is not what the answer hangs on.
    if (same.every(({ exchange }) => isRefusal(exchange)))
      yield same.map(({ exchange }) => precedent(exchange, because(exchange, telling), telling.key));
  }
  for (const telling of outcomes) {
    const same = met.filter(
      (one) =>
        isSibling(one.exchange) &&
        one.outcomes.some(
          (outcome) => outcome.protocol === telling.protocol && outcome.kind === telling.kind,
        ),
    );
    if (same.every(({ exchange }) => isRefusal(exchange)))
      yield same.map(({ exchange }) => precedent(exchange, because(exchange, telling), telling.key));
  }

  // The same thing was asked for in another way, and was not there either.
  for (const telling of outcomes) {
    const same = met.filter((one) =>
      one.outcomes.some(
        (outcome) =>
          outcome.kind === telling.kind &&
          outcome.subjects.some((subject) => telling.subjects.includes(subject)),
      ),
    );
    if (same.every(({ exchange }) => isRefusal(exchange)))
      yield same.map(({ exchange }) => precedent(exchange, because(exchange, telling), telling.key));
  }

  const odd = oddRequest(at, at.failing);
  const refused = others
    .filter(isRefusal)
    .map((exchange) => ({ exchange, odd: oddRequest(at, exchange) }))
    .filter((one) => one.odd.some((oddity) => odd.includes(oddity)));
  const toOdd = (exchange: Exchange): string =>
    `${routes.of(exchange)} answers ${statusOf(exchange.response)} to a request that is odd in the same way`;
  for (const nearer of [refused.filter(({ exchange }) => isSibling(exchange)), refused]) {
    yield nearer.map(({ exchange }) => precedent(exchange, toOdd(exchange)));
  }
}

/** Whether the calls of the failing request were answered alike for another one: what it was told then, it could have been told. */
function sameWorld(at: Case, other: Exchange): boolean {
  const answersOf = (inbound: Exchange): Map<string, string> => {
    const calls = recordedCalls(at.slice, inbound.id).filter(({ response }) => response !== null);
    return new Map(
      calls.map((call) => {
        const protocol = protocolOf(call.protocol);
        return [
          canonicalJson(protocol.canonical(call.request)),
          canonicalJson(protocol.comparable(call.response!)),
        ];
      }),
    );
  };
  const theirs = answersOf(other);
  return [...answersOf(at.failing)].every(
    ([request, answer]) => theirs.get(request) === undefined || theirs.get(request) === answer,
  );
}

function precedent(exchange: Exchange, why: string, premise: string | null = null): Precedent {
  const status = statusOf(exchange.response)!;
  const body = bodyOf(exchange.response);
  return { status, body: status < 400 ? body : withoutInputs(exchange, body), why, premise };
}

/** The values that a request brings: of its query, its body, and the later parts of its path. */
export function inputsOf(exchange: Exchange): Set<string> {
  const canonical = protocolOf(exchange.protocol).canonical(exchange.request);
  if (!isObject(canonical)) return new Set();
  const found = [
    ...leaves(canonical['query'] ?? null),
    ...leaves(canonical['body'] ?? null),
    ...pathParts(canonical['path']),
  ];
  return new Set(found.filter((input) => input !== ''));
}

/** A body in whose texts the values that the request brought are replaced. */
function withoutInputs(exchange: Exchange, body: Json): Json {
  const longest = [...inputsOf(exchange)].sort((a, b) => b.length - a.length);
  const replace = (value: Json): Json => {
    if (typeof value === 'string')
      return longest.reduce(
        (text, input) =>
          input.length > 2 || text === input ? text.replaceAll(input, '…') : asWord(text, input),
        value,
      );
    if (typeof value === 'number') return longest.includes(String(value)) ? '…' : value;
    if (Array.isArray(value)) return value.map(replace);
    if (isObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replace(member)]));
    return value;
  };
  return replace(body);
}

function asWord(text: string, word: string): string {
  return text
    .split(/(\W+)/)
    .map((part) => (part === word ? '…' : part))
    .join('');
}

function leaves(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(leaves);
  if (isObject(value)) return Object.values(value).flatMap(leaves);
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : [];
}

/** The last parts of a path are values; what names the resource is left alone. */
function pathParts(path: Json | undefined): string[] {
  if (typeof path !== 'string') return [];
  const parts = path.split('/').filter((part) => part !== '');
  return parts.slice(1).map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
}

/** Answered on purpose: by the app, not by its failing. */
function deliberate(exchange: Exchange): boolean {
  const status = statusOf(exchange.response);
  return exchange.complete && status !== null && status !== 500;
}

function isRefusal(exchange: Exchange): boolean {
  const status = statusOf(exchange.response) ?? 0;
  return status >= 400 && status < 500;
}

interface Outcome extends CallForm {
  /** What the call is about. */
  subjects: string[];
  kind: 'empty' | 'error';
  protocol: string;
  key: string;
}

/**
 * Whether a call asked for a missing value, which no other call of its kind did. That it found nothing is then the failure's doing and
 * says nothing of what is there.
 */
function asksForNothing(at: Case, outcome: Outcome): boolean {
  const own = new Set(at.slice.callsOf[at.failing.id]);
  const others = at.slice.exchanges
    .filter(({ id, direction }) => direction === 'outbound' && !own.has(id))
    .map(({ protocol, request }) => callForm(protocol, protocolOf(protocol).canonical(request)))
    .filter(({ form }) => form === outcome.form)
    .map(({ values }) => values);
  return (
    nullsOf(outcome.values, others).length > 0 ||
    (others.length > 0 && leftoverIn(outcome.values, others) !== null)
  );
}

/** The calls of a request that found nothing or failed, in order. */
function outcomesOf(at: Case, inbound: Exchange): Outcome[] {
  return recordedCalls(at.slice, inbound.id).flatMap((call) => {
    const protocol = protocolOf(call.protocol);
    const kind = protocol.housekeeping(call.request) ? null : outcomeOf(call);
    if (kind === null) return [];
    const canonical = protocol.canonical(call.request);
    return [
      {
        kind,
        protocol: call.protocol,
        ...callForm(call.protocol, canonical),
        key: callKey(call.protocol, canonical),
        subjects: callSubjects(call.protocol, canonical),
      },
    ];
  });
}

/** Whether a call found nothing, or failed: by its answer as data, whatever the protocol. */
function outcomeOf(call: Exchange): Outcome['kind'] | null {
  const { response } = call;
  if (response === null) return 'error';
  if (protocolOf(call.protocol).ofConnection?.(response)) return null;
  if (!isObject(response)) return null;
  if (isObject(response['error'])) return 'error';
  if (typeof response['tag'] === 'string' && /^(?:UPDATE|DELETE) 0$/.test(response['tag'])) return 'empty';
  if (Array.isArray(response['rows'])) {
    const reads = protocolOf(call.protocol).writes(call.request) === false;
    return reads && response['rows'].every(isBlank) ? 'empty' : null;
  }
  const status = statusOf(response);
  if (status !== null)
    return status === 404 ? 'empty' : status >= 400 ? 'error' : emptyJson(response) ? 'empty' : null;
  return 'reply' in response ? outcomeOfReply(call.request, response['reply'] ?? null) : null;
}

/** A row in which there is nothing: the sum or the maximum of no rows. */
function isBlank(row: Json): boolean {
  return Array.isArray(row) && row.every((cell) => cell === null);
}

/** Commands whose 0 says that there was nothing. */
const NOTHING_AT_0 = /^(?:DEL|UNLINK|EXISTS|HDEL|HEXISTS|SREM|ZREM|LREM|SISMEMBER|EXPIRE|PERSIST)$/;

/** Of Redis: null, an empty list or map, 0 where that says "none", or an error. */
function outcomeOfReply(request: Json, reply: Json): Outcome['kind'] | null {
  if (reply === null || (Array.isArray(reply) && reply.every((item) => item === null))) return 'empty';
  if (!isObject(reply)) return null;
  if ('error' in reply) return 'error';
  if (reply['integer'] === 0)
    return isObject(request) && NOTHING_AT_0.test(text(request['command'])) ? 'empty' : null;
  const items = reply['map'] ?? reply['set'];
  return 'nullArray' in reply || (Array.isArray(items) && items.length === 0) ? 'empty' : null;
}

function emptyJson(response: { [key: string]: Json }): boolean {
  const body = response['body'];
  const value = isObject(body) && typeof body['text'] === 'string' ? parseJson(body['text']) : undefined;
  return value === null || (Array.isArray(value) && value.length === 0);
}

/** In what a request differs from all requests of its route that were answered well. Text that reads as a number counts as one. */
function oddRequest(at: Case, inbound: Exchange): string[] {
  const good = inboundOf(at.slice).filter(
    (exchange) =>
      exchange.id !== inbound.id &&
      routesOf(at.slice).of(exchange) === routesOf(at.slice).of(inbound) &&
      (statusOf(exchange.response) ?? 500) < 400,
  );
  if (good.length === 0) return [];
  const http = protocolOf(inbound.protocol);
  const asked = (exchange: Exchange): Json => {
    const canonical = http.canonical(exchange.request);
    return isObject(canonical)
      ? { query: numbersOf(canonical['query'] ?? null), body: canonical['body'] ?? null }
      : null;
  };
  return oddities(asked(inbound), good.map(asked));
}

function numbersOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(numbersOf);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, numbersOf(member)]));
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
