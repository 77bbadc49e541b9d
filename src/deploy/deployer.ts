import { mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { VouchError, systemCode } from '../lib/errors.ts';
import { mapLimited } from '../lib/limit.ts';
import { silentLogger } from '../lib/log.ts';
import { reapScratch } from '../lib/scratch.ts';
import { AppLog } from './app-log.ts';
import { openEnvironment } from './environment.ts';
import type { Deployer, DeployerOptions, DeployResult, OnLine } from './facade.ts';
import { createPortPool } from './free-ports.ts';
import { openRepositories, ZERO_COMMIT } from './git.ts';
import { createGitHttp } from './git-http.ts';
import { DEFAULT_SETTINGS, versionOf, type App, type AppSettings, type Release } from './model.ts';
import { checkAppName, printable, terminalSafe } from './names.ts';
import { openHookServer } from './push-hook.ts';
import { beginPush } from './push.ts';
import { recoverApp, takeFolder } from './recover.ts';
import { createReleases } from './releases.ts';
import { createRollout, type Live } from './rollout.ts';
import { openRouter } from './router.ts';
import { checkSettings } from './settings.ts';
import { createTurns } from './turns.ts';

const PUSH_WAIT_MS = 120_000;
const DRAIN_MS = 10_000;

/**
 * Opens the folder and the router's port; nothing runs before `start`. Throws `conflict` while another process has the
 * folder.
 */
export async function createDeployer(options: DeployerOptions): Promise<Deployer> {
  const folder = resolve(options.folder);
  const { store, sandbox, images } = options;
  const log = options.log ?? silentLogger;
  const at = (name: string): string => join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const giveUpFolder = await takeFolder(at('deployer.lock'));
  const repositories = openRepositories(at('repositories'));
  const environment = await openEnvironment(join(at('keys'), 'environment.key'), store);
  const releases = createReleases({
    folder: at('releases'),
    cache: at('cache'),
    store,
    repositories,
    sandbox,
    images,
    nodeVersion: process.versions.node,
    keep: options.keepReleases ?? 5,
    pinned: options.pinned ?? (() => Promise.resolve([])),
    log,
  });
  const logs = new Map<string, AppLog>();
  const logOf = (app: string): AppLog => {
    const onFailure = (error: unknown): void =>
      log.warn({ err: error, app }, 'what the app prints cannot be written; its lines are lost until it can');
    const known = logs.get(app) ?? new AppLog(join(at('logs'), checkAppName(app)), { onFailure });
    logs.set(app, known);
    return known;
  };
  const router = await openRouter(options.router);
  const hooks = await openHookServer(log);
  const turns = createTurns(options.pushWaitMs ?? PUSH_WAIT_MS);
  const rollout = createRollout({
    store,
    releases,
    environment,
    sandbox,
    images,
    router,
    ports: createPortPool(),
    hooks: options.hooks ?? {},
    log,
    logOf,
    drainMs: options.drainMs ?? DRAIN_MS,
    restart: options.restart,
  });

  const findApp = async (name: string): Promise<App> => {
    const app = await store.findApp(checkAppName(name));
    if (app) return app;
    throw new VouchError('not-found', `no app called ${name}`, {
      hint: `create it with \`vouch apps create ${name}\``,
    });
  };
  const collect = async (app: string): Promise<void> => {
    const release = rollout.live(app)?.release;
    if (release) await repositories.keepCommit(app, release.number, release.commit);
    await releases.collect(await findApp(app), rollout.inUse(app));
  };
  const gitHttp = createGitHttp({
    repositories,
    hooks,
    log,
    beginPush: (app) =>
      beginPush(app, { repositories, releases, rollout, turns, findApp, onDeployed: collect, log }),
  });

  /** Takes the app's turn for `work`. */
  const inTurn = async <T>(
    app: string,
    purpose: string,
    print: OnLine,
    work: (app: App, print: OnLine) => Promise<T>,
  ): Promise<T> => {
    await findApp(app);
    const safe: OnLine = (line) => print(terminalSafe(line));
    const leave = await turns.take(app, purpose, {
      onWait: (ahead) => safe(`waiting: ${app} is being changed by ${ahead}`),
    });
    try {
      return await work(await findApp(app), safe);
    } finally {
      leave();
    }
  };

  /** `accept` is the point of no return between healthy and the switch. */
  const putLive = async (
    app: App,
    release: Release,
    print: OnLine,
    accept: () => Promise<void> = () => Promise.resolve(),
  ): Promise<DeployResult> => {
    const begin = performance.now();
    const isNew = release.status === 'accepted';
    let live: Live | undefined;
    try {
      live = await rollout.candidate(app, release, print);
      await accept();
      await rollout.promote(live, print);
    } catch (error) {
      if (live && rollout.live(app.name) !== live) await rollout.discard(live);
      if (isNew) await releases.reject(release, error instanceof Error ? error.message : String(error));
      const current = rollout.live(app.name);
      if (current) print(`${versionOf(current.release)} goes on serving`);
      throw error;
    }
    await collect(app.name);
    return {
      app: app.name,
      release,
      deployment: live.running.record,
      url: router.urlOf(app.name),
      seconds: (performance.now() - begin) / 1000,
    };
  };

  const removeFolders = async (app: string): Promise<void> => {
    const folders = [repositories.pathOf(app), join(at('releases'), app), join(at('logs'), app)];
    for (const path of [...folders, join(at('cache'), 'npm-scripts', app)])
      await rm(path, { recursive: true, force: true });
  };
  const createApp: Deployer['createApp'] = async (name, given = {}) => {
    checkAppName(name);
    const settings = checkSettings({ ...DEFAULT_SETTINGS, ...given });
    const leave = await turns.take(name, 'its creation');
    try {
      if (await store.findApp(name))
        throw new VouchError('conflict', `there is an app called ${name} already`);
      // What an app of that name left that was destroyed by a server that was killed over it.
      await removeFolders(name);
      await repositories.create(name, settings.branch);
      const app = await store.createApp(name, settings);
      router.add(name, settings.hosts);
      return app;
    } finally {
      leave();
    }
  };

  const deployer: Deployer = {
    get routerPort() {
      return router.port;
    },
    urlOf: (app) => router.urlOf(checkAppName(app)),
    repository: (app) => repositories.pathOf(app),
    gitHttp,

    async start() {
      for (const name of ['repositories', 'releases', 'cache/modules']) {
        await mkdir(at(name), { recursive: true });
        await reapScratch(at(name));
      }
      for (const left of await sandbox.reap()) log.info({ left }, 'removed what a stopped server left');
      if (images && images.sandbox !== sandbox && (await images.available()).ok) await images.sandbox.reap();
      const apps = await store.listApps();
      for (const app of apps) {
        await repositories.create(app.name, app.settings.branch);
        router.add(app.name, app.settings.hosts);
      }
      await mapLimited(apps, 4, async (known) => {
        const app = await recoverApp(known, { store, repositories, releases, log });
        const release = app.currentRelease === null ? undefined : await store.findRelease(app.currentRelease);
        if (release) await rollout.revive(app, release);
      });
    },
    async stop() {
      await rollout.stopAll();
      await router.close();
      await hooks.close();
      for (const one of logs.values()) await one.close();
      await giveUpFolder();
    },

    createApp,
    async ensureApp(name, settings) {
      return (await store.findApp(checkAppName(name))) ?? createApp(name, settings);
    },
    listApps: () => store.listApps(),
    app: findApp,
    async updateApp(name, change) {
      const app = await findApp(name);
      const settings: AppSettings = checkSettings({ ...app.settings, ...change });
      await store.saveSettings(name, settings);
      router.add(name, settings.hosts);
      return { ...app, settings };
    },
    destroyApp: (name) =>
      inTurn(
        name,
        'its end',
        () => {},
        async () => {
          router.remove(name);
          await rollout.stopApp(name);
          await logs.get(name)?.close();
          logs.delete(name);
          await releases.removeAll(name);
          await store.deleteApp(name);
          await removeFolders(name);
        },
      ),

    deployCommit: (name, { commit, onOutput = () => {} }) =>
      inTurn(name, 'a deploy', onOutput, async (app, print) => {
        const id = await repositories.resolve(name, commit);
        return putLive(app, await releases.build(app, id, print), print);
      }),
    deployTree: (name, source, { message = 'Deploy a folder', onOutput = () => {} } = {}) =>
      inTurn(name, 'a deploy', onOutput, async (app, print) => {
        const { branch } = app.settings;
        const before = await repositories.head(name, branch);
        const commit = await repositories.commitFolder(name, branch, await checkFolder(source), message);
        const release = await releases.build(app, commit, print);
        return putLive(app, release, print, async () => {
          if (before !== commit) await repositories.moveBranch(name, branch, before ?? ZERO_COMMIT, commit);
        });
      }),
    rollback: (name, wanted, onOutput = () => {}) =>
      inTurn(name, 'a rollback', onOutput, async (app, print) => {
        const release = wanted === undefined ? await previous(app) : await findRelease(name, wanted);
        if (release.status !== 'ready' && release.status !== 'removed') {
          throw new VouchError('conflict', `${name} ${versionOf(release)} never was in production`, {
            hint: `\`vouch releases ${name}\` shows those that were`,
          });
        }
        return putLive(app, { ...release, status: 'ready' }, print);
      }),
    async releases(name) {
      await findApp(name);
      return store.listReleases(name);
    },
    release: findRelease,
    async treeOf(release) {
      return releases.treeOf(await findApp(release.app), release);
    },
    async current(name) {
      const app = await findApp(name);
      const live = rollout.live(name);
      if (!live) return undefined;
      const { release, running, tree, launch } = live;
      return { app, release, deployment: { ...running.record }, tree, launch, url: router.urlOf(name) };
    },
    async deployments(name, limit = 50) {
      await findApp(name);
      return store.listDeployments(name, limit);
    },
    async logs(name, { lines }) {
      await findApp(name);
      return logOf(name).tail(Math.min(Math.max(1, Math.floor(lines)), 10_000));
    },

    async envNames(name) {
      await findApp(name);
      return environment.names(name);
    },
    async envOf(name) {
      await findApp(name);
      return environment.read(name);
    },
    async setEnv(name, changes, { restart = true } = {}) {
      await findApp(name);
      await environment.write(name, changes);
      const running = rollout.live(name);
      if (!restart || !running) return;
      await inTurn(
        name,
        'a change of its environment',
        () => {},
        async (app) => {
          const live = rollout.live(name);
          if (live) await putLive(app, live.release, () => {});
        },
      );
    },
  };

  async function findRelease(name: string, wanted: string): Promise<Release> {
    await findApp(name);
    const found = (await store.listReleases(name)).find(
      (release) => release.id === wanted || versionOf(release) === wanted,
    );
    if (found) return found;
    throw new VouchError('not-found', `${name} has no release ${printable(wanted)}`, {
      hint: `\`vouch releases ${name}\` lists them`,
    });
  }

  /** What ran before the current release; after a rollback, the next older one. */
  async function previous(app: App): Promise<Release> {
    const all = await store.listReleases(app.name);
    const usable = all.filter(({ status }) => status === 'ready' || status === 'removed');
    const current = usable.find(({ id }) => id === app.currentRelease);
    const ran = await store.listDeployments(app.name, 1_000);
    const start = ran.findIndex(({ release }) => release === current?.id);
    const before = ran
      .slice(start + 1)
      .find(({ release }) => release !== current?.id && usable.some(({ id }) => id === release));
    const last = usable.find(({ id }) => id === before?.release);
    const older = usable.find(({ number }) => current !== undefined && number < current.number);
    const chosen = last && current && last.number < current.number ? last : older;
    if (chosen) return chosen;
    throw new VouchError('conflict', `${app.name} has no release to go back to`);
  }

  return deployer;
}

async function checkFolder(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    if ((await stat(absolute)).isDirectory()) return absolute;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  throw new VouchError('not-found', `${path}: not a folder`);
}
