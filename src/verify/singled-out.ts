import { canonicalJson, isObject, parseJson, type Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import { protocolOf } from '../protocol/registry.ts';
import { callClass } from '../replay/call-class.ts';
import { sameRequest, type Case } from './case.ts';
import type { Behaviour } from './evidence.ts';
import { inboundOf, routeOf, sameRoute } from './neighbours.ts';
import { bodyOf, statusOf } from './observe.ts';
import { oddities, sameShape } from './shape.ts';

/** What the recording says the answer should look like, and why. */
export interface Precedent {
  status: number;
  body: Json;
  why: string;
}

/**
 * Looks in the recording for what singles one behaviour out. In this order: the very same request was answered well at another time; a
 * request that met the same outcome of the same call (then: of such a call) was answered on purpose; a request that was odd in the same
 * way was. Precedents of one rank must agree, or they say nothing.
 */
export function singledOut(
  at: Case,
  behaviours: readonly Behaviour[],
): { index: number; why: string } | null {
  for (const precedents of ranksOfPrecedents(at)) {
    if (precedents.length === 0) continue;
    const [first, ...others] = precedents as [Precedent, ...Precedent[]];
    if (others.some((other) => other.status !== first.status || !sameShape(other.body, first.body)))
      return null;
    const fits = behaviours.map(
      (behaviour) => behaviour.status === first.status && sameShape(behaviour.body, first.body),
    );
    const equal = behaviours.map(
      (behaviour, i) =>
        fits[i]! && precedents.some(({ body }) => canonicalJson(body) === canonicalJson(behaviour.body)),
    );
    const chosen = only(equal) ?? only(fits);
    if (chosen !== null) return { index: chosen, why: first.why };
    return null; // the strongest evidence there is does not tell them apart: weaker evidence may not
  }
  return null;
}

function only(flags: readonly boolean[]): number | null {
  const index = flags.indexOf(true);
  return index !== -1 && flags.lastIndexOf(true) === index ? index : null;
}

function* ranksOfPrecedents(at: Case): Generator<Precedent[]> {
  yield sameRequest(at)
    .filter((exchange) => (statusOf(exchange.response) ?? 500) < 400)
    .map((exchange) =>
      precedent(exchange, `the same request was answered ${statusOf(exchange.response)} at another time`),
    );

  const telling = tellingOutcome(at, at.failing);
  if (telling) {
    const met = inboundOf(at.slice)
      .filter((exchange) => exchange.id !== at.failing.id && deliberate(exchange))
      .map((exchange) => ({ exchange, outcome: tellingOutcome(at, exchange) }))
      .filter(({ outcome }) => outcome?.kind === telling.kind);
    const because = (exchange: Exchange): string =>
      `${routeOf(exchange)} answers ${statusOf(exchange.response)} when ${telling.kind === 'empty' ? `${telling.protocol} finds nothing` : `${telling.protocol} answers with an error`}`;
    for (const nearer of [
      met.filter(({ outcome }) => outcome!.class === telling.class),
      met.filter(
        ({ exchange, outcome }) => sameRoute(exchange, at.failing) && outcome!.protocol === telling.protocol,
      ),
      met.filter(({ outcome }) => outcome!.protocol === telling.protocol),
    ]) {
      yield nearer.map(({ exchange }) => precedent(exchange, because(exchange)));
    }
    return;
  }

  const odd = oddRequest(at, at.failing);
  if (odd === null) return;
  const refused = inboundOf(at.slice).filter(
    (exchange) =>
      exchange.id !== at.failing.id &&
      deliberate(exchange) &&
      isRefusal(exchange) &&
      oddRequest(at, exchange) !== null,
  );
  const because = (exchange: Exchange): string =>
    `${routeOf(exchange)} answers ${statusOf(exchange.response)} to a request that is not well-formed`;
  for (const nearer of [refused.filter((exchange) => sameRoute(exchange, at.failing)), refused]) {
    yield nearer.map((exchange) => precedent(exchange, because(exchange)));
  }
}

function precedent(exchange: Exchange, why: string): Precedent {
  return { status: statusOf(exchange.response)!, body: bodyOf(exchange.response), why };
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

interface Outcome {
  kind: 'empty' | 'error';
  protocol: string;
  class: string;
}

/** The last call of a request that found nothing or failed, if nothing that found something came after it. */
function tellingOutcome(at: Case, inbound: Exchange): Outcome | null {
  const byId = new Map(at.slice.exchanges.map((exchange) => [exchange.id, exchange]));
  const calls = (at.slice.callsOf[inbound.id] ?? [])
    .map((id) => byId.get(id))
    .filter((call): call is Exchange => call !== undefined)
    .filter(
      (call) =>
        protocolOf(call.protocol).writes(call.request) === false &&
        !protocolOf(call.protocol).housekeeping(call.request),
    );
  const last = calls.findLast((call) => outcomeOf(call) !== null);
  if (!last) return null;
  return {
    kind: outcomeOf(last)!,
    protocol: last.protocol,
    class: callClass(last.protocol, protocolOf(last.protocol).canonical(last.request)),
  };
}

/** Whether a call found nothing, or failed: by its answer as data, whatever the protocol. */
export function outcomeOf(call: Exchange): Outcome['kind'] | null {
  const { response } = call;
  if (response === null) return 'error';
  if (!isObject(response)) return null;
  if (isObject(response['error'])) return 'error';
  if (Array.isArray(response['rows'])) return response['rows'].length === 0 ? 'empty' : null;
  const status = statusOf(response);
  if (status !== null)
    return status === 404 ? 'empty' : status >= 400 ? 'error' : emptyJson(response) ? 'empty' : null;
  const value = 'value' in response ? response['value'] : response;
  if (value === null || (isObject(value) && value['type'] === 'null')) return 'empty';
  return null;
}

function emptyJson(response: { [key: string]: Json }): boolean {
  const body = response['body'];
  const value = isObject(body) && typeof body['text'] === 'string' ? parseJson(body['text']) : undefined;
  return value === null || (Array.isArray(value) && value.length === 0);
}

/** In what a request differs from all requests of its route that were answered well; null if in nothing. */
function oddRequest(at: Case, inbound: Exchange): string[] | null {
  const good = inboundOf(at.slice).filter(
    (exchange) =>
      exchange.id !== inbound.id &&
      sameRoute(exchange, inbound) &&
      (statusOf(exchange.response) ?? 500) < 400,
  );
  if (good.length === 0) return null;
  const http = protocolOf(inbound.protocol);
  const asked = (exchange: Exchange): Json => {
    const canonical = http.canonical(exchange.request);
    return isObject(canonical)
      ? { query: canonical['query'] ?? null, body: canonical['body'] ?? null }
      : null;
  };
  const odd = oddities(asked(inbound), good.map(asked));
  return odd.length === 0 ? null : odd;
}
