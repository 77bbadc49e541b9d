import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cgroupLayout } from '../../lib/cgroup.ts';
import { VouchError } from '../../lib/errors.ts';
import { run, runOrThrow, type RunOptions, type RunResult } from '../../lib/process.ts';

/** A container engine and how to call it here. */
export interface Engine {
  name: 'podman' | 'docker';
  /** Program and the options that go before the command. */
  program: readonly string[];
  /** `--ulimit` values: the engines' defaults are above what a process without CAP_SYS_RESOURCE may set. */
  ulimits: readonly string[];
}

export type EngineState = { ok: true; engine: Engine } | { ok: false; reason: string; mend: string };

/** Looks for podman, then docker. */
export async function findEngine(path: string = process.env['PATH'] ?? ''): Promise<EngineState> {
  const mend = 'apt-get install podman runc';
  if (process.platform !== 'linux') return { ok: false, reason: 'not Linux', mend: 'use a Linux machine' };
  if (process.getuid?.() !== 0) return { ok: false, reason: 'not root', mend: 'run as root' };
  const layout = await cgroupLayout();
  if (layout === undefined) {
    return { ok: false, reason: 'no cgroup v2 is mounted', mend: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup' };
  }
  const hybrid = Object.keys(layout.v1).length > 0;
  const ulimits = ulimitsFrom(await readFile('/proc/self/limits', 'utf8'));
  if (isProgram('podman', path)) {
    // crun, podman's default, refuses a machine with v1 controllers and a v2 tree.
    if (hybrid && !isProgram('runc', path)) {
      return {
        ok: false,
        reason: 'podman needs runc on a machine with hybrid control groups',
        mend: 'apt-get install runc',
      };
    }
    return { ok: true, engine: { name: 'podman', program: podmanProgram(hybrid), ulimits } };
  }
  if (isProgram('docker', path)) return dockerState(ulimits);
  return { ok: false, reason: 'neither podman nor docker is installed', mend };
}

async function dockerState(ulimits: string[]): Promise<EngineState> {
  const info = await run(['docker', 'info', '--format', '{{.CgroupDriver}}'], { timeoutMs: 10_000 });
  const driver = info.stdout.toString('utf8').trim();
  if (info.code !== 0)
    return { ok: false, reason: 'the docker daemon does not answer', mend: 'systemctl start docker' };
  if (driver !== 'cgroupfs') {
    const mend =
      'set "exec-opts": ["native.cgroupdriver=cgroupfs"] in /etc/docker/daemon.json, or apt-get install podman';
    return { ok: false, reason: `docker manages control groups with ${driver}, not cgroupfs`, mend };
  }
  return { ok: true, engine: { name: 'docker', program: ['docker'], ulimits } };
}

function podmanProgram(hybrid: boolean): string[] {
  return ['podman', ...(hybrid ? ['--runtime', 'runc'] : []), '--cgroup-manager', 'cgroupfs'];
}

/** From /proc/PID/limits: our own hard limits, with the usual soft one for files. */
export function ulimitsFrom(limits: string): string[] {
  const hard = (name: string): string | undefined =>
    new RegExp(`^${name} +\\S+ +(\\d+|unlimited)`, 'm').exec(limits)?.[1];
  const found: string[] = ['core=0:0'];
  const files = hard('Max open files');
  if (files !== undefined)
    found.push(
      files === 'unlimited' ? 'nofile=1024:1048576' : `nofile=${Math.min(1024, Number(files))}:${files}`,
    );
  const processes = hard('Max processes');
  // Counted for all containers of the user together; what one may have is said by --pids-limit. Podman lowers its own
  // hard limit to 32768, and without CAP_SYS_RESOURCE nothing can raise it again.
  if (processes !== undefined) {
    const most = processes === 'unlimited' ? 32_768 : Math.min(32_768, Number(processes));
    found.push(`nproc=${most}:${most}`);
  }
  return found;
}

export async function engineOrThrow(): Promise<Engine> {
  const state = await findEngine();
  if (state.ok) return state.engine;
  throw new VouchError('missing-part', `sandbox: ${state.reason}`, { hint: state.mend });
}

/** Runs a command of the engine to its end; throws `unavailable` with what it said when it fails. */
export function engineCall(
  engine: Engine,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return runOrThrow([...engine.program, ...args], options);
}

function isProgram(name: string, path: string): boolean {
  return path.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)));
}
