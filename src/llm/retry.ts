import { setTimeout as delay } from 'node:timers/promises';

/** Longest wait before another try; a provider that asks for more is not waited for. */
export const MAX_WAIT_MS = 60_000;

export interface Effects {
  fetch: typeof fetch;
  /** Resolves after `ms`, rejects when `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  now(): number;
  random(): number;
}

export const realEffects: Effects = {
  fetch: (input, init) => fetch(input, init),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, { signal });
  },
  now: Date.now,
  random: Math.random,
};

/** Full jitter over 1 s, 2 s, 4 s … (AWS, "Exponential Backoff and Jitter"), at least 100 ms. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.max(100, Math.round(random() * Math.min(1000 * 2 ** attempt, MAX_WAIT_MS)));
}

/** What `retry-after-ms` (OpenAI) or `Retry-After` (RFC 9110 10.2.3: seconds or a date) asks for, or null. */
export function retryAfterMs(headers: Record<string, string> | undefined, now: number): number | null {
  const exact = Number.parseFloat(headers?.['retry-after-ms'] ?? '');
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers?.['retry-after']?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number.parseFloat(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
