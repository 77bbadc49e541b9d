import { canonicalJson, differences, type Json } from '../lib/json.ts';
import type { Answer, Exchange, Protocol } from '../protocol/port.ts';
import { maskCall } from './noise.ts';
import type { Call, Match, ReplayPlan } from './plan.ts';
import { overlap, touches } from './touches.ts';

/** A recorded outbound exchange, prepared for look-up. */
interface Recorded {
  exchange: Exchange;
  destination: string;
  canonical: Json;
  exact: string;
  normalised: string;
  writes: boolean | null;
  touches: ReadonlySet<string> | null;
}

export interface Matched {
  answer: Answer;
  call: Call;
  /** Recorded microseconds between request and answer, for the `recorded` schedule. */
  latencyUs: number;
}

export interface Matcher {
  /** `active`: ids of the requests under way, oldest first; empty at start-up. */
  match(destination: string, protocol: Protocol, request: Json, active: readonly string[]): Matched;
}

/**
 * Answers calls from the recording, by content and never by order of connections. In this order: the pools of the requests
 * under way (each answer once), the start-up tier (any number of times), then reads recorded elsewhere that nothing can have
 * changed since. Anything else is `none` and named with its nearest neighbour.
 */
export function createMatcher(plan: ReplayPlan, protocolOf: (name: string) => Protocol): Matcher {
  const recorded = new Map<string, Recorded>();
  for (const exchange of plan.exchanges) {
    if (exchange.direction !== 'outbound') continue;
    const protocol = protocolOf(exchange.protocol);
    if (protocol.housekeeping(exchange.request)) continue;
    const canonical = protocol.canonical(exchange.request);
    recorded.set(exchange.id, {
      exchange,
      // Whichever name server was asked: there is one listener for all of them.
      destination: exchange.protocol === 'dns' ? 'dns' : destinationName(exchange.destination),
      canonical,
      exact: canonicalJson(canonical),
      normalised: canonicalJson(maskCall(exchange.protocol, canonical, plan.noise)),
      writes: protocol.writes(exchange.request),
      touches: touches(exchange.protocol, canonical),
    });
  }
  const lookUp = (ids: readonly string[]): Recorded[] =>
    ids.map((id) => recorded.get(id)).filter((found): found is Recorded => found !== undefined);
  const pools = new Map(plan.requests.map((request) => [request.id, lookUp(request.pool)]));
  const startup = lookUp(plan.startup);
  // Answers changed for a variant (`ID~…`) are in its pool only.
  const everything = [...recorded.values()]
    .filter((one) => !one.exchange.id.includes('~'))
    .sort((a, b) => a.exchange.startedAt - b.exchange.startedAt);
  /** Answers that a request has used up, as `REQUEST EXCHANGE`. */
  const used = new Set<string>();
  /** By request and key: how many writes this run had made when the key was last answered. */
  const lastServed = new Map<string, number>();
  const startupServed = new Map<string, number>();
  const recordedAt = new Map(plan.requests.map((request) => [request.id, request.recordedAt]));
  /** Writes of this run that were answered from the recording, and the number of all of them. */
  const written: Recorded[] = [];
  let writesMade = 0;

  return {
    match(destination, protocol, request, active) {
      const canonical = protocol.canonical(request);
      const exact = canonicalJson(canonical);
      const normalised = canonicalJson(maskCall(protocol.name, canonical, plan.noise));
      const writes = protocol.writes(request);
      const fits = (one: Recorded, level: 'exact' | 'normalised'): boolean =>
        one.exchange.protocol === protocol.name &&
        one.destination === destination &&
        (level === 'exact' ? one.exact === exact : one.normalised === normalised);

      const found = fromPools() ?? fromStartup() ?? (writes === false ? fromElsewhere() : undefined);
      if (writes !== false) {
        writesMade++;
        if (found) written.push(found.recorded);
      }
      const call: Call = {
        during: active[0] ?? null,
        protocol: protocol.name,
        destination,
        summary: protocol.summary(request),
        request,
        canonical,
        writes,
        match: found?.match ?? 'none',
        exchange: found?.recorded.exchange.id ?? null,
        nearest: found
          ? null
          : nearest(
              everything,
              active.flatMap((id) => pools.get(id) ?? []),
              protocol.name,
              canonical,
            ),
        at: Date.now() * 1000,
      };
      if (!found)
        return { answer: { found: false, reason: `${call.summary} was never recorded` }, call, latencyUs: 0 };
      const { exchange } = found.recorded;
      if (exchange.response === null) {
        return {
          answer: { found: false, reason: `${call.summary} got no answer when it was recorded` },
          call,
          latencyUs: 0,
        };
      }
      const latencyUs = exchange.endedAt === null ? 0 : exchange.endedAt - exchange.startedAt;
      return { answer: { found: true, response: exchange.response }, call, latencyUs };

      function fromPools(): { recorded: Recorded; match: Match } | undefined {
        for (const level of ['exact', 'normalised'] as const) {
          for (const id of active) {
            const all = (pools.get(id) ?? []).filter((one) => fits(one, level));
            const one = inOrder(id, normalised, all, writes);
            if (one) return { recorded: one, match: level };
          }
        }
        return undefined;
      }

      function fromStartup(): { recorded: Recorded; match: Match } | undefined {
        for (const level of ['exact', 'normalised'] as const) {
          const all = startup.filter((one) => fits(one, level));
          if (all.length === 0) continue;
          const key = `startup ${level} ${exact}`;
          const served = startupServed.get(key) ?? 0;
          startupServed.set(key, served + 1);
          return { recorded: all[Math.min(served, all.length - 1)]!, match: level };
        }
        return undefined;
      }

      function fromElsewhere(): { recorded: Recorded; match: Match } | undefined {
        const touched = touches(protocol.name, canonical);
        // This run may have changed what the others saw.
        if (writesMade > written.length || written.some((one) => overlap(one.touches, touched)))
          return undefined;
        const same = everything.filter(
          (one) => fits(one, 'normalised') && one.exchange.complete && one.exchange.response !== null,
        );
        const answer = (one: Recorded): string => canonicalJson(protocol.comparable(one.exchange.response!));
        const moment = recordedAt.get(active[0] ?? '') ?? 0;
        const before = same.findLast((one) => one.exchange.startedAt <= moment);
        const after = same.find((one) => one.exchange.startedAt > moment);
        const undisturbed = (one: Recorded): boolean => {
          const [from, to] = [one.exchange.startedAt, moment].sort((a, b) => a - b) as [number, number];
          return !everything.some(
            (other) =>
              other.destination === destination &&
              other.writes !== false &&
              other.exchange.startedAt > from &&
              other.exchange.startedAt < to &&
              overlap(other.touches, touched),
          );
        };
        if (before && undisturbed(before)) return { recorded: before, match: 'normalised' };
        if (after && undisturbed(after)) return { recorded: after, match: 'normalised' };
        // Writes lie between, but the answer was the same on both sides of the moment.
        if (before && after && answer(before) === answer(after))
          return { recorded: before, match: 'normalised' };
        return undefined;
      }
    },
  };

  /**
   * The next answer of one key. A read that comes more often than recorded gets the last answer again, if this run wrote
   * nothing since; a write that comes more often than recorded gets none.
   */
  function inOrder(
    request: string,
    key: string,
    fitting: Recorded[],
    writes: boolean | null,
  ): Recorded | undefined {
    const all = writes === false ? fitting.filter((one) => !stale(one)) : fitting;
    const next = all.find((one) => !used.has(`${request} ${one.exchange.id}`));
    if (next) {
      used.add(`${request} ${next.exchange.id}`);
      lastServed.set(`${request} ${key}`, writesMade);
      return next;
    }
    return writes === false && lastServed.get(`${request} ${key}`) === writesMade ? all.at(-1) : undefined;
  }

  /** A read recorded before a write that this run has made already, of the same things: its answer is out of date. */
  function stale(read: Recorded): boolean {
    const ended = read.exchange.endedAt ?? read.exchange.startedAt;
    return written.some(
      (write) =>
        write.destination === read.destination &&
        write.exchange.startedAt >= ended &&
        overlap(write.touches, read.touches),
    );
  }
}

/** The recorded call that is most alike: the same pool first, then anything of that protocol. */
function nearest(
  everything: Recorded[],
  pool: Recorded[],
  protocol: string,
  canonical: Json,
): Call['nearest'] {
  let best: { recorded: Recorded; found: ReturnType<typeof differences>; distance: number } | undefined;
  const inPool = new Set(pool);
  for (const one of everything.slice(-500)) {
    if (one.exchange.protocol !== protocol) continue;
    const found = differences(one.canonical, canonical, 20);
    const distance = found.length + (inPool.has(one) ? 0 : 0.5);
    if (!best || distance < best.distance) best = { recorded: one, found, distance };
  }
  if (!best) return null;
  return {
    exchange: best.recorded.exchange.id,
    summary: best.recorded.exchange.summary,
    differences: best.found,
  };
}

export function destinationName(destination: { host: string; port: number }): string {
  return destination.port === 0 ? destination.host : `${destination.host}:${destination.port}`;
}
