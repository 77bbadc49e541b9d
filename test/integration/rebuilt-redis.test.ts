import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/lib/json.ts';
import { fromTextOrBytes, type TextOrBytes } from '../../src/protocol/bytes.ts';
import type { Exchange } from '../../src/protocol/port.ts';
import type { Resp } from '../../src/protocol/redis/messages.ts';
import { RedisKnowledge, sameReply } from '../../src/protocol/redis/rebuilt/knowledge.ts';
import { startRedisServer, wordsOf, type RedisServer } from '../../src/protocol/redis/rebuilt/server.ts';
import { RedisState } from '../../src/protocol/redis/rebuilt/state.ts';

let production: RedisServer;
let fork: RedisServer;
let rebuilt: RedisServer;

beforeAll(async () => {
  [production, fork, rebuilt] = await Promise.all([
    startRedisServer(),
    startRedisServer(),
    startRedisServer(),
  ]);
});
afterAll(() => Promise.all([production, fork, rebuilt].map((server) => server?.close())));

let clock = Date.parse('2026-01-01T00:00:00Z') * 1000;

/** One command on production, as the recorder would have seen it. */
async function record(words: readonly string[], connection = 'c1'): Promise<Exchange> {
  const [command, ...args] = words;
  clock += 1000;
  const startedAt = clock;
  const reply = await production.call(0, wordsOf(command!, args));
  clock += 100;
  return {
    version: 1,
    id: `${connection}.${clock}`,
    connection,
    protocol: 'redis',
    direction: 'outbound',
    destination: { host: '10.0.0.1', port: 6379 },
    startedAt,
    endedAt: clock,
    request: { command: command!, args, db: 0 },
    response: { reply } as Json,
    summary: words.join(' '),
    complete: true,
    incomplete: null,
  };
}

async function forkProduction(): Promise<void> {
  await fork.call(0, ['FLUSHALL']);
  const keys = (await production.call(0, ['KEYS', '*'])) as TextOrBytes[];
  for (const key of keys) {
    const name = fromTextOrBytes(key);
    const dump = (await production.call(0, ['DUMP', name])) as TextOrBytes;
    const left = (await production.call(0, ['PTTL', name])) as { integer: number };
    await fork.call(0, ['RESTORE', name, String(Math.max(0, left.integer)), fromTextOrBytes(dump)]);
  }
}

async function stateAt(history: readonly Exchange[], moment: number): Promise<RedisState> {
  const knowledge = await RedisKnowledge.read(rebuilt, history);
  return RedisState.load(rebuilt, await knowledge.at(moment));
}

const ask = (state: RedisState, ...words: string[]): ReturnType<RedisState['ask']> =>
  state.ask('c', { command: words[0]!, args: words.slice(1), db: 0 });

const key = fc.constantFrom('a', 'b', 'user:1', 'user:2', 'list', 'set', 'z', 'h', 'n');
const value = fc.constantFrom('1', '7', 'x', 'hello', '', 'ü\n');
const field = fc.constantFrom('f', 'g', 'name');
const command = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      'GET',
      'INCR',
      'DECR',
      'TTL',
      'TYPE',
      'EXISTS',
      'DEL',
      'HGETALL',
      'SMEMBERS',
      'LLEN',
      'PERSIST',
      'GETDEL',
      'STRLEN',
    ),
    key,
  ),
  fc.tuple(
    fc.constantFrom('SET', 'SETNX', 'APPEND', 'RPUSH', 'LPUSH', 'SADD', 'SREM', 'GETSET', 'SISMEMBER'),
    key,
    value,
  ),
  fc.tuple(fc.constantFrom('INCRBY', 'DECRBY'), key, fc.constantFrom('2', '-3', '10')),
  fc.tuple(fc.constant('SET'), key, value, fc.constantFrom('NX', 'XX', 'KEEPTTL', 'GET')),
  fc.tuple(fc.constant('SET'), key, value, fc.constant('EX'), fc.constantFrom('100', '5000')),
  fc.tuple(fc.constant('EXPIRE'), key, fc.constantFrom('100', '3000')),
  fc.tuple(fc.constant('EXPIRE'), key, fc.constantFrom('200', '4000'), fc.constantFrom('NX', 'XX', 'GT')),
  fc.tuple(fc.constant('MGET'), key, key),
  fc.tuple(fc.constant('RENAME'), key, key),
  fc.tuple(fc.constant('HSET'), key, field, value),
  fc.tuple(fc.constantFrom('HGET', 'HDEL', 'HEXISTS'), key, field),
  fc.tuple(fc.constant('HINCRBY'), key, field, fc.constant('3')),
  fc.tuple(fc.constant('ZADD'), key, fc.constantFrom('1', '2.5'), field),
  fc.tuple(fc.constant('ZRANGE'), key, fc.constant('0'), fc.constant('-1'), fc.constant('WITHSCORES')),
  fc.tuple(fc.constant('LRANGE'), key, fc.constant('0'), fc.constant('-1')),
  fc.tuple(fc.constantFrom('LPOP', 'RPOP', 'SCARD', 'ZCARD', 'HLEN'), key),
) as fc.Arbitrary<string[]>;

describe('rebuilt Redis', () => {
  it('never answers otherwise than the real one would have', async () => {
    let [asked, dared] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 15 }),
        fc.array(command, { minLength: 5, maxLength: 60 }),
        fc.array(command, { maxLength: 15 }),
        fc.array(command, { minLength: 1, maxLength: 12 }),
        async (unseen, before, after, fix) => {
          await production.call(0, ['FLUSHALL']);
          for (const words of unseen) await record(words);
          const history: Exchange[] = [];
          for (const words of before) history.push(await record(words));
          const moment = clock + 10;
          await forkProduction();
          for (const words of after) history.push(await record(words, 'c2'));
          const state = await stateAt(history, moment);
          for (const words of fix) {
            const real: Resp = await fork.call(0, wordsOf(words[0]!, words.slice(1)));
            const told = await ask(state, ...words);
            asked++;
            if (told.dared) {
              dared++;
              const { reply } = told.response as { reply: Resp };
              const text = `${words.join(' ')}: ${JSON.stringify(reply)}, really ${JSON.stringify(real)}`;
              expect(sameReply(words[0]!, reply, real), text).toBe(true);
            } else
              await state.follow('c', { command: words[0]!, args: words.slice(1), db: 0 }, {
                reply: real,
              } as Json);
          }
        },
      ),
      { numRuns: Number(process.env['VOUCH_RUNS'] ?? 60), seed: 7 },
    );
    // It must not be right by saying nothing.
    expect(dared / asked).toBeGreaterThan(0.2);
  });

  it('ends a command that takes for ever', async () => {
    const server = await startRedisServer({ callMs: 200 });
    const began = performance.now();
    const reply = server.call(0, ['BLPOP', 'nothing', '0']);
    await expect(reply).rejects.toThrow('did not answer within 0.2 s');
    expect(performance.now() - began).toBeLessThan(20_000);
    await server.close();
  });

  it('counts on from what the recording shows, and says what it takes for granted', async () => {
    await production.call(0, ['FLUSHALL']);
    await record(['SET', 'orders', '41']);
    const history = [await record(['INCR', 'orders'])];
    const state = await stateAt(history, clock + 10);
    const told = await ask(state, 'INCR', 'orders');
    expect(told).toMatchObject({ dared: true, response: { reply: { integer: 43 } } });
    expect(told.dared && told.assumptions).toEqual([
      { what: 'key "orders" has its value', exchange: history[0]!.id },
    ]);
    expect(await ask(state, 'INCR', 'visits')).toEqual({
      dared: false,
      reason: 'INCR: key "visits" was never seen before this moment',
    });
  });

  it('knows what was so from what came after, and nothing where the order is not known', async () => {
    await production.call(0, ['FLUSHALL']);
    await record(['HSET', 'user:1', 'name', 'Ann']);
    const moment = clock + 10;
    const later = await record(['HGETALL', 'user:1'], 'c2');
    expect(await ask(await stateAt([later], moment), 'HGET', 'user:1', 'name')).toMatchObject({
      dared: true,
      response: { reply: 'Ann' },
    });
    const read = await record(['GET', 'a']);
    const write = { ...(await record(['SET', 'a', '2'], 'c2')), startedAt: read.startedAt };
    expect(await ask(await stateAt([read, write], clock + 10), 'GET', 'a')).toMatchObject({ dared: false });
  });

  it('does not take a key for alive whose kind is given a time to live', async () => {
    await production.call(0, ['FLUSHALL']);
    await record(['SET', 'session:1', 'x', 'EX', '100']);
    const seen = await record(['GET', 'session:1']);
    const other = await record(['SET', 'session:2', 'y', 'EX', '100']);
    const state = await stateAt([seen, other], clock + 10);
    expect(await ask(state, 'GET', 'session:1')).toMatchObject({
      dared: false,
      reason: /how long .* lives was never seen/,
    });
    expect(await ask(state, 'GET', 'session:2')).toMatchObject({ dared: true, response: { reply: 'y' } });
    expect(await ask(await stateAt([other], other.endedAt! + 101e6), 'GET', 'session:2')).toMatchObject({
      dared: true,
      response: { reply: null },
    });
  });

  it('runs transactions as one, and trusts no key whose recorded values do not follow from one another', async () => {
    await production.call(0, ['FLUSHALL']);
    const set = await record(['SET', 'n', '1']);
    const state = await stateAt([set], clock + 10);
    const queued = [
      { command: 'INCR', args: ['n'] },
      { command: 'GET', args: ['n'] },
    ];
    expect(await state.ask('c', { command: 'MULTI', args: [], db: 0, queued })).toMatchObject({
      dared: true,
      response: { reply: [{ integer: 2 }, '2'] },
    });
    await production.call(0, ['SET', 'n', '50']);
    const odd = await record(['GET', 'n']);
    expect(await ask(await stateAt([set, odd], clock + 10), 'GET', 'n')).toMatchObject({
      dared: false,
      reason: /do not follow from one another/,
    });
  });
});
