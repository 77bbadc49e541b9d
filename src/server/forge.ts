import type { Config } from '../config/settings.ts';
import type { Deployer } from '../deploy/facade.ts';
import { createForge } from '../forge/registry.ts';
import type { Forge } from '../forge/port.ts';
import { VouchError } from '../lib/errors.ts';
import type { Store } from '../store/store.ts';
import { pullRequestsOf } from './pull-request-store.ts';

/** The forge that the configuration names, for one app. Throws `usage` with the setting that is missing. */
export function forgeOf(
  config: Config,
  { store, deployer, url }: { store: Store; deployer: Pick<Deployer, 'repository'>; url: string },
  app: string,
): Forge {
  const kind = config['forge.kind'];
  if (kind === 'local') {
    return createForge({
      kind,
      repository: deployer.repository(app),
      store: pullRequestsOf(store.db, app),
      // A pull request's page is its proposal's; the branch is named after that.
      url: ({ branch }) => `${url}/proposals/prp_${branch.slice(branch.lastIndexOf('-') + 1)}`,
    });
  }
  const need = (key: 'forge.repository' | 'forge.token' | 'forge.baseUrl'): string => {
    const value = config[key];
    if (value !== undefined) return value;
    throw new VouchError('usage', `forge ${kind}: ${key} is not set`, {
      hint: `vouch config set ${key} VALUE`,
    });
  };
  const repository = need('forge.repository');
  const token = need('forge.token');
  return kind === 'github'
    ? createForge({ kind, repository, token, baseUrl: config['forge.baseUrl'] })
    : createForge({ kind, repository, token, baseUrl: need('forge.baseUrl') });
}
