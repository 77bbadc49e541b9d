import { fromTextOrBytes, type TextOrBytes } from '../bytes.ts';
import type { RedisCall } from './messages.ts';

/** Commands of Redis 7 and its modules by what they do to data. What is in no list is not known. */
const READS = new Set(
  `GET MGET STRLEN GETRANGE SUBSTR LCS EXISTS TTL PTTL EXPIRETIME PEXPIRETIME TYPE KEYS SCAN RANDOMKEY DBSIZE OBJECT DUMP
  HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSTRLEN HSCAN HRANDFIELD HTTL HPTTL LRANGE LINDEX LLEN LPOS SMEMBERS SISMEMBER
  SMISMEMBER SCARD SRANDMEMBER SINTER SUNION SDIFF SINTERCARD SSCAN ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE
  ZRANGEBYLEX ZREVRANGEBYLEX ZSCORE ZMSCORE ZRANK ZREVRANK ZCARD ZCOUNT ZLEXCOUNT ZSCAN ZINTER ZUNION ZDIFF ZRANDMEMBER
  ZINTERCARD XRANGE XREVRANGE XLEN XREAD XINFO XPENDING BITCOUNT BITPOS GETBIT BITFIELD_RO PFCOUNT GEODIST GEOHASH GEOPOS
  GEOSEARCH GEORADIUS_RO GEORADIUSBYMEMBER_RO SORT_RO EVAL_RO EVALSHA_RO FCALL_RO TIME INFO LASTSAVE LOLWUT PUBSUB WAIT
  JSON.GET JSON.MGET JSON.TYPE JSON.OBJKEYS JSON.OBJLEN JSON.ARRLEN JSON.ARRINDEX JSON.STRLEN JSON.RESP FT.SEARCH
  FT.AGGREGATE FT.INFO FT._LIST TS.GET TS.MGET TS.RANGE TS.REVRANGE TS.MRANGE TS.INFO BF.EXISTS BF.MEXISTS BF.INFO
  MEMORY LATENCY SLOWLOG CLUSTER SENTINEL ROLE ACL MODULE`.split(/\s+/),
);
const WRITES = new Set(
  `SET SETEX PSETEX SETNX SETRANGE MSET MSETNX APPEND GETSET GETDEL GETEX INCR INCRBY INCRBYFLOAT DECR DECRBY DEL UNLINK
  EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST RENAME RENAMENX COPY MOVE RESTORE SORT TOUCH HSET HMSET HSETNX HDEL HINCRBY
  HINCRBYFLOAT HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HPERSIST HGETDEL HGETEX HSETEX LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP LMPOP
  BLPOP BRPOP BLMPOP LSET LREM LINSERT LTRIM RPOPLPUSH BRPOPLPUSH LMOVE BLMOVE SADD SREM SPOP SMOVE SINTERSTORE SUNIONSTORE
  SDIFFSTORE ZADD ZREM ZINCRBY ZPOPMIN ZPOPMAX BZPOPMIN BZPOPMAX ZMPOP BZMPOP ZREMRANGEBYSCORE ZREMRANGEBYRANK
  ZREMRANGEBYLEX ZRANGESTORE ZINTERSTORE ZUNIONSTORE ZDIFFSTORE XADD XDEL XTRIM XACK XGROUP XCLAIM XAUTOCLAIM XREADGROUP
  XSETID SETBIT BITOP BITFIELD PFADD PFMERGE GEOADD GEOSEARCHSTORE GEORADIUS GEORADIUSBYMEMBER PUBLISH SPUBLISH FLUSHDB
  FLUSHALL SWAPDB FUNCTION MIGRATE JSON.SET JSON.MSET JSON.MERGE JSON.DEL JSON.FORGET JSON.CLEAR JSON.TOGGLE JSON.NUMINCRBY
  JSON.NUMMULTBY JSON.STRAPPEND JSON.ARRAPPEND JSON.ARRINSERT JSON.ARRPOP JSON.ARRTRIM FT.CREATE FT.DROPINDEX FT.ALTER
  TS.ADD TS.MADD TS.CREATE TS.INCRBY TS.DECRBY TS.DEL BF.ADD BF.MADD BF.RESERVE BF.INSERT`.split(/\s+/),
);
/** Answered by what they mean: they say something about the connection, never about data. */
const HOUSEKEEPING = new Set(
  `HELLO AUTH SELECT CLIENT PING ECHO COMMAND QUIT RESET READONLY READWRITE ASKING WATCH UNWATCH DISCARD SUBSCRIBE PSUBSCRIBE
  SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE INFO`.split(/\s+/),
);
/** Their first argument is part of the command. */
const CONTAINERS = new Set(
  'CONFIG CLIENT OBJECT XINFO XGROUP SCRIPT FUNCTION CLUSTER MEMORY ACL PUBSUB SENTINEL COMMAND LATENCY SLOWLOG'.split(
    ' ',
  ),
);

/** Wait for something to happen; the value is the position of the timeout, from the end of the arguments (−1) or the start. */
const BLOCKING: Readonly<Record<string, number>> = {
  BLPOP: -1,
  BRPOP: -1,
  BRPOPLPUSH: -1,
  BLMOVE: -1,
  BZPOPMIN: -1,
  BZPOPMAX: -1,
  BLMPOP: 0,
  BZMPOP: 0,
};

export function isHousekeeping({ command }: RedisCall): boolean {
  return HOUSEKEEPING.has(command);
}

export function writesCommand({ command, args }: RedisCall): boolean | null {
  if (HOUSEKEEPING.has(command) || READS.has(command)) return false;
  if (WRITES.has(command)) return true;
  if (command === 'CONFIG') return textOf(args[0]).toUpperCase() !== 'GET';
  return null;
}

/** Upper case where letters do not matter: the command, and the subcommand of those that have one. */
export function canonicalCall({ command, args }: RedisCall): { command: string; args: TextOrBytes[] } {
  const [first, ...rest] = args;
  const upper = command.toUpperCase();
  const contained = CONTAINERS.has(upper) && typeof first === 'string';
  return { command: upper, args: contained ? [first.toUpperCase(), ...rest] : args };
}

/**
 * For a command that waits: the milliseconds after which it answers null (Infinity: never), or undefined for one that
 * does not wait.
 */
export function blockingTimeout({ command, args }: RedisCall): number | undefined {
  const position = BLOCKING[command];
  if (position !== undefined) return milliseconds(Number(textOf(args.at(position))) * 1000);
  if (command !== 'XREAD' && command !== 'XREADGROUP') return undefined;
  const block = args.findIndex((arg) => textOf(arg).toUpperCase() === 'BLOCK');
  return block === -1 ? undefined : milliseconds(Number(textOf(args[block + 1])));
}

function milliseconds(value: number): number {
  return value > 0 ? Math.min(value, 2 ** 31 - 1) : Infinity;
}

export function textOf(arg: TextOrBytes | undefined): string {
  return arg === undefined ? '' : fromTextOrBytes(arg).toString('utf8');
}
