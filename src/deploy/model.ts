/** What an app is set to. Everything has a default; see `DEFAULT_SETTINGS`. */
export interface AppSettings {
  /** The branch whose pushes are deployed. */
  branch: string;
  /** Overrides the start script: one command line, taken as the start script would be. */
  start: string | null;
  /** Path asked by the health probe; null asks `/healthz`, then `/`. */
  healthPath: string | null;
  /** Milliseconds that a new release has to become healthy. */
  healthTimeoutMs: number;
  /** Whether install scripts of dependencies may run. They run code that nobody here has read. */
  installScripts: boolean;
  memoryBytes: number;
  processes: number;
  cpus: number;
  /** Host names of its own, next to `APP.localhost`. */
  hosts: string[];
}

const MIB = 1024 * 1024;

export const DEFAULT_SETTINGS: Readonly<AppSettings> = {
  branch: 'main',
  start: null,
  healthPath: null,
  healthTimeoutMs: 30_000,
  installScripts: false,
  memoryBytes: 512 * MIB,
  processes: 256,
  cpus: 1,
  hosts: [],
};

export interface App {
  name: string;
  settings: AppSettings;
  /** Id of the release that production should run, or null before the first. */
  currentRelease: string | null;
  /** Milliseconds since 1970. */
  createdAt: number;
}

/**
 * `building` → `accepted` (built and healthy; waits for the branch to move) → `ready`. `failed` has an `error`.
 * `removed`: was ready, its tree was deleted by the garbage collection; it is built again when it is wanted.
 */
type ReleaseStatus = 'building' | 'accepted' | 'ready' | 'failed' | 'removed';

/** An immutable build of one commit. */
export interface Release {
  /** `rel_…`. */
  id: string;
  app: string;
  /** 1, 2, …: shown as `v1`, `v2`. */
  number: number;
  commit: string;
  /** First line of the commit's message. */
  subject: string;
  status: ReleaseStatus;
  builder: 'node' | 'dockerfile' | null;
  /** How it is started; null until it is built. */
  launch: Launch | null;
  /** Why it failed. */
  error: string | null;
  createdAt: number;
  readyAt: number | null;
}

/** How a built release is run. */
export interface Launch {
  argv: string[];
  /** Added before the app's own environment. */
  env: Record<string, string>;
  /** Image of the `oci` adapter; null runs the tree. */
  image: string | null;
}

type DeploymentState = 'starting' | 'running' | 'draining' | 'stopped' | 'crash-loop';

/** A release that runs, or ran. */
export interface DeploymentRecord {
  /** `dep_…`. */
  id: string;
  app: string;
  release: string;
  state: DeploymentState;
  /** Loopback port that it was given. */
  port: number;
  startedAt: number;
  endedAt: number | null;
  /** Why it ended, where it did not end by our order. */
  reason: string | null;
}

/** One line that an app printed. */
export interface LogLine {
  /** Microseconds since 1970. */
  at: number;
  deployment: string;
  /** `v3`. */
  release: string;
  stream: 'stdout' | 'stderr' | 'vouch';
  line: string;
}

/** `v3` of a release. */
export function versionOf(release: Pick<Release, 'number'>): string {
  return `v${release.number}`;
}
