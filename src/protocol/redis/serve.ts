import type { Duplex } from 'node:stream';
import { Peer } from '../peer.ts';
import type { Answers } from '../port.ts';
import { Nonsense } from '../source.ts';
import { blockingTimeout, isHousekeeping, textOf } from './commands.ts';
import {
  redisFactsSchema,
  redisResponseSchema,
  type RedisCall,
  type RedisFacts,
  type RedisRequest,
  type Resp,
} from './messages.ts';
import { readCommand, valueBytes } from './wire.ts';

const OK: Resp = { simple: 'OK' };
const MAX_QUEUED = 100_000;
let connections = 0;

/**
 * Speaks a Redis server's end. What is about the connection (HELLO, AUTH, SELECT, CLIENT, PING, SUBSCRIBE …) is answered
 * by its meaning, MULTI … EXEC asked for as a whole, everything else by `answers`. Subscriptions are confirmed and stay
 * quiet. A command that waits, such as BLPOP, and has no recorded answer waits, as it would with nothing to come; any
 * other gets `-ERR vouch: …`. A recorded connection that ended without a reply is ended.
 */
export async function serveRedis(socket: Duplex, answers: Answers): Promise<void> {
  const peer = new Peer(socket);
  const session = new Session(answers);
  try {
    while (!peer.closed && !session.over) {
      const command = await peer.read(readCommand);
      if (command === undefined) break;
      const call = { command: textOf(command.name).toUpperCase(), args: command.args };
      const reply = await session.reply(call);
      if (reply === 'hang up') {
        peer.destroy();
        return;
      }
      if (typeof reply === 'number') {
        if (!(await peer.idle(reply))) break;
        session.say({ nullArray: true });
      }
      // Replies to a pipeline go out together.
      if (!peer.hasInput || session.waiting > 64 * 1024) await peer.write(session.take());
    }
    await peer.write(session.take());
  } catch (error) {
    if (!(error instanceof Nonsense)) throw error;
    await peer.write(`-ERR Protocol error: vouch: ${error.message}\r\n`);
  } finally {
    await peer.close();
  }
}

class Session {
  readonly #answers: Answers;
  readonly #facts: RedisFacts | null;
  readonly #id = ++connections;
  #version: 2 | 3 = 2;
  #db = 0;
  #name: string | null = null;
  #queued: RedisCall[] | null = null;
  #silent: 'no' | 'off' | 'skip' = 'no';
  #channels = new Map<string, Set<string>>();
  #out: Buffer[] = [];
  #size = 0;
  over = false;

  constructor(answers: Answers) {
    this.#answers = answers;
    this.#facts = redisFactsSchema.nullable().safeParse(answers.facts).data ?? null;
  }

  get waiting(): number {
    return this.#size;
  }

  take(): Buffer {
    const bytes = Buffer.concat(this.#out);
    this.#out = [];
    this.#size = 0;
    return bytes;
  }

  say(value: Resp): void {
    if (this.#silent === 'skip') this.#silent = 'no';
    else if (this.#silent === 'no') {
      const bytes = valueBytes(value, this.#version);
      this.#out.push(bytes);
      this.#size += bytes.length;
    }
  }

  /** Replies to one command. A number: it waits so many milliseconds, and then for null. */
  async reply(call: RedisCall): Promise<'said' | 'hang up' | number> {
    if (this.#queued !== null) return this.#inTransaction(call, this.#queued);
    if (call.command === 'MULTI') {
      this.#queued = [];
      this.say(OK);
      return 'said';
    }
    if (call.command === 'EXEC') return this.#said({ error: 'ERR EXEC without MULTI' });
    if (isHousekeeping(call)) {
      this.#housekeeping(call);
      return 'said';
    }
    return this.#ask({ ...call, db: this.#db });
  }

  #said(value: Resp): 'said' {
    this.say(value);
    return 'said';
  }

  async #inTransaction(call: RedisCall, queued: RedisCall[]): Promise<'said' | 'hang up' | number> {
    if (call.command === 'MULTI') return this.#said({ error: 'ERR MULTI calls can not be nested' });
    if (call.command !== 'EXEC' && call.command !== 'DISCARD') {
      if (queued.length >= MAX_QUEUED) throw new Nonsense('too many commands in a transaction');
      queued.push(call);
      return this.#said({ simple: 'QUEUED' });
    }
    this.#queued = null;
    if (call.command === 'DISCARD') return this.#said(OK);
    if (queued.length === 0) return this.#said([]);
    return this.#ask({ command: 'MULTI', args: [], db: this.#db, queued });
  }

  async #ask(request: RedisRequest): Promise<'said' | 'hang up' | number> {
    const answer = await this.#answers.answer(request);
    const timeout = request.queued ? undefined : blockingTimeout(request);
    if (answer.found && answer.response !== null)
      return this.#said(redisResponseSchema.parse(answer.response).reply);
    if (timeout !== undefined) return timeout;
    if (answer.found) return 'hang up';
    return this.#said({ error: `ERR vouch: ${answer.reason}` });
  }

  #housekeeping(call: RedisCall): void {
    const { command, args } = call;
    const first = textOf(args[0]);
    switch (command) {
      case 'HELLO':
        this.#hello(first);
        break;
      case 'CLIENT':
        this.#client(
          first.toUpperCase(),
          args.map((arg) => textOf(arg)),
        );
        break;
      case 'SELECT':
        if (!/^\d{1,9}$/.test(first)) this.say({ error: 'ERR value is not an integer or out of range' });
        else {
          this.#db = Number(first);
          this.say(OK);
        }
        break;
      case 'PING':
        if (this.#version === 2 && this.#subscriptions() > 0) this.say(['pong', first]);
        else this.say(args.length > 0 ? args[0]! : { simple: 'PONG' });
        break;
      case 'ECHO':
        this.say(args[0] ?? { error: "ERR wrong number of arguments for 'echo' command" });
        break;
      case 'COMMAND':
        this.say(first.toUpperCase() === 'COUNT' ? { integer: 0 } : []);
        break;
      case 'INFO':
        this.say(
          this.#facts?.info ??
            '# Server\r\nredis_version:7.0.0\r\nredis_mode:standalone\r\n# Persistence\r\nloading:0\r\n# Replication\r\nrole:master\r\n',
        );
        break;
      case 'RESET':
        this.#db = 0;
        this.#version = 2;
        this.#channels.clear();
        this.say({ simple: 'RESET' });
        break;
      case 'QUIT':
        this.say(OK);
        this.over = true;
        break;
      case 'DISCARD':
        this.say({ error: 'ERR DISCARD without MULTI' });
        break;
      default:
        if (command.endsWith('SUBSCRIBE'))
          this.#subscription(
            command,
            args.map((arg) => textOf(arg)),
          );
        else this.say(OK); // AUTH, READONLY, READWRITE, ASKING, WATCH, UNWATCH
    }
  }

  /** The recorded reply if there is one: a server that does not know HELLO must not know it now. */
  #hello(version: string): void {
    const recorded = this.#facts?.hello ?? null;
    if (recorded !== null && typeof recorded === 'object' && 'error' in recorded) {
      this.say(recorded);
      return;
    }
    if (version !== '' && version !== '2' && version !== '3') {
      this.say({ error: 'NOPROTO unsupported protocol version' });
      return;
    }
    if (version !== '') this.#version = version === '3' ? 3 : 2;
    const about: [Resp, Resp][] = [
      ['server', 'redis'],
      [
        'version',
        /^redis_version:(\S+)/m.exec(this.#facts?.info ?? '')?.[1] ?? helloVersion(recorded) ?? '7.0.0',
      ],
      ['proto', { integer: this.#version }],
      ['id', { integer: this.#id }],
      ['mode', 'standalone'],
      ['role', 'master'],
      ['modules', []],
    ];
    this.say({ map: about });
  }

  #client(sub: string, args: string[]): void {
    switch (sub) {
      case 'ID':
        this.say({ integer: this.#id });
        break;
      case 'SETNAME':
        this.#name = args[1] ?? null;
        this.say(OK);
        break;
      case 'GETNAME':
        this.say(this.#name);
        break;
      case 'INFO':
      case 'LIST':
        this.say(
          `id=${this.#id} addr=127.0.0.1:0 name=${this.#name ?? ''} db=${this.#db} resp=${this.#version}\n`,
        );
        break;
      case 'REPLY': {
        const mode = (args[1] ?? '').toLowerCase();
        this.#silent = 'no';
        if (mode === 'off' || mode === 'skip') this.#silent = mode;
        else this.say(OK);
        break;
      }
      default:
        this.say(OK);
    }
  }

  #subscription(command: string, names: string[]): void {
    const leaves = command.includes('UN');
    const kind = command.replace('UN', '');
    const channels = this.#channels.get(kind) ?? new Set<string>();
    this.#channels.set(kind, channels);
    const all: (string | null)[] = names.length > 0 ? names : [...channels];
    for (const name of all.length > 0 ? all : [null]) {
      if (name !== null && leaves) channels.delete(name);
      else if (name !== null) channels.add(name);
      const confirmation: Resp[] = [command.toLowerCase(), name, { integer: this.#subscriptions() }];
      this.say(this.#version === 3 ? { push: confirmation } : confirmation);
    }
  }

  #subscriptions(): number {
    return [...this.#channels.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

function helloVersion(hello: Resp): string | undefined {
  if (hello === null || typeof hello !== 'object') return undefined;
  const items = Array.isArray(hello) ? hello : 'map' in hello ? hello.map.flat() : [];
  const at = items.indexOf('version');
  const version = at === -1 ? undefined : items[at + 1];
  return typeof version === 'string' ? version : undefined;
}
