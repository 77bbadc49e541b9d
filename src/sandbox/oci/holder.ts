import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { messageOf, VouchError } from '../../lib/errors.ts';
import { engineCall, type Engine } from './engine.ts';

/** A network namespace with only loopback, and who keeps it. */
export interface NetworkHolder {
  /** Process that is in it. */
  pid: number;
  /** For `--network` of the container. */
  network: string;
  end(): Promise<void>;
}

/**
 * Made before the container, so that others can listen in it first. Podman takes any namespace; docker only that of
 * another container, so there a second one that sleeps keeps it.
 */
export async function holdNetwork(
  engine: Engine,
  name: string,
  labels: readonly string[],
  baseImage: () => Promise<string>,
): Promise<NetworkHolder> {
  return engine.name === 'podman'
    ? holdByProcess()
    : holdByContainer(engine, name, labels, await baseImage());
}

async function holdByProcess(): Promise<NetworkHolder> {
  const script = join(import.meta.dirname, 'network.sh');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', 'sh', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // Ctrl-C in our terminal is for us
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  child.stdin.on('error', () => {}); // it may be killed at any time
  const exit = new Promise<void>((resolve) => {
    child.on('exit', () => resolve());
    child.on('error', () => resolve());
  });
  let said = '';
  const ready = await new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => resolve(true));
    child.stderr.on('data', (chunk: Buffer) => (said = (said + String(chunk)).slice(-1000)));
    child.on('error', (error) => (said = messageOf(error)));
    void exit.then(() => resolve(false));
  });
  if (!ready)
    throw new VouchError('unavailable', `sandbox: no network namespace could be made: ${said.trim()}`);
  return {
    pid: child.pid!,
    network: `ns:/proc/${child.pid}/ns/net`,
    async end() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

async function holdByContainer(
  engine: Engine,
  name: string,
  labels: readonly string[],
  image: string,
): Promise<NetworkHolder> {
  await engineCall(engine, holderArguments(name, labels, image));
  const { stdout } = await engineCall(engine, ['inspect', '--format', '{{.State.Pid}}', name]);
  return {
    pid: Number(stdout.toString('utf8')),
    network: `container:${name}`,
    async end() {
      await engineCall(engine, ['rm', '--force', name]);
    },
  };
}

export function holderArguments(name: string, labels: readonly string[], image: string): string[] {
  const args = [
    'run',
    '--detach',
    '--name',
    name,
    ...labels.flatMap((label) => ['--label', label]),
    '--network',
    'none',
  ];
  return [
    ...args,
    '--read-only',
    '--cap-drop',
    'all',
    '--memory',
    '16m',
    '--pids-limit',
    '4',
    '--entrypoint',
    '',
    image,
    'sleep',
    'infinity',
  ];
}
