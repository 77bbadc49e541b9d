import type { Exchange } from '../protocol/port.ts';
import type { ConnectionFacts } from './exchanges.ts';
import { valuesOf } from './values.ts';

/** Which outbound exchanges belong to which inbound one. */
export interface Correlation {
  /** By inbound exchange, in order of start. Every inbound exchange has an entry. */
  callsOf: Record<string, string[]>;
  /** Calls listed under several inbound exchanges, because nothing told these apart. */
  shared: string[];
  /** Calls outside any inbound exchange. */
  startup: string[];
  /** 0 … 1 by inbound exchange: how sure it is that its calls are its own and all of them. */
  confidence: Record<string, number>;
}

/** A call may come this long after the answer: logging, metrics, work put off. Microseconds. */
const LATE = 30_000;
/** Values found in a call count this much more when no rival carries them. */
const OWN_VALUE = 1;
const LEARNED_VALUE = 0.6;
const MAX_VALUE_SCORE = 4;
const SAME_PROCESS = 3;
const SAME_TRANSACTION = 4;
const CLEAR_LEAD = 0.5;
/** One that was answered already owns a call while others are under way only if it carries values that none of those has: some of them. */
const ANSWERED_HANDICAP = 2.5;

/** A request and what is known of it. Values are read only when it has rivals: most requests never have any. */
class Inbound {
  readonly exchange: Exchange;
  readonly pid: number | null;
  readonly calls: string[] = [];
  readonly sure: number[] = [];
  #own: Set<string> | undefined;
  readonly #learned = new Set<string>();
  #brought: Exchange[] = [];

  constructor(exchange: Exchange, pid: number | null) {
    this.exchange = exchange;
    this.pid = pid;
  }

  /** What it was asked and answered with. */
  get own(): Set<string> {
    this.#own ??= new Set([...valuesOf(this.exchange.request), ...valuesOf(this.exchange.response)]);
    return this.#own;
  }

  /** What its calls brought: the next call often asks with it. */
  get learned(): Set<string> {
    for (const call of this.#brought) for (const value of valuesOf(call.response)) this.#learned.add(value);
    this.#brought = [];
    return this.#learned;
  }

  add(call: Exchange, alone: boolean): void {
    this.calls.push(call.id);
    if (alone) this.#brought.push(call);
  }
}

/**
 * Adds up evidence: containment in time; the process; a transaction that goes on; values of the request, of the answer
 * and of earlier calls' answers that a call carries and that no rival has. `exchanges` are ordered by start time.
 */
export function correlate(
  exchanges: readonly Exchange[],
  connections: Readonly<Record<string, ConnectionFacts>> = {},
): Correlation {
  const inbounds: Inbound[] = [];
  const shared: string[] = [];
  const startup: string[] = [];
  const ownerOfTransaction = new Map<string, Inbound | null>();
  /** Those that a later call can still belong to; others are passed once and never looked at again. */
  let live: Inbound[] = [];
  for (const exchange of exchanges) {
    if (exchange.direction === 'inbound') {
      const pid = connections[exchange.connection]?.pid ?? null;
      const inbound = new Inbound(exchange, pid);
      inbounds.push(inbound);
      live.push(inbound);
      continue;
    }
    live = live.filter(
      ({ exchange: { endedAt } }) => endedAt === null || endedAt + LATE >= exchange.startedAt,
    );
    const owners = ownersOf(exchange);
    if (owners.length === 0) startup.push(exchange.id);
    if (owners.length > 1) shared.push(exchange.id);
    for (const owner of owners) owner.add(exchange, owners.length === 1);
    trackTransaction(exchange, owners);
  }
  return {
    callsOf: Object.fromEntries(inbounds.map((one) => [one.exchange.id, one.calls])),
    shared,
    startup,
    confidence: Object.fromEntries(inbounds.map((one) => [one.exchange.id, mean(one.sure)])),
  };

  function ownersOf(call: Exchange): Inbound[] {
    const inside = live.filter(({ exchange: { endedAt } }) => endedAt === null || endedAt >= call.startedAt);
    // With nobody inside, the one that was answered last may still be at work. With somebody, those answered may be as well.
    const rivals = inside.length > 0 ? live : live.slice(-1);
    if (rivals.length === 0) return [];
    if (rivals.length === 1) {
      rivals[0]!.sure.push(inside.length === 0 ? 0.6 : 0.98);
      return rivals;
    }
    const scores = rivals.map((rival) =>
      inside.includes(rival)
        ? scoreOf(rival, call, inside)
        : scoreOf(rival, call, rivals) - ANSWERED_HANDICAP,
    );
    const best = Math.max(...scores);
    const owners = rivals.filter((_rival, index) => scores[index]! > best - CLEAR_LEAD);
    const alone = owners.length === 1 && inside.length === 1 && owners[0] === inside[0];
    const sure = alone ? 0.98 : owners.length > 1 ? 1 / owners.length : Math.min(0.95, 0.7 + 0.05 * best);
    for (const owner of owners) owner.sure.push(sure);
    return owners;
  }

  function scoreOf(rival: Inbound, call: Exchange, rivals: readonly Inbound[]): number {
    let score = 0;
    const pid = connections[call.connection]?.pid;
    if (pid !== undefined && rival.pid === pid && rivals.some((other) => other.pid !== pid))
      score += SAME_PROCESS;
    if (ownerOfTransaction.get(call.connection) === rival) score += SAME_TRANSACTION;
    const others = rivals.filter((other) => other !== rival);
    let values = 0;
    for (const value of valuesOf(call.request)) {
      if (others.some((other) => other.own.has(value) || other.learned.has(value))) continue;
      if (rival.own.has(value)) values += OWN_VALUE;
      else if (rival.learned.has(value)) values += LEARNED_VALUE;
    }
    // What a call brought is often passed on in the answer.
    for (const value of valuesOf(call.response)) {
      if (rival.own.has(value) && !others.some((other) => other.own.has(value))) values += OWN_VALUE / 2;
    }
    return score + Math.min(values, MAX_VALUE_SCORE);
  }

  /** Between BEGIN and COMMIT a connection serves one request. */
  function trackTransaction(call: Exchange, owners: readonly Inbound[]): void {
    const known = ownerOfTransaction.get(call.connection);
    if (/^\s*(?:begin|start transaction|multi)\b/i.test(call.summary)) {
      ownerOfTransaction.set(call.connection, owners.length === 1 ? owners[0]! : null);
    } else if (known === null && owners.length === 1) {
      // BEGIN told nothing; the first statement that does settles the rest.
      ownerOfTransaction.set(call.connection, owners[0]!);
    }
    if (/^\s*(?:commit|rollback(?!\s+to)|end|exec|discard)\b/i.test(call.summary)) {
      ownerOfTransaction.delete(call.connection);
    }
  }
}

/** No calls at all is a fact, not a doubt. */
function mean(values: readonly number[]): number {
  return values.length === 0 ? 1 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
