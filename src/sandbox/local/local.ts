import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  cgroupLayout,
  cgroupNames,
  createCgroup,
  removeCgroup,
  type CgroupLayout,
} from '../../lib/cgroup.ts';
import { VouchError } from '../../lib/errors.ts';
import { ownerMark, ownerOf } from '../../lib/owner.ts';
import { run } from '../../lib/process.ts';
import { reapScratch, scratchDir } from '../../lib/scratch.ts';
import { writeLayer } from '../layers.ts';
import { resolveOptions, type SandboxOptions } from '../options.ts';
import type { PreparedSandbox, Sandbox, SandboxSpec } from '../port.ts';
import { CGROUP_PARENT, checkSpec } from '../spec.ts';
import { launch } from './launch.ts';
import { layOutRoot } from './root.ts';

/** Processes of ours that count against the program's limit: nsenter. */
const OWN_PROCESSES = 1;
const PROGRAMS = ['unshare', 'nsenter', 'setpriv', 'mount', 'umount', 'pivot_root', 'mknod', 'ip'];

/** Namespaces, control groups and overlayfs, through util-linux; no container engine. Needs root. */
export function localSandbox(given: SandboxOptions = {}): Sandbox {
  const options = resolveOptions(given);
  return {
    level: 'local',
    available,
    prepare: (spec) => prepare(spec, options),
    reap: () => reap(options.stateFolder),
  };
}

async function available(): Promise<{ ok: true } | { ok: false; reason: string; mend: string }> {
  if (process.platform !== 'linux') return { ok: false, reason: 'not Linux', mend: 'use a Linux machine' };
  if (process.getuid?.() !== 0) return { ok: false, reason: 'not root', mend: 'run as root' };
  const folders = (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/usr/bin', '/sbin', '/bin');
  const missing = PROGRAMS.filter(
    (name) => !folders.some((folder) => folder !== '' && existsSync(join(folder, name))),
  );
  if (missing.length > 0) {
    return {
      ok: false,
      reason: `programs not found: ${missing.join(', ')}`,
      mend: 'apt-get install util-linux mount iproute2 coreutils',
    };
  }
  if ((await cgroupLayout()) === undefined) {
    return {
      ok: false,
      reason: 'no cgroup v2 is mounted',
      mend: 'mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified',
    };
  }
  const tried = await run([
    'unshare',
    '--mount',
    '--net',
    '--pid',
    '--ipc',
    '--uts',
    '--cgroup',
    '--kill-child',
    'true',
  ]);
  if (tried.code !== 0) {
    const reason = `namespaces cannot be made: ${tried.stderr.toString('utf8').trim().slice(-300)}`;
    return { ok: false, reason, mend: 'run outside of a container, or in one with --privileged' };
  }
  return { ok: true };
}

async function layoutOrThrow(): Promise<CgroupLayout> {
  const layout = await cgroupLayout();
  if (layout !== undefined) return layout;
  throw new VouchError('missing-part', 'sandbox: no cgroup v2 is mounted', {
    hint: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  });
}

async function prepare(
  spec: SandboxSpec,
  options: { stateFolder: string; node: string },
): Promise<PreparedSandbox> {
  checkSpec(spec);
  if (spec.image !== undefined)
    throw new VouchError('usage', 'sandbox: the local adapter cannot run an image', {
      hint: 'use the oci adapter',
    });
  if (!existsSync(spec.tree))
    throw new VouchError('not-found', `sandbox: the tree ${spec.tree} is not there`);
  const layout = await layoutOrThrow();
  const undo: (() => Promise<void>)[] = [];
  const destroy = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    const cgroupName = join(CGROUP_PARENT, `${ownerMark()}-${spec.id}`);
    const processes = Math.floor(spec.limits.processes) + OWN_PROCESSES;
    const making = createCgroup(layout, cgroupName, { ...spec.limits, processes });
    const made = making.then(
      () => {},
      () => {}, // seen below, unless laying out fails first
    );
    undo.push(() => made.then(() => removeCgroup(layout, cgroupName)));
    const scratch = await scratchDir(`sandbox-${spec.id}`, options.stateFolder);
    undo.push(() => rm(scratch, { recursive: true, force: true }));
    const mountPoints = [layout.v2, ...new Set(Object.values(layout.v1))];
    layOutRoot({
      scratch,
      spec,
      node: options.node,
      cgroups: mountPoints.map((mountPoint) => ({ mountPoint, folder: join(mountPoint, cgroupName) })),
      startScript: join(import.meta.dirname, '../start.sh'),
    });
    await writeLayer(join(scratch, 'layer'), spec.tree, spec.changes ?? {});
    const cgroup = await making;
    const launched = await launch(spec, scratch, cgroup);
    undo.push(() => launched.end());
    let destroyed: Promise<void> | undefined;
    return {
      level: 'local',
      cgroupPath: cgroup.path,
      cgroupId: cgroup.id,
      enterNetwork: (argv) =>
        spec.network === 'host'
          ? [...argv]
          : ['nsenter', `--net=/proc/${launched.holder}/ns/net`, '--', ...argv],
      start: () => launched.start(),
      destroy: () => (destroyed ??= destroy()),
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

async function reap(stateFolder: string): Promise<string[]> {
  const removed: string[] = [];
  const layout = await cgroupLayout();
  for (const name of layout === undefined ? [] : await cgroupNames(layout, CGROUP_PARENT)) {
    if (ownerOf(name)?.alive !== false) continue;
    await removeCgroup(layout!, join(CGROUP_PARENT, name));
    removed.push(`cgroup ${CGROUP_PARENT}/${name}`);
  }
  return [...removed, ...(await reapScratch(stateFolder))];
}
