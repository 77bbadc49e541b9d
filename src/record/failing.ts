import { isObject } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import type { ConnectionFacts } from './exchanges.ts';
import { valuesOf } from './values.ts';

/** What is known of an error when its request is looked for. */
export interface FailingHint {
  /** When it was printed, microseconds since 1970; for `server-error` when the answer ended. */
  at: number;
  detector: 'stack' | 'crash' | 'unhandled-rejection' | 'server-error';
  message: string;
  /** Process that printed it, where known. */
  pid?: number;
  /** The exchange itself where the detector saw it. */
  exchange?: string;
}

export interface Found {
  exchange: Exchange | null;
  /** 0 … 1. */
  confidence: number;
  why: string[];
}

/** A log line may be written this long after the answer. Microseconds. */
const AFTER = 250_000;
/** The answer may be stamped a little before the line that was printed in the same turn of the event loop. Microseconds. */
const SLACK = 2_000;

/**
 * The request that an error belongs to: under way when it was printed, rather one that was answered 5xx or not at all,
 * rather one whose answer came right after it, rather one that shares values with the message.
 */
export function findFailing(
  exchanges: readonly Exchange[],
  error: FailingHint,
  connections: Readonly<Record<string, ConnectionFacts>> = {},
): Found {
  const named = exchanges.find(({ id }) => id === error.exchange);
  if (named !== undefined) return { exchange: named, confidence: 1, why: ['its own answer is the error'] };
  const scored = exchanges
    .filter((one) => one.direction === 'inbound' && mayHold(one, error))
    .map((exchange) => ({ exchange, ...scoreOf(exchange, error, connections) }))
    // The later one first among equals: of two that wait, the newer is the one that just ran.
    .sort((a, b) => b.score - a.score || b.exchange.startedAt - a.exchange.startedAt);
  const best = scored[0];
  if (best === undefined) return { exchange: null, confidence: 0, why: ['no request was under way'] };
  const rival = scored[1];
  const lead = rival === undefined ? best.score : best.score - rival.score;
  const why = [...best.why];
  if (scored.length > 1) why.push(`${scored.length - 1} other requests were under way or just over`);
  const alone = rival === undefined ? 0.2 : 0;
  const confidence = Math.min(0.99, Math.max(0.1, 0.45 + alone + Math.min(lead, 4) * 0.12));
  return { exchange: best.exchange, confidence: Math.round(confidence * 100) / 100, why };
}

/** Status of an HTTP answer; null for other protocols or none. */
export function statusOf(exchange: Exchange): number | null {
  const { response } = exchange;
  return isObject(response) && typeof response['status'] === 'number' ? response['status'] : null;
}

function mayHold({ startedAt, endedAt }: Exchange, { at }: FailingHint): boolean {
  return startedAt <= at && (endedAt === null || endedAt + AFTER >= at);
}

function scoreOf(
  exchange: Exchange,
  error: FailingHint,
  connections: Readonly<Record<string, ConnectionFacts>>,
): { score: number; why: string[] } {
  const why: string[] = [];
  let score = 0;
  const add = (points: number, reason: string): void => {
    score += points;
    why.push(reason);
  };
  const { endedAt } = exchange;
  const status = statusOf(exchange);
  const crashed = error.detector === 'crash' || error.detector === 'unhandled-rejection';
  if (endedAt === null || endedAt + SLACK >= error.at) add(2, 'it was under way when the error was printed');
  else score += 1 - (error.at - endedAt) / AFTER;
  if (exchange.response === null) add(crashed ? 3 : 1.5, 'it was never answered');
  else if (status !== null && status >= 500) add(crashed ? 1 : 3, `it was answered ${status}`);
  else if (status !== null && status >= 400) score += 0.5;
  // A handler that fails answers at once.
  if (endedAt !== null) score += Math.max(0, 1 - Math.abs(endedAt - error.at) / 20_000);
  const pid = connections[exchange.connection]?.pid;
  if (error.pid !== undefined && pid !== undefined && pid !== error.pid) score -= 3;
  const carried = [...valuesOf(exchange.request)].filter(
    (one) => one.length > 2 && saysWord(error.message, one),
  );
  if (carried.length > 0)
    add(1, `the message holds ${carried.length === 1 ? 'a value' : 'values'} of its request`);
  if (answerHolds(exchange, error.message)) add(1.5, 'its answer holds the message');
  return { score, why };
}

function saysWord(message: string, value: string): boolean {
  const text = message.toLowerCase();
  const at = text.indexOf(value);
  if (at === -1) return false;
  return !/\w/.test(text[at - 1] ?? ' ') && !/\w/.test(text[at + value.length] ?? ' ');
}

function answerHolds(exchange: Exchange, message: string): boolean {
  const line = message.split('\n', 1)[0]!;
  return line.length >= 8 && JSON.stringify(exchange.response).includes(JSON.stringify(line).slice(1, -1));
}
