import { join } from 'node:path';
import { createWorkbench, type Workbench, type WorkbenchOptions } from '../desks/fix/workbench.ts';
import { listIncidents } from '../incident/store.ts';
import type { Incident } from '../incident/model.ts';
import { accepts } from '../lib/accepts.ts';
import { VouchError } from '../lib/errors.ts';
import { openStore, type Store } from '../store/store.ts';
import { freePort } from './services/child.ts';
import { startNeighbours, type Neighbours, type Shared } from './services/services.ts';
import type { Scenario } from './scenario.ts';
import { sendTraffic } from './traffic.ts';

/** What a run of scenarios is given: the parts that are the same for all of them. */
export type Parts = Omit<WorkbenchOptions, 'store' | 'testCommand' | 'onIncident'>;

/** A scenario whose production has happened: deployed, recorded, its traffic sent, its error seen or not. */
export interface Production {
  store: Store;
  workbench: Workbench;
  neighbours: Neighbours;
  /** Requests that were answered otherwise than the scenario says. */
  surprises: string[];
  /** Of the live services, so far: each has a name of its own. */
  copies: number;
  /** The incident that the scenario describes; null when it did not come. */
  incident: Incident | null;
  stop(): Promise<void>;
}

/** Plays production: starts the neighbours, deploys the app under the recorder, sends the traffic. */
export async function playProduction(
  scenario: Scenario,
  parts: Parts,
  shared: Shared,
  folder: string,
): Promise<Production> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const neighbours = await startNeighbours(scenario, shared, folder);
    undo.push(() => neighbours.stop());
    const store = await openStore(join(folder, 'data'));
    undo.push(() => store.close());
    const workbench = await createWorkbench({
      ...parts,
      store,
      ...(scenario.app.test === undefined ? {} : { testCommand: scenario.app.test }),
    });
    undo.push(() => workbench.close());
    await workbench.start();
    const { deployer, observer } = workbench;
    await deployer.createApp('app', scenario.app.start === undefined ? {} : { start: scenario.app.start });
    await deployer.setEnv('app', { ...scenario.env, ...neighbours.env }, { restart: false });
    await deployer.deployTree('app', scenario.appFolder, { message: scenario.summary });
    const current = await deployer.current('app');
    if (!current) throw new VouchError('unavailable', `${scenario.name}: the app does not run`);
    const surprises = await sendTraffic({ port: current.deployment.port }, scenario);
    await observer.settle();
    const incident = (await listIncidents(store)).find(
      ({ type, message }) => type === scenario.error.type && message.includes(scenario.error.message),
    );
    return { store, workbench, neighbours, surprises, copies: 0, incident: incident ?? null, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts the app with changes on a free port, against copies of the live services, and hands the port to `use`. */
export async function withFixed<T>(
  production: Production,
  scenario: Scenario,
  parts: Pick<Parts, 'sandbox'>,
  changes: Record<string, string | null>,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const { deployer } = production.workbench;
  const current = await deployer.current('app');
  if (!current) throw new VouchError('unavailable', `${scenario.name}: the app does not run`);
  const tag = `copy${production.copies++}`;
  const services = await production.neighbours.copy(tag);
  const port = await freePort();
  const prepared = await parts.sandbox.prepare({
    id: `h-${process.pid.toString(36)}-${tag}`,
    tree: await deployer.treeOf(current.release),
    changes,
    argv: current.launch.argv,
    env: { ...current.launch.env, ...scenario.env, ...services.env, PORT: String(port) },
    network: 'host',
    limits: { memoryBytes: 512 * 1024 * 1024, processes: 256, cpus: 1 },
    writable: true,
  });
  try {
    const program = await prepared.start();
    for (const stream of [program.stdout, program.stderr]) stream.resume();
    await accepting(port, program.exited);
    return await use(port);
  } finally {
    await prepared.destroy();
    await services.stop();
  }
}

const START_MS = 20_000;

async function accepting(port: number, exited: Promise<unknown>): Promise<void> {
  let over = false;
  void exited.then(() => (over = true));
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && !over) {
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new VouchError('no', over ? 'the fixed app ended at once' : 'the fixed app did not start in time');
}
