import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { agentHealth } from '../../src/record/agent/health.ts';
import { startAgent, type StartedAgent } from '../../src/record/agent/client.ts';
import { readConnections, type RecordedConnection, type Recording } from '../../src/record/connections.ts';
import { cgroupLayout, createCgroup, type Cgroup } from '../../src/lib/cgroup.ts';
import { newId } from '../../src/lib/ids.ts';
import { silentLogger } from '../../src/lib/log.ts';

/** Why nothing can be recorded here, or ''. */
export const CANNOT_RECORD: string = await (async () => {
  const health = await agentHealth();
  return health.ok ? '' : `${health.reason} (${health.mend})`;
})();

/** A tapped cgroup of its own, with programs in it. `finish` ends and removes everything. */
export class Stage {
  readonly dir: string;
  readonly folder: string;
  readonly cgroup: Cgroup;
  readonly started: StartedAgent;
  readonly #children: ChildProcess[] = [];
  readonly #others: Cgroup[] = [];

  private constructor(dir: string, cgroup: Cgroup, started: StartedAgent) {
    this.dir = dir;
    this.folder = join(dir, 'segments');
    this.cgroup = cgroup;
    this.started = started;
  }

  static async open(): Promise<Stage> {
    const dir = await mkdtemp(join(tmpdir(), 'vouch-record-'));
    const layout = await cgroupLayout();
    const cgroup = await createCgroup(layout!, newId('vouchtest'));
    return new Stage(dir, cgroup, await startAgent({ dir: join(dir, 'agent'), logger: silentLogger }));
  }

  async tap(options: { maxBytes?: number; descendants?: boolean; cgroup?: Cgroup } = {}): Promise<void> {
    const { cgroup = this.cgroup, ...rest } = options;
    await this.started.agent.tap({
      cgroupPath: cgroup.path,
      cgroupId: cgroup.id,
      folder: this.folder,
      ...rest,
    });
  }

  /** Another cgroup, which nobody taps. */
  async beside(): Promise<Cgroup> {
    const layout = await cgroupLayout();
    const cgroup = await createCgroup(layout!, newId('vouchtest'));
    this.#others.push(cgroup);
    return cgroup;
  }

  /** Starts a program in the cgroup; resolves with the words after `READY` on its standard output. */
  async run(argv: string[], options: { cgroup?: Cgroup; netns?: string } = {}): Promise<Program> {
    const group = (options.cgroup ?? this.cgroup).path;
    const enter = options.netns === undefined ? [] : ['ip', 'netns', 'exec', options.netns];
    const join_ = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
    const child = spawn('sh', ['-c', join_, group, ...enter, ...argv], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    return new Program(child);
  }

  /** Node running `source` (CommonJS), which prints `READY …` when it is. */
  async node(source: string, options: { cgroup?: Cgroup; netns?: string } = {}): Promise<Program> {
    return this.run([process.execPath, '-e', source], options);
  }

  /** Ends this one, too, when the test is over. */
  own(child: ChildProcess): void {
    this.#children.push(child);
  }

  async read(): Promise<Recording> {
    await this.started.agent.flush(this.cgroup.id);
    return readConnections(this.folder);
  }

  async finish(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.started.stop();
    for (const cgroup of [this.cgroup, ...this.#others]) await cgroup.remove();
    await rm(this.dir, { recursive: true, force: true });
  }
}

export class Program {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly #lines: string[] = [];
  readonly #waiting: { word: string; resolve: (words: string[]) => void; reject: (error: Error) => void }[] =
    [];
  #ended = false;

  constructor(child: ChildProcess) {
    this.child = child;
    this.exited = new Promise((resolve) => child.once('close', (code) => resolve(code)));
    const lines = createInterface({ input: child.stdout! });
    lines.on('line', (line) => {
      this.#lines.push(line);
      this.#settle();
    });
    lines.on('close', () => {
      this.#ended = true;
      this.#settle();
    });
  }

  /** The words behind `word` on the first line that begins with it. */
  says(word: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ word, resolve, reject });
      this.#settle();
    });
  }

  #settle(): void {
    const open = this.#waiting.splice(0);
    for (const waiting of open) {
      const line = this.#lines.find((text) => text === waiting.word || text.startsWith(`${waiting.word} `));
      if (line === undefined && !this.#ended) {
        this.#waiting.push(waiting);
        continue;
      }
      if (line === undefined)
        waiting.reject(new Error(`it ended without saying ${waiting.word}: ${this.#lines.join('\n')}`));
      else waiting.resolve(line.split(' ').slice(1));
    }
  }
}

/** All bytes of one side of a connection. */
export function bytesOf(connection: RecordedConnection, side: 'client' | 'server'): Buffer {
  return Buffer.concat(connection.chunks.filter((chunk) => chunk.side === side).map(({ bytes }) => bytes));
}

/** The only connection with this remote or local port. */
export function withPort(recording: Recording, port: number): RecordedConnection {
  const found = recording.connections.filter(
    ({ local, remote }) => local.port === port || remote.port === port,
  );
  if (found.length !== 1)
    throw new Error(
      `${found.length} connections with port ${port}: ${JSON.stringify(found.map((c) => ({ ...c, chunks: c.chunks.length })))}`,
    );
  return found[0]!;
}
