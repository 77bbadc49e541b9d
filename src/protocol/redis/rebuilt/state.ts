import type { Json } from '../../../lib/json.ts';
import type { Assumption, RebuiltState, Told } from '../../port.ts';
import { redisRequestSchema, redisResponseSchema, type RedisCall } from '../messages.ts';
import { blockingTimeout, writesCommand } from '../commands.ts';
import { asksLife, isDeterministic, OF_A_MOMENT, sameReply, type Known, type Snapshot } from './knowledge.ts';
import { keyName, keyOf, keysOf, keyText, shapeOf } from './keys.ts';
import { overwrite } from './learn.ts';
import { wordsOf, type RedisServer } from './server.ts';

/** In the place of an exchange: the run itself did it. */
const OWN = 'this run';

/** One run's Redis: what is known of a moment, and what the run does to it. Ask one thing at a time. */
export class RedisState implements RebuiltState {
  readonly #server: RedisServer;
  readonly #snapshot: Snapshot;
  readonly #known: Map<string, Known>;
  readonly #distrusted: Set<string>;

  private constructor(server: RedisServer, snapshot: Snapshot) {
    this.#server = server;
    this.#snapshot = snapshot;
    this.#known = new Map(snapshot.keys);
    this.#distrusted = new Set(snapshot.distrusted);
  }

  /** The server is emptied first; it serves one state at a time. */
  static async load(server: RedisServer, snapshot: Snapshot): Promise<RedisState> {
    await server.call(0, ['FLUSHALL']);
    for (const [name, { dump, expiresAt }] of snapshot.keys) {
      if (dump === null) continue;
      const { db, key } = keyOf(name);
      // From now on the run's clock and the server's go side by side.
      const left = typeof expiresAt === 'number' ? Math.ceil((expiresAt - snapshot.at) / 1000) : 0;
      if (left >= 0) await server.call(db, ['RESTORE', key, String(left), dump]);
    }
    return new RedisState(server, snapshot);
  }

  /** A call of the run that the recording answered: its effect is taken over, and its answer checked. */
  async follow(_connection: string, request: Json, response: Json): Promise<void> {
    const { db, queued, ...call } = redisRequestSchema.parse(request);
    const { reply } = redisResponseSchema.parse(response);
    if (queued === undefined) await this.#one(db, call, reply);
    else if (Array.isArray(reply))
      for (const [i, one] of queued.entries()) await this.#one(db, one, reply[i] ?? null);
  }

  /** Connections matter only for transactions, which come as one request. */
  async session(): Promise<void> {}

  async ask(_connection: string, request: Json): Promise<Told> {
    const { db, queued, ...call } = redisRequestSchema.parse(request);
    const calls = queued ?? [call];
    const names = new Set<string>();
    for (const one of calls) {
      const keys = await keysOf(this.#server, one);
      const why = this.#why(db, one, keys);
      if (why !== null) return { dared: false, reason: why };
      for (const key of keys!) names.add(keyName(db, key));
    }
    const words = calls.map(({ command, args }) => wordsOf(command, args));
    const reply =
      queued === undefined ? await this.#server.call(db, words[0]!) : await this.#server.together(db, words);
    return {
      dared: true,
      response: { reply } as Json,
      assumptions: [...names].map((name) => this.#assumption(name)),
    };
  }

  async #one(db: number, call: RedisCall, reply: Parameters<typeof sameReply>[1]): Promise<void> {
    const keys = await keysOf(this.#server, call);
    const writes = writesCommand(call) !== false;
    if (keys === null || keys.length === 0) {
      if (writes) this.#known.clear();
      return;
    }
    const names = keys.map((key) => keyName(db, key));
    if (names.every((name) => this.#known.has(name)) && isDeterministic(call)) {
      const said = await this.#server.call(db, wordsOf(call.command, call.args));
      if (!OF_A_MOMENT.test(call.command) && !sameReply(call.command, said, reply))
        for (const name of names) this.#distrusted.add(name);
      return;
    }
    if (!writes) return;
    const sets = overwrite(call.command, call.args, reply);
    for (const words of sets ?? []) await this.#server.call(db, words);
    for (const name of names) {
      if (sets === null) this.#known.delete(name);
      else
        this.#known.set(name, {
          dump: null,
          expiresAt: null,
          exchange: OWN,
          at: this.#snapshot.at,
          borneOut: true,
        });
    }
  }

  /** Why a command cannot be answered; null where it can. */
  #why(db: number, call: RedisCall, keys: readonly Buffer[] | null): string | null {
    const { command } = call;
    if (!isDeterministic(call) || blockingTimeout(call) !== undefined)
      return `${command}: its answer depends on more than the values of keys`;
    if (keys === null || keys.length === 0) return `${command}: which keys it reads or writes is not known`;
    for (const key of keys) {
      const name = keyName(db, key);
      const known = this.#known.get(name);
      if (this.#distrusted.has(name))
        return `${command}: key ${keyText(name)} was recorded with values that do not follow from one another`;
      if (known === undefined) return `${command}: key ${keyText(name)} was never seen before this moment`;
      if (known.expiresAt !== 'unknown') {
        if (OF_A_MOMENT.test(command) && known.expiresAt !== null)
          return `${command}: how long key ${keyText(name)} lives is a matter of the moment`;
        continue;
      }
      const mayExpire = this.#snapshot.expiring.has(shapeOf(name));
      if (asksLife(call) || (mayExpire && !known.borneOut))
        return `${command}: how long key ${keyText(name)} lives was never seen`;
    }
    return null;
  }

  #assumption(name: string): Assumption {
    const { exchange, dump } = this.#known.get(name)!;
    const own = exchange === OWN;
    return {
      what: `key ${keyText(name)} ${dump === null && !own ? 'is not there' : 'has its value'}`,
      exchange: own ? null : exchange,
    };
  }
}
