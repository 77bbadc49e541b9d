import { connect } from 'node:net';
import type { Protocol, Sent } from '../../protocol/port.ts';
import type { ReplayPlan, ReplayResult } from '../plan.ts';

type Responses = ReplayResult['responses'];

interface Options {
  plan: ReplayPlan;
  http: Protocol;
  /** Ids of the requests under way or, between them, of the last one; the mocks attribute calls by it. */
  active: string[];
  /** Calls made so far, by request. */
  callsDuring: (id: string) => number;
  signal: AbortSignal;
}

const POLL_MS = 4;

/** Waits until the app accepts connections. Returns whether it did in time. */
export async function waitReady(plan: ReplayPlan, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + plan.app.readyTimeoutMs;
  while (performance.now() < deadline && !signal.aborted) {
    if (await accepts(plan.app.host, plan.app.port)) return true;
    await pause(POLL_MS);
  }
  return false;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Sends the plan's requests by its schedule and gathers the answers, in the plan's order. */
export async function drive(options: Options): Promise<Responses> {
  const { plan } = options;
  if (plan.schedule === 'recorded') {
    const start = performance.now();
    const all = plan.requests.map(async (request) => {
      await pause(Math.max(0, request.offsetMs - (performance.now() - start)));
      return send(options, request);
    });
    const responses = await Promise.all(all);
    await linger(options);
    return responses;
  }
  const responses: Responses = [];
  for (const request of plan.requests) {
    if (options.signal.aborted) break;
    options.active.length = 0;
    responses.push(await send(options, request));
    // Between requests the last one stays active, so that calls made after its answer are its own.
    options.active[0] = request.id;
    await lateCalls(options, request);
  }
  await linger(options);
  return responses;
}

async function send(options: Options, request: ReplayPlan['requests'][number]): Promise<Responses[number]> {
  const { app } = options.plan;
  options.active.push(request.id);
  const startedAt = Date.now() * 1000;
  const sent: Sent = options.signal.aborted
    ? { response: null, failure: 'refused' }
    : await options.http.send!({ host: app.host, port: app.port }, request.request, request.timeoutMs);
  const at = options.active.indexOf(request.id);
  if (at !== -1) options.active.splice(at, 1);
  return {
    id: request.id,
    response: sent.response,
    failure: sent.failure,
    startedAt,
    endedAt: Date.now() * 1000,
  };
}

/** Where the recording has calls that began after the answer was sent, gives them a bounded time to come. */
async function lateCalls(options: Options, request: ReplayPlan['requests'][number]): Promise<void> {
  if (!request.lateCalls) return;
  const deadline = performance.now() + 500;
  while (
    options.callsDuring(request.id) < request.pool.length &&
    performance.now() < deadline &&
    !options.signal.aborted
  ) {
    await pause(POLL_MS);
  }
}

async function linger(options: Options): Promise<void> {
  const last = options.plan.requests.at(-1);
  if (last && options.active.length === 0) options.active.push(last.id);
  await pause(options.plan.lingerMs, options.signal);
}

/** Waiting for a *recorded* moment is what these are for; nothing here guesses how long something might take. */
function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
