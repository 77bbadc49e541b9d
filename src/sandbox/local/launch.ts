import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cgroup } from '../../lib/cgroup.ts';
import { keepInheritedFiles } from '../../lib/descriptors.ts';
import { VouchError } from '../../lib/errors.ts';
import { lineSplitter } from '../../lib/lines.ts';
import { isRunning } from '../../lib/owner.ts';
import { CLOCK_LIBRARY, PRELOAD_FILE, clockLibrary, hasMovedClock } from '../clock/clock.ts';
import { SANDBOX_USER, type Exit, type RunningSandbox, type SandboxSpec } from '../port.ts';
import { APP_FOLDER, programEnvironment } from '../spec.ts';

const READY_TIMEOUT_MS = 20_000;
const SYSTEM_PATH = '/usr/bin:/usr/sbin:/bin:/sbin';

export interface Launched {
  /** Process whose namespaces are the sandbox's. */
  holder: number;
  start(): Promise<RunningSandbox>;
  /** Kills everything inside and waits for it. */
  end(): Promise<void>;
}

/** Starts launch.sh and waits until the surroundings are there; the program itself waits for `start`. */
export async function launch(spec: SandboxSpec, scratch: string, cgroup: Cgroup): Promise<Launched> {
  await keepInheritedFiles();
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      'sh',
      join(import.meta.dirname, 'launch.sh'),
      ...launchArguments(spec, scratch, cgroup),
    ],
    {
      env: launchEnvironment(spec),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // A session of its own: Ctrl-C in our terminal is for us, and we end the program in our own way.
      detached: true,
    },
  );
  const exit = whenExited(child);
  const channel = new Channel(child.stdio[3] as Duplex, exit);
  // Kept from the start: a program that is done before anybody listens must not lose its output.
  const stdout = child.stdout!.pipe(new PassThrough());
  const stderr = child.stderr!.pipe(new PassThrough());
  let holder = 0;
  const end = async (): Promise<void> => {
    await cgroup.kill();
    child.kill('SIGKILL');
    await exit;
    channel.close();
    // Killed by the kernel with its parent, which was just now; the namespaces go with it.
    if (holder !== 0) await waitUntilGone(holder);
  };
  try {
    holder = Number(await channel.expect('holder'));
    await channel.expect('joined');
    await channel.expect('ready');
  } catch (error) {
    await end();
    throw error;
  }
  let started = false;
  return {
    holder,
    end,
    async start() {
      if (started) throw new VouchError('conflict', `sandbox ${spec.id}: already started`);
      started = true;
      moveClock(spec, scratch);
      channel.send('go');
      await channel.expect('started');
      const pid = childrenOf(child.pid!).find((one) => one !== holder) ?? child.pid!;
      const exited = exit.then(async ({ code, signal }): Promise<Exit> => {
        const kills = await cgroup.memoryKills();
        return { code, signal, outOfMemory: kills > 0 && code !== 0 };
      });
      let over = false;
      let moved = false;
      void exit.then(() => (over = true));
      return {
        pid,
        stdout,
        stderr,
        exited,
        async stop(graceMs) {
          if (graceMs > 0) {
            if (!over && pid !== child.pid) signalProcess(pid, 'SIGTERM');
            const timer = new AbortController();
            await Promise.race([exit, delay(graceMs, undefined, { signal: timer.signal }).catch(() => {})]);
            timer.abort();
          }
          await end();
        },
        clock: () => {
          moved ||= spec.clockMs !== undefined && hasMovedClock(pid);
          return Promise.resolve(moved ? 'recorded' : 'real');
        },
      };
    },
  };
}

function launchArguments(spec: SandboxSpec, scratch: string, cgroup: Cgroup): string[] {
  const names = Object.keys(programEnvironment(spec)).join(' ');
  const writableBytes = spec.writable ? Math.floor(spec.limits.memoryBytes / 2) : 0;
  return [
    import.meta.dirname,
    scratch,
    spec.network,
    String(writableBytes),
    String(SANDBOX_USER),
    String(cgroup.folders.length),
    ...cgroup.folders,
    names,
    spec.workdir ?? APP_FOLDER,
    ...spec.argv,
  ];
}

function launchEnvironment(spec: SandboxSpec): Record<string, string> {
  const program = Object.entries(programEnvironment(spec)).map(([name, value]) => [`V_${name}`, value]);
  return { ...(Object.fromEntries(program) as Record<string, string>), PATH: SYSTEM_PATH };
}

/** Written at the last moment, so that the program begins at `clockMs`, give or take its own start. */
function moveClock(spec: SandboxSpec, scratch: string): void {
  if (spec.clockMs === undefined) return;
  const library = clockLibrary(spec.clockMs - Date.now());
  if (library === undefined) return;
  const path = join(scratch, 'root', CLOCK_LIBRARY);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, library);
  writeFileSync(join(scratch, 'root', PRELOAD_FILE), `${CLOCK_LIBRARY}\n`);
}

function whenExited(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }));
    child.on('error', () => resolve({ code: 127, signal: null }));
  });
}

/** The line protocol on file descriptor 3. Lines that are not expected are error messages of the scripts. */
class Channel {
  readonly #socket: Duplex;
  readonly #lines: string[] = [];
  #wake: () => void = () => {};
  #ended = false;

  constructor(socket: Duplex, exit: Promise<unknown>) {
    this.#socket = socket;
    const lines = lineSplitter((line) => {
      if (this.#lines.length < 100) this.#lines.push(line);
      this.#wake();
    }, 4096);
    socket.on('data', (chunk: Buffer) => lines.push(chunk));
    socket.on('error', () => {}); // the other side may be killed at any time
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', end);
    void exit.then(end);
  }

  send(line: string): void {
    this.#socket.write(`${line}\n`);
  }

  /** What follows `word` in the next line that begins with it. */
  async expect(word: string): Promise<string> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      const at = this.#lines.findIndex((line) => line === word || line.startsWith(`${word} `));
      if (at !== -1) return this.#lines.splice(at, 1)[0]!.slice(word.length + 1);
      const left = deadline - Date.now();
      if (this.#ended || this.#lines.includes('failed') || left <= 0) {
        const said = this.#lines.filter((line) => line !== 'failed').join('; ');
        throw new VouchError(
          'unavailable',
          `sandbox could not be set up (no "${word}")${said === '' ? '' : `: ${said.slice(0, 2000)}`}`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function waitUntilGone(pid: number): Promise<void> {
  const deadline = Date.now() + 5_000;
  for (let wait = 1; isRunning(pid) && Date.now() < deadline; wait = Math.min(wait * 2, 20))
    await delay(wait);
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number);
  } catch {
    return [];
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in the meantime.
  }
}
