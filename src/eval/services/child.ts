import { spawn, type ChildProcess } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { VouchError } from '../../lib/errors.ts';
import { run } from '../../lib/process.ts';

/** A program that we started and end. */
export interface Service {
  /** What the app is told. */
  url: string;
  stop(): Promise<void>;
}

const READY_MS = 20_000;
const STOP_MS = 5_000;
const KEPT_OUTPUT = 4_000;

/** Starts a program that listens on `port`, and waits until it does. It dies with us, whatever kills us. */
export async function startListening(
  name: string,
  argv: readonly string[],
  port: number,
  options: {
    env?: Record<string, string>;
    cwd?: string;
    user?: SystemUser | null;
    signal?: NodeJS.Signals;
  } = {},
): Promise<{ stop(): Promise<void> }> {
  const signal = options.signal ?? 'SIGTERM';
  const [program, ...args] = [...guarded(signal, options.user ?? null), ...argv];
  const child = spawn(program!, args, {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-KEPT_OUTPUT)));
  }
  const failed = new Promise<never>((_, reject) => {
    child.on('error', (error) => reject(new VouchError('missing-part', `${name}: ${error.message}`)));
    child.on('exit', (code) =>
      reject(new VouchError('unavailable', `${name}: ended with ${code}: ${said.trim().slice(-600)}`)),
    );
  });
  failed.catch(() => {}); // it is expected to end when we stop it
  try {
    await Promise.race([waitForPort(port, name), failed]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return { stop: () => stopChild(child, signal) };
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(timer);
}

async function waitForPort(port: number, name: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ host: '127.0.0.1', port });
      socket.on('connect', () => (socket.destroy(), resolve(true)));
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new VouchError('unavailable', `${name}: did not listen on port ${port} within ${READY_MS / 1000} s`);
}

export interface SystemUser {
  uid: number;
  gid: number;
}

/** Runs the program as another user, and with a signal for when we die. */
function guarded(signal: NodeJS.Signals, user: SystemUser | null): string[] {
  const argv = ['setpriv', '--pdeathsig', signal.replace('SIG', '')];
  if (user) argv.push('--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups');
  return [...argv, '--'];
}

/** Somebody who is not root, for servers that refuse to run as root: null when we are not root ourselves. */
export async function unprivilegedUser(): Promise<SystemUser | null> {
  if (userInfo().uid !== 0) return null;
  for (const name of ['postgres', 'nobody']) {
    const found = await run(['getent', 'passwd', name]);
    const [, , uid, gid] = found.stdout.toString('utf8').split(':');
    if (found.code === 0 && uid !== undefined && gid !== undefined)
      return { uid: Number(uid), gid: Number(gid) };
  }
  throw new VouchError('missing-part', 'no unprivileged user (postgres, nobody) on this machine');
}

/** A port that was free a moment ago, on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address !== 'object' || address === null) throw new Error('a listening server has no address');
  return address.port;
}
