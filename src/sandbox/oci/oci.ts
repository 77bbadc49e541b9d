import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupLayout, cgroupNames, createCgroup, removeCgroup } from '../../lib/cgroup.ts';
import { VouchError } from '../../lib/errors.ts';
import { ownerMark, ownerOf } from '../../lib/owner.ts';
import { baseEnvironment, run, runOrThrow } from '../../lib/process.ts';
import { reapScratch, scratchDir } from '../../lib/scratch.ts';
import { CLOCK_LIBRARY, clockLibrary } from '../clock/clock.ts';
import { writeLayer } from '../layers.ts';
import { resolveOptions, type ResolvedOptions, type SandboxOptions } from '../options.ts';
import { SANDBOX_USER, type PreparedSandbox, type Sandbox, type SandboxSpec } from '../port.ts';
import { APP_FOLDER, CGROUP_PARENT, checkSpec } from '../spec.ts';
import {
  OWNER_LABEL,
  containerEnvironment,
  createArguments,
  volumeArguments,
  type Place,
} from './arguments.ts';
import { ensureBaseImage } from './base-image.ts';
import { engineCall, engineOrThrow, findEngine, type Engine } from './engine.ts';
import { holdNetwork } from './holder.ts';
import { imageFacts, imageTree } from './images.ts';
import { startContainer } from './program.ts';

/** Containers of podman (runc) or docker, through their command line. Needs root. */
export function ociSandbox(given: SandboxOptions = {}): Sandbox {
  const options = resolveOptions(given);
  return {
    level: 'oci',
    async available() {
      const state = await findEngine();
      return state.ok ? { ok: true } : state;
    },
    prepare: (spec) => prepare(spec, options),
    reap: () => reap(options.stateFolder),
  };
}

async function prepare(spec: SandboxSpec, options: ResolvedOptions): Promise<PreparedSandbox> {
  checkSpec(spec);
  if (spec.image === undefined && !existsSync(spec.tree))
    throw new VouchError('not-found', `sandbox: the tree ${spec.tree} is not there`);
  const engine = await engineOrThrow();
  const layout = (await cgroupLayout())!; // engineOrThrow has looked
  const owner = ownerMark();
  const name = `vouch-${owner}-${spec.id}`;
  const undo: (() => Promise<void>)[] = [];
  const destroy = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    const scratch = await scratchDir(`sandbox-${spec.id}`, options.stateFolder);
    undo.push(() => rm(scratch, { recursive: true, force: true }));
    // A little less than the container gets, so that it is this one's limit that is reached: see program.ts.
    const memoryBytes = spec.limits.memoryBytes - 256 * 1024;
    const cgroup = await createCgroup(layout, join(CGROUP_PARENT, `${owner}-${spec.id}`), { memoryBytes });
    undo.push(() => cgroup.remove());
    const baseImage = (): Promise<string> => ensureBaseImage(engine, options.node, options.stateFolder);
    const holder =
      spec.network === 'none'
        ? await holdNetwork(engine, `${name}-net`, [`${OWNER_LABEL}=${owner}`], baseImage)
        : undefined;
    if (holder !== undefined) undo.push(() => holder.end());
    const facts =
      spec.image === undefined ? { workdir: APP_FOLDER, user: null } : await imageFacts(engine, spec.image);
    const layered =
      spec.image === undefined || spec.writable === true || Object.keys(spec.changes ?? {}).length > 0;
    const place: Place = {
      name,
      owner,
      image: spec.image ?? (await baseImage()),
      workdir: facts.workdir,
      imageUser: facts.user,
      scratch,
      cgroupParent: `/${CGROUP_PARENT}/${owner}-${spec.id}`,
      network: holder?.network ?? 'host',
      layered,
    };
    const guard = startGuard(engine, name);
    undo.push(() => guard.done());
    undo.push(() => removeContainer(engine, name));
    if (layered) await layTree(engine, spec, place, options.stateFolder);
    await create(engine, spec, place);
    let destroyed: Promise<void> | undefined;
    let started = false;
    return {
      level: 'oci',
      cgroupPath: cgroup.path,
      cgroupId: cgroup.id,
      enterNetwork: (argv) =>
        holder === undefined ? [...argv] : ['nsenter', `--net=/proc/${holder.pid}/ns/net`, '--', ...argv],
      async start() {
        if (started) throw new VouchError('conflict', `sandbox ${spec.id}: already started`);
        started = true;
        const asked = await moveClock(spec, scratch);
        return startContainer(engine, name, asked, cgroup);
      },
      destroy: () => (destroyed ??= destroy()),
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

/** The tree and the changed files as layers that the engine mounts over each other. */
async function layTree(engine: Engine, spec: SandboxSpec, place: Place, stateFolder: string): Promise<void> {
  const { scratch } = place;
  if (/[,:\\\s]/.test(scratch)) {
    throw new VouchError('usage', `sandbox: overlayfs cannot use the path ${scratch}`, {
      hint: 'choose a data folder without commas, colons and spaces',
    });
  }
  const tree =
    spec.image === undefined ? spec.tree : await imageTree(engine, spec.image, place.workdir, stateFolder);
  await symlink(tree, join(scratch, 'tree')); // overlayfs splits its options at commas and colons; the tree's path may have some
  for (const folder of ['layer', 'work', 'merged']) await mkdir(join(scratch, folder));
  await writeLayer(join(scratch, 'layer'), tree, spec.changes ?? {});
  if (spec.writable) {
    const script = join(import.meta.dirname, 'give.sh');
    await runOrThrow(['unshare', '--mount', 'sh', script, scratch, String(SANDBOX_USER)]);
  }
  await engineCall(engine, volumeArguments(place));
}

async function create(engine: Engine, spec: SandboxSpec, place: Place): Promise<void> {
  const { client, file } = containerEnvironment(spec);
  if (file !== '') await writeFile(join(place.scratch, 'env'), file, { mode: 0o600 });
  await writeFile(join(place.scratch, 'libclock.so'), clockLibrary(0) ?? '');
  await writeFile(join(place.scratch, 'ld.so.preload'), '');
  await engineCall(engine, createArguments(engine, spec, place), {
    env: { ...client, ...baseEnvironment() },
  });
}

/** Written at the last moment; the engine takes some tenths of a second until the program begins. */
async function moveClock(spec: SandboxSpec, scratch: string): Promise<boolean> {
  const library = spec.clockMs === undefined ? undefined : clockLibrary(spec.clockMs - Date.now());
  if (library === undefined) return false;
  await writeFile(join(scratch, 'libclock.so'), library);
  await writeFile(join(scratch, 'ld.so.preload'), `${CLOCK_LIBRARY}\n`);
  return true;
}

function startGuard(engine: Engine, name: string): { done(): Promise<void> } {
  const child = spawn('sh', [join(import.meta.dirname, 'guard.sh'), name, ...engine.program], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: baseEnvironment(),
    detached: true,
  });
  child.stdin.on('error', () => {});
  const exit = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', () => resolve());
  });
  return {
    async done() {
      child.stdin.end('done\n');
      await exit;
    },
  };
}

async function removeContainer(engine: Engine, name: string): Promise<void> {
  const force = engine.name === 'podman' ? ['--force', '--time', '0'] : ['--force'];
  await removeIfThere(engine, ['rm', ...force, name]);
  await removeIfThere(engine, ['volume', 'rm', '--force', name]);
}

async function removeIfThere(engine: Engine, args: string[]): Promise<void> {
  const result = await run([...engine.program, ...args]);
  const said = result.stderr.toString('utf8').trim();
  if (result.code !== 0 && !/no such|does not exist|not found/i.test(said)) {
    throw new VouchError('unavailable', `sandbox: ${engine.name} ${args.join(' ')}: ${said.slice(-1000)}`);
  }
}

async function reap(stateFolder: string): Promise<string[]> {
  const removed: string[] = [];
  const state = await findEngine();
  if (state.ok) {
    for (const kind of ['container', 'volume'] as const) {
      for (const name of await labelled(state.engine, kind)) {
        await removeContainer(state.engine, name);
        removed.push(`${kind} ${name}`);
      }
    }
  }
  const layout = await cgroupLayout();
  for (const name of layout === undefined ? [] : await cgroupNames(layout, CGROUP_PARENT)) {
    if (ownerOf(name)?.alive !== false) continue;
    await removeCgroup(layout!, join(CGROUP_PARENT, name));
    removed.push(`cgroup ${CGROUP_PARENT}/${name}`);
  }
  return [...removed, ...(await reapScratch(stateFolder))];
}

/** Names of ours whose owner is dead. */
async function labelled(engine: Engine, kind: 'container' | 'volume'): Promise<string[]> {
  const format = kind === 'container' ? '{{.Names}}' : '{{.Name}}';
  const all = kind === 'container' ? ['ps', '--all'] : ['volume', 'ls'];
  const { stdout } = await engineCall(engine, [
    ...all,
    '--filter',
    `label=${OWNER_LABEL}`,
    '--format',
    format,
  ]);
  const names = stdout
    .toString('utf8')
    .split('\n')
    .filter((name) => name.startsWith('vouch-'));
  return names.filter((name) => ownerOf(name.slice('vouch-'.length))?.alive === false);
}
