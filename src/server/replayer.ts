import type { Deployer } from '../deploy/facade.ts';
import type { Release } from '../deploy/model.ts';
import { readSlice } from '../incident/store.ts';
import { VouchError } from '../lib/errors.ts';
import { differences, isObject, type Json } from '../lib/json.ts';
import { sliceSchema, type Slice } from '../record/model.ts';
import { makePlan } from '../replay/make-plan.ts';
import { learn, mask } from '../replay/noise.ts';
import { replay, type Redirector } from '../replay/run.ts';
import type { Sandbox } from '../sandbox/port.ts';
import type { Store } from '../store/store.ts';
import { inboundOf } from '../verify/neighbours.ts';
import { comparable, isUnanswered, observeRun, statusOf, type Observed } from '../verify/observe.ts';
import type { Replayer, Work } from './services.ts';
import type { ReplayReport } from './views.ts';

/** Requests of a recording that are replayed: the last ones up to the failing one and after. */
const MAX_REQUESTS = 200;
const READY_TIMEOUT_MS = 30_000;
const LINGER_MS = 200;

export interface ReplayParts {
  deployer: Deployer;
  sandbox: Sandbox;
  oci: Sandbox | null;
  redirector: Redirector | { missing: string; mend: string };
}

/**
 * Replays recordings outside of a judgement: all requests of one, in order, against a release. Two runs side by side
 * tell what differs by itself; everything else that differs from the recording is reported.
 */
export function createReplayer(store: Store, parts: () => Promise<ReplayParts>): Replayer {
  return {
    async replay(recording, at, work) {
      const began = performance.now();
      const slice = sliceSchema.parse(JSON.parse(await readSlice(store, recording)));
      const { deployer, sandbox, oci, redirector } = await parts();
      if ('missing' in redirector)
        throw new VouchError('missing-part', redirector.missing, { hint: redirector.mend });
      const release = await releaseAt(deployer, slice, at);
      const isolation = (release.launch?.image ?? null) === null ? sandbox : oci;
      if (!isolation)
        throw new VouchError('missing-part', 'the release is an image, and no container engine is here', {
          hint: 'vouch doctor',
        });
      work.onProgress(`replaying v${release.number} twice`);
      const runs = await Promise.all(
        [0, 1].map((n) => runOnce(slice, release, n, { deployer, isolation, redirector }, work)),
      );
      const seconds = (performance.now() - began) / 1000;
      return reportOf(recording, `v${release.number}`, slice, runs[0]!, runs[1]!, seconds);
    },
  };
}

/** By `v3`, its id, or a commit that was released. */
async function releaseAt(deployer: Deployer, slice: Slice, at: string | undefined): Promise<Release> {
  if (at === undefined) return deployer.release(slice.app, slice.release);
  if (/^[0-9a-f]{7,64}$/.test(at)) {
    const found = (await deployer.releases(slice.app)).find(({ commit }) => commit.startsWith(at));
    if (found) return found;
    throw new VouchError('not-found', `${slice.app}: no release of commit ${at}`, {
      hint: `\`vouch releases ${slice.app}\` lists them; push it to have one`,
    });
  }
  return deployer.release(slice.app, at);
}

async function runOnce(
  slice: Slice,
  release: Release,
  n: number,
  parts: { deployer: Deployer; isolation: Sandbox; redirector: Redirector },
  work: Work,
): Promise<Observed> {
  const { deployer, isolation, redirector } = parts;
  const { launch } = release;
  if (!launch) throw new VouchError('inconclusive', `v${release.number} was never built`);
  const requests = inboundOf(slice).slice(-MAX_REQUESTS);
  if (requests.length === 0)
    throw new VouchError('inconclusive', 'the recording holds no request that could be sent again');
  const { settings } = await deployer.app(slice.app);
  const deployments = await deployer.deployments(slice.app, 1000);
  const port = deployments.find(({ id }) => id === slice.deployment)?.port ?? 3000;
  const observer = observeRun();
  const run = await replay({
    sandbox: isolation,
    redirector,
    refused: slice.refused,
    onOutput: (line) => observer.onOutput(line),
    signal: work.signal,
    plan: makePlan(
      slice,
      requests.map((exchange) => ({ exchange })),
      { port, schedule: 'sequential', readyTimeoutMs: READY_TIMEOUT_MS, lingerMs: LINGER_MS, noise: {} },
    ),
    spec: {
      id: `p-${process.pid.toString(36)}-${(counter++).toString(36)}`,
      tree: await deployer.treeOf(release),
      image: launch.image ?? undefined,
      argv: launch.argv,
      env: { ...launch.env, ...(await deployer.envOf(slice.app)), PORT: String(port) },
      limits: { memoryBytes: settings.memoryBytes, processes: settings.processes, cpus: settings.cpus },
      writable: true,
      clockMs: Math.round(requests[0]!.startedAt / 1000),
    },
  });
  return observer.observed(
    `replay ${n + 1}`,
    run,
    new Map(requests.map((exchange) => [exchange.id, exchange])),
  );
}

let counter = 0;

function reportOf(
  recording: string,
  at: string,
  slice: Slice,
  first: Observed,
  second: Observed,
  seconds: number,
): ReplayReport {
  const responses = inboundOf(slice)
    .filter(({ id }) => first.responses.has(id))
    .map((exchange) => {
      const replayed = first.responses.get(exchange.id)!;
      const again = comparable(second.responses.get(exchange.id)?.response);
      const noise = new Set(learn([comparable(replayed.response), again]));
      const masked = (response: Json | null): Json => mask(comparable(response), noise);
      return {
        id: exchange.id,
        summary: exchange.summary,
        recorded: statusOf(exchange.response),
        replayed: statusOf(replayed.response),
        // An app that closed the connection without an answer then, may now.
        failure: isObject(exchange.response) ? replayed.failure : null,
        differences: differences(masked(exchange.response), masked(replayed.response), 20),
      };
    });
  const same = responses.every((response) => response.failure === null && response.differences.length === 0);
  const { run, errors } = first;
  return {
    recording,
    at,
    same,
    inconclusive: whyNot(slice, first, same),
    responses,
    calls: run.result.calls,
    errors,
    clock: run.clock,
    isolation: run.level,
    seconds,
  };
}

/** A difference says nothing while the app was given less than it was given then. */
function whyNot(slice: Slice, { run }: Observed, same: boolean): string | null {
  if (!run.result.ready) {
    const said = run.output.slice(-3).map(({ text }) => text.trim());
    return `the app did not start in the sandbox${said.length === 0 ? '' : `: ${said.join(' · ')}`}`;
  }
  if (slice.lostBytes > 0) return `${slice.lostBytes} bytes of the recording were lost`;
  if (same) return null;
  const unanswered = run.result.calls.find(isUnanswered);
  if (unanswered) return `${unanswered.summary} (${unanswered.destination}) has no recorded answer`;
  const stray = run.strays[0];
  return stray ? `${stray.address}:${stray.port} was never recorded` : null;
}
