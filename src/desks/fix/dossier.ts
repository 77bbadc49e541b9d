import { getIncident, listOccurrences, readSlice } from '../../incident/store.ts';
import type { ErrorEvent, Incident } from '../../incident/model.ts';
import type { Deployer } from '../../deploy/facade.ts';
import type { Release } from '../../deploy/model.ts';
import { VouchError } from '../../lib/errors.ts';
import { sliceSchema, type Slice } from '../../record/model.ts';
import { protocolOf } from '../../protocol/registry.ts';
import type { Redirector } from '../../replay/run.ts';
import { createStates } from '../../replay/states.ts';
import type { Sandbox } from '../../sandbox/port.ts';
import type { Store } from '../../store/store.ts';
import { baselineOf } from '../../verify/judge.ts';
import { openCase, type Case } from '../../verify/case.ts';
import type { Baseline } from '../../verify/facts.ts';
import { appChecks } from './app-checks.ts';
import type { FixContext } from './engines/port.ts';
import type { Sources, Work } from './model.ts';
import { schemasOf } from './schemas.ts';
import { suspectOf } from './suspect.ts';

export interface DossierOptions {
  store: Store;
  deployer: Deployer;
  sandbox: Sandbox;
  /** For releases of a Dockerfile; null where no container engine is there. */
  images: Sandbox | null;
  /** Null: the privileged process could not be started; `why` says why not. */
  redirector: Redirector | { missing: string; mend: string };
  /** Runs the app's own tests with this command instead of its script. */
  testCommand?: string;
}

/** An incident with all that is needed to judge candidates against it. */
export interface Dossier {
  incident: Incident;
  error: ErrorEvent;
  slice: Slice;
  release: Release;
  tree: string;
  suspect: FixContext['suspect'];
  case: Case;
  baseline: Baseline;
}

/** Of a failure that does not come again. */
const NOTHING: Baseline = {
  neighbours: [],
  runs: null,
  variants: [],
  variantRun: null,
  siblingRun: () => Promise.resolve(null),
  tests: null,
  types: null,
};

/** An occurrence of an incident, with its recording. */
export interface Chosen {
  incident: Incident;
  error: ErrorEvent;
  /** Id of the recording. */
  recording: string;
  slice: Slice;
}

/**
 * Judging needs the recording, a release and the kernel hook. Throws `not-found`, `inconclusive` or `missing-part`. `chosen`: what
 * `chooseOccurrence` gives.
 */
export async function openDossier(
  options: DossierOptions,
  chosen: Chosen,
  { rebuilt = true }: Sources,
  work: Work,
): Promise<Dossier> {
  const { deployer, redirector } = options;
  const { incident, error, slice } = chosen;
  const release = await deployer.release(incident.app, slice.release);
  const app = await deployer.app(incident.app);
  const tree = await deployer.treeOf(release);
  if (!release.launch) throw new VouchError('inconclusive', `release ${release.id} was never built`);
  if ('missing' in redirector)
    throw new VouchError('missing-part', redirector.missing, { hint: redirector.mend });
  const { launch } = release;
  const sandbox = launch.image === null ? options.sandbox : options.images;
  if (!sandbox)
    throw new VouchError('missing-part', 'the release is an image, and no container engine is here', {
      hint: 'vouch doctor',
    });
  const checks = await appChecks(tree, options.testCommand);
  const port =
    (await deployer.deployments(incident.app, 100)).find(({ id }) => id === slice.deployment)?.port ?? 3000;
  const states =
    !rebuilt || slice.history === null
      ? null
      : createStates(slice.history, await schemasOf(options.store, slice.release), protocolOf);
  const calls = new Set(slice.callsOf[slice.failing ?? '']);
  states?.warm(slice.exchanges.filter(({ id }) => calls.has(id)));
  try {
    work.onProgress('reproducing the failure in two sandboxes');
    const opened = await openCase({
      slice,
      error,
      tree,
      ...(launch.image === null ? {} : { image: launch.image }),
      argv: launch.argv,
      env: { ...launch.env, ...(await deployer.envOf(incident.app)) },
      port,
      limits: {
        memoryBytes: app.settings.memoryBytes,
        processes: app.settings.processes,
        cpus: Math.max(1, app.settings.cpus),
      },
      testArgv: launch.image === null ? checks.test : null,
      typeCheckArgv: launch.image === null ? checks.types : null,
      states,
      sandbox,
      redirector,
      signal: work.signal,
    });
    if (opened.notReproduced === null)
      work.onProgress(`reproduced: ${error.type} in 2 of 2; replaying what worked`);
    const baseline = opened.notReproduced === null ? await baselineOf(opened) : NOTHING;
    const suspect = await suspectOf(deployer.repository(incident.app), release.commit, error);
    // Of the case: it says which request failed.
    return { incident, error, slice: opened.slice, release, tree, suspect, case: opened, baseline };
  } catch (error) {
    await states?.close();
    throw error;
  }
}

/**
 * The occurrence whose recording says most: tied to a request, nothing lost, the surest, the newest; of the newest release that was recorded
 * with this error, for that is the code to be repaired. Throws `not-found` or `inconclusive`.
 */
export async function chooseOccurrence(store: Store, incidentId: string): Promise<Chosen> {
  const incident = await getIncident(store, incidentId);
  const recorded = (await listOccurrences(store, incident.id)).filter(({ slice }) => slice !== null);
  const ofNewest = recorded.filter(({ release }) => release === recorded[0]!.release);
  let best: (Chosen & { worth: number }) | undefined;
  for (const { error, slice: recording } of ofNewest.slice(0, MOST_LOOKED_AT)) {
    const slice = sliceSchema.parse(JSON.parse(await readSlice(store, recording!)));
    const worth =
      (slice.failing === null ? 0 : 4) +
      (slice.lostBytes === 0 ? 2 : 0) +
      slice.confidence -
      (slice.shared.length > 0 ? 0.5 : 0);
    if (!best || worth > best.worth) best = { incident, error, recording: recording!, slice, worth };
  }
  if (best) return best;
  throw new VouchError(
    'inconclusive',
    `${incident.id}: nothing was recorded around this error, so nothing can be replayed`,
    { hint: 'vouch doctor says whether the recorder works here' },
  );
}

const MOST_LOOKED_AT = 12;
