import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createGiteaForge } from '../../src/forge/gitea/forge.ts';
import { createGithubForge } from '../../src/forge/github/forge.ts';
import { createLocalForge } from '../../src/forge/local/forge.ts';
import { filePullRequestStore } from '../../src/forge/local/store.ts';
import type { Forge } from '../../src/forge/port.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import type { Clone } from './forge-series.ts';
import { gitEndpoint, type GitEndpoint } from './git-endpoint.ts';
import { giteaDouble } from './gitea.ts';
import { githubDouble } from './github.ts';

/** A forge with the `main` of a clone, and what is asked of it from behind. */
interface ForgeDouble {
  forge: Forge;
  endpoint: GitEndpoint;
  token: string;
  /** The address of its server; '' for the built-in one. */
  url: string;
  /** Branch and state of each pull request. */
  pulls: () => Promise<string[]>;
  /** Pull requests cannot be opened, until that is over. */
  refuseToOpen: (refuse: boolean) => void;
}

const TOKENS = { github: 'gh-token', gitea: 'gitea-token' };

async function seeded(clone: Clone, token: string): Promise<GitEndpoint> {
  const endpoint = await gitEndpoint(token, clone.format);
  await endpoint.git('fetch', '-q', clone.dir, 'main:main');
  return endpoint;
}

async function local(clone: Clone): Promise<ForgeDouble> {
  const scratch = await scratchDir('forge');
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const endpoint = await seeded(clone, '');
  const store = filePullRequestStore(join(scratch, 'pulls.json'));
  let refused = false;
  const forge = createLocalForge({
    repository: endpoint.repository,
    store: {
      list: () => store.list(),
      async put(row) {
        if (refused) throw new Error('the disk is full');
        await store.put(row);
      },
    },
    url: ({ ref }) => `http://vouch/pulls/${ref}`,
  });
  return {
    forge,
    endpoint,
    token: '',
    url: '',
    pulls: async () => (await store.list()).map(({ branch, state }) => `${branch} ${state}`),
    refuseToOpen: (refuse) => void (refused = refuse),
  };
}

async function http(kind: 'github' | 'gitea', clone: Clone, timeoutMs = 3000): Promise<ForgeDouble> {
  const token = TOKENS[kind];
  const endpoint = await seeded(clone, token);
  const git = { git: endpoint };
  const double = kind === 'github' ? await githubDouble({}, git) : await giteaDouble({}, git);
  const config = { repository: 'acme/shop', token, baseUrl: double.url, timeoutMs };
  return {
    forge: kind === 'github' ? createGithubForge(config) : createGiteaForge(config),
    endpoint,
    token,
    url: double.url,
    pulls: async () => double.pulls.map(({ head, state }) => `${head} ${state}`),
    refuseToOpen: (refuse) =>
      double.override(({ method, path }) =>
        refuse && method === 'POST' && path.endsWith('/pulls')
          ? { status: 500, json: { message: 'the disk is full' } }
          : undefined,
      ),
  };
}

type SetUp = (clone: Clone, timeoutMs?: number) => Promise<ForgeDouble>;

/** `timeoutMs`: for one request to its API; a push has ten times as many. */
export const FORGES: Record<'local' | 'github' | 'gitea', SetUp> = {
  local,
  github: (clone, timeoutMs) => http('github', clone, timeoutMs),
  gitea: (clone, timeoutMs) => http('gitea', clone, timeoutMs),
};
