import { describe, expect, it } from 'vitest';
import { chunksOf, decodeAll } from '../contract.ts';
import { blockingTimeout } from './commands.ts';
import { redis } from './redis.ts';

const request = (...words: string[]): { command: string; args: string[]; db: number } => ({
  command: words[0]!.toUpperCase(),
  args: words.slice(1),
  db: 0,
});

describe('commands', () => {
  it.each([
    [['GET', 'a'], false],
    [['SET', 'a', '1'], true],
    [['GETDEL', 'a'], true],
    [['CONFIG', 'get', 'x'], false],
    [['CONFIG', 'SET', 'x', '1'], true],
    [['EVAL', 'return 1', '0'], null],
    [['MY.MODULE', 'a'], null],
    [['PING'], false],
    [['PUBLISH', 'c', 'm'], true],
  ] as const)('%j writes: %s', (words, expected) => {
    expect(redis.writes(request(...words))).toBe(expected);
  });

  it('a transaction writes if one of its commands does, and is not known if one is not known', () => {
    const transaction = (...commands: string[]): boolean | null =>
      redis.writes({ ...request('MULTI'), queued: commands.map((command) => ({ command, args: [] })) });
    expect(transaction('GET', 'SET', 'EVAL')).toBe(true);
    expect(transaction('GET', 'EVAL')).toBeNull();
    expect(transaction('GET', 'TTL')).toBe(false);
  });

  it('are equal whatever their letters, and differ by database and argument', () => {
    const same = [request('config', 'get', 'a'), { ...request('CONFIG', 'GET', 'a') }];
    expect(redis.canonical(same[0]!)).toEqual(redis.canonical(same[1]!));
    expect(redis.canonical(request('GET', 'a'))).not.toEqual(redis.canonical(request('GET', 'A')));
    expect(redis.canonical(request('GET', 'a'))).not.toEqual(
      redis.canonical({ ...request('GET', 'a'), db: 1 }),
    );
  });

  it('say how long they wait', () => {
    expect(blockingTimeout(request('BLPOP', 'a', 'b', '0.5'))).toBe(500);
    expect(blockingTimeout(request('BRPOP', 'a', '0'))).toBe(Infinity);
    expect(blockingTimeout(request('BLMPOP', '2', '1', 'a', 'LEFT'))).toBe(2000);
    expect(blockingTimeout(request('XREAD', 'COUNT', '1', 'block', '250', 'STREAMS', 's', '$'))).toBe(250);
    expect(blockingTimeout(request('XREAD', 'STREAMS', 's', '0'))).toBeUndefined();
    expect(blockingTimeout(request('LPOP', 'a'))).toBeUndefined();
  });

  it('passwords are not kept', () => {
    const { exchanges } = decodeAll(
      redis,
      chunksOf(
        ['client', '*3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$6\r\nsecret\r\nHELLO 3 AUTH ann secret\r\n'],
        ['server', '+OK\r\n%1\r\n+proto\r\n:3\r\n'],
      ),
    );
    expect(exchanges.map(({ summary }) => summary)).toEqual(['AUTH', 'HELLO 3']);
    expect(JSON.stringify(exchanges)).not.toContain('secret');
  });
});
