import type { Exchange } from '../protocol/port.ts';
import type { Json } from '../lib/json.ts';
import { isObject } from '../lib/json.ts';
import { correlate, type Correlation } from './correlate.ts';
import { destinationKey, type ConnectionFacts, type RecordedExchanges } from './exchanges.ts';
import { findFailing, statusOf, type FailingHint } from './failing.ts';
import { historyAround } from './history.ts';
import type { Slice } from './model.ts';

export interface SliceRequest {
  app: string;
  release: string;
  deployment: string;
  recording: Pick<RecordedExchanges, 'exchanges' | 'connections' | 'facts' | 'undecoded' | 'failedConnects'>;
  error: FailingHint;
  /** Succeeded requests kept for comparison. Default 40. */
  maxNeighbours?: number;
  /** Earlier requests kept so that a replay can bring the app's memory to where it was. Default 200. */
  maxEarlier?: number;
  /** JSON bytes of all exchanges kept. Default 16 MiB; the failing request and its calls are always kept. */
  maxBytes?: number;
}

/** Exchanges of a recording that are looked at for one slice. */
const MAX_LOOKED_AT = 20_000;
const MAX_STARTUP = 500;
/** Calls of timers: those nearest to the failure. */
const MAX_OUTSIDE = 100;

/**
 * What of a recording is needed to replay one error: the request that failed and its calls, what the app asked before its
 * first request, requests that overlapped it, requests that succeeded before and after it, and the ones before it in order.
 */
export function cutSlice(request: SliceRequest): Slice {
  const { connections } = request.recording;
  const exchanges = nearest(request.recording.exchanges, request.error.at);
  const correlation = correlate(exchanges, connections);
  const found = findFailing(exchanges, request.error, connections);
  const byId = new Map(exchanges.map((exchange) => [exchange.id, exchange]));
  const inbound = exchanges.filter(({ direction }) => direction === 'inbound');
  const kept = new Set<string>();
  let room = request.maxBytes ?? 16 * 1024 * 1024;
  /** Takes an exchange with its calls if there is room for all of them. */
  const take = (exchange: Exchange, always = false): boolean => {
    const ids = [exchange.id, ...(correlation.callsOf[exchange.id] ?? [])].filter((id) => !kept.has(id));
    const size = ids.reduce((sum, id) => sum + sizeOf(byId.get(id)!), 0);
    if (!always && size > room) return false;
    room -= size;
    for (const id of ids) kept.add(id);
    return true;
  };

  const failing = found.exchange;
  if (failing !== null) take(failing, true);
  const startup = startupTier(correlation, byId, inbound[0], request.error.at);
  for (const call of startup) take(call);
  if (failing !== null) for (const other of inbound) if (overlaps(other, failing)) take(other);
  const limit = request.maxNeighbours ?? 40;
  let taken = 0;
  for (const neighbour of neighboursOf(inbound, failing, request.error.at)) {
    if (taken >= limit) break;
    if (take(neighbour)) taken++;
  }
  const before = failing?.startedAt ?? request.error.at;
  const earlier = inbound.filter(({ startedAt }) => startedAt < before).slice(-(request.maxEarlier ?? 200));
  for (const one of earlier.toReversed()) if (!take(one)) break;

  const exchangesKept = exchanges.filter(({ id }) => kept.has(id));
  return {
    version: 1,
    app: request.app,
    release: request.release,
    deployment: request.deployment,
    failing: failing?.id ?? null,
    ...confidenceOf(found, correlation, connections),
    exchanges: exchangesKept,
    callsOf: Object.fromEntries(
      exchangesKept
        .filter((one) => one.direction === 'inbound')
        .map(({ id }) => [id, correlation.callsOf[id]!]),
    ),
    shared: correlation.shared.filter((id) => kept.has(id)),
    startup: startup.map(({ id }) => id).filter((id) => kept.has(id)),
    history: historyAround(request.recording, failing?.startedAt ?? request.error.at),
    ...surroundings(request.recording, exchangesKept),
  };
}

/** Of a long recording the beginning, for what the app asked at its start, and what lies around the error. */
function nearest(exchanges: readonly Exchange[], at: number): readonly Exchange[] {
  if (exchanges.length <= MAX_LOOKED_AT) return exchanges;
  const first = exchanges.findIndex(({ direction }) => direction === 'inbound');
  const early = Math.min(first === -1 ? exchanges.length : first, MAX_STARTUP);
  const after = exchanges.findIndex(({ startedAt }) => startedAt > at);
  const middle = after === -1 ? exchanges.length : after;
  const from = Math.max(early, middle - MAX_LOOKED_AT / 2);
  return [...exchanges.slice(0, early), ...exchanges.slice(from, from + MAX_LOOKED_AT)];
}

/** Calls before the first request, and the nearest of those that belong to no request. */
function startupTier(
  correlation: Correlation,
  byId: ReadonlyMap<string, Exchange>,
  first: Exchange | undefined,
  at: number,
): Exchange[] {
  const outside = correlation.startup.map((id) => byId.get(id)!);
  const isEarly = (one: Exchange): boolean => first === undefined || one.startedAt < first.startedAt;
  const early = outside.filter(isEarly).slice(0, MAX_STARTUP);
  const others = outside
    .filter((one) => !isEarly(one))
    .sort((a, b) => Math.abs(a.startedAt - at) - Math.abs(b.startedAt - at))
    .slice(0, MAX_OUTSIDE);
  return [...early, ...others].sort((a, b) => a.startedAt - b.startedAt);
}

/**
 * Requests that were answered well, in the order in which they are worth keeping: of the same route, then others; each
 * route in turn so that a busy one does not crowd out the rest; the nearest in time first.
 */
function neighboursOf(inbound: readonly Exchange[], failing: Exchange | null, at: number): Exchange[] {
  const groups = new Map<string, Exchange[]>();
  const own = failing === null ? null : routeOf(failing);
  const good = inbound
    .filter((one) => one !== failing && one.complete && isSuccess(one))
    .sort((a, b) => Math.abs(a.startedAt - at) - Math.abs(b.startedAt - at));
  for (const one of good) {
    const group = groups.get(routeOf(one));
    if (group === undefined) groups.set(routeOf(one), [one]);
    else group.push(one);
  }
  const same = own === null ? [] : (groups.get(own) ?? []);
  const others = [...groups].filter(([route]) => route !== own).map(([, members]) => members);
  const ordered: Exchange[] = same.slice(0, 20);
  for (let turn = 0; others.some((members) => turn < members.length); turn++) {
    for (const members of others) if (members[turn] !== undefined) ordered.push(members[turn]!);
  }
  return [...ordered, ...same.slice(20)];
}

function isSuccess(exchange: Exchange): boolean {
  const status = statusOf(exchange);
  return status === null ? exchange.response !== null : status < 500;
}

/** Method and path with what names a thing left out. */
function routeOf(exchange: Exchange): string {
  const { request } = exchange;
  if (!isObject(request) || typeof request['target'] !== 'string') return exchange.protocol;
  const path = request['target'].split(/[?#]/, 1)[0]!;
  const segments = path.split('/').map((one) => (/[\d%@:=,]/.test(one) && !/^v\d+$/.test(one) ? ':id' : one));
  const method = typeof request['method'] === 'string' ? request['method'] : '';
  return `${method} ${segments.join('/')}`;
}

function overlaps(one: Exchange, other: Exchange): boolean {
  const end = (exchange: Exchange): number => exchange.endedAt ?? Infinity;
  return one.startedAt <= end(other) && other.startedAt <= end(one);
}

function sizeOf(exchange: Exchange): number {
  return JSON.stringify(exchange).length;
}

function confidenceOf(
  found: ReturnType<typeof findFailing>,
  correlation: Correlation,
  connections: Readonly<Record<string, ConnectionFacts>>,
): Pick<Slice, 'confidence' | 'confidenceWhy'> {
  if (found.exchange === null) return { confidence: 0, confidenceWhy: found.why };
  const { id, connection } = found.exchange;
  const calls = correlation.callsOf[id] ?? [];
  const ofCalls = correlation.confidence[id] ?? 1;
  const why = [...found.why];
  const sharedCalls = calls.filter((call) => correlation.shared.includes(call)).length;
  if (calls.length > 0) why.push(`${calls.length} calls tied to it at ${ofCalls.toFixed(2)} on average`);
  if (sharedCalls > 0)
    why.push(`${sharedCalls} of its calls could as well be of a request that ran at the same time`);
  if ((connections[connection]?.lostBytes ?? 0) > 0) why.push('bytes of its connection were lost');
  return { confidence: Math.round(found.confidence * ofCalls * 100) / 100, confidenceWhy: why };
}

/** Destinations, refusals and losses, as far as the exchanges that are kept touch them. */
function surroundings(
  recording: SliceRequest['recording'],
  kept: readonly Exchange[],
): Pick<Slice, 'facts' | 'undecoded' | 'refused' | 'lostBytes'> {
  const facts: Record<string, Json> = {};
  const used = new Set<string>();
  for (const { direction, destination, connection } of kept) {
    used.add(connection);
    const key = destinationKey(destination);
    if (direction === 'outbound' && recording.facts[key] !== undefined) facts[key] = recording.facts[key];
  }
  const requests = kept.filter(({ direction }) => direction === 'inbound');
  const during = (at: number): boolean =>
    requests.some(({ startedAt, endedAt }) => startedAt <= at && at <= (endedAt ?? Infinity));
  const lost = [...used].reduce((sum, id) => sum + (recording.connections[id]?.lostBytes ?? 0), 0);
  return {
    facts,
    undecoded: recording.undecoded,
    refused: recording.failedConnects.map(({ host, port, at }) => ({ host, port, at: at.filter(during) })),
    lostBytes: lost,
  };
}
