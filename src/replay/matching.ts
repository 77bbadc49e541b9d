import { canonicalJson, differences, type Json } from '../lib/json.ts';
import type { Answer, Exchange, Protocol } from '../protocol/port.ts';
import { NO_ANSWER } from '../record/exchanges.ts';
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
  /** Recorded microseconds between request and answer; null where nothing is answered. */
  latencyUs: number | null;
}

/** Ids of the requests that calls may belong to, oldest first. Both empty at start-up. */
export interface Active {
  underWay: readonly string[];
  answered: readonly string[];
}

export interface Matcher {
  match(destination: string, protocol: Protocol, request: Json, active: Active): Matched;
  /** Whether calls that came after the answer to this request when it was recorded have not come yet. */
  awaitsLate(request: string): boolean;
}

interface Found {
  recorded: Recorded;
  match: Match;
  /** The request in whose pool it was; null for the others. */
  owner: string | null;
}

/** A write of this run. */
interface Written {
  owner: string | null;
  recorded: Recorded | null;
}

/** An unanswered call is compared with all recorded ones, which a loop could ask for without end. */
const MOST_NEAREST = 1_000;

/**
 * Answers calls from the recording, by content and never by order of connections. In this order: the pools of the requests
 * under way (each answer once), what came late of those answered, the start-up tier (any number of times), then reads recorded elsewhere
 * that nothing can have changed since. Anything else is `none` and named with its nearest neighbour.
 */
export function createMatcher(plan: ReplayPlan, protocolOf: (name: string) => Protocol): Matcher {
  const recorded = new Map<string, Recorded>();
  for (const exchange of plan.exchanges) {
    if (exchange.direction !== 'outbound') continue;
    const protocol = protocolOf(exchange.protocol);
    const ofConnection = exchange.response !== null && protocol.ofConnection?.(exchange.response) === true;
    if (!protocol.housekeeping(exchange.request) && !ofConnection)
      recorded.set(exchange.id, prepare(exchange, protocol, plan.noise));
  }
  const lookUp = (ids: readonly string[]): Recorded[] =>
    ids.map((id) => recorded.get(id)).filter((found): found is Recorded => found !== undefined);
  const pools = new Map(plan.requests.map(({ id, pool }) => [id, lookUp(pool)]));
  const late = new Map(plan.requests.map((request) => [request.id, lookUp(request.late)]));
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
  const written: Written[] = [];
  let unanswered = 0;

  return {
    match(destination, protocol, request, active) {
      const canonical = protocol.canonical(request);
      const exact = canonicalJson(canonical);
      const normalised = canonicalJson(maskCall(protocol.name, canonical, plan.noise));
      const writes = protocol.writes(request);
      // Between requests what comes belongs to the last one.
      const underWay = active.underWay.length > 0 ? active.underWay : active.answered.slice(-1);
      const fits = (one: Recorded, level: 'exact' | 'normalised'): boolean =>
        one.exchange.protocol === protocol.name &&
        one.destination === destination &&
        (level === 'exact' ? one.exact === exact : one.normalised === normalised);

      const found =
        fromPools(underWay, pools) ??
        fromPools(active.answered, late) ??
        fromStartup() ??
        (writes === false ? fromElsewhere() : undefined);
      const owner = found?.owner ?? underWay[0] ?? null;
      if (writes !== false) written.push({ owner, recorded: found?.recorded ?? null });
      if (!found) unanswered++;
      const call: Call = {
        during: owner,
        protocol: protocol.name,
        destination,
        summary: protocol.summary(request),
        request,
        canonical,
        writes,
        match: found?.match ?? 'none',
        exchange: found?.recorded.exchange.id ?? null,
        nearest:
          found || unanswered > MOST_NEAREST
            ? null
            : nearest(
                everything,
                underWay.flatMap((id) => pools.get(id) ?? []),
                protocol.name,
                canonical,
              ),
        assumptions: [],
        unknown: null,
        at: Date.now() * 1000,
      };
      return { call, ...answerOf(call, found) };

      function fromPools(
        requests: readonly string[],
        from: ReadonlyMap<string, Recorded[]>,
      ): Found | undefined {
        for (const level of ['exact', 'normalised'] as const) {
          for (const id of requests) {
            const all = (from.get(id) ?? []).filter((one) => isAnswered(one) && fits(one, level));
            const one = inOrder(id, normalised, all, writes);
            if (one) return { recorded: one, match: level, owner: id };
          }
        }
        return undefined;
      }

      function fromStartup(): Found | undefined {
        for (const level of ['exact', 'normalised'] as const) {
          const all = startup.filter((one) => fits(one, level));
          if (all.length === 0) continue;
          const key = `startup ${level} ${destination} ${exact}`;
          const served = startupServed.get(key) ?? 0;
          startupServed.set(key, served + 1);
          return { recorded: all[Math.min(served, all.length - 1)]!, match: level, owner: null };
        }
        return undefined;
      }

      function fromElsewhere(): Found | undefined {
        const touched = touches(protocol.name, canonical);
        const asker = underWay[0] ?? null;
        // This run may have changed what the others saw.
        const changed = written.some(
          (write) =>
            counts(write, asker) && (write.recorded === null || overlap(write.recorded.touches, touched)),
        );
        if (changed) return undefined;
        const same = everything.filter(
          (one) => fits(one, 'normalised') && one.exchange.complete && one.exchange.response !== null,
        );
        const answer = (one: Recorded): string => canonicalJson(protocol.comparable(one.exchange.response!));
        const moment = recordedAt.get(asker ?? '') ?? 0;
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
        const serve = (one: Recorded): Found => ({ recorded: one, match: 'normalised', owner: null });
        if (before && undisturbed(before)) return serve(before);
        if (after && undisturbed(after)) return serve(after);
        // Writes lie between, but the answer was the same on both sides of the moment.
        return before && after && answer(before) === answer(after) ? serve(before) : undefined;
      }
    },
    awaitsLate: (request) =>
      (late.get(request) ?? []).some((one) => !used.has(`${request} ${one.exchange.id}`)),
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
    const all = writes === false ? fitting.filter((one) => !stale(one, request)) : fitting;
    const next = all.find((one) => !used.has(`${request} ${one.exchange.id}`));
    if (next) {
      used.add(`${request} ${next.exchange.id}`);
      lastServed.set(`${request} ${key}`, written.length);
      return next;
    }
    return writes === false && lastServed.get(`${request} ${key}`) === written.length
      ? all.at(-1)
      : undefined;
  }

  /** A read recorded before a write that this run has made already, of the same things: its answer is out of date. */
  function stale(read: Recorded, request: string): boolean {
    const ended = read.exchange.endedAt ?? read.exchange.startedAt;
    return written.some(
      (write) =>
        write.recorded !== null &&
        counts(write, request) &&
        write.recorded.destination === read.destination &&
        write.recorded.exchange.startedAt >= ended &&
        overlap(write.recorded.touches, read.touches),
    );
  }

  /** What another variant of one request wrote did not happen for this one: both begin at the same recorded moment. */
  function counts(write: Written, request: string | null): boolean {
    if (write.owner === null || request === null || write.owner === request) return true;
    return recordedAt.get(write.owner) !== recordedAt.get(request);
  }
}

function prepare(exchange: Exchange, protocol: Protocol, noise: ReplayPlan['noise']): Recorded {
  const canonical = protocol.canonical(exchange.request);
  return {
    exchange,
    // Whichever name server was asked: there is one listener for all of them.
    destination: exchange.protocol === 'dns' ? 'dns' : destinationName(exchange.destination),
    canonical,
    exact: canonicalJson(canonical),
    normalised: canonicalJson(maskCall(exchange.protocol, canonical, noise)),
    writes: protocol.writes(exchange.request),
    touches: touches(exchange.protocol, canonical),
  };
}

/** Whether it is known how it ended: with a response, or with a connection closed without one. */
function isAnswered({ exchange }: Recorded): boolean {
  return exchange.response !== null || exchange.incomplete === NO_ANSWER;
}

function answerOf(call: Call, found: Found | undefined): Pick<Matched, 'answer' | 'latencyUs'> {
  const none = (why: string): Pick<Matched, 'answer' | 'latencyUs'> => ({
    answer: { found: false, reason: `${call.summary} ${why}` },
    latencyUs: null,
  });
  if (!found) return none('was never recorded');
  if (!isAnswered(found.recorded)) return none('got no answer when it was recorded');
  const { startedAt, endedAt, response } = found.recorded.exchange;
  return { answer: { found: true, response }, latencyUs: endedAt === null ? 0 : endedAt - startedAt };
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
