import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../lib/compile-cache.ts';
import { VouchError } from '../lib/errors.ts';
import { killGroup } from '../lib/process.ts';
import { lineSplitter } from '../lib/lines.ts';
import { scratchDir } from '../lib/scratch.ts';
import { rm } from 'node:fs/promises';
import type { Exit, PreparedSandbox, RunningSandbox, Sandbox, SandboxSpec } from '../sandbox/port.ts';
import {
  fromWorkerSchema,
  type FromWorker,
  type ReplayPlan,
  type ReplayResult,
  type ToWorker,
} from './plan.ts';

const WORKER = fileURLToPath(new URL('./worker/main.ts', import.meta.url));
const MAX_OUTPUT_LINES = 20_000;

/** Sends a cgroup's connections to local ports; the privileged process does it (see record/agent/port.ts). */
export interface Redirector {
  redirect(request: {
    cgroupPath: string;
    rules: { address: string; port: number; toPort: number }[];
    refuse: { address: string; port: number }[];
    passPorts: number[];
    catchAllPort: number;
    dnsPort: number;
  }): Promise<{ strays(): Promise<Stray[]>; detach(): Promise<void> }>;
}

interface Stray {
  address: string;
  port: number;
  count: number;
}

interface OutputLine {
  stream: 'stdout' | 'stderr';
  text: string;
  /** Microseconds since 1970 by the host's clock. */
  at: number;
}

export interface ReplayRun {
  result: ReplayResult;
  output: OutputLine[];
  /** How the app ended by itself while it was still wanted; null when it lived until we stopped it. */
  exit: (Exit & { at: number }) | null;
  strays: Stray[];
  clock: 'recorded' | 'real';
  level: 'oci' | 'local';
  seconds: number;
}

export interface ReplayOptions {
  sandbox: Sandbox;
  redirector: Redirector;
  spec: Omit<SandboxSpec, 'network' | 'binds'>;
  plan: ReplayPlan;
  /** Addresses that refused connections when the recording was made. */
  refused: { host: string; port: number }[];
  signal?: AbortSignal;
}

/**
 * Replays a plan against a tree in a fresh sandbox. Everything that the app does, crash and hang included, is a value; throws only
 * when the sandbox, the hook or the worker could not be set up (`missing-part`, `unavailable`).
 */
export async function replay(options: ReplayOptions): Promise<ReplayRun> {
  const began = performance.now();
  const scratch = await scratchDir('replay');
  const sockets = socketPaths(options.plan, scratch);
  await mkdir(scratch, { recursive: true });
  const binds = Object.fromEntries(
    Object.keys(sockets).map((path) => [dirname(path), join(scratch, encodeFolder(dirname(path)))]),
  );
  for (const folder of Object.values(binds)) await mkdir(folder, { recursive: true, mode: 0o755 });
  let prepared: PreparedSandbox | undefined;
  let worker: Worker | undefined;
  let redirection: Awaited<ReturnType<Redirector['redirect']>> | undefined;
  try {
    prepared = await options.sandbox.prepare({ ...options.spec, network: 'none', binds });
    worker = startWorker(prepared, options.signal);
    worker.send({ type: 'plan', plan: options.plan, sockets });
    const listening = await worker.next('listening');
    redirection = await options.redirector.redirect({
      cgroupPath: prepared.cgroupPath,
      rules: listening.ports.map(({ host, port, localPort }) => ({ address: host, port, toPort: localPort })),
      // A unix socket that refused (a name service cache, usually) does not exist in the sandbox either.
      refuse: options.refused
        .filter(({ host }) => isIP(host) !== 0)
        .map(({ host, port }) => ({ address: host, port })),
      passPorts: [options.plan.app.port],
      catchAllPort: listening.catchAllPort,
      dnsPort: listening.dnsPort,
    });
    const program = await prepared.start();
    const watched = watch(program, worker);
    worker.send({ type: 'started' });
    const { result } = await worker.next('result');
    const exit = watched.exit();
    const clock = exit === null && options.spec.clockMs !== undefined ? await program.clock() : 'recorded';
    const strays = await redirection.strays();
    await program.stop(0);
    await watched.drained;
    return {
      result,
      output: watched.output,
      exit,
      strays,
      clock: options.spec.clockMs === undefined ? 'real' : clock,
      level: prepared.level,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    worker?.end();
    await redirection?.detach().catch(() => {}); // the hook goes with the cgroup, at the latest
    await prepared?.destroy();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Unix-socket destinations: where in the sandbox → where the mock listens on the host. */
function socketPaths(plan: ReplayPlan, scratch: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { host, port } of plan.destinations) {
    if (port === 0 && host.startsWith('/'))
      found[host] = join(scratch, encodeFolder(dirname(host)), host.slice(dirname(host).length + 1));
  }
  return found;
}

function encodeFolder(path: string): string {
  return Buffer.from(path).toString('base64url').slice(0, 60);
}

interface Watched {
  output: OutputLine[];
  exit: () => (Exit & { at: number }) | null;
  drained: Promise<unknown>;
}

/** Keeps the program's output with times (bounded) and tells the worker when it has ended. */
function watch(program: RunningSandbox, worker: Worker): Watched {
  const output: OutputLine[] = [];
  let ended: (Exit & { at: number }) | null = null;
  const drained = (['stdout', 'stderr'] as const).map((stream) => {
    const lines = lineSplitter((text) => {
      if (output.length < MAX_OUTPUT_LINES) output.push({ stream, text, at: Date.now() * 1000 });
    });
    program[stream].on('data', (chunk: Buffer) => lines.push(chunk));
    return new Promise<void>((resolve) => {
      program[stream].on('close', () => (lines.end(), resolve()));
      program[stream].on('error', () => resolve());
    });
  });
  void program.exited.then((exit) => {
    ended = { ...exit, at: Date.now() * 1000 };
    worker.send({ type: 'exited' });
  });
  return { output, exit: () => ended, drained: Promise.all(drained) };
}

interface Worker {
  send(message: ToWorker): void;
  next<T extends FromWorker['type']>(type: T): Promise<Extract<FromWorker, { type: T }>>;
  end(): void;
}

/** The worker is ours and small: a message that does not come within the longest plan is a defect, not a wait. */
const WORKER_DEADLINE_MS = 300_000;

function startWorker(prepared: PreparedSandbox, signal: AbortSignal | undefined): Worker {
  const [program, ...args] = prepared.enterNetwork([process.execPath, WORKER]);
  const child: ChildProcess = spawn(program!, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...compileCache() },
    detached: true,
  });
  const queue: FromWorker[] = [];
  let wake: (() => void) | undefined;
  let broken: Error | undefined;
  let said = '';
  const fail = (message: string): void => {
    broken ??= new VouchError('unavailable', `replay worker: ${message}`);
    wake?.();
  };
  // A worker's lines carry whole bodies: the bound is on all of a replay, not on a log line.
  const lines = lineSplitter(
    (line) => {
      const message = fromWorkerSchema.safeParse(JSON.parse(line));
      if (!message.success) return fail(`unreadable answer: ${message.error.message.slice(0, 300)}`);
      queue.push(message.data);
      wake?.();
    },
    512 * 1024 * 1024,
  );
  child.stdout!.on('data', (chunk: Buffer) => lines.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-2000)));
  child.stdin!.on('error', () => {}); // reported by its exit
  child.on('error', (error) => fail(error.message));
  child.on('close', (code) => fail(`ended with ${code}${said === '' ? '' : `: ${said.trim()}`}`));
  const abort = (): void => fail('aborted');
  signal?.addEventListener('abort', abort, { once: true });

  return {
    send: (message) => void child.stdin!.write(`${JSON.stringify(message)}\n`),
    async next(type) {
      const timer = setTimeout(
        () => fail(`no ${type} within ${WORKER_DEADLINE_MS / 1000} s`),
        WORKER_DEADLINE_MS,
      );
      try {
        for (;;) {
          const message = queue.shift();
          if (message?.type === 'failed')
            throw new VouchError('unavailable', `replay worker: ${message.message}`);
          if (message?.type === type) return message as Extract<FromWorker, { type: typeof type }>;
          if (broken) throw broken;
          await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        clearTimeout(timer);
      }
    },
    end() {
      signal?.removeEventListener('abort', abort);
      child.stdin!.end();
      killGroup(child.pid);
    },
  };
}
