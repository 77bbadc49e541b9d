import type { GiteaConfig } from './gitea/api.ts';
import { createGiteaForge } from './gitea/forge.ts';
import type { GithubConfig } from './github/api.ts';
import { createGithubForge } from './github/forge.ts';
import { createLocalForge, type LocalConfig } from './local/forge.ts';
import type { Forge } from './port.ts';

export type ForgeConfig =
  | ({ kind: 'local' } & LocalConfig)
  | ({ kind: 'github' } & GithubConfig)
  | ({ kind: 'gitea' } & GiteaConfig);

export function createForge(config: ForgeConfig): Forge {
  switch (config.kind) {
    case 'local':
      return createLocalForge(config);
    case 'github':
      return createGithubForge(config);
    case 'gitea':
      return createGiteaForge(config);
  }
}
