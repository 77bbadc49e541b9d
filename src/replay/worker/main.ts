/**
 * The process that stands in for the world: it runs inside the sandbox's network namespace, plays every server that the app
 * knew, sends the recorded requests and reports what happened. Ends with its parent (end of standard input).
 */
import { createInterface } from 'node:readline';
import { messageOf } from '../../lib/errors.ts';
import { protocolOf } from '../../protocol/registry.ts';
import { createMatcher } from '../matching.ts';
import { toWorkerSchema, type FromWorker, type ReplayPlan } from '../plan.ts';
import { createCallLog } from './calls.ts';
import { drive, waitReady } from './driver.ts';
import { startMocks } from './mocks.ts';
import { createHostState, type HostState } from './rebuilt.ts';
import { createTurns } from './turns.ts';

const ended = new AbortController();
let started: () => void = () => {};
const whenStarted = new Promise<void>((resolve) => (started = resolve));

let host: HostState | undefined;

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  const message = toWorkerSchema.parse(JSON.parse(line));
  if (message.type === 'started') started();
  else if (message.type === 'exited') ended.abort();
  else if (message.type === 'told') host?.told(message.number, message.told);
  else work(message.plan, message.sockets).then(say, fail);
});
input.on('close', () => process.exit(0));

function say(message: FromWorker): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function fail(error: unknown): void {
  say({ type: 'failed', message: messageOf(error) });
}

async function work(plan: ReplayPlan, sockets: Record<string, string>): Promise<FromWorker> {
  const turns = createTurns();
  const log = createCallLog();
  const matcher = createMatcher(plan, protocolOf);
  host = createHostState(plan.rebuilt, say);
  const mocks = await startMocks({
    plan,
    sockets,
    protocolOf,
    matcher,
    active: () => turns.active(),
    host,
    onCall: ({ call }) => log.add(call),
    onDefect: fail,
  });
  say(mocks.listening);
  await whenStarted;
  const startedAt = performance.now();
  const ready = await waitReady(plan, ended.signal);
  const readyMs = Math.round(performance.now() - startedAt);
  if (ready) say({ type: 'ready' });
  const responses = ready
    ? await drive({
        plan,
        http: protocolOf('http1'),
        turns,
        awaitsLate: (id) => matcher.awaitsLate(id),
        refuse: (destinations) => mocks.refuse(destinations),
        startedAt,
        signal: ended.signal,
      })
    : [];
  // The mocks stay: an app that loses its connections now would print errors that the recording never had. They end with this process, which
  // outlives the app.
  return {
    type: 'result',
    result: { version: 1, ready, readyMs, responses, calls: log.calls, moreCalls: log.more },
  };
}
