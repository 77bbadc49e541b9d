import { setTimeout as delay } from 'node:timers/promises';
import { VouchError } from './errors.ts';

/** What a client of someone's HTTP API does to the world, so that tests need not wait for it. */
export interface HttpEffects {
  fetch: typeof fetch;
  /** Resolves after `ms`, rejects when `signal` aborts. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  now: () => number;
  random: () => number;
}

export const realHttpEffects: HttpEffects = {
  fetch: (input, init) => fetch(input, init),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
  now: Date.now,
  random: Math.random,
};

/**
 * `fetch` with a bound: a response over `maxBytes` fails while it comes in, and a redirect is an error, so that a key
 * goes only where it was meant to go. `api` names the other end in messages.
 */
export function boundedFetch(api: string, maxBytes: number, inner: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await inner(input, { ...init, redirect: 'manual' });
    if (response.status >= 300 && response.status < 400 && response.status !== 304) {
      await response.body?.cancel();
      throw new VouchError('usage', `${api} answers with a redirect (${response.status})`, {
        hint: `configure the address that it redirects to${shownLocation(response)}`,
      });
    }
    if (response.body === null) return response;
    let size = 0;
    const limit = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > maxBytes)
          controller.error(new VouchError('unavailable', `${api} sent more than ${maxBytes} bytes`));
        else controller.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    const bounded = new Response(response.body.pipeThrough(limit), { status, statusText, headers });
    Object.defineProperty(bounded, 'url', { value: response.url }); // a made response has none, and clients look at it
    return bounded;
  };
}

function shownLocation(response: Response): string {
  const location = response.headers.get('location');
  return location === null ? '' : `: ${location.slice(0, 300)}`;
}

/** Full jitter over 1 s, 2 s, 4 s … up to `mostMs` (AWS, "Exponential Backoff and Jitter"), at least 100 ms. */
export function backoffMs(attempt: number, random: () => number, mostMs = 60_000): number {
  return Math.max(100, Math.round(random() * Math.min(1000 * 2 ** attempt, mostMs)));
}

/** What `retry-after-ms` (OpenAI) or `Retry-After` (RFC 9110 10.2.3: seconds or a date) asks for, or null. */
export function retryAfterMs(headers: Record<string, string | undefined>, now: number): number | null {
  const exact = Number.parseFloat(headers['retry-after-ms'] ?? '');
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number.parseFloat(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN; // `Date.parse('-5')` is a date
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** The first of an error and its causes that is of a kind; at most ten deep. */
export function causeOf<T>(error: unknown, is: (one: unknown) => one is T): T | undefined {
  let one = error;
  for (let depth = 0; depth < 10 && one !== undefined && one !== null; depth++) {
    if (is(one)) return one;
    one = (one as { cause?: unknown }).cause;
  }
  return undefined;
}

/**
 * The base address of an API, without a slash at its end. Throws `usage` for anything but http and https, and for a user
 * and password in it, which would end up in logs; the message does not repeat them. `setting` names where it came from.
 */
export function apiBase(setting: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new VouchError('usage', `${setting}: not an http or https address without a user and password`);
  return text.replace(/\/+$/, '');
}
