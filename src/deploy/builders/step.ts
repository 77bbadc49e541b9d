import { chown, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { VouchError } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import { lineSplitter } from '../../lib/lines.ts';
import { runOrThrow } from '../../lib/process.ts';
import { scratchDir } from '../../lib/scratch.ts';
import { SANDBOX_USER, type Exit, type Limits, type Sandbox } from '../../sandbox/port.ts';

/** Where a step sees the folder that it works in. */
const WORK = '/build';

export interface Step {
  sandbox: Sandbox;
  /** For messages: `npm ci`. */
  name: string;
  /** Folder that the program may write, shown at `WORK`; its files end up as root's again. */
  folder: string;
  argv: readonly string[];
  env: Record<string, string>;
  binds?: Record<string, string | { path: string; writable: boolean }>;
  timeoutMs: number;
  limits?: Partial<Limits>;
  print: (line: string) => void;
}

const LIMITS: Limits = { memoryBytes: 2 * 1024 ** 3, processes: 512, cpus: 2 };
/** A build that prints without end is cut, not ended. */
const MAX_LINES = 2_000;

/**
 * Runs one program of a build in a sandbox of its own, without our environment, with limits. Throws `no` when it fails,
 * runs out of memory or of time.
 */
export async function runStep(step: Step): Promise<void> {
  const empty = await scratchDir('step');
  const print = limited(step.print);
  try {
    await own(step.folder);
    await mkdir(join(empty, 'tree'));
    const prepared = await step.sandbox.prepare({
      id: newId('build'),
      tree: join(empty, 'tree'),
      workdir: WORK,
      argv: step.argv,
      env: step.env,
      network: 'host',
      limits: { ...LIMITS, ...step.limits },
      binds: { ...step.binds, [WORK]: { path: step.folder, writable: true } },
    });
    try {
      const running = await prepared.start();
      const readers = [running.stdout, running.stderr].map((stream) => {
        const splitter = lineSplitter(print, 4096);
        stream.on('data', (chunk: Buffer) => splitter.push(chunk));
        return new Promise<void>((resolve) => {
          stream.once('close', () => {
            splitter.end();
            resolve();
          });
        });
      });
      const timer = new AbortController();
      const late = delay(step.timeoutMs, 'late' as const, { signal: timer.signal });
      late.catch(() => {});
      const exit = await Promise.race([running.exited, late]);
      timer.abort();
      if (exit === 'late') {
        await running.stop(0);
        throw new VouchError('no', `${step.name} was not done within ${Math.round(step.timeoutMs / 1000)} s`);
      }
      await Promise.race([Promise.all(readers), delay(1_000, undefined, { ref: false })]);
      check(step.name, exit);
    } finally {
      await prepared.destroy();
    }
  } finally {
    await disown(step.folder);
    await rm(empty, { recursive: true, force: true });
  }
}

function check(name: string, exit: Exit): void {
  if (exit.outOfMemory) throw new VouchError('no', `${name} was ended: it reached its memory limit`);
  if (exit.code !== 0) throw new VouchError('no', `${name} failed (status ${exit.code ?? exit.signal})`);
}

function limited(print: (line: string) => void): (line: string) => void {
  let lines = 0;
  return (line) => {
    lines += 1;
    if (lines <= MAX_LINES) print(line);
    if (lines === MAX_LINES) print('… more output is not shown');
  };
}

/** Gives a folder to the user that sandboxed programs run as; `-h`: never what a symbolic link points to. */
async function own(folder: string): Promise<void> {
  await runOrThrow(['chown', '-R', '-h', `${SANDBOX_USER}:${SANDBOX_USER}`, folder]);
}

async function disown(folder: string): Promise<void> {
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  await runOrThrow(['chown', '-R', '-h', `${user}:${group}`, folder]);
}

/** A folder that only steps write to, such as npm's cache. */
export async function stepFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  await chown(path, SANDBOX_USER, SANDBOX_USER);
  return path;
}
