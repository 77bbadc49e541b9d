import { join } from 'node:path';
import { createDeployer } from '../../deploy/deployer.ts';
import type { Deployer, DeployerOptions } from '../../deploy/facade.ts';
import { createReleaseStore } from '../../deploy/store.ts';
import type { Forge } from '../../forge/port.ts';
import type { Incident } from '../../incident/model.ts';
import { releasesUnderWork } from '../../incident/store.ts';
import type { Logger } from '../../lib/log.ts';
import type { Agent } from '../../record/agent/port.ts';
import type { Sandbox } from '../../sandbox/port.ts';
import type { Store } from '../../store/store.ts';
import { createDesk, type Desk } from './desk.ts';
import type { Engine } from './engines/port.ts';
import { createObserver, type Observer } from './observe.ts';
import { createPullRequests } from './pull-requests.ts';

export interface WorkbenchOptions {
  store: Store;
  sandbox: Sandbox;
  /** Null where no container engine is there. */
  oci: Sandbox | null;
  images?: DeployerOptions['images'];
  /** The privileged process, or why there is none and what mends it. */
  agent: Agent | { missing: string; mend: string };
  engines: Readonly<Record<'template' | 'llm' | 'agent', Engine>>;
  costOf: (trace: string) => Promise<number>;
  forgeOf: (app: string, deployer: Deployer) => Promise<Forge>;
  router?: DeployerOptions['router'];
  log?: Logger;
  testCommand?: string;
  /** Read the catalogs of the databases that apps are given. Default true. */
  readSchemas?: boolean;
  onIncident?: (incident: Incident, slice: string | null) => void;
}

/** Everything that the fix desk needs, tied together: apps that run and are watched, and the desk that repairs them. */
export interface Workbench {
  deployer: Deployer;
  observer: Observer;
  desk: Desk;
  pullRequests: ReturnType<typeof createPullRequests>;
  /** Starts the apps that should run. */
  start(): Promise<void>;
  /** Stops the apps; the agent and the store are the caller's. */
  close(): Promise<void>;
}

export async function createWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const { store, sandbox, log } = options;
  const agent = 'missing' in options.agent ? null : options.agent;
  const observer = createObserver({
    store,
    agent,
    folder: join(store.folder, 'recordings'),
    ...(log ? { log } : {}),
    ...(options.onIncident ? { onIncident: options.onIncident } : {}),
    ...(options.readSchemas === undefined ? {} : { readSchemas: options.readSchemas }),
  });
  const deployer = await createDeployer({
    folder: join(store.folder, 'deploy'),
    store: createReleaseStore(store.db),
    sandbox,
    hooks: observer.hooks,
    pinned: (app) => releasesUnderWork(store, app),
    ...(options.images ? { images: options.images } : {}),
    ...(options.router ? { router: options.router } : {}),
    ...(log ? { log } : {}),
  });
  const desk = createDesk({
    store,
    deployer,
    sandbox,
    images: options.oci,
    redirector: options.agent,
    engines: options.engines,
    costOf: options.costOf,
    ...(options.testCommand === undefined ? {} : { testCommand: options.testCommand }),
  });
  const pullRequests = createPullRequests({
    store,
    deployer,
    forgeOf: (app) => options.forgeOf(app, deployer),
  });
  return {
    deployer,
    observer,
    desk,
    pullRequests,
    start: () => deployer.start(),
    async close() {
      await desk.forget();
      await deployer.stop();
      await observer.close();
    },
  };
}
