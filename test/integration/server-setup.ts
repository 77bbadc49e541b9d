import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { lineSplitter } from '../../src/lib/lines.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const BIN = `${ROOT}bin/vouch`;

export const isRoot = process.getuid?.() === 0;

/** The environment of a command: ours, without what would reach somebody's own server or keys. */
export function environment(extra: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...extra };
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

/** Runs a program to its end. */
export async function finish(
  argv: readonly string[],
  options: { env?: Record<string, string>; cwd?: string; input?: string } = {},
): Promise<Finished> {
  const child = spawn(argv[0]!, argv.slice(1), {
    env: options.env ?? environment(),
    cwd: options.cwd ?? ROOT,
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  return collected(child);
}

function collected(child: ChildProcess): Promise<Finished> {
  const said = { out: '', err: '' };
  child.stdout!.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...said }));
  });
}

/** `vouch …`, with this Node. */
export function vouch(
  argv: readonly string[],
  options: Parameters<typeof finish>[1] = {},
): Promise<Finished> {
  return finish([process.execPath, BIN, ...argv], options);
}

export interface Server {
  url: string;
  adminToken: string | null;
  pid: number;
  child: ChildProcess;
  finished: Promise<Finished>;
  /** Sends the signal, and resolves when the process is gone. */
  end(signal: NodeJS.Signals): Promise<Finished>;
}

/** Starts `vouch serve` on a free port, and waits until it says where. Rejects with what it said when it ends instead. */
export async function startServer(
  data: string,
  argv: readonly string[] = [],
  program: readonly string[] = [process.execPath],
): Promise<Server> {
  const [name, ...args] = [...program, BIN, 'serve', '--port', '0', '--json', '--data', data, ...argv] as [
    string,
    ...string[],
  ];
  const child = spawn(name, args, { env: environment(), cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const finished = collected(child);
  const first = await new Promise<string>((resolve, reject) => {
    const lines = lineSplitter(resolve);
    child.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
    void finished.then(({ code, err }) => reject(new Error(`serve ended (${code}): ${err}`)), reject);
  });
  const { url, adminToken, pid } = JSON.parse(first) as {
    url: string;
    adminToken: string | null;
    pid: number;
  };
  return {
    url,
    adminToken,
    pid,
    child,
    finished,
    end(signal) {
      process.kill(pid, signal);
      return finished;
    },
  };
}
