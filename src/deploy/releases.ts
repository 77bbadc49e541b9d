import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError, messageOf, systemCode } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import type { Logger } from '../lib/log.ts';
import { runOrThrow } from '../lib/process.ts';
import type { Sandbox } from '../sandbox/port.ts';
import { chooseBuilder } from './builders/registry.ts';
import type { BuildRequest } from './builders/port.ts';
import { exportCommit } from './checkout.ts';
import type { ObjectSource, Repositories } from './git.ts';
import { checkAppName } from './names.ts';
import { versionOf, type App, type Launch, type Release } from './model.ts';
import type { ImageBuilder, ReleaseStore } from './ports.ts';

export interface ReleasesOptions {
  /** `FOLDER/APP/REL_ID` is a release's tree. */
  folder: string;
  cache: string;
  store: ReleaseStore;
  repositories: Repositories;
  sandbox: Sandbox;
  images: ImageBuilder | undefined;
  nodeVersion: string;
  keep: number;
  pinned: (app: string) => Promise<string[]>;
  log: Logger;
}

export interface Releases {
  /** Builds a commit into a release with status `accepted`. Failing, it is kept as `failed`, and the reason thrown. */
  build(app: App, commit: string, print: (line: string) => void, objects?: ObjectSource): Promise<Release>;
  /** Folder of its tree, built again when it had been removed. */
  treeOf(app: App, release: Release, print?: (line: string) => void): Promise<string>;
  /** Gives up a release that was built and not put into production. */
  reject(release: Release, why: string): Promise<void>;
  /** Removes trees of old releases; never those in `inUse`, pinned ones, or the newest few. */
  collect(app: App, inUse: ReadonlySet<string>): Promise<void>;
  /** Removes everything that was built of an app. */
  removeAll(app: string): Promise<void>;
  /** Removes what a killed server left half built. */
  sweep(app: string): Promise<void>;
}

const BUILDING = '.building-';

export function createReleases(options: ReleasesOptions): Releases {
  const { store, repositories } = options;
  const folderOf = (app: string): string => join(options.folder, checkAppName(app));
  const pathOf = (release: Release): string => join(folderOf(release.app), release.id);

  /** Writes and builds the tree beside its place, then moves it there whole. */
  const construct = async (
    app: App,
    release: Release,
    print: (line: string) => void,
    objects: ObjectSource,
  ): Promise<{ builder: 'node' | 'dockerfile'; launch: Launch }> => {
    const work = join(folderOf(app.name), `${BUILDING}${release.id}`);
    await mkdir(work, { recursive: true });
    try {
      await exportCommit(repositories, app.name, release.commit, work, objects);
      const request: BuildRequest = {
        app: app.name,
        release: release.id,
        settings: app.settings,
        tree: work,
        cache: options.cache,
        sandbox: options.sandbox,
        images: options.images,
        nodeVersion: options.nodeVersion,
        print,
      };
      const builder = await chooseBuilder(request);
      const launch = await builder.build(request);
      // Programs in sandboxes run as a user who owns nothing, whatever our umask is.
      await runOrThrow(['chmod', '-R', 'a+rX', work]);
      await rm(pathOf(release), { recursive: true, force: true });
      await rename(work, pathOf(release));
      return { builder: builder.name, launch };
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  };

  const removeBuilt = async (release: Release): Promise<void> => {
    await rm(pathOf(release), { recursive: true, force: true });
    if (typeof release.launch?.image === 'string') await options.images?.remove(release.launch.image);
  };

  return {
    async build(app, commit, print, objects = {}) {
      const release = await store.createRelease({
        id: newId('rel'),
        app: app.name,
        commit,
        subject: await repositories.subjectOf(app.name, commit, objects),
        status: 'building',
        builder: null,
        launch: null,
        error: null,
        createdAt: Date.now(),
        readyAt: null,
      });
      print(`building ${app.name} ${versionOf(release)} from ${commit.slice(0, 10)}`);
      try {
        const built = await construct(app, release, print, objects);
        await store.updateRelease(release.id, { ...built, status: 'accepted' });
        return { ...release, ...built, status: 'accepted' };
      } catch (error) {
        await store.updateRelease(release.id, { status: 'failed', error: messageOf(error) });
        throw error;
      }
    },
    async treeOf(app, release, print = () => {}) {
      if (await isFolder(pathOf(release))) return pathOf(release);
      if (release.status === 'failed' || release.status === 'building') {
        throw new VouchError('conflict', `${release.app} ${versionOf(release)} was never built`, {
          hint: `\`vouch releases ${release.app}\` shows those that were`,
        });
      }
      print(`building ${versionOf(release)} again: its tree had been removed`);
      const built = await construct(app, release, print, {});
      await store.updateRelease(release.id, { ...built, status: 'ready' });
      return pathOf(release);
    },
    async reject(release, why) {
      await store.updateRelease(release.id, { status: 'failed', error: why });
      await removeBuilt(release);
    },
    async collect(app, inUse) {
      const all = await store.listReleases(app.name);
      const ready = all.filter(({ status }) => status === 'ready');
      const pinned = new Set(await options.pinned(app.name));
      for (const release of ready.slice(options.keep)) {
        if (inUse.has(release.id) || pinned.has(release.id) || app.currentRelease === release.id) continue;
        // First the row: a tree without its row is swept, a row without its tree would be a lie.
        await store.updateRelease(release.id, { status: 'removed' });
        await removeBuilt(release);
        options.log.info({ app: app.name, release: release.id }, 'release: tree removed');
      }
    },
    async removeAll(app) {
      for (const release of await store.listReleases(app)) await removeBuilt(release);
    },
    async sweep(app) {
      const known = new Map((await store.listReleases(app)).map((release) => [release.id, release.status]));
      for (const name of await namesIn(folderOf(app))) {
        const status = known.get(name);
        if (status === 'ready' || status === 'accepted') continue;
        await rm(join(folderOf(app), name), { recursive: true, force: true });
      }
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
