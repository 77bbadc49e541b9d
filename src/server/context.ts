import { setTimeout as delay } from 'node:timers/promises';
import { createReleaseStore } from '../deploy/store.ts';
import { createWorkbench, type Workbench } from '../desks/fix/workbench.ts';
import type { Config } from '../config/settings.ts';
import { VouchError } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { Store } from '../store/store.ts';
import { appsWithoutServer } from './apps-here.ts';
import { examine } from './doctor.ts';
import { createEngines } from './engines.ts';
import { createEvents } from './events.ts';
import { keepRecordingsBounded } from './housekeeping.ts';
import { openParts } from './parts.ts';
import { createReplayer } from './replayer.ts';
import type { Services } from './services.ts';
import { readVersion } from './version.ts';
import { createWorks } from './work.ts';

const TURN_MS = 5000;
const DAY_MS = 24 * 3_600_000;

export interface ContextOptions {
  store: Store;
  config: Config;
  log: Logger;
  /** Whether this process runs the apps. */
  serving: boolean;
  /** What others call the server. */
  url: string;
}

export interface Context {
  services: Services;
  /** Starts the apps that should run; in the server only. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The one place that wires. The server opens everything at once; a command without a server opens the apps, the
 * sandbox and the recorder when it first needs them, since most ask the database only.
 */
export async function createContext(options: ContextOptions): Promise<Context> {
  const { store, config, serving, url } = options;
  const events = createEvents();
  const works = createWorks();
  let opened: ReturnType<typeof open> | undefined;
  const openOnce = (): ReturnType<typeof open> =>
    (opened ??= serving ? open(options, events) : inTurn(() => open(options, events)));
  const workbench = async (): Promise<Workbench> => (await openOnce()).workbench;

  const deployer = serving
    ? (await workbench()).deployer
    : appsWithoutServer(createReleaseStore(store.db), config, workbench);
  const services: Services = {
    store,
    deployer,
    events,
    works,
    serving,
    version: readVersion(),
    startedAt: Date.now(),
    url: () => url,
    doctor: async () => examine(config, store.folder, (await createEngines(config, store, null)).engines),
    fixDesk: {
      async fix(incident, { pullRequest, ...asked }, work) {
        const { desk, pullRequests } = await workbench();
        const engines = asked.engines ?? config['fix.engines'];
        const budgetUsd = asked.budgetUsd ?? config['llm.budgetUsd'];
        const budgetSeconds = asked.budgetSeconds ?? config['fix.budgetSeconds'];
        const outcome = await desk.fix(incident, { pullRequest, engines, budgetUsd, budgetSeconds }, work);
        const verified = outcome.candidates.find(({ verdict }) => verdict === 'verified');
        if (!pullRequest || !verified) return outcome;
        const proposal = await pullRequests.open(verified.proposal);
        const candidates = outcome.candidates.map((candidate) =>
          candidate === verified ? { ...candidate, pullRequest: proposal.pullRequest } : candidate,
        );
        return { ...outcome, candidates };
      },
      verify: async (incident, patch, work) => (await workbench()).desk.verify(incident, patch, work),
      openPullRequest: async (proposal) => (await workbench()).pullRequests.open(proposal),
      follow: async (decision, work) => (await workbench()).pullRequests.follow(decision, work),
    },
    replayer: createReplayer(store, async () => {
      const { workbench: bench, parts } = await openOnce();
      return { deployer: bench.deployer, sandbox: parts.sandbox, oci: parts.oci, redirector: parts.agent };
    }),
  };
  let endRetention: (() => Promise<void>) | undefined;
  return {
    services,
    async start() {
      await (await workbench()).start();
      const limits = {
        maxBytes: config['recorder.totalBytes'],
        maxAgeMs: config['recorder.keepDays'] * DAY_MS,
      };
      endRetention = keepRecordingsBounded(store, limits, options.log);
    },
    async close() {
      await endRetention?.();
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

/** Commands without a server take turns on the folder of the apps: most have it for less than a second. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + TURN_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof VouchError) || error.code !== 'conflict' || performance.now() > deadline)
        throw error;
      await delay(100);
    }
  }
}

async function open({ store, config, log, serving, url }: ContextOptions, events: Services['events']) {
  const { workbench: parts, close } = await openParts({
    config,
    log,
    traces: store,
    url,
    // A command beside a server leaves that one's port alone.
    router: {
      host: config['router.host'],
      port: serving ? config['router.port'] : 0,
      domain: config['router.domain'],
    },
  });
  try {
    if ('missing' in parts.agent)
      log.warn(`nothing is recorded: ${parts.agent.missing}; do: ${parts.agent.mend}`);
    const workbench = await createWorkbench({
      ...parts,
      store,
      onIncident: ({ id, app }) => events.publish({ topic: 'incident', id, app, text: null }),
    });
    return {
      workbench,
      parts,
      async close() {
        await workbench.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
