import { accepts } from '../../lib/accepts.ts';
import type { Protocol, Sent } from '../../protocol/port.ts';
import type { ReplayPlan, ReplayResult } from '../plan.ts';
import type { Turns } from './turns.ts';

type Request = ReplayPlan['requests'][number];
type Response = ReplayResult['responses'][number];

export interface Driving {
  plan: ReplayPlan;
  http: Protocol;
  /** Who is under way: the mocks attribute calls by it. */
  turns: Turns;
  /** Whether calls that came after the answer to this request have not come yet. */
  awaitsLate: (id: string) => boolean;
  /** Makes just these destinations refuse connections. */
  refuse: (destinations: readonly string[]) => Promise<void>;
  /** When the program was started, by `performance.now()`. */
  startedAt: number;
  /** The app has ended. */
  signal: AbortSignal;
}

const POLL_MS = 4;
const LATE_CALLS_MS = 500;
/** A connection that ends without an answer is often the end of the app, which is told a moment later. */
const END_MS = 500;

/** Waits until the app accepts connections. Returns whether it did in time. */
export async function waitReady(plan: ReplayPlan, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + plan.app.readyTimeoutMs;
  while (performance.now() < deadline && !signal.aborted) {
    if (await accepts(plan.app.port, plan.app.host)) return true;
    await pause(POLL_MS, signal);
  }
  return false;
}

/** Sends the plan's requests by its schedule and gathers the answers, in the plan's order. Those not sent have none. */
export async function drive(at: Driving): Promise<Response[]> {
  const { requests } = at.plan;
  const responses: Response[] = [];
  for (const request of requests.filter(({ offsetMs }) => offsetMs === null)) {
    if (at.signal.aborted) break;
    responses.push(await send(at, request));
    await lateCalls(at, request);
  }
  const together = requests.filter(({ offsetMs }) => offsetMs !== null);
  const [first] = together;
  if (first) {
    await untilNotBefore(at, first);
    const start = performance.now();
    const sent = together.map(async (request) => {
      await pause(request.offsetMs! - (performance.now() - start), at.signal);
      return at.signal.aborted ? null : send(at, request);
    });
    responses.push(...(await Promise.all(sent)).filter((response) => response !== null));
  }
  await pause(at.plan.lingerMs, at.signal);
  return responses;
}

async function send(at: Driving, request: Request): Promise<Response> {
  const { app } = at.plan;
  await untilNotBefore(at, request);
  at.turns.begin(request.id);
  await at.refuse(refusedNow(at));
  const startedAt = Date.now() * 1000;
  const sent: Sent = await at.http.send!(
    { host: app.host, port: app.port },
    request.request,
    request.timeoutMs,
  );
  const endedAt = Date.now() * 1000;
  at.turns.end(request.id);
  if (sent.failure === 'closed' || sent.failure === 'refused') await pause(END_MS, at.signal);
  return {
    id: request.id,
    response: sent.response,
    failure: sent.failure,
    startedAt,
    endedAt,
  };
}

/** Until the next request what was refused stays so: the server was down, and what the app does afterwards is a part of it. */
function refusedNow({ plan, turns }: Driving): string[] {
  const active = new Set(turns.active().underWay);
  return plan.requests.filter(({ id }) => active.has(id)).flatMap(({ refused }) => refused);
}

async function untilNotBefore(at: Driving, request: Request): Promise<void> {
  await pause(at.startedAt + request.notBeforeMs - performance.now(), at.signal);
}

/** Where the recording has calls that began after the answer was sent, gives them a bounded time to come. */
async function lateCalls(at: Driving, request: Request): Promise<void> {
  const deadline = performance.now() + LATE_CALLS_MS;
  while (at.awaitsLate(request.id) && performance.now() < deadline && !at.signal.aborted) {
    await pause(POLL_MS, at.signal);
  }
}

/** Waiting for a *recorded* moment is what these are for; nothing here guesses how long something might take. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
