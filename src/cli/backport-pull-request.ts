import { join } from 'node:path';
import { loadConfig } from '../config/config.ts';
import { openRepositories } from '../deploy/git.ts';
import type { Repository } from '../desks/backport/git/repository.ts';
import { storedCache } from '../desks/backport/history/cache.ts';
import { readCommits } from '../desks/backport/history/read.ts';
import type { PicksResult } from '../desks/backport/picks/apply.ts';
import { personOf } from '../desks/backport/picks/person.ts';
import { picksPullRequest } from '../desks/backport/picks/pull-request.ts';
import type { Forge, Opened } from '../forge/port.ts';
import { VouchError } from '../lib/errors.ts';
import { forgeOf } from '../server/forge.ts';
import type { Store } from '../store/store.ts';
import type { ApplyOptions } from './commands/backport-picks.ts';
import type { Session } from './session.ts';

/** The forge that is configured; found out before anything is picked. Throws `usage` with what is not set. */
export async function forgeFor(session: Session, store: Store, { app }: ApplyOptions): Promise<Forge> {
  const { config } = await loadConfig(session.folder, session.io.env);
  if (config['forge.kind'] === 'local' && app === undefined)
    throw new VouchError(
      'usage',
      '--pr: the built-in forge has the repositories of apps, and no app is named',
      {
        hint: 'give --app NAME, or set a forge: vouch config set forge.kind github',
      },
    );
  const url = config['server.url'] ?? `http://${config['server.host']}:${config['server.port']}`;
  const repositories = openRepositories(join(store.folder, 'deploy', 'repositories'));
  const deployer = { repository: (name: string): string => repositories.pathOf(name) };
  return forgeOf(config, { store, deployer, url }, app ?? '');
}

export async function openPicks(
  session: Session,
  forge: Forge,
  store: Store,
  repository: Repository,
  result: PicksResult,
  options: ApplyOptions,
): Promise<Opened> {
  const ids = [...result.picked, ...result.skipped].map(({ sha }) => sha);
  const commits = await readCommits(repository, ids, {
    cache: storedCache(store),
    signal: session.signal,
    onProgress: session.progress,
  });
  const subjects = new Map(commits.map(({ sha, subject }) => [sha, subject]));
  const by = await personOf(options.repo, options.as);
  return forge.openCommits({
    branch: result.branch,
    base: options.onto,
    ...picksPullRequest(result, subjects, by),
    commit: result.head,
    objects: repository.objects,
    signal: session.signal,
  });
}
