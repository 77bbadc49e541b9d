import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { VouchError, messageOf, systemCode } from '../lib/errors.ts';

const HEALTH_AGENT = 'vouch-health';
/** How long one request is waited for at most. */
const PATIENCE_MS = 5_000;
/** A request that was waited for less than this, because all the time was over, tells nothing of the app. */
const TELLING_MS = 1_000;

export interface HealthOptions {
  port: number;
  /** Null asks `/healthz`, then `/` if that answers 5xx. */
  path: string | null;
  timeoutMs: number;
  /** Resolves to what to say when the program ends first. */
  exited: Promise<string>;
  now?: () => number;
}

export interface Healthy {
  path: string;
  status: number;
  milliseconds: number;
}

/**
 * Asks again and again until the app answers below 500. Throws `no` with what was seen last, when the time is over or the
 * program has ended.
 */
export async function waitHealthy(options: HealthOptions): Promise<Healthy> {
  const now = options.now ?? (() => performance.now());
  const begin = now();
  const stop = new AbortController();
  let ended: string | undefined;
  void options.exited.then((why) => {
    ended = why;
    stop.abort();
  });
  let seen: string | undefined;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    if (ended !== undefined) throw new VouchError('no', ended);
    const left = options.timeoutMs - (now() - begin);
    if (left <= 0) throw notHealthy(options.timeoutMs, seen ?? 'nothing answered');
    const patience = Math.ceil(Math.min(left, PATIENCE_MS));
    try {
      const answer = await probe(options, patience, stop.signal);
      if (answer.status < 500) return { ...answer, milliseconds: Math.round(now() - begin) };
      seen = `GET ${answer.path} answered ${answer.status}`;
    } catch (error) {
      // The last request often has a moment only: it must not hide what the app answered before.
      if (!(error instanceof Unanswered && patience < TELLING_MS && seen !== undefined))
        seen = describe(error, options.port);
    }
    // An app that ends is not waited for.
    await delay(Math.min(pause, Math.max(left, 1)), undefined, { signal: stop.signal }).catch(() => {});
  }
}

function notHealthy(timeoutMs: number, seen: string): VouchError {
  return new VouchError('no', `not healthy within ${timeoutMs / 1000} s: ${seen}`, {
    hint: 'the app must listen on 127.0.0.1 or every address, on the port given in $PORT, and answer below 500',
  });
}

function describe(error: unknown, port: number): string {
  const code = systemCode(error);
  if (code === 'ECONNREFUSED') return `nothing listens on port ${port} ($PORT)`;
  if (code === 'ECONNRESET') return 'the connection was accepted and closed without an answer';
  return messageOf(error);
}

async function probe(
  options: HealthOptions,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ path: string; status: number }> {
  const paths = options.path === null ? ['/healthz', '/'] : [options.path];
  let last = { path: paths[0]!, status: 0 };
  for (const path of paths) {
    const { status } = await ask(options.port, path, {}, timeoutMs, signal);
    last = { path, status };
    if (last.status < 500) return last;
  }
  return last;
}

export interface Answer {
  status: number;
  /** Named by the router when it was asked to. */
  deployment: string | undefined;
}

class Unanswered extends Error {}

/** The head of the answer to one GET within `timeoutMs`, on a connection of its own; the body is not read. */
export function ask(
  port: number,
  path: string,
  headers: Record<string, string>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        agent: false,
        headers: { 'user-agent': HEALTH_AGENT, accept: '*/*', ...headers },
        signal,
      },
      (response) => {
        const named = response.headers['x-vouch-deployment'];
        resolve({
          status: response.statusCode ?? 0,
          deployment: typeof named === 'string' ? named : undefined,
        });
        response.destroy();
      },
    );
    // All of it: a head that comes byte by byte would start a socket's own timeout anew each time.
    const timer = setTimeout(
      () => sent.destroy(new Unanswered(`GET ${path} was not answered within ${timeoutMs} ms`)),
      timeoutMs,
    );
    sent.on('close', () => clearTimeout(timer));
    sent.on('error', reject);
    sent.end();
  });
}
