import { spawn, type ChildProcess } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError } from '../../../lib/errors.ts';
import { baseEnvironment, killGroup } from '../../../lib/process.ts';
import { scratchDir } from '../../../lib/scratch.ts';
import { fromTextOrBytes, type TextOrBytes } from '../../bytes.ts';
import type { Resp } from '../messages.ts';
import { readValue } from '../wire.ts';
import { Source } from '../../source.ts';

export type Word = string | Buffer;

/** A redis-server of our own, in memory and on a unix socket, that dies with us. */
export interface RedisServer {
  /** Sends one command to a database; replies come in the order of asking. */
  call(db: number, words: readonly Word[]): Promise<Resp>;
  /** Commands that run as one (MULTI … EXEC); the reply to EXEC. */
  together(db: number, commands: readonly (readonly Word[])[]): Promise<Resp>;
  close(): Promise<void>;
}

const START_MS = 10_000;
/** A command that takes longer is one that nobody waits for: a script without an end. */
const CALL_MS = 10_000;
const DATABASES = 64;
const MAX_MEMORY = '256mb';

/** Throws `missing-part` where no redis-server is installed. */
export async function startRedisServer({ callMs = CALL_MS } = {}): Promise<RedisServer> {
  const folder = await scratchDir('redis');
  const path = join(folder, 's');
  const args = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no'];
  const bounds = ['--maxmemory', MAX_MEMORY, '--databases', String(DATABASES), '--daemonize', 'no'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...args, ...bounds], {
    env: baseEnvironment(),
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  try {
    await listening(child);
    const connection = new Connection(await open(path), callMs);
    // Its replies name their types; what a client of the older version gets is made of them.
    await connection.call(0, ['HELLO', '3']);
    return {
      call: (db, words) => connection.call(db, words),
      together: (db, commands) => connection.together(db, commands),
      async close() {
        connection.end();
        killGroup(child.pid);
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    killGroup(child.pid);
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** It says so on its output. */
async function listening(child: ChildProcess): Promise<void> {
  const missing = (why: string): VouchError =>
    new VouchError('missing-part', `redis-server: ${why}`, {
      hint: 'install it: scripts/install-system-packages',
    });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => reject(missing(`not ready after ${START_MS / 1000} s`)), START_MS);
    const done = (end: () => void): void => {
      clearTimeout(timer);
      end();
    };
    child.stdout!.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(-4000);
      if (/ready to accept connections/i.test(said)) done(resolve);
    });
    child.on('error', (error) => done(() => reject(missing(error.message))));
    child.on('exit', (code) => done(() => reject(missing(`cannot be started (status ${code})`))));
  });
}

function open(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => resolve(socket));
    socket.on('error', reject);
  });
}

class Connection {
  readonly #socket: Socket;
  readonly #waiting: { resolve: (value: Resp) => void; reject: (error: unknown) => void }[] = [];
  readonly #callMs: number;
  #db = 0;
  #timer: NodeJS.Timeout | undefined;
  #why = 'ended';

  constructor(socket: Socket, callMs: number) {
    this.#socket = socket;
    this.#callMs = callMs;
    const source = new Source();
    let reading = readValue(source);
    const stop = (): void => {
      clearTimeout(this.#timer);
      for (const { reject } of this.#waiting.splice(0))
        reject(new VouchError('unavailable', `the rebuilt redis-server ${this.#why}`));
    };
    socket.on('data', (chunk) => {
      source.append(chunk, 0);
      for (let step = reading.next(); step.done === true; step = reading.next()) {
        if (step.value === undefined) return;
        this.#waiting.shift()?.resolve(step.value.value);
        this.#watch();
        reading = readValue(source);
      }
    });
    socket.on('error', stop);
    socket.on('close', stop);
  }

  async call(db: number, words: readonly Word[]): Promise<Resp> {
    this.#select(db);
    return this.#send(words);
  }

  async together(db: number, commands: readonly (readonly Word[])[]): Promise<Resp> {
    this.#select(db);
    const all = [['MULTI'], ...commands, ['EXEC']].map((words) => this.#send(words));
    return (await Promise.all(all)).at(-1)!;
  }

  end(): void {
    this.#socket.destroy();
  }

  /** The one that is waited for longest has to be answered in time. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#why = `did not answer within ${this.#callMs / 1000} s`;
      this.#socket.destroy();
    }, this.#callMs);
  }

  #select(db: number): void {
    if (db === this.#db) return;
    this.#db = db;
    // A wrong number shows in the reply to what follows: it would touch another database.
    void this.#send(['SELECT', String(db)]).catch(() => {});
  }

  #send(words: readonly Word[]): Promise<Resp> {
    const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
    for (const word of words) {
      const bytes = Buffer.from(word);
      parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#waiting.length === 1) this.#watch();
      this.#socket.write(Buffer.concat(parts));
    });
  }
}

/** The words of a recorded command. */
export function wordsOf(command: string, args: readonly TextOrBytes[]): Word[] {
  return [command, ...args.map(fromTextOrBytes)];
}
