import type { Logger } from '../lib/log.ts';
import type { Sandbox } from '../sandbox/port.ts';
import type { App, AppSettings, DeploymentRecord, Launch, LogLine, Release } from './model.ts';
import type { ImageBuilder, ReleaseStore } from './ports.ts';
import type { RestartPolicy } from './restart.ts';

/** What is told about a deployment while it lives. */
export interface DeploymentHooks {
  /**
   * Awaited after the surroundings exist and before the program starts: the recorder's tap is attached here. Called
   * again, with another cgroup, for each restart of a crashed app (`attempt` counts from 1). A rejection does not stop
   * production: it is logged, and printed to the pusher.
   */
  onPrepared?(prepared: PreparedDeployment): Promise<void>;
  /** In order; must not block. */
  onOutput?(line: LogLine): void;
  onExit?(exit: DeploymentExit): void;
  /** A release went into production, with this environment. Must not block. */
  onProduction?(now: { release: Release; env: Readonly<Record<string, string>> }): void;
}

export interface PreparedDeployment {
  cgroupPath: string;
  cgroupId: bigint;
  attempt: number;
  deployment: DeploymentRecord;
  release: Release;
}

export interface DeploymentExit {
  deployment: DeploymentRecord;
  release: Release;
  attempt: number;
  code: number | null;
  signal: string | null;
  outOfMemory: boolean;
  /** We asked it to end. */
  asked: boolean;
  /** Microseconds since 1970. */
  at: number;
  /** Last lines printed, oldest first. */
  lastLines: string[];
}

/** Lines for the person who deploys: the pusher's terminal. */
export type OnLine = (line: string) => void;

export interface DeployResult {
  app: string;
  release: Release;
  deployment: DeploymentRecord;
  url: string;
  seconds: number;
}

/** What production runs right now. */
interface Current {
  app: App;
  release: Release;
  deployment: DeploymentRecord;
  /** The immutable tree on disk. */
  tree: string;
  launch: Launch;
  url: string;
}

export interface DeployerOptions {
  /** Folder of all state: `repositories/`, `releases/`, `logs/`, `cache/`, `keys/` are made below it. */
  folder: string;
  store: ReleaseStore;
  sandbox: Sandbox;
  /** Missing: an app with a Dockerfile and no package.json is refused with the reason. */
  images?: ImageBuilder;
  hooks?: DeploymentHooks;
  log?: Logger;
  router?: {
    /** Default 127.0.0.1. */
    host?: string;
    /** Default 0: any free port. */
    port?: number;
    /** Apps answer at `APP.DOMAIN`. Default `localhost`. */
    domain?: string;
  };
  /** Releases kept per app besides those in use. Default 5. */
  keepReleases?: number;
  /** Ids of releases that must not be removed: open incidents need their trees. */
  pinned?: (app: string) => Promise<string[]>;
  /** Milliseconds a second push waits for the first. Default 120 s. */
  pushWaitMs?: number;
  /** Milliseconds that requests in flight have to end when a release is replaced. Default 10 s. */
  drainMs?: number;
  /** When a crashed app is started again, and when no more. */
  restart?: Partial<RestartPolicy>;
}

/** Runs apps. Every method that names an app throws `not-found` with how to create it when there is none. */
export interface Deployer {
  /** Opens the router and the hook socket, mends what a killed server left, and starts every app's current release. */
  start(): Promise<void>;
  /** Stops every app and the router. */
  stop(): Promise<void>;

  createApp(name: string, settings?: Partial<AppSettings>): Promise<App>;
  /** The app, created if it is not there. */
  ensureApp(name: string, settings?: Partial<AppSettings>): Promise<App>;
  listApps(): Promise<App[]>;
  app(name: string): Promise<App>;
  updateApp(name: string, settings: Partial<AppSettings>): Promise<App>;
  /** Stops it, then removes its releases, repository, environment and logs. The incidents are the server's to remove. */
  destroyApp(name: string): Promise<void>;

  /** Builds a commit (id, branch or tag) of the app's repository as a new release, starts it, checks it, switches. */
  deployCommit(app: string, request: { commit: string; onOutput?: OnLine }): Promise<DeployResult>;
  /** Commits a plain folder to the app's branch, then deploys it. What its
   * `.gitignore` names, `.git` and `node_modules` are left out. */
  deployTree(
    app: string,
    folder: string,
    options?: { message?: string; onOutput?: OnLine },
  ): Promise<DeployResult>;
  /** To `release` (`v3` or `rel_…`), or else to the one that ran before the current one. */
  rollback(app: string, release?: string, onOutput?: OnLine): Promise<DeployResult>;
  /** Newest first. */
  releases(app: string): Promise<Release[]>;
  /** By id or `v3`. Throws `not-found`. */
  release(app: string, wanted: string): Promise<Release>;
  /** Folder of a release's tree; built again if the garbage collection had removed it. */
  treeOf(release: Release): Promise<string>;
  current(app: string): Promise<Current | undefined>;
  deployments(app: string, limit?: number): Promise<DeploymentRecord[]>;
  logs(app: string, options: { lines: number }): Promise<LogLine[]>;

  /** Names only, sorted. */
  envNames(app: string): Promise<string[]>;
  /** The values in clear: for the app's process and its replays, never for a page or a log. */
  envOf(app: string): Promise<Record<string, string>>;
  /** Null removes. Starts the current release anew with it unless `restart` is false. */
  setEnv(app: string, changes: Record<string, string | null>, options?: { restart?: boolean }): Promise<void>;

  /** Path of the app's bare repository. */
  repository(app: string): string;
  /** Git smart HTTP: `path` is what follows `/git/APP/`, such as `info/refs` or `git-receive-pack`. */
  gitHttp(request: Request, app: string, path: string): Promise<Response>;

  readonly routerPort: number;
  urlOf(app: string): string;
}
