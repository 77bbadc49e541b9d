import type { Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import { destinationKey } from '../record/exchanges.ts';
import type { Slice } from '../record/model.ts';
import { destinationName } from './matching.ts';
import type { ReplayPlan } from './plan.ts';

/** One request to replay: a recorded exchange, or a variant of one that asks something slightly different. */
export interface Asked {
  exchange: Exchange;
  /** Names the result; the exchange's id when left out. */
  id?: string;
  /** Replaces the recorded request. */
  request?: Json;
  /** Recorded answers to put in place of others, by exchange id. */
  answers?: Record<string, Json>;
  /** Answered before the next one is sent, whatever the schedule. */
  alone?: boolean;
}

export interface PlanOptions {
  port: number;
  schedule: ReplayPlan['schedule'];
  readyTimeoutMs: number;
  lingerMs: number;
  noise: Record<string, string[]>;
  /** Destinations whose state is rebuilt where the recording has no answer. */
  rebuilt?: readonly string[];
  /** The program's clock starts so long before the time at which the exchange with this id was recorded. */
  clock?: { exchange: string; leadMs: number };
}

type Request = ReplayPlan['requests'][number];

const FLOOR_MS = 4_000;
const CEILING_MS = 30_000;

/** The plan that asks the app these things, in this order, with the slice's answers behind it. */
export function makePlan(slice: Slice, asked: readonly Asked[], options: PlanOptions): ReplayPlan {
  const byId = new Map(slice.exchanges.map((exchange) => [exchange.id, exchange]));
  const callsOf = ({ exchange }: Asked): Exchange[] =>
    (slice.callsOf[exchange.id] ?? []).map((id) => byId.get(id)).filter((call) => call !== undefined);
  const extra: Exchange[] = [];
  const overlaps = (one: Asked): boolean => options.schedule === 'recorded' && one.alone !== true;
  const together = asked.filter(overlaps);
  const first = Math.min(...together.map(({ exchange }) => exchange.startedAt));
  const requests = asked.map((one): Request => {
    const { exchange } = one;
    const id = one.id ?? exchange.id;
    const calls = callsOf(one);
    const pool = calls.map((call) => {
      const answer = one.answers?.[call.id];
      if (answer === undefined) return call;
      const changed = { ...call, id: `${call.id}~${id}`, response: answer };
      extra.push(changed);
      return changed;
    });
    const ended = exchange.endedAt ?? Infinity;
    return {
      id,
      request: one.request ?? exchange.request,
      pool: pool.map((call) => call.id),
      recordedAt: exchange.startedAt,
      offsetMs: overlaps(one) ? (exchange.startedAt - first) / 1000 : null,
      notBeforeMs: options.clock?.exchange === exchange.id ? options.clock.leadMs : 0,
      timeoutMs: timeoutOf(exchange),
      late: pool.filter((call) => call.startedAt > ended).map((call) => call.id),
      refused: refusedDuring(slice, exchange, overlaps(one) ? together.flatMap(callsOf) : calls),
    };
  });
  return {
    version: 1,
    app: { host: '127.0.0.1', port: options.port, readyTimeoutMs: options.readyTimeoutMs },
    exchanges: [...slice.exchanges.filter((exchange) => exchange.direction === 'outbound'), ...extra],
    destinations: destinationsOf(slice),
    schedule: options.schedule,
    startup: slice.startup,
    requests,
    lingerMs: options.lingerMs,
    rebuilt: [...(options.rebuilt ?? [])],
    noise: options.noise,
  };
}

/** A multiple of what it took; a request that was not answered has a fixed time. */
function timeoutOf({ startedAt, endedAt }: Exchange): number {
  const tookMs = endedAt === null ? CEILING_MS / 5 : (endedAt - startedAt) / 1000;
  return Math.round(Math.min(CEILING_MS, Math.max(FLOOR_MS, tookMs * 5)));
}

/**
 * Destinations that could not be reached during a request. One that answered some of `calls` is left out: it was there for a part of the
 * time, and which part cannot be told from times when the code is another.
 */
function refusedDuring(slice: Slice, { startedAt, endedAt }: Exchange, calls: readonly Exchange[]): string[] {
  const there = new Set(calls.map((call) => destinationName(call.destination)));
  return slice.refused
    .filter(({ at = [] }) => at.some((time) => time >= startedAt && time <= (endedAt ?? Infinity)))
    .map(destinationName)
    .filter((name) => !there.has(name));
}

/** Every address that the app spoke to, with what it speaks and what is known of its connections. DNS has its own listener. */
function destinationsOf(slice: Slice): ReplayPlan['destinations'] {
  const found = new Map<string, ReplayPlan['destinations'][number]>();
  for (const { direction, destination, protocol } of slice.exchanges) {
    const key = destinationKey(destination);
    if (direction !== 'outbound' || protocol === 'dns' || found.has(key)) continue;
    found.set(key, { ...destination, protocol, facts: slice.facts[key] ?? null });
  }
  return [...found.values()];
}
