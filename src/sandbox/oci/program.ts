import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { baseEnvironment, run } from '../../lib/process.ts';
import type { Cgroup } from '../../lib/cgroup.ts';
import { VouchError } from '../../lib/errors.ts';
import { hasMovedClock } from '../clock/clock.ts';
import type { Exit, RunningSandbox } from '../port.ts';
import type { Engine } from './engine.ts';

const START_TIMEOUT_MS = 60_000;

/** Starts a created container with its output attached; resolves once the program runs, or has already ended. */
export async function startContainer(
  engine: Engine,
  name: string,
  clockAsked: boolean,
  cgroup: Cgroup,
): Promise<RunningSandbox> {
  const [program, ...options] = engine.program;
  const attach = ['start', '--attach', ...(engine.name === 'podman' ? ['--sig-proxy=false'] : [])];
  const child = spawn(program!, [...options, ...attach, name], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: baseEnvironment(),
    detached: true, // Ctrl-C in our terminal is for us
  });
  const ended = whenEnded(child);
  const stdout = child.stdout.pipe(new PassThrough());
  const stderr = child.stderr.pipe(new PassThrough());
  const first = await whenStarted(
    engine,
    name,
    ended.then(() => true),
  );
  if (first === 'never') {
    const said = ((stderr.read() as Buffer | null) ?? '').toString().trim().slice(-2000);
    throw new VouchError('unavailable', `sandbox: ${engine.name} did not start the program: ${said}`);
  }
  let killed = false;
  const exited = ended.then(async (): Promise<Exit> => {
    const exit = await exitOf(engine, name);
    return { ...exit, outOfMemory: exit.outOfMemory || (!killed && (await ranOut(cgroup, exit))) };
  });
  let over = false;
  void ended.then(() => (over = true));
  let moved = false;
  return {
    pid: first,
    stdout,
    stderr,
    exited,
    async stop(graceMs) {
      const timer = new AbortController();
      if (!over && graceMs > 0) {
        await run([...engine.program, 'kill', '--signal', 'TERM', name]); // it may have ended by itself
        await Promise.race([ended, delay(graceMs, undefined, { signal: timer.signal }).catch(() => {})]);
        timer.abort();
      }
      if (!over) {
        killed = true;
        await run([...engine.program, 'kill', '--signal', 'KILL', name]);
      }
      await ended;
    },
    clock() {
      moved ||= clockAsked && hasMovedClock(first);
      return Promise.resolve(moved ? 'recorded' : 'real');
    },
  };
}

function whenEnded(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', () => resolve());
  });
}

interface State {
  Status: string;
  Pid: number;
  ExitCode: number;
  OOMKilled: boolean;
}

async function stateOf(engine: Engine, name: string): Promise<State | undefined> {
  const { code, stdout } = await run([
    ...engine.program,
    'container',
    'inspect',
    '--format',
    '{{json .State}}',
    name,
  ]);
  return code === 0 ? (JSON.parse(stdout.toString('utf8')) as State) : undefined;
}

/** The program's process id on the host; 0 if it has ended already; `never` if it could not be started. */
async function whenStarted(engine: Engine, name: string, ended: Promise<boolean>): Promise<number | 'never'> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    // Engines tell nobody of the start but those who read their event logs; asking takes them about 30 ms.
    const over = await Promise.race([ended, delay(15, false)]);
    const state = await stateOf(engine, name);
    if (state?.Status === 'running' && state.Pid > 0) return state.Pid;
    if (over) return state?.Status === 'exited' || state?.Status === 'stopped' ? 0 : 'never';
    if (Date.now() > deadline) return 'never';
  }
}

/** The engine only keeps a number: above 128 it is taken for a signal, as shells do. */
async function exitOf(engine: Engine, name: string): Promise<Exit> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const state = await stateOf(engine, name);
    if (state === undefined) return { code: null, signal: 'SIGKILL', outOfMemory: false };
    if (state.Status !== 'running' || Date.now() > deadline) {
      const signal = signalName(state.ExitCode);
      return { code: signal === null ? state.ExitCode : null, signal, outOfMemory: state.OOMKilled };
    }
    await delay(15);
  }
}

/**
 * Engines do not always notice (conmon does not on a machine with v1 controllers). The cgroup around the container has a
 * limit a little below the container's, so it is the one that is reached. With v1 it does not know of kills inside, only
 * that the limit was hit; that, and a SIGKILL that was not ours, is one.
 */
async function ranOut(cgroup: Cgroup, exit: Exit): Promise<boolean> {
  if (exit.code === 0) return false;
  if ((await cgroup.memoryKills()) > 0) return true;
  return exit.signal === 'SIGKILL' && cgroup.memoryLimitReached();
}

function signalName(status: number): string | null {
  const number = status - 128;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}
