import type { Readable } from 'node:stream';

export interface Limits {
  memoryBytes: number;
  processes: number;
  /** In cores; 0.5 is half a core. */
  cpus: number;
}

/**
 * What runs, where, and with how much. Nothing of our own environment is inherited: `env` is all that it gets, plus
 * PATH and HOME that the adapter sets.
 */
export interface SandboxSpec {
  /** `[a-z0-9_-]{1,40}`: names the cgroup, namespace and container. */
  id: string;
  /**
   * A folder on the host, shown at `/app` by every adapter, so that stack traces have the same paths in production and
   * in a replay. Its files must be readable by anybody: the program runs as an unprivileged user. Not looked at when
   * `image` is given.
   */
  tree: string;
  /** An image built by the `oci` adapter, instead of a tree. `changes` are relative to its working folder then. */
  image?: string;
  /** Files that differ from the tree, by relative path; null removes. Only this run sees them; the tree is not touched. */
  changes?: Record<string, string | Uint8Array | null>;
  /** Program and arguments, run in the tree. `node` is found on the sandbox's PATH. Empty: what the image says. */
  argv: readonly string[];
  /** Folder inside where the program starts. Default `/app`, or the image's own. */
  workdir?: string;
  env: Readonly<Record<string, string>>;
  /** `host`: the machine's network (production). `none`: a network namespace of its own in which only loopback is up. */
  network: 'host' | 'none';
  limits: Limits;
  /** Start the clock of the program here (milliseconds since 1970) and let it tick. */
  clockMs?: number;
  /** Whether the program may write to the tree (into a layer thrown away). Production trees are read-only but for /tmp. */
  writable?: boolean;
  /**
   * Folders, files or sockets of the host to show inside: target path (not below `/app`, `/usr`, `/proc`, `/sys`, `/dev`)
   * → host path. Read-only (sockets can still be connected to) unless `writable`; what the program may write there must
   * belong to `SANDBOX_USER`.
   */
  binds?: Readonly<Record<string, string | { path: string; writable: boolean }>>;
}

/** User and group id that programs run as. No account of the host has it (systemd leaves 60706–61183 unused). */
export const SANDBOX_USER = 60789;

export interface Exit {
  code: number | null;
  signal: string | null;
  /** Killed because the memory limit was reached. */
  outOfMemory: boolean;
}

/**
 * The surroundings, made before the program starts, so that a tap, an egress hook and a replay worker can be in place
 * first. Always `destroy` it: that kills every process inside, unmounts and removes everything. Safe to call twice.
 */
export interface PreparedSandbox {
  readonly level: 'oci' | 'local';
  /** Folder of the cgroup v2 that the program will run in (its descendants included). */
  readonly cgroupPath: string;
  /** Kernel id of that cgroup. */
  readonly cgroupId: bigint;
  /** Argument vector that runs `argv` as a host process inside the sandbox's network namespace (as is when `host`). */
  enterNetwork(argv: readonly string[]): string[];
  /** Starts the program. Once only. */
  start(): Promise<RunningSandbox>;
  destroy(): Promise<void>;
}

export interface RunningSandbox {
  /** Of the program itself, as the host counts. */
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the program has ended, however; never rejects. */
  readonly exited: Promise<Exit>;
  /** SIGTERM, then after `graceMs` (0: at once, without SIGTERM) SIGKILL to everything inside. Resolves when all of it is gone. */
  stop(graceMs: number): Promise<void>;
  /** What its clock says, asked inside, where that can be asked: 'recorded' if `clockMs` took effect, else 'real'. */
  clock(): Promise<'recorded' | 'real'>;
}

export interface Sandbox {
  readonly level: 'oci' | 'local';
  /** Whether this machine can do it; if not, why, and the command that mends it. */
  available(): Promise<{ ok: true } | { ok: false; reason: string; mend: string }>;
  prepare(spec: SandboxSpec): Promise<PreparedSandbox>;
  /** Removes what dead processes of ours left behind (cgroups, namespaces, mounts, containers with our label). */
  reap(): Promise<string[]>;
}
