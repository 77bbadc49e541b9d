import { fromTextOrBytes, type TextOrBytes } from '../../bytes.ts';
import { comparableResponse } from '../canonical.ts';
import { textOf, writesCommand } from '../commands.ts';
import { redisRequestSchema, redisResponseSchema, type RedisCall, type Resp } from '../messages.ts';
import type { Exchange } from '../../port.ts';
import { canonicalJson, type Json } from '../../../lib/json.ts';
import { keyName, keyOf, keysOf, shapeOf } from './keys.ts';
import { isError, learnAfter, learnBefore, overwrite, type Lesson } from './learn.ts';
import { wordsOf, type RedisServer } from './server.ts';

/** What the recording proves of one key at some moment. */
export interface Known {
  /** Its value as Redis' own DUMP; null: there is no such key. */
  dump: Buffer | null;
  /** Microseconds since 1970; null: it stays; `unknown`: nobody said. */
  expiresAt: number | null | 'unknown';
  /** The exchange that showed it, and when. */
  exchange: string;
  at: number;
  /** Something recorded later shows that it was so. */
  borneOut: boolean;
}

export interface Snapshot {
  /** Microseconds since 1970. */
  at: number;
  keys: ReadonlyMap<string, Known>;
  /** Shapes of keys that something gave a time to live. */
  expiring: ReadonlySet<string>;
  /** Keys of which Redis answered otherwise than was recorded: somebody else writes them, or we misread something. */
  distrusted: ReadonlySet<string>;
}

/** One command with its reply; a transaction is several. */
interface Step {
  exchange: Exchange;
  db: number;
  calls: { call: RedisCall; reply: Resp }[];
  keys: string[];
  /** It names no keys, or Redis does not know it, and it may write anything. */
  wild: boolean;
  writes: boolean;
}

/** Commands that give a key a time to live. */
const EXPIRES = /^(?:P?EXPIRE(?:AT)?|P?SETEX|GETEX)$/;
const WIPES: ReadonlySet<string> = new Set(['FLUSHDB', 'FLUSHALL', 'SWAPDB']);

/** The recorded commands of one server, read once. */
export class RedisKnowledge {
  readonly #server: RedisServer;
  readonly #steps: readonly Step[];
  readonly #expiring: ReadonlySet<string>;
  readonly #byKey = new Map<string, Step[]>();
  readonly #wild: readonly Step[];

  private constructor(server: RedisServer, steps: readonly Step[]) {
    this.#server = server;
    this.#steps = steps;
    this.#wild = steps.filter(({ wild }) => wild);
    for (const step of steps)
      for (const name of step.keys) {
        const list = this.#byKey.get(name);
        if (list) list.push(step);
        else this.#byKey.set(name, [step]);
      }
    this.#expiring = new Set(
      steps.flatMap(({ db, calls }) =>
        calls
          .filter(({ call }) => setsExpiry(call))
          .map(({ call }) => shapeOf(keyName(db, call.args[0] ?? ''))),
      ),
    );
  }

  /** `exchanges`: all that was recorded with one redis-server. The server is used for nothing else meanwhile. */
  static async read(server: RedisServer, exchanges: readonly Exchange[]): Promise<RedisKnowledge> {
    const steps: Step[] = [];
    for (const exchange of exchanges) {
      const step = await stepOf(server, exchange);
      if (step !== null) steps.push(step);
    }
    steps.sort((a, b) => endOf(a) - endOf(b));
    return new RedisKnowledge(server, steps);
  }

  /** What was so at a moment: proved by what came before it, and by what came after where nothing was written in between. */
  async at(moment: number): Promise<Snapshot> {
    await this.#server.call(0, ['FLUSHALL']);
    const state = new Replayed(this.#server);
    for (const step of this.#steps) {
      if (endOf(step) > moment) break;
      if (this.#isContested(step)) state.forget(step);
      else await state.follow(step);
    }
    await state.expire(moment);
    await this.#lookAhead(state, moment);
    const keys = new Map<string, Known>();
    for (const [name, { expiresAt, exchange, at, borneOut }] of state.known) {
      const { db, key } = keyOf(name);
      const dump = await this.#server.call(db, ['DUMP', key]);
      keys.set(name, {
        dump: dump === null ? null : fromTextOrBytes(dump as TextOrBytes),
        expiresAt,
        exchange,
        at,
        borneOut,
      });
    }
    return { at: moment, keys, expiring: this.#expiring, distrusted: state.distrusted };
  }

  /** The first command on a key after the moment says what it held then, or bears out what we think. */
  async #lookAhead(state: Replayed, moment: number): Promise<void> {
    const settled = new Set<string>();
    for (const step of this.#steps) {
      if (endOf(step) <= moment) continue;
      if (step.wild) break;
      const open = step.keys.filter((name) => !settled.has(name));
      const usable = step.exchange.startedAt > moment && step.calls.length === 1 && !this.#isContested(step);
      if (usable && open.length > 0) await state.lookBack(step, new Set(open));
      // A read shows one part of a value; what writes ends what can be known of before.
      for (const name of open) if (step.writes || state.isBorneOut(name)) settled.add(name);
    }
  }

  /** Another connection's command on the same key was under way at the same time: which came first is not known. */
  #isContested(step: Step): boolean {
    const near = step.wild
      ? this.#steps
      : [...step.keys.flatMap((name) => this.#byKey.get(name) ?? []), ...this.#wild];
    return near.some(
      (other) =>
        other.exchange.connection !== step.exchange.connection &&
        (other.writes || step.writes) &&
        other.exchange.startedAt < endOf(step) &&
        endOf(other) > step.exchange.startedAt,
    );
  }
}

function endOf({ exchange }: Step): number {
  return exchange.endedAt ?? exchange.startedAt;
}

function setsExpiry({ command, args }: RedisCall): boolean {
  if (EXPIRES.test(command)) return true;
  return command === 'SET' && args.slice(2).some((arg) => /^(?:EX|PX|EXAT|PXAT)$/i.test(textOf(arg)));
}

/** Null for what says nothing: the connection's own commands, and answers that were not seen whole and wrote nothing. */
async function stepOf(server: RedisServer, exchange: Exchange): Promise<Step | null> {
  const { db, queued, ...call } = redisRequestSchema.parse(exchange.request);
  const reply =
    exchange.complete && exchange.response !== null
      ? redisResponseSchema.parse(exchange.response).reply
      : undefined;
  const all = queued ?? [call];
  const writes = all.some((one) => writesCommand(one) !== false);
  if (reply === undefined && !writes) return null;
  // EXEC answers null for a transaction that was given up.
  const aborted = queued !== undefined && reply !== undefined && !Array.isArray(reply);
  if (aborted) return null;
  const replies = queued === undefined ? [reply] : (reply as Resp[] | undefined);
  const names = new Set<string>();
  let wild = all.some(({ command }) => WIPES.has(command));
  for (const one of all) {
    const keys = await keysOf(server, one);
    if (keys === null) wild ||= writesCommand(one) !== false;
    for (const key of keys ?? []) names.add(keyName(db, key));
  }
  return {
    exchange,
    db,
    calls:
      replies === undefined || replies.includes(undefined)
        ? []
        : all.map((one, i) => ({ call: one, reply: (replies as Resp[])[i] ?? null })),
    keys: [...names],
    wild,
    writes,
  };
}

interface Held {
  expiresAt: number | null | 'unknown';
  exchange: string;
  at: number;
  /** A later command showed that it was so at the moment that is asked about. */
  borneOut: boolean;
}

/** Recorded commands run again, in their order, on a server that holds just the keys that are known. */
class Replayed {
  readonly known = new Map<string, Held>();
  readonly distrusted = new Set<string>();
  readonly #server: RedisServer;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  isBorneOut(name: string): boolean {
    return this.known.get(name)?.borneOut === true;
  }

  forget({ keys, wild, writes }: Step): void {
    if (!writes) return;
    if (wild) this.known.clear();
    for (const name of keys) this.known.delete(name);
  }

  async follow(step: Step): Promise<void> {
    if (step.wild || step.calls.length === 0) {
      this.forget(step);
      return;
    }
    await this.expire(endOf(step));
    for (const { call, reply } of step.calls) await this.#one(step, call, reply);
  }

  /** Time passes as it did then: what ran out by this moment is gone. */
  async expire(moment: number): Promise<void> {
    for (const [name, held] of this.known) {
      if (typeof held.expiresAt !== 'number' || held.expiresAt > moment) continue;
      const { db, key } = keyOf(name);
      await this.#server.call(db, ['DEL', key]);
      this.known.set(name, { ...held, expiresAt: null });
    }
  }

  /** What a later command says of these keys as they were before it. */
  async lookBack({ exchange, db, calls }: Step, open: ReadonlySet<string>): Promise<void> {
    const [{ call, reply } = { call: { command: '', args: [] }, reply: null }] = calls;
    for (const lesson of learnBefore(call.command, call.args, reply)) {
      const name = keyName(db, lesson.key);
      if (!open.has(name) || this.distrusted.has(name)) continue;
      const held = this.known.get(name);
      if (held === undefined) await this.#take(db, lesson, exchange, true);
      else if (await this.#holds(db, lesson)) held.borneOut = true;
      else {
        // It ran out, or somebody else wrote it: what was seen before says nothing of the moment.
        this.known.delete(name);
        await this.#take(db, lesson, exchange, true);
      }
    }
  }

  async #one(step: Step, call: RedisCall, reply: Resp): Promise<void> {
    const { db, exchange } = step;
    const keys = (await keysOf(this.#server, call)) ?? [];
    const names = [...new Set(keys.map((key) => keyName(db, key)))];
    const all = names.length > 0 && names.every((name) => this.known.has(name));
    if (all && isDeterministic(call)) {
      if (asksLife(call) && names.some((name) => this.known.get(name)!.expiresAt === 'unknown')) {
        this.#lives(names[0]!, call, reply, step);
        return;
      }
      await this.#arm(names, endOf(step));
      const said = await this.#server.call(db, wordsOf(call.command, call.args));
      if (OF_A_MOMENT.test(call.command) || sameReply(call.command, said, reply)) {
        await this.#disarm(names, step);
        return;
      }
      for (const name of names) this.distrusted.add(name);
    }
    const sets = overwrite(call.command, call.args, reply);
    if (sets !== null) {
      for (const words of sets) await this.#server.call(db, words);
      for (const name of names) this.known.set(name, held(exchange, endOf(step), null));
      await this.#disarm(names, step);
      return;
    }
    if (writesCommand(call) !== false && !isError(reply)) for (const name of names) this.known.delete(name);
    for (const lesson of learnAfter(call.command, call.args, reply))
      await this.#take(db, lesson, exchange, false);
  }

  /** What a reply says of how long a key lives that was not known before. */
  #lives(name: string, { command }: RedisCall, reply: Resp, step: Step): void {
    const known = this.known.get(name)!;
    const left =
      typeof reply === 'object' && reply !== null && 'integer' in reply ? Number(reply.integer) : NaN;
    if (command === 'PERSIST' || (OF_A_MOMENT.test(command) && left === -1))
      this.known.set(name, { ...known, expiresAt: null });
    else if (OF_A_MOMENT.test(command) && left >= 0)
      this.known.set(name, { ...known, expiresAt: endOf(step) + left * (command === 'TTL' ? 1e6 : 1e3) });
  }

  async #take(db: number, lesson: Lesson, exchange: Exchange, borneOut: boolean): Promise<void> {
    const name = keyName(db, lesson.key);
    const before = this.known.get(name);
    await this.#server.call(db, ['DEL', fromTextOrBytes(lesson.key)]);
    for (const words of lesson.make ?? []) await this.#server.call(db, words);
    const expiresAt = lesson.ttl === 'none' ? null : (before?.expiresAt ?? 'unknown');
    this.known.set(name, { ...held(exchange, exchange.endedAt ?? exchange.startedAt, expiresAt), borneOut });
  }

  async #holds(db: number, lesson: Lesson): Promise<boolean> {
    const key = fromTextOrBytes(lesson.key);
    const now = await this.#server.call(db, ['DUMP', key]);
    if (lesson.make === null || now === null) return lesson.make === null && now === null;
    const other = Buffer.concat([key, Buffer.from(' (beside)')]);
    for (const words of lesson.make) await this.#server.call(db, [words[0]!, other, ...words.slice(2)]);
    const then = await this.#server.call(db, ['DUMP', other]);
    await this.#server.call(db, ['DEL', other]);
    return canonicalJson(now) === canonicalJson(then);
  }

  /** The server's clock is not the recording's: keys get what is left of their time just for a command. */
  async #arm(names: readonly string[], moment: number): Promise<void> {
    for (const name of names) {
      const expiresAt = this.known.get(name)?.expiresAt;
      if (typeof expiresAt !== 'number') continue;
      const { db, key } = keyOf(name);
      await this.#server.call(db, ['PEXPIRE', key, String(Math.ceil((expiresAt - moment) / 1000))]);
    }
  }

  async #disarm(names: readonly string[], step: Step): Promise<void> {
    for (const name of names) {
      const { db, key } = keyOf(name);
      const before = this.known.get(name)!;
      const left = (await this.#server.call(db, ['PTTL', key])) as { integer: number };
      let { expiresAt } = before;
      if (left.integer >= 0) {
        expiresAt = endOf(step) + left.integer * 1000;
        await this.#server.call(db, ['PERSIST', key]);
      } else if (left.integer === -2 || typeof before.expiresAt === 'number') expiresAt = null;
      else if (clearsExpiry(step)) expiresAt = null;
      this.known.set(name, { ...held(step.exchange, endOf(step), expiresAt), borneOut: before.borneOut });
    }
  }
}

/** Whether a value of unknown life stays from now on. */
function clearsExpiry({ calls }: Step): boolean {
  return calls.some(
    ({ call: { command, args }, reply }) => command === 'GETSET' || overwrite(command, args, reply) !== null,
  );
}

function held(exchange: Exchange, at: number, expiresAt: Held['expiresAt']): Held {
  return { expiresAt, exchange: exchange.id, at, borneOut: false };
}

/** Commands whose reply and effect depend on nothing but their keys. */
const UNCERTAIN =
  /^(?:SRANDMEMBER|SPOP|HRANDFIELD|ZRANDMEMBER|RANDOMKEY|SCAN|[SHZ]SCAN|KEYS|DBSIZE|TIME|OBJECT|INFO|MEMORY|WAIT|DUMP|RESTORE|MIGRATE|XADD|XREAD|XREADGROUP|XAUTOCLAIM|XCLAIM|XPENDING|XINFO|EVAL|EVALSHA|FCALL|B[LRZ]\w+|PFADD|PFMERGE|PFCOUNT|DEBUG|SORT)(?:_RO)?$/;

export function isDeterministic({ command }: RedisCall): boolean {
  return !UNCERTAIN.test(command);
}

/** Replies that tell how long a key still lives: of a moment, not of a value. */
export const OF_A_MOMENT = /^P?TTL$/;

/** Whether a reply depends on how long a key lives. */
export function asksLife({ command, args }: RedisCall): boolean {
  if (OF_A_MOMENT.test(command) || /^(?:P?EXPIRETIME|PERSIST)$/.test(command)) return true;
  return /^P?EXPIRE(?:AT)?$/.test(command) && args.length > 2;
}

/** Replies without an order of their own. */
const UNORDERED = /^(?:SMEMBERS|SINTER|SUNION|SDIFF|HGETALL|HKEYS|HVALS)$/;

/** Equal but for what a protocol version does to a reply, and the order of what has none. */
export function sameReply(command: string, a: Resp, b: Resp): boolean {
  const [one, other] = [a, b].map((reply) => comparableResponse({ reply })) as { reply: Json }[];
  if (!UNORDERED.test(command)) return canonicalJson(one) === canonicalJson(other);
  return canonicalJson(sorted(command, one!.reply)) === canonicalJson(sorted(command, other!.reply));
}

function sorted(command: string, reply: Json): Json {
  if (!Array.isArray(reply)) return reply;
  const step = command === 'HGETALL' ? 2 : 1;
  const items = Array.from({ length: reply.length / step }, (_, i) => reply.slice(i * step, (i + 1) * step));
  return items.map(canonicalJson).toSorted();
}
