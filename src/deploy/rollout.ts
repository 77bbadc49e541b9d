import { setTimeout as delay } from 'node:timers/promises';
import { VouchError, messageOf } from '../lib/errors.ts';
import { newId } from '../lib/ids.ts';
import type { Logger } from '../lib/log.ts';
import type { Sandbox } from '../sandbox/port.ts';
import type { AppLog } from './app-log.ts';
import type { Environment } from './environment.ts';
import type { DeploymentHooks, OnLine } from './facade.ts';
import type { PortPool } from './free-ports.ts';
import { ask, waitHealthy, type Healthy } from './health.ts';
import { versionOf, type App, type DeploymentRecord, type Launch, type Release } from './model.ts';
import type { ImageBuilder, ReleaseStore } from './ports.ts';
import type { Releases } from './releases.ts';
import type { Router } from './router.ts';
import type { Target } from './router-target.ts';
import type { RestartPolicy } from './restart.ts';
import { RunningDeployment } from './runner.ts';

export interface RolloutOptions {
  store: ReleaseStore;
  releases: Releases;
  environment: Environment;
  sandbox: Sandbox;
  images: ImageBuilder | undefined;
  router: Router;
  ports: PortPool;
  hooks: DeploymentHooks;
  log: Logger;
  logOf: (app: string) => AppLog;
  drainMs: number;
  restart?: Partial<RestartPolicy>;
}

/** A deployment with what it takes to reach and to end it. */
export interface Live {
  app: App;
  release: Release;
  running: RunningDeployment;
  target: Target;
  tree: string;
  launch: Launch;
  healthy: Healthy;
}

interface Failed {
  error: unknown;
  lines: string[];
  port: number;
}

/**
 * Puts releases into production: start, healthy, seen through the router; then switch, seen again; then the old one
 * drains and stops. Callers hold the app's turn.
 */
export interface Rollout {
  /** Starts a release beside the one in production. Throws, with its last lines printed, when it does not get healthy. */
  candidate(app: App, release: Release, print: OnLine): Promise<Live>;
  /** Makes it what production runs. Throws, with everything as before, when it is not seen serving. */
  promote(live: Live, print: OnLine): Promise<void>;
  /** Ends a candidate. */
  discard(live: Live): Promise<void>;
  /** After a restart of ours: starts the current release without a contest. Never throws for an app that is ill. */
  revive(app: App, release: Release): Promise<void>;
  live(app: string): Live | undefined;
  /** Releases that run, or drain. */
  inUse(app: string): Set<string>;
  /** Ends everything of one app. */
  stopApp(app: string): Promise<void>;
  stopAll(): Promise<void>;
}

const OBSERVE_MS = 5_000;

export function createRollout(options: RolloutOptions): Rollout {
  const { store, router, log } = options;
  const inProduction = new Map<string, Live>();
  const all = new Set<Live>();
  const retiring = new Set<Promise<void>>();
  // State changes reach the store in order, and nobody waits for them.
  let writes: Promise<void> = Promise.resolve();
  let stopping = false;

  const onState = (record: DeploymentRecord): void => {
    const { id, state, endedAt, reason } = record;
    writes = writes
      .then(() => store.updateDeployment(id, { state, endedAt, reason }))
      .catch((error: unknown) => log.error({ err: error, deployment: id }, 'deployment: state not stored'));
  };

  const launch = async (app: App, release: Release, print: OnLine): Promise<Live> => {
    refuseWhenStopping();
    const tree = await options.releases.treeOf(app, release, print);
    const built = (await store.findRelease(release.id))?.launch ?? release.launch;
    if (!built) throw new Error(`release ${release.id} has no launch`);
    const port = await options.ports.reserve();
    const record: DeploymentRecord = {
      id: newId('dep'),
      app: app.name,
      release: release.id,
      state: 'starting',
      port,
      startedAt: Date.now(),
      endedAt: null,
      reason: null,
    };
    try {
      await store.createDeployment({ ...record });
      const { memoryBytes, processes, cpus } = app.settings;
      const running = new RunningDeployment({
        deployment: record,
        release,
        launch: built,
        tree,
        env: await options.environment.read(app.name),
        limits: { memoryBytes, processes, cpus },
        sandbox: sandboxFor(built),
        appLog: options.logOf(app.name),
        hooks: options.hooks,
        log,
        onState,
        restart: options.restart,
      });
      refuseWhenStopping();
      await running.start();
      const target = router.createTarget(record.id, port);
      const healthy = { path: '/', status: 0, milliseconds: 0 };
      const live: Live = { app, release, running, target, tree, launch: built, healthy };
      all.add(live);
      if (stopping) await end(live);
      refuseWhenStopping();
      return live;
    } catch (error) {
      options.ports.release(port);
      onState({ ...record, state: 'stopped', endedAt: Date.now(), reason: messageOf(error) });
      throw error;
    }
  };

  const refuseWhenStopping = (): void => {
    if (stopping)
      throw new VouchError('unavailable', 'the server is stopping', { hint: 'try again when it is back' });
  };

  const sandboxFor = (built: Launch): Sandbox => {
    if (built.image === null) return options.sandbox;
    if (options.images) return options.images.sandbox;
    throw new VouchError('missing-part', 'this release is an image, and this server runs no images', {
      hint: 'apt-get install podman runc, then start the server again',
    });
  };

  const check = (live: Live): Promise<Healthy> =>
    waitHealthy({
      port: live.target.port,
      path: live.app.settings.healthPath,
      timeoutMs: live.app.settings.healthTimeoutMs,
      exited: live.running.ended.then((why) => `${versionOf(live.release)}: ${why} before it was healthy`),
    });

  /** Through the router's own listener, as a user would come. */
  const observe = async (live: Live, switched: boolean): Promise<void> => {
    const { app, target, healthy } = live;
    const headers = {
      host: new URL(router.urlOf(app.name)).host,
      ...router.observation(switched ? undefined : target),
    };
    const seen = await ask(router.port, healthy.path, headers, OBSERVE_MS);
    if (seen.deployment === target.deployment && seen.status < 500) return;
    throw new VouchError(
      'no',
      `the router answered ${seen.status} for ${versionOf(live.release)} after it was healthy`,
    );
  };

  const end = async (live: Live): Promise<void> => {
    live.target.close();
    await live.running.stop();
    options.ports.release(live.target.port);
    all.delete(live);
  };

  const retire = (live: Live): void => {
    live.running.draining();
    const done = live.target
      .drain(options.drainMs)
      .then(async (quiet) => {
        if (!quiet)
          live.running.say(`requests were still in flight after ${options.drainMs} ms; they were broken off`);
        await end(live);
      })
      .catch((error: unknown) =>
        log.error({ err: error, app: live.app.name }, 'deployment: could not be stopped'),
      )
      .finally(() => retiring.delete(done));
    retiring.add(done);
  };

  /** From now on a crash is mended, and one that cannot be mended is shown to whoever asks for the app. */
  const install = (live: Live): Live | undefined => {
    const before = inProduction.get(live.app.name);
    live.running.keep();
    inProduction.set(live.app.name, live);
    router.switchTo(live.app.name, live.target);
    void live.running.ended.then((why) =>
      router.takeDown(live.app.name, live.target, `${versionOf(live.release)} is down: ${why}`),
    );
    return before;
  };

  const attempt = async (app: App, release: Release, print: OnLine): Promise<Live | Failed> => {
    const live = await launch(app, release, print);
    try {
      live.healthy = await check(live);
      await observe(live, false);
      return live;
    } catch (error) {
      const lines = [...live.running.lastLines];
      await end(live);
      return { error, lines, port: live.target.port };
    }
  };

  return {
    async candidate(app, release, print) {
      const version = versionOf(release);
      print(`starting ${version}`);
      let live = await attempt(app, release, print);
      if ('error' in live && portWasTaken(live)) live = await attempt(app, release, print);
      if ('error' in live) {
        if (live.lines.length > 0) print(`the last lines that ${version} printed:`);
        for (const line of live.lines) print(`  ${line}`);
        throw live.error;
      }
      const { path, status, milliseconds } = live.healthy;
      print(
        `${version} is healthy: GET ${path} answered ${status} after ${(milliseconds / 1000).toFixed(1)} s`,
      );
      return live;
    },
    async promote(live, print) {
      const { app, release } = live;
      const version = versionOf(release);
      const wasCurrent = (await store.findApp(app.name))?.currentRelease ?? null;
      if (release.status !== 'ready') {
        release.status = 'ready';
        release.readyAt = Date.now();
        await store.updateRelease(release.id, { status: 'ready', readyAt: release.readyAt });
      }
      await store.setCurrent(app.name, release.id);
      const before = install(live);
      try {
        await observe(live, true);
      } catch (error) {
        await store.setCurrent(app.name, wasCurrent);
        inProduction.delete(app.name);
        if (before) install(before);
        await end(live);
        throw error;
      }
      if (before) {
        print(
          `switched from ${versionOf(before.release)} to ${version}; requests in flight end on the old one`,
        );
        retire(before);
      } else print(`switched to ${version}`);
      options.hooks.onProduction?.({ release, env: await options.environment.read(app.name) });
      print(`${version} is live at ${router.urlOf(app.name)}`);
    },
    discard: end,
    async revive(app, release) {
      try {
        const live = await launch(app, release, () => {});
        install(live);
        live.healthy = await check(live);
        options.hooks.onProduction?.({ release, env: await options.environment.read(app.name) });
      } catch (error) {
        log.error({ err: error, app: app.name, release: release.id }, 'app could not be brought back');
      }
    },
    live: (app) => inProduction.get(app),
    inUse(app) {
      const mine = [...all].filter((live) => live.app.name === app);
      return new Set(mine.map(({ release }) => release.id));
    },
    async stopApp(app) {
      inProduction.delete(app);
      await Promise.all([...all].filter((live) => live.app.name === app).map(end));
      await writes;
    },
    async stopAll() {
      stopping = true;
      for (const live of inProduction.values())
        router.takeDown(live.app.name, live.target, 'the server is stopping');
      await Promise.all([...all].map(end));
      await Promise.all(retiring);
      // Two turns: ending the last one may still have something to store.
      await delay(0);
      await writes;
    },
  };
}

/** Another program may have taken the port between its choice and its use. */
function portWasTaken({ lines, port }: Failed): boolean {
  return lines.some((line) => line.includes('EADDRINUSE') && line.includes(String(port)));
}
