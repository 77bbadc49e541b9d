import { posix } from 'node:path';
import { VouchError } from '../lib/errors.ts';
import type { SandboxSpec } from './port.ts';

/** Where `node` is inside, in every adapter. */
export const NODE_FOLDER = '/opt/node/bin';
export const APP_FOLDER = '/app';
/** Below it, in every control group tree, one folder a sandbox: OWNER-ID (see lib/owner.ts). */
export const CGROUP_PARENT = 'vouch';

const RESERVED = [
  '/app',
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/proc',
  '/sys',
  '/dev',
  '/etc',
  '/opt',
];

/** Throws `usage` for a spec that no adapter may run: its texts reach paths, cgroups, mounts and command lines. */
export function checkSpec(spec: SandboxSpec): void {
  if (!/^[a-z0-9_-]{1,40}$/.test(spec.id)) throw bad(`id ${JSON.stringify(spec.id)} is not [a-z0-9_-]{1,40}`);
  if (spec.argv.length === 0 && spec.image === undefined) throw bad('no program to run');
  for (const word of spec.argv) if (word.includes('\0')) throw bad('a NUL byte in the arguments');
  if (spec.argv[0]?.includes('=') || spec.argv[0] === '')
    throw bad(`${JSON.stringify(spec.argv[0])} cannot be a program's name`);
  for (const [name, value] of Object.entries(spec.env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,255}$/.test(name)) throw bad(`environment name ${JSON.stringify(name)}`);
    if (value.includes('\0')) throw bad(`a NUL byte in the environment value ${name}`);
  }
  for (const [name, value] of Object.entries(spec.limits)) {
    if (!Number.isFinite(value) || value <= 0) throw bad(`limit ${name}: ${value}`);
  }
  if (spec.image === undefined && !posix.isAbsolute(spec.tree))
    throw bad(`the tree ${spec.tree} is not an absolute path`);
  if (spec.workdir !== undefined && !isPlainAbsolute(spec.workdir))
    throw bad(`working folder ${spec.workdir}`);
  for (const target of Object.keys(spec.binds ?? {})) {
    if (
      !isPlainAbsolute(target) ||
      RESERVED.some((folder) => isBelow(target, folder)) ||
      target === '/tmp' ||
      target === '/'
    ) {
      throw bad(`nothing of the host can be shown at ${target}`);
    }
  }
}

/** The environment that the program gets: what the caller says, and where programs and the home folder are. */
export function programEnvironment(spec: SandboxSpec): Record<string, string> {
  return {
    PATH: `${NODE_FOLDER}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: '/tmp',
    ...spec.env,
  };
}

/** The temporary folder lives in the program's memory, so it never gets more than half of it. */
export function tmpBytes(spec: SandboxSpec): number {
  return Math.min(256 * 1024 * 1024, Math.floor(spec.limits.memoryBytes / 2));
}

/** A relative path below the tree, normalised; throws `usage` for one that leads out of it. */
export function checkRelative(path: string): string {
  const normal = posix.normalize(path);
  const parts = normal.split('/');
  if (
    path === '' ||
    path.includes('\0') ||
    normal.startsWith('/') ||
    parts.includes('..') ||
    normal === '.' ||
    normal.endsWith('/')
  ) {
    throw bad(`changed file ${JSON.stringify(path)} is not a path inside the tree`);
  }
  return normal;
}

export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function isPlainAbsolute(path: string): boolean {
  return (
    path.startsWith('/') &&
    posix.normalize(path) === path &&
    !path.includes('\0') &&
    (path === '/' || !path.endsWith('/'))
  );
}

function bad(what: string): VouchError {
  return new VouchError('usage', `sandbox: ${what}`);
}
