import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, chown, mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { createPortPool } from '../../deploy/free-ports.ts';
import { accepts } from '../../lib/accepts.ts';
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
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new VouchError('unavailable', `${name}: did not listen on port ${port} within ${READY_MS / 1000} s`);
}

interface SystemUser {
  uid: number;
  gid: number;
}

/** Runs the program as another user, and with a signal for when we die. */
function guarded(signal: NodeJS.Signals, user: SystemUser | null): string[] {
  const argv = ['setpriv', '--pdeathsig', signal.replace('SIG', '')];
  if (user) argv.push(...asUser(user));
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

const ports = createPortPool();

/** A port of loopback that nobody listens on, outside of the range that outgoing connections take theirs from. */
export function freePort(): Promise<number> {
  return ports.reserve();
}

/** Where the data of a private server lies, and as whom it runs. */
interface ServerHome {
  data: string;
  user: SystemUser | null;
  /** Put before an argument vector, runs a program as that user. */
  as: string[];
}

/** Makes the empty data folder of a server below `folder`, owned by somebody who is not root. */
export async function makeServerHome(folder: string): Promise<ServerHome> {
  const user = await unprivilegedUser();
  await mkdir(folder, { recursive: true, mode: 0o755 });
  // Another user has to pass through the scratch folder around it; what else lies there has modes of its own.
  if (user) await chmod(dirname(folder), 0o711);
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  if (user) await chown(data, user.uid, user.gid);
  return { data, user, as: user ? ['setpriv', ...asUser(user), '--'] : [] };
}

function asUser({ uid, gid }: SystemUser): string[] {
  return ['--reuid', String(uid), '--regid', String(gid), '--clear-groups'];
}
