import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRedis, type RedisService } from '../../src/eval/services/redis.ts';
import { run } from '../../src/lib/process.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { redisResponseSchema } from '../../src/protocol/redis/messages.ts';
import { redis } from '../../src/protocol/redis/redis.ts';
import { needs } from '../needs.ts';
import { decodeConnections, startMock, startRelay } from './protocol-setup.ts';

const FILL = `
SET greeting hello
HSET user:1 name Ann age 41
RPUSH queue a b c
SADD colours red
ZADD scores 1.5 ann 2 bob
`;

const thrown = (error: unknown): unknown => (error instanceof Error ? [error.name, error.message] : error);

/** The work of a program with node-redis, in RESP2 or RESP3. */
async function withNodeRedis(port: number, version: 2 | 3): Promise<unknown> {
  const client = createClient({ socket: { host: '127.0.0.1', port }, database: 0, RESP: version });
  client.on('error', () => {});
  await client.connect();
  const said: unknown[] = [];
  said.push(
    await Promise.all([
      client.get('greeting'),
      client.get('nothing'),
      client.hGetAll('user:1'),
      client.ping(),
    ]),
  );
  said.push(await client.zRangeWithScores('scores', 0, -1), await client.sMembers('colours'));
  said.push(await client.incr(`n${version}`), await client.incr(`n${version}`));
  said.push(
    await client
      .multi()
      .set(`a${version}`, '1')
      .get(`a${version}`)
      .lPush('greeting', 'x')
      .exec()
      .catch(thrown),
  );
  said.push(await client.lPush('greeting', 'x').catch(thrown));
  said.push(await client.eval('return {1, "two", false, {3}}', { keys: [], arguments: [] }));
  await client.select(3);
  said.push(await client.get('greeting'), await client.exists(['greeting', 'user:1']));
  said.push(await client.info('server').then((text) => /redis_version:(\S+)/.exec(String(text))?.[1]));
  await client.close();
  return said;
}

/** The same with ioredis, which asks INFO before it is ready. */
async function withIoredis(port: number): Promise<unknown> {
  const client = new Redis({ host: '127.0.0.1', port, db: 0, connectionName: 'shop' });
  const said: unknown[] = [];
  said.push(await client.hgetall('user:1'), await client.getBuffer('greeting'));
  said.push(
    await client
      .pipeline()
      .get('greeting')
      .lrange('queue', 0, -1)
      .incr('io')
      .lpush('greeting', 'x')
      .exec()
      .then((all) => all?.map(([error, value]) => (error ? thrown(error) : value))),
  );
  said.push(await client.multi().set('io:a', 'b').get('io:a').exec());
  said.push(
    await client.blpop('queue', 1),
    await client.set('k', 'v', 'EX', 100),
    await client.client('GETNAME'),
  );
  said.push(await client.setex('bin', 60, Buffer.from([0, 255, 13, 10])), await client.getBuffer('bin'));
  const subscriber = client.duplicate();
  said.push(await subscriber.subscribe('news', 'weather'));
  said.push(await subscriber.unsubscribe('news'));
  subscriber.disconnect();
  await client.quit();
  return said;
}

async function program(port: number): Promise<unknown[]> {
  return [await withNodeRedis(port, 2), await withNodeRedis(port, 3), await withIoredis(port)];
}

const installed = await run(['redis-server', '--version']).then(
  ({ code }) => code === 0,
  () => false,
);

needs(installed, 'redis-server: apt-get install redis-server')('Redis, recorded and replayed', () => {
  let folder: string;
  let server: RedisService;
  let said: unknown[];
  let recording: ReturnType<typeof decodeConnections>;

  beforeAll(async () => {
    folder = await scratchDir('protocol-redis');
    server = await startRedis(join(folder, 'redis'), FILL);
    const relay = await startRelay(server.port);
    said = await program(relay.port);
    await relay.close();
    recording = decodeConnections(redis, relay);
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('decodes everything that was said, complete', () => {
    const { exchanges } = recording;
    expect(exchanges.filter(({ complete }) => !complete)).toEqual([]);
    const transactions = exchanges.filter(({ summary }) => summary.startsWith('MULTI'));
    expect(transactions.map(({ summary }) => summary)).toEqual([
      'MULTI SET, GET, LPUSH',
      'MULTI SET, GET, LPUSH',
      'MULTI SET, GET',
    ]);
    const map = exchanges.findLast(({ summary }) => summary === 'ZRANGE scores 0 -1 WITHSCORES');
    expect(redisResponseSchema.parse(map!.response).reply).toEqual([
      ['ann', { double: '1.5' }],
      ['bob', { double: '2' }],
    ]);
  });

  it('gives the same program the same results from the mock', async () => {
    const mock = await startMock(redis, recording.exchanges, recording.facts);
    try {
      expect(await program(mock.port)).toEqual(said);
      expect(mock.missed).toEqual([]);
    } finally {
      await mock.close();
    }
  });

  it('says what was not recorded as an error; what waits for something waits', async () => {
    const mock = await startMock(redis, recording.exchanges, recording.facts);
    const client = new Redis({ host: '127.0.0.1', port: mock.port, retryStrategy: () => null });
    try {
      await expect(client.get('never')).rejects.toThrow(/^ERR vouch: never recorded/);
      expect(await client.blpop('other', 0.05)).toBeNull();
      await expect(client.ping()).resolves.toBe('PONG');
    } finally {
      client.disconnect();
      await mock.close();
    }
  });
});
