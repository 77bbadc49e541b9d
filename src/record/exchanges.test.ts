import { describe, expect, it } from 'vitest';
import type { RecordedConnection } from './connections-model.ts';
import { ExchangeCache, decodeConnection } from './exchanges.ts';

function connection(
  id: string,
  bodies: number[],
  part: Partial<RecordedConnection> = {},
): RecordedConnection {
  const end = { host: '127.0.0.1', port: 80 };
  return {
    id,
    direction: 'inbound',
    transport: 'tcp',
    pid: 1,
    openedAt: 1,
    closedAt: null,
    local: end,
    remote: end,
    chunks: bodies.map((length, i) => ({ side: 'client', at: i, bytes: Buffer.alloc(length, 0xff) })),
    lostBytes: 0,
    incomplete: null,
    unseen: null,
    failed: null,
    ...part,
  };
}

const keep = (cache: ExchangeCache, ...given: RecordedConnection[]): void => {
  for (const one of given) cache.keep(one, decodeConnection(one));
};

describe('the cache of decoded connections', () => {
  it('holds what did not change, and knows what did', () => {
    const cache = new ExchangeCache();
    const one = connection('a', [10, 20]);
    keep(cache, one);
    expect(cache.get({ ...one })).toBeDefined();
    expect(cache.get(connection('a', [10, 20, 5]))).toBeUndefined();
    expect(cache.get(connection('a', [10, 20], { closedAt: 9 }))).toBeUndefined();
    // The same connection, read from a later time on.
    expect(cache.get({ ...one, chunks: one.chunks.slice(1) })).toBeUndefined();
    expect(cache.get(connection('b', [10, 20]))).toBeUndefined();
  });

  it('is bounded by what the connections carried: the oldest go first, and one too large is not kept', () => {
    const cache = new ExchangeCache(1000);
    const all = Array.from({ length: 50 }, (_, i) => connection(`c${i}`, [100, 50]));
    keep(cache, ...all);
    expect(cache.bytes).toBe(900);
    expect(all.filter((each) => cache.get(each) !== undefined).map(({ id }) => id)).toEqual(
      all.slice(-6).map(({ id }) => id),
    );
    keep(cache, connection('large', [900]));
    expect(cache.bytes).toBe(900);
    keep(cache, connection('c49', [100, 50, 25]));
    expect(cache.bytes).toBe(925);
  });
});
