/**
 * The process that stands in for the world: it runs inside the sandbox's network namespace, plays every server that the app
 * knew, sends the recorded requests and reports what happened. Ends with its parent (end of standard input).
 */
import { createInterface } from 'node:readline';
import { messageOf } from '../../lib/errors.ts';
import { protocolOf } from '../../protocol/registry.ts';
import { createMatcher } from '../matching.ts';
import { toWorkerSchema, type Call, type FromWorker, type ReplayPlan, type ReplayResult } from '../plan.ts';
import { drive, waitReady } from './driver.ts';
import { startMocks } from './mocks.ts';

const MAX_CALLS = 20_000;

const aborted = new AbortController();
let started: () => void = () => {};
const whenStarted = new Promise<void>((resolve) => (started = resolve));

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const message = toWorkerSchema.parse(JSON.parse(line));
  if (message.type === 'started') started();
  else if (message.type === 'exited') aborted.abort();
  else
    work(message.plan, message.sockets).then(say, (error: unknown) =>
      say({ type: 'failed', message: messageOf(error) }),
    );
});
input.on('close', () => process.exit(0));

function say(message: FromWorker): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function work(plan: ReplayPlan, sockets: Record<string, string>): Promise<FromWorker> {
  const active: string[] = [];
  const calls: Call[] = [];
  const counts = new Map<string, number>();
  const listening = await startMocks({
    plan,
    sockets,
    protocolOf: protocolOf,
    matcher: createMatcher(plan, protocolOf),
    active: () => active,
    onCall({ call }) {
      if (calls.length < MAX_CALLS) calls.push(call);
      if (call.during !== null) counts.set(call.during, (counts.get(call.during) ?? 0) + 1);
    },
  });
  say(listening);
  await whenStarted;
  const began = performance.now();
  const ready = await waitReady(plan, aborted.signal);
  const readyMs = Math.round(performance.now() - began);
  const responses: ReplayResult['responses'] = ready
    ? await drive({
        plan,
        http: protocolOf('http1'),
        active,
        callsDuring: (id) => counts.get(id) ?? 0,
        signal: aborted.signal,
      })
    : [];
  // The mocks stay: an app that loses its connections now would print errors that the recording never had. They end with this process, which
  // outlives the app.
  return { type: 'result', result: { version: 1, ready, readyMs, responses, calls } };
}
