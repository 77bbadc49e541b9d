import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileCache } from '../lib/compile-cache.ts';
import { messageOf, VouchError } from '../lib/errors.ts';
import { killGroup } from '../lib/process.ts';
import { lineSplitter } from '../lib/lines.ts';
import { scratchDir } from '../lib/scratch.ts';
import type { Exit, PreparedSandbox, RunningSandbox, Sandbox, SandboxSpec } from '../sandbox/port.ts';
import type { Told } from '../protocol/port.ts';
import type { RunStates, States } from './states.ts';
import {
  fromWorkerSchema,
  type FromWorker,
  type Happened,
  type ReplayPlan,
  type ReplayResult,
  type ToWorker,
} from './plan.ts';

const WORKER = fileURLToPath(new URL('./worker/main.ts', import.meta.url));
/** The last lines of the program's output, for people. */
const KEPT_LINES = 50;
const KEPT_LINE_LENGTH = 2_000;

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

export interface OutputLine {
  stream: 'stdout' | 'stderr';
  text: string;
  /** Microseconds since 1970 by the host's clock. */
  at: number;
}

export interface ReplayRun {
  result: ReplayResult;
  /** The last lines; all of them went to `onOutput`. */
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
  /** What is known of servers beyond recorded answers. */
  states?: States;
  /** Told of every line that the program prints, in order. */
  onOutput?: (line: OutputLine) => void;
  signal?: AbortSignal;
}

/**
 * Replays a plan against a tree in a fresh sandbox. Everything that the app does, crash and hang included, is a value; throws only
 * when the sandbox, the hook or the worker could not be set up or ended (`missing-part`, `unavailable`), or with the reason of `signal`.
 */
export async function replay(options: ReplayOptions): Promise<ReplayRun> {
  const { plan, spec, signal } = options;
  const began = performance.now();
  signal?.throwIfAborted();
  const scratch = await scratchDir('replay');
  let prepared: PreparedSandbox | undefined;
  let worker: Worker | undefined;
  let states: RunStates | undefined;
  let redirection: Awaited<ReturnType<Redirector['redirect']>> | undefined;
  try {
    const { sockets, binds } = await socketFolders(plan, scratch);
    prepared = await options.sandbox.prepare({ ...spec, network: 'none', binds });
    states = options.states?.begin(plan);
    worker = startWorker(prepared, longestMs(plan), states, signal);
    worker.send({ type: 'plan', plan, sockets });
    const listening = await worker.next('listening');
    redirection = await options.redirector.redirect({
      cgroupPath: prepared.cgroupPath,
      rules: listening.ports.map(({ host, port, localPort }) => ({ address: host, port, toPort: localPort })),
      // A unix socket that refused (a name service cache, usually) does not exist in the sandbox either.
      refuse: options.refused
        .filter(({ host }) => isIP(host) !== 0)
        .map(({ host, port }) => ({ address: host, port })),
      passPorts: [plan.app.port],
      catchAllPort: listening.catchAllPort,
      dnsPort: listening.dnsPort,
    });
    signal?.throwIfAborted();
    const program = await prepared.start();
    const watched = watch(program, worker, options.onOutput);
    worker.send({ type: 'started' });
    const first = await worker.next('ready', 'result');
    // Asked while it certainly runs: a failing request may end it.
    const clock = spec.clockMs === undefined ? 'real' : await program.clock();
    const { result } = first.type === 'result' ? first : await worker.next('result');
    const exit = watched.exit();
    const strays = await redirection.strays();
    await program.stop(0);
    await drained(watched);
    return {
      result,
      output: watched.output,
      exit,
      strays,
      clock,
      level: prepared.level,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    worker?.end();
    states?.end();
    await redirection?.detach().catch(() => {}); // the hook goes with the cgroup, at the latest
    await prepared?.destroy();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Unix-socket destinations: where in the sandbox → where the mock listens on the host, and the folders to show for that. */
async function socketFolders(
  plan: ReplayPlan,
  scratch: string,
): Promise<{ sockets: Record<string, string>; binds: Record<string, string> }> {
  const sockets: Record<string, string> = {};
  const binds: Record<string, string> = {};
  for (const { host, port } of plan.destinations) {
    if (port !== 0 || !host.startsWith('/')) continue;
    const folder = dirname(host);
    const shown = (binds[folder] ??= join(scratch, String(Object.keys(binds).length)));
    sockets[host] = join(shown, basename(host));
  }
  for (const folder of Object.values(binds)) await mkdir(folder, { recursive: true, mode: 0o755 });
  return { sockets, binds };
}

interface Watched {
  output: OutputLine[];
  exit: () => (Exit & { at: number }) | null;
  drained: Promise<unknown>;
}

/** Hands on the program's output with times, keeps the end of it, and tells the worker when the program has ended. */
function watch(
  program: RunningSandbox,
  worker: Worker,
  onOutput: (line: OutputLine) => void = () => {},
): Watched {
  const output: OutputLine[] = [];
  let ended: (Exit & { at: number }) | null = null;
  const ends = (['stdout', 'stderr'] as const).map((stream) => {
    const lines = lineSplitter((text) => {
      const at = Date.now() * 1000;
      onOutput({ stream, text, at });
      output.push({ stream, text: text.slice(0, KEPT_LINE_LENGTH), at });
      if (output.length > KEPT_LINES) output.shift();
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
  return { output, exit: () => ended, drained: Promise.all(ends) };
}

/** Everything that could write is dead: what is still to come lies in a pipe. */
async function drained(watched: Watched): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new VouchError('unavailable', "replay: the program's output did not end with the program"));
    }, DRAIN_MS);
  });
  await Promise.race([watched.drained, late]).finally(() => clearTimeout(timer));
}

const DRAIN_MS = 30_000;

interface Worker {
  send(message: ToWorker): void;
  /** The next message of one of these types; others are dropped. */
  next<T extends FromWorker['type']>(...types: T[]): Promise<Extract<FromWorker, { type: T }>>;
  end(): void;
}

/** What a worker may take besides the requests. */
const WORKER_SLACK_MS = 60_000;
const LATE_MS = 1_000;

/** The worker is ours, and all of its waits are bounded: longer than all of them together is a defect. */
function longestMs(plan: ReplayPlan): number {
  const requests = plan.requests.reduce(
    (sum, { timeoutMs, offsetMs, notBeforeMs }) => sum + timeoutMs + (offsetMs ?? 0) + notBeforeMs + LATE_MS,
    0,
  );
  return plan.app.readyTimeoutMs + requests + plan.lingerMs + WORKER_SLACK_MS;
}

function startWorker(
  prepared: PreparedSandbox,
  deadlineMs: number,
  states: RunStates | undefined,
  signal: AbortSignal | undefined,
): Worker {
  const [program, ...args] = prepared.enterNetwork([process.execPath, WORKER]);
  const child: ChildProcess = spawn(program!, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...compileCache() },
    detached: true,
  });
  const queue: FromWorker[] = [];
  let wake: (() => void) | undefined;
  let broken: unknown;
  let said = '';
  const breakWith = (error: unknown): void => {
    broken ??= error;
    wake?.();
  };
  const fail = (message: string): void =>
    breakWith(new VouchError('unavailable', `replay worker: ${message}`));
  // A worker's lines carry whole bodies: the bound is on all of a replay, not on a log line.
  const lines = lineSplitter((line) => {
    const message = messageIn(line);
    if (typeof message === 'string') return fail(`unreadable answer: ${message}`);
    if (message.type === 'failed') return fail(message.message);
    if (message.type === 'happened') return tell(message);
    queue.push(message);
    wake?.();
  }, MAX_ANSWER);
  child.stdout!.on('data', (chunk: Buffer) => lines.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-2000)));
  child.stdin!.on('error', () => {}); // reported by its exit
  child.on('error', (error) => fail(error.message));
  child.on('close', (code, killed) =>
    fail(`ended with ${code ?? killed}${said === '' ? '' : `: ${said.trim()}`}`),
  );
  const timer = setTimeout(() => fail(`not done after ${Math.round(deadlineMs / 1000)} s`), deadlineMs);
  const abort = (): void => breakWith(signal!.reason);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();

  const tell = (event: Happened): void => {
    const { number } = event;
    const none: Told = { dared: false, reason: 'nothing is known of its state' };
    void (states?.happened(event) ?? Promise.resolve(none)).then((told) => {
      if (told !== null) send({ type: 'told', number, told });
    });
  };
  const send = (message: ToWorker): void => void child.stdin!.write(`${JSON.stringify(message)}\n`);

  return {
    send,
    async next(...types) {
      for (;;) {
        if (broken !== undefined) throw broken;
        const message = queue.shift();
        if (message !== undefined && isOneOf(message, types)) return message;
        if (message === undefined) await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    end() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      child.stdin!.end();
      killGroup(child.pid);
    },
  };
}

const MAX_ANSWER = 256 * 1024 * 1024;

/** A message, or why there is none in this line. */
function messageIn(line: string): FromWorker | string {
  try {
    return fromWorkerSchema.parse(JSON.parse(line));
  } catch (error) {
    return messageOf(error).slice(0, 300);
  }
}

function isOneOf<T extends FromWorker['type']>(
  message: FromWorker,
  types: readonly T[],
): message is Extract<FromWorker, { type: T }> {
  return (types as readonly string[]).includes(message.type);
}
