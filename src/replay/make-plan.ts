import type { Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import type { Slice } from '../record/model.ts';
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
}

export interface PlanOptions {
  port: number;
  schedule: ReplayPlan['schedule'];
  readyTimeoutMs: number;
  lingerMs: number;
  noise: Record<string, string[]>;
}

const FLOOR_MS = 4_000;
const CEILING_MS = 30_000;

/** The plan that asks the app these things, in this order, with the slice's answers behind it. */
export function makePlan(slice: Slice, asked: readonly Asked[], options: PlanOptions): ReplayPlan {
  const byId = new Map(slice.exchanges.map((exchange) => [exchange.id, exchange]));
  const extra: Exchange[] = [];
  const first = Math.min(...asked.map(({ exchange }) => exchange.startedAt));
  const requests = asked.map((one) => {
    const id = one.id ?? one.exchange.id;
    const ended = one.exchange.endedAt ?? Infinity;
    const calls = (slice.callsOf[one.exchange.id] ?? [])
      .map((call) => byId.get(call))
      .filter((call) => call !== undefined);
    const pool = calls.map((call) => {
      const answer = one.answers?.[call.id];
      if (answer === undefined) return call;
      const changed = { ...call, id: `${call.id}~${id}`, response: answer };
      extra.push(changed);
      return changed;
    });
    const tookMs =
      one.exchange.endedAt === null ? CEILING_MS / 5 : (one.exchange.endedAt - one.exchange.startedAt) / 1000;
    return {
      id,
      request: one.request ?? one.exchange.request,
      pool: pool.map((call) => call.id),
      recordedAt: one.exchange.startedAt,
      offsetMs: (one.exchange.startedAt - first) / 1000,
      timeoutMs: Math.round(Math.min(CEILING_MS, Math.max(FLOOR_MS, tookMs * 5))),
      lateCalls: calls.some((call) => call.startedAt > ended),
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
    noise: options.noise,
  };
}

/** Every address that the app spoke to, with what it speaks and what is known of its connections. DNS has its own listener. */
function destinationsOf(slice: Slice): ReplayPlan['destinations'] {
  const found = new Map<string, ReplayPlan['destinations'][number]>();
  for (const { direction, destination, protocol } of slice.exchanges) {
    const key = `${destination.host}:${destination.port}`;
    if (direction !== 'outbound' || protocol === 'dns' || found.has(key)) continue;
    found.set(key, { ...destination, protocol, facts: slice.facts[key] ?? null });
  }
  return [...found.values()];
}
