import { VouchError } from '../lib/errors.ts';
import { canonicalJson, type Json } from '../lib/json.ts';
import type { ErrorEvent } from '../incident/model.ts';
import type { Exchange } from '../protocol/port.ts';
import { protocolOf } from '../protocol/registry.ts';
import type { Slice } from '../record/model.ts';
import { makePlan, type Asked } from '../replay/make-plan.ts';
import { learnCalls, type CallNoise } from '../replay/noise.ts';
import { replay, type Redirector } from '../replay/run.ts';
import type { States } from '../replay/states.ts';
import type { Limits, Sandbox } from '../sandbox/port.ts';
import { inboundOf, isHealthy } from './neighbours.ts';
import { routesOf } from './routes.ts';
import { callsDuring, isUnanswered, observeRun, raised, statusOf, type Observed } from './observe.ts';

/** Everything that a judgement stands on. Made once per incident and release; candidates are judged against it. */
export interface CaseInput {
  slice: Slice;
  error: ErrorEvent;
  /** The release's tree, as built. */
  tree: string;
  /** An image instead, for releases of a Dockerfile. */
  image?: string;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** The port that the app is told in PORT. */
  port: number;
  limits: Limits;
  /** Runs the app's own tests in its tree; null if it has none. */
  testArgv: readonly string[] | null;
  /** Checks the app's types; null where it has none. */
  typeCheckArgv: readonly string[] | null;
  /** What is known of servers beyond recorded answers; null: nothing. */
  states: States | null;
  sandbox: Sandbox;
  redirector: Redirector;
  signal?: AbortSignal;
}

export interface Case extends CaseInput {
  failing: Exchange;
  /** What has to be sent before the failing request, for it to fail: none, or earlier requests in order. */
  prefix: Exchange[];
  /** Whether the failing request has to be sent together with those that overlapped it. */
  schedule: 'sequential' | 'recorded';
  together: Exchange[];
  /** Null when it reproduces; else why not, in a sentence. */
  notReproduced: string | null;
  /** The two unpatched runs of the failing request. */
  unpatched: Observed[];
  noise: CallNoise;
  /** Milliseconds from the program's start to its first accepted connection, as measured; null before it ran. */
  bootMs: number | null;
  lingerMs: number;
}

export type Changes = Record<string, string | null>;

/** Taken for the time from start to readiness until it is known. */
const FIRST_BOOT_GUESS_MS = 400;
const READY_TIMEOUT_MS = 30_000;
const MAX_PREFIX = 60;
const NOISE_ROUNDS = 3;

/**
 * Finds out how the failure is reproduced: the request alone; after the requests before it; together with those that overlapped it.
 * Each way is tried twice in fresh sandboxes, and counts only if both runs raise the incident's fingerprint. Which request it was is told
 * from times and words: before one is believed to need others, those of the same moment are tried alone, and the case is about the one
 * that fails.
 */
export async function openCase(input: CaseInput): Promise<Case> {
  const first = await tryWay(baseOf(input));
  if (first.notReproduced === null) return first;
  const { bootMs, noise, failing } = first;
  for (const { id } of othersOfThatMoment(input, failing)) {
    const tried = await tryWay({ ...baseOf({ ...input, slice: { ...input.slice, failing: id } }), bootMs });
    if (tried.notReproduced === null) return tried;
  }
  for (const way of waysWithOthers(first)) {
    const tried = await tryWay({ ...baseOf(input), bootMs, noise, ...way });
    if (tried.notReproduced === null) return tried;
  }
  return first;
}

const MOST_OTHERS = 3;
/** An error may be printed so long after the answer to the request that it came of. Microseconds. */
const ANSWERED_BEFORE = 250_000;

/** Requests that were under way when the error was printed, or just answered, the last one first. */
function othersOfThatMoment({ slice, error }: CaseInput, failing: Exchange): Exchange[] {
  return inboundOf(slice)
    .filter(
      ({ id, startedAt, endedAt }) =>
        id !== failing.id && startedAt <= error.at && (endedAt ?? Infinity) + ANSWERED_BEFORE >= error.at,
    )
    .toReversed()
    .slice(0, MOST_OTHERS);
}

/** A case before anything was tried. Throws `inconclusive` if the error could not be tied to a request. */
function baseOf(input: CaseInput): Case {
  const failing = input.slice.exchanges.find((exchange) => exchange.id === input.slice.failing);
  if (!failing) {
    throw new VouchError(
      'inconclusive',
      'the error could not be tied to a recorded request, so there is nothing to replay',
      {
        hint: 'look at `vouch incident`: its confidence says what was seen around the error',
      },
    );
  }
  return {
    ...input,
    failing,
    prefix: [],
    schedule: 'sequential',
    together: [],
    notReproduced: null,
    unpatched: [],
    noise: {},
    bootMs: null,
    lingerMs: lingerFor(input.error, failing),
  };
}

/**
 * Errors may come after the answer. One that comes with it is in the app's output before the answer is read; one that came later in
 * production may take some times as long here, where several programs share the processors.
 */
function lingerFor(error: ErrorEvent, failing: Exchange): number {
  const after = (error.at - (failing.endedAt ?? error.at)) / 1000;
  return Math.round(after > 2 ? Math.min(3_000, after * 3 + 250) : 40);
}

function* waysWithOthers(at: Case): Generator<Pick<Case, 'prefix' | 'schedule' | 'together'>> {
  const inbound = inboundOf(at.slice).filter((exchange) => exchange.id !== at.failing.id);
  const before = inbound.filter(
    (exchange) => exchange.startedAt < at.failing.startedAt && isHealthy(exchange),
  );
  const overlapping = inbound.filter(
    (other) =>
      other.startedAt < (at.failing.endedAt ?? Infinity) &&
      (other.endedAt ?? Infinity) > at.failing.startedAt,
  );
  const earlier = before.filter((exchange) => !overlapping.includes(exchange)).slice(-MAX_PREFIX);
  if (before.length > 0) yield { prefix: before.slice(-MAX_PREFIX), schedule: 'sequential', together: [] };
  if (overlapping.length > 0) {
    yield { prefix: [], schedule: 'recorded', together: overlapping };
    if (earlier.length > 0) yield { prefix: earlier, schedule: 'recorded', together: overlapping };
  }
}

/**
 * Two runs side by side, again with what was learned of noise until nothing more is learned, and again if the app needed longer to start
 * than its clock was put back: then it was asked too late.
 */
async function tryWay(at: Case): Promise<Case> {
  let current = at;
  for (let round = 0; ; round++) {
    const runs = await Promise.all(
      ['unpatched 1', 'unpatched 2'].map((name) => runFailing(current, name, {})),
    );
    const wasLate = current.bootMs === null && (bootOf(runs) ?? 0) > FIRST_BOOT_GUESS_MS;
    const noiseBefore = current.noise;
    current = {
      ...current,
      unpatched: runs,
      bootMs: bootOf(runs) ?? current.bootMs,
      notReproduced: whyNot(current, runs),
    };
    const { noise, learned } = learnCalls(seen(current, runs[0]!), seen(current, runs[1]!), noiseBefore);
    const again = learned || (wasLate && current.notReproduced !== null);
    if (!again || round >= NOISE_ROUNDS) return current;
    current = { ...current, noise };
  }
}

/** The longest time from start to readiness; null if it never was ready. */
function bootOf(runs: readonly Observed[]): number | null {
  const times = runs.flatMap(({ run }) => (run.result.ready ? run.result.readyMs : []));
  return times.length === 0 ? null : Math.max(...times);
}

/** Raised by the failing request, or after it was sent: what earlier requests raise is not what is to be reproduced. */
function isReproducedIn(at: Case, run: Observed): boolean {
  const sent = run.responses.get(at.failing.id);
  return sent !== undefined && raised(run, at.error.fingerprint, sent.startedAt);
}

function whyNot(at: Case, runs: readonly Observed[]): string | null {
  const times = runs.filter((run) => isReproducedIn(at, run)).length;
  if (times === runs.length) return null;
  if (times > 0)
    return `the error was raised in ${times} of ${runs.length} replays: it depends on something that is not recorded`;
  const dead = runs.find(({ run }) => !run.result.ready);
  if (dead) {
    const said = dead.run.output.slice(-3).map(({ text }) => text.trim());
    return `the app did not start in the sandbox${said.length === 0 ? '' : `: ${said.join(' · ')}`}`;
  }
  const unanswered = runs[0]!.run.result.calls.find(isUnanswered);
  const stray = runs[0]!.run.strays[0];
  const other = runs[0]!.errors[0];
  const status = statusOf(runs[0]!.responses.get(at.failing.id)?.response);
  return [
    `the error was not raised: the request was answered ${status ?? 'not at all'}`,
    unanswered ? `${unanswered.summary} (${unanswered.destination}) has no recorded answer` : '',
    stray ? `${stray.address}:${stray.port} was never recorded` : '',
    other ? `another error came instead: ${other.type}: ${other.message.slice(0, 160)}` : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}

function seen(
  at: Case,
  observed: Observed,
): { protocol: string; canonical: Json; recorded: Json | undefined }[] {
  const byId = new Map(at.slice.exchanges.map((exchange) => [exchange.id, exchange]));
  return observed.run.result.calls.map((call) => {
    const recorded =
      call.match === 'exact' ? undefined : byId.get(call.exchange ?? call.nearest?.exchange ?? '');
    return {
      protocol: call.protocol,
      canonical: call.canonical,
      recorded: recorded ? protocolOf(recorded.protocol).canonical(recorded.request) : undefined,
    };
  });
}

/** Replays what makes the failure, with a candidate's changes. */
export async function runFailing(at: Case, name: string, changes: Changes): Promise<Observed> {
  const before = at.prefix.map((exchange): Asked => ({ exchange, alone: true }));
  const together = [...at.together, at.failing].sort((a, b) => a.startedAt - b.startedAt);
  return runAsked(at, name, changes, [...before, ...together.map((exchange) => ({ exchange }))], {
    schedule: at.schedule,
    from: together[0]!,
  });
}

/** What a request before the failing one takes, at a guess: the clock starts so much earlier. Milliseconds. */
const PREFIX_MS = 5;

/** Replays any requests against the tree with changes, in a fresh sandbox. `from`: the exchange that is sent at its recorded time. */
export async function runAsked(
  at: Case,
  name: string,
  changes: Changes,
  asked: readonly Asked[],
  options: { schedule?: 'sequential' | 'recorded'; from: Exchange },
): Promise<Observed> {
  const before = asked.findIndex(({ exchange }) => exchange.id === options.from.id);
  const leadMs = (at.bootMs ?? FIRST_BOOT_GUESS_MS) + PREFIX_MS * before;
  const plan = makePlan(at.slice, asked, {
    port: at.port,
    schedule: options.schedule ?? 'sequential',
    readyTimeoutMs: READY_TIMEOUT_MS,
    lingerMs: at.lingerMs,
    noise: at.noise,
    rebuilt: at.states?.destinations ?? [],
    clock: { exchange: options.from.id, leadMs },
  });
  const observer = observeRun();
  const run = await replay({
    sandbox: at.sandbox,
    redirector: at.redirector,
    refused: at.slice.refused,
    plan,
    ...(at.states && { states: at.states }),
    onOutput: (line) => observer.onOutput(line),
    signal: at.signal,
    spec: {
      id: `r-${process.pid.toString(36)}-${(counter++).toString(36)}`,
      tree: at.tree,
      image: at.image,
      changes,
      argv: at.argv,
      env: { ...at.env, PORT: String(at.port) },
      limits: at.limits,
      writable: true,
      clockMs: Math.round(options.from.startedAt / 1000 - leadMs),
    },
  });
  return observer.observed(name, run, new Map(asked.map((one) => [one.id ?? one.exchange.id, one.exchange])));
}

let counter = 0;

/** Calls of the failing request in a run: of it alone, or of all that had to be sent together. */
export function failingCalls(at: Case, observed: Observed): Observed['run']['result']['calls'] {
  if (at.schedule === 'sequential') return callsDuring(observed, at.failing.id);
  const together = new Set([at.failing.id, ...at.together.map(({ id }) => id)]);
  return observed.run.result.calls.filter((call) => call.during !== null && together.has(call.during));
}

/** Inbound exchanges of the failing request's route, itself left out. */
export function siblingsOf(at: Case): Exchange[] {
  const routes = routesOf(at.slice);
  const own = routes.of(at.failing);
  return inboundOf(at.slice).filter(
    (exchange) => exchange.id !== at.failing.id && routes.of(exchange) === own,
  );
}

/** Recorded exchanges that asked exactly what failed. */
export function sameRequest(at: Case): Exchange[] {
  const http = protocolOf(at.failing.protocol);
  const key = canonicalJson(http.canonical(at.failing.request));
  return siblingsOf(at).filter((exchange) => canonicalJson(http.canonical(exchange.request)) === key);
}
