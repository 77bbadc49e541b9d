import type { Config } from '../config/settings.ts';
import type { Deployer } from '../deploy/facade.ts';
import type { ReleaseStore } from '../deploy/ports.ts';
import type { Workbench } from '../desks/fix/workbench.ts';
import { VouchError } from '../lib/errors.ts';
import type { AppsPort } from './services.ts';

/**
 * The apps of a data folder on which no server runs. What is only looked at comes from the database; the rest opens the
 * folder, which one process may have at a time.
 */
export function appsWithoutServer(
  store: ReleaseStore,
  config: Config,
  open: () => Promise<Workbench>,
): AppsPort {
  const deployer = async (): Promise<Deployer> => (await open()).deployer;
  const app: AppsPort['app'] = async (name) => {
    const found = await store.findApp(name);
    if (found) return found;
    throw new VouchError('not-found', `no app called ${name}`, {
      hint: `create it with \`vouch apps create ${name}\``,
    });
  };
  return {
    app,
    listApps: () => store.listApps(),
    releases: async (name) => store.listReleases((await app(name)).name),
    async release(name, wanted) {
      const releases = await store.listReleases((await app(name)).name);
      const found = releases.find(({ id, number }) => id === wanted || `v${number}` === wanted);
      if (found) return found;
      throw new VouchError('not-found', `${name}: no release ${wanted}`, {
        hint: `\`vouch releases ${name}\` lists them`,
      });
    },
    deployments: async (name, limit = 50) => store.listDeployments((await app(name)).name, limit),
    envNames: async (name) => [...(await store.readEnvironment((await app(name)).name)).keys()].sort(),
    urlOf: (name) => `http://${name}.${config['router.domain']}:${config['router.port']}`,

    createApp: async (...given) => (await deployer()).createApp(...given),
    updateApp: async (...given) => (await deployer()).updateApp(...given),
    destroyApp: async (...given) => (await deployer()).destroyApp(...given),
    setEnv: async (...given) => (await deployer()).setEnv(...given),
    logs: async (...given) => (await deployer()).logs(...given),
    rollback: async (...given) => (await deployer()).rollback(...given),
    deployCommit: async (...given) => (await deployer()).deployCommit(...given),
    gitHttp: async (...given) => (await deployer()).gitHttp(...given),
  };
}
