import { hostname } from 'node:os';
import { join } from 'node:path';
import { VouchError } from '../../lib/errors.ts';
import { CLOCK_LIBRARY, PRELOAD_FILE } from '../clock/clock.ts';
import { SANDBOX_USER, type SandboxSpec } from '../port.ts';
import { APP_FOLDER, programEnvironment, tmpBytes } from '../spec.ts';
import type { Engine } from './engine.ts';

/** What says whose a container, volume or image is: OWNER, see lib/owner.ts. */
export const OWNER_LABEL = 'vouch.owner';

/** What is known once the surroundings are made; command lines follow from it and the spec alone. */
export interface Place {
  /** Of the container and of the volume. */
  name: string;
  owner: string;
  image: string;
  /** Working folder of the image, where the tree or the changed files go. */
  workdir: string;
  /** User of an image that says one other than root. */
  imageUser: string | null;
  scratch: string;
  /** Path below the cgroup root. */
  cgroupParent: string;
  /** What `--network` gets. */
  network: string;
  /** Whether a volume with the layered tree is to be mounted at `workdir`. */
  layered: boolean;
}

/** The overlay of changed files on the tree, as a volume that the engine mounts at start and unmounts at the end. */
export function volumeArguments(place: Place): string[] {
  const { scratch } = place;
  const layers = [
    `lowerdir=${join(scratch, 'tree')}`,
    `upperdir=${join(scratch, 'layer')}`,
    `workdir=${join(scratch, 'work')}`,
  ];
  const args = ['volume', 'create', '--label', `${OWNER_LABEL}=${place.owner}`, '--driver', 'local'];
  args.push('--opt', 'type=overlay', '--opt', 'device=overlay', '--opt', `o=${layers.join(',')},metacopy=on`);
  return [...args, place.name];
}

export function createArguments(engine: Engine, spec: SandboxSpec, place: Place): string[] {
  const memory = String(Math.floor(spec.limits.memoryBytes));
  const args = ['create', '--name', place.name, '--label', `${OWNER_LABEL}=${place.owner}`];
  args.push('--pull', 'never', '--log-driver', 'none', '--hostname', hostname());
  args.push('--network', place.network, '--cgroup-parent', place.cgroupParent, '--cgroupns', 'private');
  args.push('--memory', memory, '--memory-swap', memory);
  args.push('--pids-limit', String(Math.floor(spec.limits.processes)), '--cpus', String(spec.limits.cpus));
  for (const ulimit of engine.ulimits) args.push('--ulimit', ulimit);
  args.push('--read-only', '--tmpfs', `/tmp:rw,nosuid,nodev,mode=1777,size=${tmpBytes(spec)}`);
  args.push('--cap-drop', 'all', '--security-opt', 'no-new-privileges');
  args.push(
    '--user',
    place.imageUser ?? `${SANDBOX_USER}:${SANDBOX_USER}`,
    '--workdir',
    spec.workdir ?? place.workdir,
  );
  if (engine.name === 'podman') {
    // Podman would make /run and /var/tmp writable, hand on the host's proxy settings, and add variables.
    args.push('--read-only-tmpfs=false', '--http-proxy=false', '--image-volume', 'ignore');
    if (spec.image === undefined) args.push('--unsetenv-all');
  }
  if (place.layered) args.push('--volume', `${place.name}:${place.workdir}${spec.writable ? '' : ':ro'}`);
  for (const mount of mounts(spec, place)) args.push('--mount', mount);
  const { client, file } = containerEnvironment(spec);
  for (const name of Object.keys(client)) args.push('--env', name);
  if (file !== '') args.push('--env-file', join(place.scratch, 'env'));
  return [...args, ...command(spec, place)];
}

/** Variables that would act on the engine's client itself. */
const ACTS_ON_CLIENT =
  /^(LD_|GLIBC_|MALLOC_|GO[A-Z]*|PATH$|HOME$|USER$|TMPDIR$|TZ$|CONTAINER|DOCKER|PODMAN|STORAGE|BUILDAH|BUILDKIT|XDG_|DBUS_|REGISTRY|SSL_|NOTIFY_|LISTEN_|_)|_PROXY$/i;

/**
 * The variables as the engine's client must have them: it copies what is named by `--env NAME` from its own, so that no
 * value is on a command line. With a tree they carry a prefix that start.sh takes off, so that none acts on the client;
 * with an image, those that would are given in a file, which cannot hold line breaks.
 */
export function containerEnvironment(spec: SandboxSpec): { client: Record<string, string>; file: string } {
  const client: Record<string, string> = {};
  if (spec.image === undefined) {
    for (const [name, value] of Object.entries(programEnvironment(spec))) client[`V_${name}`] = value;
    return { client, file: '' };
  }
  let file = '';
  for (const [name, value] of Object.entries({ HOME: '/tmp', ...spec.env })) {
    if (!ACTS_ON_CLIENT.test(name)) client[name] = value;
    else if (!value.includes('\n')) file += `${name}=${value}\n`;
    else throw new VouchError('usage', `sandbox: a line break in the environment value ${name}`);
  }
  return { client, file };
}

function command(spec: SandboxSpec, place: Place): string[] {
  if (spec.image !== undefined) return [place.image, ...spec.argv];
  const names = Object.keys(programEnvironment(spec)).join(' ');
  return [
    '--entrypoint',
    '',
    place.image,
    '/bin/sh',
    '/etc/start',
    names,
    spec.workdir ?? APP_FOLDER,
    ...spec.argv,
  ];
}

function mounts(spec: SandboxSpec, place: Place): string[] {
  const found: string[] = [];
  // Also where the clock is not moved (the second is empty then): production and replay look the same.
  found.push(mount(join(place.scratch, 'libclock.so'), CLOCK_LIBRARY, false));
  found.push(mount(join(place.scratch, 'ld.so.preload'), PRELOAD_FILE, false));
  for (const [target, source] of Object.entries(spec.binds ?? {})) {
    const from = typeof source === 'string' ? { path: source, writable: false } : source;
    found.push(mount(from.path, target, from.writable));
  }
  return found;
}

/** One value of `--mount`, which is read as CSV (RFC 4180): fields with commas or quotes are quoted. */
function mount(source: string, target: string, writable: boolean): string {
  const fields = ['type=bind', `source=${source}`, `target=${target}`, ...(writable ? [] : ['readonly'])];
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}
