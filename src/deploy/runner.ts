import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../lib/errors.ts';
import { lineSplitter } from '../lib/lines.ts';
import type { Logger } from '../lib/log.ts';
import type { Exit, Limits, PreparedSandbox, RunningSandbox, Sandbox } from '../sandbox/port.ts';
import type { AppLog } from './app-log.ts';
import type { DeploymentHooks } from './facade.ts';
import { RESTART, type RestartPolicy } from './restart.ts';
import { versionOf, type DeploymentRecord, type Launch, type LogLine, type Release } from './model.ts';

export interface RunnerOptions {
  deployment: DeploymentRecord;
  release: Release;
  launch: Launch;
  tree: string;
  /** The app's own environment. */
  env: Readonly<Record<string, string>>;
  limits: Limits;
  sandbox: Sandbox;
  appLog: AppLog;
  hooks: DeploymentHooks;
  log: Logger;
  /** Called on each change of `deployment.state`. */
  onState: (deployment: DeploymentRecord) => void;
  restart?: Partial<RestartPolicy>;
}

const STOP_GRACE_MS = 5_000;
const LINES_KEPT = 40;
/** A process that was left behind may hold a pipe open; its output is not waited for longer than this. */
const LAST_OUTPUT_MS = 1_000;

/**
 * A release in a sandbox. A crash before `keep()` is final: the deploy that started it decides. After `keep()` it is
 * started again, in a fresh sandbox with a fresh cgroup, with growing pauses, until it has crashed too often: then its
 * state is `crash-loop`.
 */
export class RunningDeployment {
  readonly record: DeploymentRecord;
  readonly release: Release;
  readonly #options: RunnerOptions;
  readonly #policy: RestartPolicy;
  #prepared: PreparedSandbox | undefined;
  #running: RunningSandbox | undefined;
  #attempt = 0;
  #kept = false;
  #stopping = false;
  readonly #stopped = new AbortController();
  #crashes: number[] = [];
  #lastLines: string[] = [];
  #ended = Promise.withResolvers<string>();
  #supervision: Promise<void> | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.record = options.deployment;
    this.release = options.release;
    this.#policy = { ...RESTART, ...options.restart };
  }

  /** Resolves to what to tell a person when it will not run again by itself. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** The last lines printed, oldest first. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** Starts the program. Rejects when the sandbox cannot be made; how the program fares is told by `ended`. */
  async start(): Promise<void> {
    const { exited } = await this.#launch();
    this.#supervision = this.#supervise(exited).catch((error: unknown) => {
      this.#options.log.error({ err: error, deployment: this.record.id }, 'deployment: supervision failed');
      this.#end('crash-loop', `could not be started again: ${messageOf(error)}`);
    });
  }

  /** From now on a crash is answered by a restart. */
  keep(): void {
    this.#kept = true;
    this.#setState('running');
  }

  draining(): void {
    this.#setState('draining');
  }

  /** Ends it and everything that it started; resolves when all of it is gone. */
  async stop(graceMs: number = STOP_GRACE_MS): Promise<void> {
    this.#stopping = true;
    this.#stopped.abort();
    await this.#running?.stop(graceMs);
    await this.#supervision;
    await this.#prepared?.destroy();
    this.#end('stopped', 'stopped');
  }

  /** `exited` is wrapped, so that awaiting the start does not await the end. */
  async #launch(): Promise<{ exited: Promise<Exit> }> {
    const { launch, deployment, sandbox } = this.#options;
    this.#attempt += 1;
    const prepared = await sandbox.prepare({
      id: `${deployment.id}-${this.#attempt}`,
      tree: this.#options.tree,
      ...(launch.image === null ? {} : { image: launch.image }),
      argv: launch.argv,
      env: { ...launch.env, ...this.#options.env, PORT: String(deployment.port) },
      network: 'host',
      limits: this.#options.limits,
    });
    this.#prepared = prepared;
    try {
      await this.#announce(prepared);
      const running = await prepared.start();
      this.#running = running;
      const read = Promise.all([this.#read(running.stdout, 'stdout'), this.#read(running.stderr, 'stderr')]);
      const exited = running.exited.then(async (exit) => {
        await Promise.race([read, delay(LAST_OUTPUT_MS, undefined, { ref: false })]);
        await prepared.destroy();
        this.#tellExit(exit);
        return exit;
      });
      return { exited };
    } catch (error) {
      await prepared.destroy();
      throw error;
    }
  }

  async #announce(prepared: PreparedSandbox): Promise<void> {
    try {
      await this.#options.hooks.onPrepared?.({
        cgroupPath: prepared.cgroupPath,
        cgroupId: prepared.cgroupId,
        attempt: this.#attempt,
        deployment: this.record,
        release: this.release,
      });
    } catch (error) {
      this.#options.log.warn(
        { err: error, deployment: this.record.id },
        'deployment: the recorder was not attached',
      );
      this.say(`not recorded: ${messageOf(error)}`);
    }
  }

  /** A line of ours in the app's log. */
  say(line: string): void {
    this.#take('vouch', line);
  }

  async #supervise(first: Promise<Exit>): Promise<void> {
    for (let exited = first; ;) {
      const exit = await exited;
      if (this.#stopping) return;
      const why = describeExit(exit);
      if (!this.#kept) {
        this.#end('stopped', why);
        return;
      }
      const now = performance.now();
      this.#crashes = [...this.#crashes.filter((at) => now - at < this.#policy.windowMs), now];
      if (this.#crashes.length >= this.#policy.crashes) {
        this.say(`${why}; it crashed ${this.#crashes.length} times in a short time and is not started again`);
        this.#end('crash-loop', `crash loop: ${why}`);
        return;
      }
      const pause = Math.min(
        this.#policy.firstPauseMs * 2 ** (this.#crashes.length - 1),
        this.#policy.longestPauseMs,
      );
      this.say(`${why}; starting it again in ${pause} ms`);
      await delay(pause, undefined, { signal: this.#stopped.signal }).catch(() => {});
      if (this.#stopping) return;
      ({ exited } = await this.#launch());
      if (this.#stopping) await this.#running?.stop(0);
    }
  }

  #tellExit(exit: Exit): void {
    this.#options.hooks.onExit?.({
      ...exit,
      deployment: this.record,
      release: this.release,
      attempt: this.#attempt,
      asked: this.#stopping,
      at: microseconds(),
      lastLines: [...this.#lastLines],
    });
  }

  async #read(stream: Readable, name: 'stdout' | 'stderr'): Promise<void> {
    const splitter = lineSplitter((line) => this.#take(name, line));
    stream.on('data', (chunk: Buffer) => {
      splitter.push(chunk);
      if (this.#room || stream.isPaused()) return;
      // The app waits for the disk, as it would for a terminal.
      stream.pause();
      void this.#options.appLog.drained().then(() => {
        this.#room = true;
        stream.resume();
      });
    });
    await new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.once('end', resolve);
      stream.once('error', resolve);
    });
    splitter.end();
  }

  #room = true;

  #take(stream: LogLine['stream'], line: string): void {
    const entry: LogLine = {
      at: microseconds(),
      deployment: this.record.id,
      release: versionOf(this.release),
      stream,
      line,
    };
    if (stream !== 'vouch') {
      this.#lastLines.push(line.length > 500 ? `${line.slice(0, 500)}…` : line);
      if (this.#lastLines.length > LINES_KEPT) this.#lastLines.shift();
    }
    if (!this.#options.appLog.append(entry)) this.#room = false;
    this.#options.hooks.onOutput?.(entry);
  }

  #setState(state: DeploymentRecord['state']): void {
    if (this.record.endedAt !== null || this.record.state === state) return;
    this.record.state = state;
    this.#options.onState(this.record);
  }

  #end(state: 'stopped' | 'crash-loop', why: string): void {
    this.#ended.resolve(why);
    if (this.record.endedAt !== null) return;
    this.record.endedAt = Date.now();
    this.record.state = state;
    this.record.reason = why === 'stopped' ? null : why;
    this.#options.onState(this.record);
  }
}

function describeExit(exit: Exit): string {
  if (exit.outOfMemory) return 'it was killed because it reached its memory limit';
  if (exit.signal !== null) return `it was ended by ${exit.signal}`;
  return `it exited with status ${exit.code}`;
}

function microseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000);
}
