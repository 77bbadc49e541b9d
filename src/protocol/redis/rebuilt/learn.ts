import type { TextOrBytes } from '../../bytes.ts';
import type { Resp } from '../messages.ts';
import { textOf } from '../commands.ts';
import type { Word } from './server.ts';
import { fromTextOrBytes } from '../../bytes.ts';

/**
 * What one reply proves of one key. `make`: commands that give a key that is not there this value; null for a key that is not
 * there. `ttl`: whether the command itself settles how long it lives (`none`), or it is not known.
 */
export interface Lesson {
  key: TextOrBytes;
  make: Word[][] | null;
  ttl: 'none' | 'unknown';
}

type Rule = (args: readonly TextOrBytes[], reply: Resp) => Lesson[];

const nothing: Lesson[] = [];

function absent(key: TextOrBytes): Lesson {
  return { key, make: null, ttl: 'none' };
}

function string(key: TextOrBytes, value: Word, ttl: Lesson['ttl'] = 'unknown'): Lesson {
  return { key, make: [['SET', fromTextOrBytes(key), value]], ttl };
}

/** A bulk string or null of a command that gives a key's whole value. */
function valueOrAbsent(key: TextOrBytes | undefined, reply: Resp): Lesson[] {
  if (key === undefined) return nothing;
  if (isNull(reply)) return [absent(key)];
  return isBulk(reply) ? [string(key, fromTextOrBytes(reply))] : nothing;
}

/** All items of a list, set or sorted set. */
function whole(key: TextOrBytes, words: readonly Word[], make: string): Lesson[] {
  if (words.length === 0) return [absent(key)];
  return [{ key, make: [[make, fromTextOrBytes(key), ...words]], ttl: 'unknown' }];
}

/** What a key holds at the moment of the command, by its reply. */
const READS: Record<string, Rule> = {
  GET: ([key], reply) => valueOrAbsent(key, reply),
  MGET: (keys, reply) =>
    Array.isArray(reply)
      ? keys.flatMap((key, i) => (isNull(reply[i]!) ? nothing : valueOrAbsent(key, reply[i]!)))
      : nothing,
  EXISTS: (keys, reply) => (integerOf(reply) === 0 ? keys.map(absent) : nothing),
  TYPE: ([key], reply) => (simpleOf(reply) === 'none' && key !== undefined ? [absent(key)] : nothing),
  TTL: ([key], reply) => (integerOf(reply) === -2 && key !== undefined ? [absent(key)] : nothing),
  PTTL: ([key], reply) => (integerOf(reply) === -2 && key !== undefined ? [absent(key)] : nothing),
  HGETALL: ([key], reply) => {
    const items = bulks(flat(reply));
    return items === null || key === undefined ? nothing : whole(key, items, 'HSET');
  },
  LRANGE: ([key, from, to], reply) => {
    const items = bulks(reply);
    const all = textOf(from) === '0' && textOf(to) === '-1';
    return items === null || !all || key === undefined ? nothing : whole(key, items, 'RPUSH');
  },
  SMEMBERS: ([key], reply) => {
    const items = bulks(flat(reply));
    return items === null || key === undefined ? nothing : whole(key, items, 'SADD');
  },
  ZRANGE: ([key, from, to, ...options], reply) => {
    const scored = options.length === 1 && textOf(options[0]).toUpperCase() === 'WITHSCORES';
    const all = textOf(from) === '0' && textOf(to) === '-1' && scored;
    return all && key !== undefined ? scores(key, reply) : nothing;
  },
  LLEN: ([key], reply) => emptyIsAbsent(key, reply),
  SCARD: ([key], reply) => emptyIsAbsent(key, reply),
  ZCARD: ([key], reply) => emptyIsAbsent(key, reply),
  HLEN: ([key], reply) => emptyIsAbsent(key, reply),
};

/** What a key holds after the command, where that does not depend on what it held before, or the reply says that too. */
const AFTER: Record<string, Rule> = {
  DEL: (keys) => keys.map(absent),
  UNLINK: (keys) => keys.map(absent),
  GETDEL: ([key]) => (key === undefined ? nothing : [absent(key)]),
  GETSET: ([key, value], reply) =>
    key === undefined || value === undefined || isError(reply)
      ? nothing
      : [string(key, fromTextOrBytes(value), 'none')],
  SETNX: ([key, value], reply) =>
    key !== undefined && value !== undefined && integerOf(reply) === 1
      ? [string(key, fromTextOrBytes(value), 'none')]
      : nothing,
  INCR: ([key], reply) => counted(key, reply),
  DECR: ([key], reply) => counted(key, reply),
  INCRBY: ([key], reply) => counted(key, reply),
  DECRBY: ([key], reply) => counted(key, reply),
  INCRBYFLOAT: ([key], reply) =>
    key !== undefined && isBulk(reply) ? [string(key, fromTextOrBytes(reply))] : nothing,
  RPUSH: ([key, ...items], reply) => pushed(key, items, reply, 'RPUSH'),
  LPUSH: ([key, ...items], reply) => pushed(key, items, reply, 'LPUSH'),
};

/** What a key held before the command, by its reply. */
const BEFORE: Record<string, Rule> = {
  INCR: ([key], reply) => countedBefore(key, reply, 1n),
  DECR: ([key], reply) => countedBefore(key, reply, -1n),
  INCRBY: ([key, by], reply) => countedBefore(key, reply, bigintOf(by)),
  DECRBY: ([key, by], reply) => countedBefore(key, reply, negative(bigintOf(by))),
  GETSET: ([key], reply) => valueOrAbsent(key, reply),
  GETDEL: ([key], reply) => valueOrAbsent(key, reply),
  GETEX: ([key], reply) => valueOrAbsent(key, reply),
  SETNX: ([key], reply) => (integerOf(reply) === 1 && key !== undefined ? [absent(key)] : nothing),
  DEL: (keys, reply) => (integerOf(reply) === 0 ? keys.map(absent) : nothing),
  UNLINK: (keys, reply) => (integerOf(reply) === 0 ? keys.map(absent) : nothing),
  RPUSH: ([key, ...items], reply) =>
    integerOf(reply) === items.length && key !== undefined ? [absent(key)] : nothing,
  LPUSH: ([key, ...items], reply) =>
    integerOf(reply) === items.length && key !== undefined ? [absent(key)] : nothing,
};

/**
 * The commands by which Redis itself gives the keys what a recorded command gave them whatever they held before; null where the
 * outcome depended on that, or nothing was done.
 */
export function overwrite(command: string, args: readonly TextOrBytes[], reply: Resp): Word[][] | null {
  const words: Word[] = [command, ...args.map(fromTextOrBytes)];
  if (command === 'SETEX' || command === 'PSETEX' || command === 'MSET')
    return simpleOf(reply) === 'OK' ? [words] : null;
  if (command !== 'SET' || args.length < 2) return null;
  const options = args.slice(2).map((arg) => textOf(arg).toUpperCase());
  const asksOld = options.includes('GET');
  const conditional = options.includes('NX') || options.includes('XX');
  if (options.includes('KEEPTTL') || (asksOld && conditional)) return null;
  if (asksOld ? isError(reply) : simpleOf(reply) !== 'OK') return null;
  const kept = words.filter((_, i) => i < 3 || !['NX', 'XX', 'GET'].includes(options[i - 3]!));
  return [kept];
}

export function learnAfter(command: string, args: readonly TextOrBytes[], reply: Resp): Lesson[] {
  if (isError(reply)) return nothing;
  return (AFTER[command] ?? READS[command])?.(args, reply) ?? nothing;
}

export function learnBefore(command: string, args: readonly TextOrBytes[], reply: Resp): Lesson[] {
  if (isError(reply)) return nothing;
  return (BEFORE[command] ?? READS[command])?.(args, reply) ?? nothing;
}

function counted(key: TextOrBytes | undefined, reply: Resp): Lesson[] {
  const value = integerOf(reply);
  return key === undefined || value === null ? nothing : [string(key, String(value))];
}

function countedBefore(key: TextOrBytes | undefined, reply: Resp, by: bigint | null): Lesson[] {
  const value = integerOf(reply);
  if (key === undefined || value === null || by === null) return nothing;
  const before = BigInt(value) - by;
  // A key that is not there counts as 0.
  return before === 0n ? nothing : [string(key, String(before))];
}

function pushed(
  key: TextOrBytes | undefined,
  items: readonly TextOrBytes[],
  reply: Resp,
  make: string,
): Lesson[] {
  if (key === undefined || items.length === 0 || integerOf(reply) !== items.length) return nothing;
  return [{ key, make: [[make, fromTextOrBytes(key), ...items.map(fromTextOrBytes)]], ttl: 'none' }];
}

function emptyIsAbsent(key: TextOrBytes | undefined, reply: Resp): Lesson[] {
  return key !== undefined && integerOf(reply) === 0 ? [absent(key)] : nothing;
}

function scores(key: TextOrBytes, reply: Resp): Lesson[] {
  if (!Array.isArray(reply)) return nothing;
  const pairs = reply.every((item) => Array.isArray(item)) ? (reply as Resp[][]).flat() : reply;
  const words: Word[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const [member, score] = [pairs[i]!, pairs[i + 1]!];
    const number = isBulk(score) ? textOf(score) : isObject(score) && 'double' in score ? score.double : null;
    if (!isBulk(member) || number === null) return nothing;
    words.push(number, fromTextOrBytes(member));
  }
  return whole(key, words, 'ZADD');
}

function bulks(reply: Resp): Word[] | null {
  if (!Array.isArray(reply) || !reply.every(isBulk)) return null;
  return reply.map(fromTextOrBytes);
}

/** RESP3's maps and sets as RESP2's arrays. */
function flat(reply: Resp): Resp {
  if (!isObject(reply) || Array.isArray(reply)) return reply;
  if ('map' in reply) return reply.map.flat();
  return 'set' in reply ? reply.set : reply;
}

function isBulk(reply: Resp): reply is TextOrBytes {
  return typeof reply === 'string' || (isObject(reply) && !Array.isArray(reply) && 'base64' in reply);
}

function isNull(reply: Resp): boolean {
  return reply === null || (isObject(reply) && 'nullArray' in reply);
}

export function isError(reply: Resp): boolean {
  return isObject(reply) && 'error' in reply;
}

function isObject(reply: Resp): reply is Extract<Resp, object> {
  return typeof reply === 'object' && reply !== null;
}

function integerOf(reply: Resp): number | string | null {
  return isObject(reply) && 'integer' in reply ? reply.integer : null;
}

function simpleOf(reply: Resp): string | null {
  return isObject(reply) && 'simple' in reply ? reply.simple : null;
}

function bigintOf(arg: TextOrBytes | undefined): bigint | null {
  const text = textOf(arg);
  return /^-?\d{1,19}$/.test(text) ? BigInt(text) : null;
}

function negative(value: bigint | null): bigint | null {
  return value === null ? null : -value;
}
