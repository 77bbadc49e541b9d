import { spawn } from 'node:child_process';
import { VouchError, systemCode } from './errors.ts';

export interface RunOptions {
  cwd?: string;
  /** The whole environment of the program; nothing is inherited but PATH when this is left out. */
  env?: Record<string, string>;
  input?: string | Uint8Array;
  /** Milliseconds after which the program and its process group are killed. Default 60 s. */
  timeoutMs?: number;
  /** Bytes kept of each of stdout and stderr; the rest is dropped and `truncated` set. Default 16 MiB. */
  maxOutputBytes?: number;
  signal?: AbortSignal;
  /** Called with each piece of output as it comes. */
  onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
}

export interface RunResult {
  /** Exit status, or null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: Buffer;
  truncated: boolean;
  timedOut: boolean;
}

/** What a program gets when nobody says otherwise: never our own secrets. */
export function baseEnvironment(): Record<string, string> {
  const env: Record<string, string> = { LANG: 'C.UTF-8' };
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

/**
 * Runs a program to its end, by argument vector and never through a shell, in its own process group, which is
 * killed whole on timeout or abort. A status other than 0 is a value; only a program that cannot be started throws
 * (`missing-part`).
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = argv;
  if (program === undefined) throw new Error('run: empty argument vector');
  options.signal?.throwIfAborted();
  const limit = options.maxOutputBytes ?? 16 * 1024 * 1024;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? baseEnvironment(),
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const sizes = { stdout: 0, stderr: 0 };
  let truncated = false;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.on('data', (chunk: Buffer) => {
      options.onOutput?.(chunk, name);
      const room = limit - sizes[name];
      if (chunk.length > room) truncated = true;
      if (room > 0) kept[name].push(chunk.subarray(0, room));
      sizes[name] += Math.min(chunk.length, Math.max(room, 0));
    });
  }
  if (options.input !== undefined && child.stdin) {
    child.stdin.on('error', () => {}); // a program may end before it has read everything
    child.stdin.end(options.input);
  }
  let timedOut = false;
  const kill = (): void => killGroup(child.pid);
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, options.timeoutMs ?? 60_000);
  options.signal?.addEventListener('abort', kill, { once: true });
  try {
    return await new Promise<RunResult>((resolve, reject) => {
      child.on('error', (error) => {
        const missing = systemCode(error) === 'ENOENT';
        reject(
          new VouchError(
            'missing-part',
            missing ? `${program}: program not found` : `${program}: ${error.message}`,
            {
              cause: error,
            },
          ),
        );
      });
      child.on('close', (code, signal) => {
        resolve({
          code,
          signal,
          stdout: Buffer.concat(kept.stdout),
          stderr: Buffer.concat(kept.stderr),
          truncated,
          timedOut,
        });
      });
    });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
  }
}

/** Like `run`, and throws (`unavailable`) with the end of stderr when the status is not 0. */
export async function runOrThrow(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await run(argv, options);
  if (result.code !== 0) {
    const why = result.timedOut ? 'timed out' : `status ${result.code ?? result.signal}`;
    const said =
      result.stderr.toString('utf8').trim().slice(-2000) ||
      result.stdout.toString('utf8').trim().slice(-2000);
    throw new VouchError(
      'unavailable',
      `${argv.slice(0, 3).join(' ')}: ${why}${said === '' ? '' : `: ${said}`}`,
    );
  }
  return result;
}

/** Kills a process group that we started; one that is gone is fine. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (systemCode(error) !== 'ESRCH') throw error;
  }
}
