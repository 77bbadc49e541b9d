import { readFile, writeFile, rm } from 'node:fs/promises';
import { VouchError, systemCode } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { ownerMark, ownerOf } from '../lib/owner.ts';
import type { Repositories } from './git.ts';
import type { App } from './model.ts';
import type { ReleaseStore } from './ports.ts';
import type { Releases } from './releases.ts';

/** Makes what a killed server left consistent. Returns the app as it is afterwards. */
export async function recoverApp(
  app: App,
  parts: { store: ReleaseStore; repositories: Repositories; releases: Releases; log: Logger },
): Promise<App> {
  const { store, repositories, releases, log } = parts;
  let current = app.currentRelease;
  await repositories.sweep(app.name);
  const head = await repositories.head(app.name, app.settings.branch);
  // Oldest first: a later one wins.
  for (const release of (await store.listReleases(app.name)).reverse()) {
    if (release.status === 'building')
      await releases.reject(release, 'the server was stopped in the middle of the build');
    if (release.status !== 'accepted') continue;
    if (release.commit === head) {
      // The branch had moved, so the pusher may have been told: it is what production runs.
      log.info({ app: app.name, release: release.id }, 'finishing a deploy that was cut short');
      await store.updateRelease(release.id, { status: 'ready', readyAt: Date.now() });
      await store.setCurrent(app.name, release.id);
      current = release.id;
    } else await releases.reject(release, 'the server was stopped before the branch had moved');
  }
  for (const deployment of await store.listDeployments(app.name, 1_000)) {
    if (deployment.endedAt !== null) continue;
    await store.updateDeployment(deployment.id, {
      state: 'stopped',
      endedAt: Date.now(),
      reason: 'the server was stopped',
    });
  }
  await releases.sweep(app.name);
  return { ...app, currentRelease: current };
}

/** One process at a time runs the apps of a data folder. Returns the function that gives it up. */
export async function takeFolder(path: string): Promise<() => Promise<void>> {
  const mine = ownerMark();
  for (let tries = 0; tries < 3; tries++) {
    try {
      await writeFile(path, mine, { flag: 'wx', mode: 0o600 });
      return () => rm(path, { force: true });
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const theirs = await readFile(path, 'utf8').catch(() => '');
    if (theirs !== mine && ownerOf(theirs)?.alive === true) {
      throw new VouchError(
        'conflict',
        `another server (process ${theirs.split('-')[0]}) runs the apps of this folder`,
        {
          hint: 'stop it, or choose another folder with --data',
        },
      );
    }
    await rm(path, { force: true });
  }
  throw new VouchError('conflict', `${path}: taken by another server that is starting`);
}
