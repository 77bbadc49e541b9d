import { realpath } from 'node:fs/promises';
import { VouchError } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import type { OnLine } from './facade.ts';
import type { Repositories } from './git.ts';
import { versionOf, type App } from './model.ts';
import type { PushSteps, RefUpdate } from './push-hook.ts';
import type { Releases } from './releases.ts';
import type { Live, Rollout } from './rollout.ts';
import type { Turns } from './turns.ts';

export interface PushOptions {
  repositories: Repositories;
  releases: Releases;
  rollout: Rollout;
  turns: Turns;
  findApp: (name: string) => Promise<App>;
  /** After a release went into production. */
  onDeployed: (app: string) => Promise<void>;
  log: Logger;
}

/**
 * A push to the app's branch is a deploy with the branch's move as its point of no return. Before it: built, started,
 * healthy, or else the push is refused and nothing has changed. After it: the switch. A server that is killed before
 * leaves the old commit and the old release; one that is killed after finishes the switch when it starts again (see
 * `recover.ts`). Pushes to other branches just store commits.
 */
export function beginPush(
  app: string,
  options: PushOptions,
): { steps: PushSteps; ended: () => Promise<void> } {
  const { repositories, releases, rollout } = options;
  let pending: { live: Live; branch: string } | undefined;
  let leave: (() => void) | undefined;

  const settle = async (print: OnLine): Promise<void> => {
    if (!pending) return;
    const { live, branch } = pending;
    pending = undefined;
    if ((await repositories.head(app, branch)) !== live.release.commit) {
      await rollout.discard(live);
      await releases.reject(live.release, 'the branch did not move: the push was broken off');
      return;
    }
    try {
      await rollout.promote(live, print);
    } catch (error) {
      await releases.reject(live.release, error instanceof Error ? error.message : String(error));
      throw error;
    }
    await options.onDeployed(app);
  };

  const beforeMove: PushSteps['beforeMove'] = async (updates, objects, print) => {
    const known = await options.findApp(app);
    const { branch } = known.settings;
    const update = updates.find(({ ref }) => ref === `refs/heads/${branch}`);
    if (!update) return;
    refuseDelete(update, app);
    await checkQuarantine(repositories.pathOf(app), objects.GIT_QUARANTINE_PATH);
    leave = await options.turns.take(app, 'another push', {
      onWait: (ahead) => print(`waiting: ${app} is being changed by ${ahead}`),
    });
    if (((await repositories.head(app, branch)) ?? zero(update)) !== update.from) {
      throw new VouchError('conflict', `${branch} of ${app} moved while this push waited`, {
        hint: 'git fetch, then push again',
      });
    }
    const release = await releases.build(known, update.to, print, objects);
    try {
      pending = { live: await rollout.candidate(known, release, print), branch };
    } catch (error) {
      await releases.reject(release, error instanceof Error ? error.message : String(error));
      const current = rollout.live(app);
      if (current) print(`${versionOf(current.release)} goes on serving`);
      throw error;
    }
  };

  return {
    steps: { beforeMove, afterMove: (_updates, print) => settle(print) },
    async ended() {
      try {
        // Only when git ended without its last hook: it was killed, or another update of the push was refused.
        await settle((line) => options.log.info({ app }, line));
      } finally {
        leave?.();
      }
    },
  };
}

function refuseDelete(update: RefUpdate, app: string): void {
  if (/^0+$/.test(update.to))
    throw new VouchError('usage', `the branch that ${app} is deployed from cannot be deleted`);
}

/** Of the length of the repository's object ids. */
function zero(update: RefUpdate): string {
  return '0'.repeat(update.to.length);
}

/** The hook's variables come from git; a path anywhere else would make us read from there. */
async function checkQuarantine(repository: string, quarantine: string | undefined): Promise<void> {
  if (quarantine === undefined) return;
  const [inside, root] = await Promise.all([realpath(quarantine), realpath(repository)]);
  if (!inside.startsWith(`${root}/`)) throw new VouchError('forbidden', 'the push is not in its quarantine');
}
