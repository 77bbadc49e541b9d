import type { Config } from '../config/settings.ts';
import { imagesOf } from '../deploy/builders/images.ts';
import type { WorkbenchOptions } from '../desks/fix/workbench.ts';
import { VouchError } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { chooseSandbox, containerImages, sandboxes } from '../sandbox/registry.ts';
import type { Store } from '../store/store.ts';
import { openRecorder } from './agent.ts';
import { createEngines } from './engines.ts';
import { forgeOf } from './forge.ts';
import { reapMachine } from './housekeeping.ts';

export interface PartsOptions {
  config: Config;
  log: Logger;
  /** Where calls of engines, and pull requests, are kept; null keeps them for the time of this run, and opens none. */
  traces: Store | null;
  /** What others call the server, for the links of pull requests. */
  url?: string;
  /** Where the apps are served; null for any free port of loopback. */
  router?: WorkbenchOptions['router'];
}

/** What a workbench is made of, besides its data folder: the machine's parts, opened as the configuration says. */
export interface Parts {
  workbench: Omit<WorkbenchOptions, 'store' | 'testCommand' | 'onIncident'>;
  close: () => Promise<void>;
}

/** Throws `missing-part` when no sandbox can be used here. A missing recorder is told in what it gives. */
export async function openParts(options: PartsOptions): Promise<Parts> {
  const { config, log, traces, url = '' } = options;
  const sandbox = await chooseSandbox(config['sandbox.level']);
  const { oci } = sandboxes();
  const containers = (await oci.available()).ok;
  await reapMachine(containers && oci !== sandbox ? [sandbox, oci] : [sandbox], log);
  const recorder = await openRecorder(
    traces?.folder,
    { socket: config['recorder.socket'], maxBytes: config['recorder.maxBytes'] },
    log,
  );
  try {
    const { engines, costOf } = await createEngines(config, traces, sandbox);
    return {
      workbench: {
        sandbox,
        oci: containers ? oci : null,
        images: imagesOf(oci, containerImages),
        agent: recorder.agent,
        engines,
        costOf,
        async forgeOf(app, deployer) {
          if (traces) return forgeOf(config, { store: traces, deployer, url }, app);
          throw new VouchError('conflict', `${app}: pull requests are opened by a server, and this is none`);
        },
        readSchemas: config['deploy.schemas'] === 'read',
        router: options.router ?? { port: 0 },
        log,
      },
      close: recorder.close,
    };
  } catch (error) {
    await recorder.close();
    throw error;
  }
}
