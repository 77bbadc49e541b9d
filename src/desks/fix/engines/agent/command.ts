import type { Readable } from 'node:stream';
import { readdir, readFile } from 'node:fs/promises';
import { newId } from '../../../../lib/ids.ts';
import { baseEnvironment, run } from '../../../../lib/process.ts';
import type { Limits, Sandbox } from '../../../../sandbox/port.ts';
import { tailOf, type Tail } from './tail.ts';
import type { Worktree } from './worktree.ts';

/** How a command ended. */
export interface Ended {
  code: number | null;
  timedOut: boolean;
  /** What it printed, standard output and errors in one, at most `MAX_OUTPUT` bytes. */
  output: string;
  /** The end of its standard output alone, at most `MAX_ANSWER` bytes. */
  answer: string;
  /** The path by which it knew the copy. */
  tree: string;
  /** Where it ran: `local`, `oci`, or null for a plain process. */
  isolation: string | null;
}

export interface Command {
  argv: readonly string[];
  /** All of its environment but PATH, HOME and LANG. */
  env: Readonly<Record<string, string>>;
  timeoutMs: number;
  signal: AbortSignal;
}

const MAX_OUTPUT = 512 * 1024;
const MAX_ANSWER = 1024 * 1024;
const LIMITS: Limits = { memoryBytes: 4 * 1024 ** 3, processes: 512, cpus: 2 };
/** Set in the environment of everything that a plain process starts, so that what leaves its group is found again. */
const MARK = 'AGENT_RUN_ID';

/** Runs it as a plain process: nothing but the environment is kept from it. Afterwards nothing of it runs any more. */
export async function runPlain(command: Command, worktree: Worktree): Promise<Ended> {
  const mark = newId('run');
  const { PATH = '/usr/local/bin:/usr/bin:/bin', LANG = 'C.UTF-8' } = baseEnvironment();
  const chunks: Buffer[] = [];
  const tail = tailOf(MAX_ANSWER);
  let size = 0;
  try {
    const done = await run(command.argv, {
      cwd: worktree.tree,
      env: { PATH, LANG, HOME: worktree.home, ...command.env, [MARK]: mark },
      timeoutMs: command.timeoutMs,
      maxOutputBytes: 1,
      signal: command.signal,
      onOutput: (chunk, stream) => {
        if (stream === 'stdout') tail.push(chunk);
        if (size < MAX_OUTPUT) chunks.push(chunk.subarray(0, MAX_OUTPUT - size));
        size += chunk.length;
      },
    });
    return {
      code: done.code,
      timedOut: done.timedOut,
      output: joined(chunks, size),
      answer: tail.text(),
      tree: worktree.tree,
      isolation: null,
    };
  } finally {
    await killMarked(mark);
  }
}

/** Ends every process with the mark in its environment; again until none is left, as they may go on forking. */
async function killMarked(mark: string): Promise<void> {
  for (let round = 0; round < 20; round++) {
    let found = 0;
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
      const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
      if (!environment.split('\0').includes(`${MARK}=${mark}`)) continue;
      found++;
      try {
        process.kill(Number(name), 'SIGKILL');
      } catch {
        // it ended by itself
      }
    }
    if (found === 0) return;
  }
}

const TREE = '/srv/agent/tree';
const HOME = '/srv/agent/home';

/** Runs it in a sandbox that shows it the copy and nothing else of the host. */
export async function runSandboxed(
  command: Command,
  worktree: Worktree,
  sandbox: Sandbox,
  network: 'host' | 'none',
  empty: string,
): Promise<Ended> {
  const place = await sandbox.prepare({
    id: newId('agent'),
    tree: empty,
    argv: command.argv.map((word) => word.replaceAll(worktree.tree, TREE).replaceAll(worktree.home, HOME)),
    workdir: TREE,
    env: { LANG: 'C.UTF-8', HOME, ...command.env },
    network,
    limits: LIMITS,
    binds: {
      [TREE]: { path: worktree.tree, writable: true },
      [HOME]: { path: worktree.home, writable: true },
    },
  });
  const tail = tailOf(MAX_ANSWER);
  let timedOut = false;
  let timer: NodeJS.Timeout | undefined;
  try {
    const program = await place.start();
    const stop = (): void => void program.stop(1000);
    timer = setTimeout(() => {
      timedOut = true;
      stop();
    }, command.timeoutMs);
    command.signal.addEventListener('abort', stop, { once: true });
    if (command.signal.aborted) stop();
    try {
      const [stdout, stderr, exit] = await Promise.all([
        bounded(program.stdout, tail),
        bounded(program.stderr),
        program.exited,
      ]);
      return {
        code: exit.code,
        timedOut,
        output: stdout + stderr,
        answer: tail.text(),
        tree: TREE,
        isolation: sandbox.level,
      };
    } finally {
      command.signal.removeEventListener('abort', stop);
    }
  } finally {
    clearTimeout(timer);
    await place.destroy();
  }
}

async function bounded(stream: Readable, tail?: Tail): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    tail?.push(bytes);
    if (size < MAX_OUTPUT) chunks.push(bytes.subarray(0, MAX_OUTPUT - size));
    size += bytes.length;
  }
  return joined(chunks, size);
}

function joined(chunks: Buffer[], size: number): string {
  const text = Buffer.concat(chunks).toString('utf8');
  return size > MAX_OUTPUT ? `${text}\n… (${size} bytes in all)` : text;
}
