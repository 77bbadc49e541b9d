import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { join } from 'node:path';
import { compileCache } from '../../lib/compile-cache.ts';
import { VouchError, messageOf } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import { parseJson } from '../../lib/json.ts';
import { lineSplitter } from '../../lib/lines.ts';
import type { Logger } from '../../lib/log.ts';
import type { Agent, RedirectRequest, Redirection, TapRequest, TapStats } from './port.ts';
import { MAX_LINE, responseSchema, statsSchema, straysSchema, type WireCall } from './wire.ts';

const START_MS = 20_000;
const STOP_MS = 10_000;

/** Connects to a running agent. Throws `unavailable` when none answers there. */
export async function connectAgent(socketPath: string): Promise<Agent> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const connecting = createConnection(socketPath, () => resolve(connecting));
    connecting.once('error', (error) => {
      reject(
        new VouchError('unavailable', `${socketPath}: no agent answers there (${messageOf(error)})`, {
          hint: 'start it as root: vouch agent',
          cause: error,
        }),
      );
    });
  });
  socket.unref();
  return new AgentClient(socket);
}

class AgentClient implements Agent {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { resolve: (result: Json) => void; reject: (error: Error) => void }>();
  #next = 0;
  #gone: VouchError | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    const splitter = lineSplitter((line) => this.#answered(line), MAX_LINE);
    socket.on('data', (chunk) => splitter.push(chunk));
    socket.on('error', () => {}); // its end follows
    socket.on('close', () => this.#lost());
  }

  async tap(request: TapRequest): Promise<void> {
    await this.#call({ method: 'tap', ...request, cgroupId: String(request.cgroupId) });
  }

  async untap(cgroupId: bigint): Promise<void> {
    await this.#call({ method: 'untap', cgroupId: String(cgroupId) });
  }

  async flush(cgroupId: bigint): Promise<TapStats> {
    return statsSchema.parse(await this.#call({ method: 'flush', cgroupId: String(cgroupId) }));
  }

  async redirect(request: RedirectRequest): Promise<Redirection> {
    const redirection = Number(await this.#call({ method: 'redirect', ...request }));
    return {
      strays: async () => straysSchema.parse(await this.#call({ method: 'strays', redirection })),
      detach: async () => void (await this.#call({ method: 'detach', redirection })),
    };
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    this.#socket.ref();
    this.#socket.end();
    await closed;
  }

  #call(call: WireCall): Promise<Json> {
    if (this.#gone) return Promise.reject(this.#gone);
    const id = this.#next++;
    // A waiting call keeps this process alive; an idle connection does not.
    this.#socket.ref();
    return new Promise<Json>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ id, call })}\n`);
    });
  }

  #answered(line: string): void {
    const parsed = responseSchema.safeParse(parseJson(line));
    const waiting = parsed.success && parsed.data.id !== null ? this.#waiting.get(parsed.data.id) : undefined;
    if (!parsed.success || !waiting) {
      this.#socket.destroy(new Error('the agent answered something that is no answer'));
      return;
    }
    this.#waiting.delete(parsed.data.id!);
    if (this.#waiting.size === 0) this.#socket.unref();
    const { error, result } = parsed.data;
    if (error) waiting.reject(new VouchError(error.code, error.message, { hint: error.hint }));
    else waiting.resolve(result ?? null);
  }

  #lost(): void {
    this.#gone = new VouchError(
      'unavailable',
      'the agent has ended: nothing is recorded or redirected any more',
      {
        hint: 'start it again: vouch agent',
      },
    );
    for (const { reject } of this.#waiting.values()) reject(this.#gone);
    this.#waiting.clear();
  }
}

export interface StartedAgent {
  agent: Agent;
  pid: number;
  /** Ends it; resolves when everything is undone and the process gone. */
  stop(): Promise<void>;
}

/**
 * Starts an agent of our own as a child process, with its socket in `dir`. It ends by itself when this process ends,
 * however: it holds the other end of a pipe. Throws with its reason when it cannot work here.
 */
export async function startAgent(options: { dir: string; logger: Logger }): Promise<StartedAgent> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const socketPath = join(options.dir, 'agent.sock');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'entry.ts'), socketPath], {
    // A group of its own: Ctrl-C is for us, who still need it to end in good order.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', ...compileCache() },
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const errors = lineSplitter((line) => options.logger.warn({ from: 'agent' }, line));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => {}); // it may be gone already
  try {
    await ready(child);
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    throw error;
  }
  for (const part of [child, child.stdin, child.stdout, child.stderr]) unref(part);
  const agent = await connectAgent(socketPath);
  return {
    agent,
    pid: child.pid!,
    async stop() {
      child.ref();
      await agent.close();
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Waits for the line that says it is ready, or why it is not. */
async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new VouchError('unavailable', 'the agent did not get ready in time')),
      START_MS,
    );
    const done = (error?: Error): void => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    const lines = lineSplitter((line) => {
      const parsed = responseSchema.safeParse(parseJson(line));
      const error = parsed.success ? parsed.data.error : undefined;
      done(error && new VouchError(error.code, error.message, { hint: error.hint }));
    });
    child.stdout!.on('data', (chunk: Buffer) => lines.push(chunk));
    child.once('error', (error) =>
      done(new VouchError('unavailable', `the agent cannot be started: ${messageOf(error)}`)),
    );
    child.once('exit', (code, signal) =>
      done(new VouchError('unavailable', `the agent ended at once (${code ?? signal})`)),
    );
  });
}

function unref(part: object): void {
  if ('unref' in part && typeof part.unref === 'function') part.unref();
}
