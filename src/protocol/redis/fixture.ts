import { chunksOf, type Fixture } from '../contract.ts';
import { redis } from './redis.ts';

/** A command as clients send it. */
function command(...words: string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word, 'latin1')}\r\n${word}\r\n`).join('')}`;
}

export const redisFixture: Fixture = {
  protocol: redis,
  served: true,
  decoded: true,
  conversations: [
    {
      name: 'RESP2: pipelines, transactions, a subscription',
      exchanges: 11,
      chunks: chunksOf(
        ['client', command('SELECT', '2') + command('INFO')],
        ['server', '+OK\r\n$27\r\nredis_version:7.0.15\r\nx:1\r\n\r\n'],
        ['client', command('get', 'a') + command('HGETALL', 'h') + command('INCR', 'n')],
        [
          'server',
          '$3\r\n\xe9\x00\x01\r\n*4\r\n$1\r\nk\r\n$1\r\nv\r\n$1\r\nn\r\n$-1\r\n:9007199254740993\r\n',
        ],
        ['client', command('MULTI') + command('SET', 'a', '1') + command('GET', 'a') + command('EXEC')],
        ['server', '+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n$1\r\n1\r\n'],
        ['client', command('MULTI')],
        ['server', '+OK\r\n'],
        ['client', command('DEL', 'a') + command('DISCARD')],
        ['server', '+QUEUED\r\n+OK\r\n'],
        ['client', command('LPUSH', 's', 'x')],
        ['server', '-WRONGTYPE Operation against a key holding the wrong kind of value\r\n'],
        ['client', command('BLPOP', 'q', '1')],
        ['server', '*-1\r\n'],
        ['client', 'EXISTS a b\r\n'],
        ['server', ':1\r\n'],
        ['client', command('SUBSCRIBE', 'c1', 'c2')],
        ['server', '*3\r\n$9\r\nsubscribe\r\n$2\r\nc1\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$2\r\nc2\r\n:2\r\n'],
        ['server', '*3\r\n$7\r\nmessage\r\n$2\r\nc1\r\n$5\r\nhello\r\n'],
        ['client', command('PING')],
        ['server', '*2\r\n$4\r\npong\r\n$0\r\n\r\n'],
      ),
    },
    {
      name: 'RESP3: its types, a push between replies',
      exchanges: 5,
      chunks: chunksOf(
        ['client', command('HELLO', '3')],
        ['server', '%2\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:3\r\n'],
        ['client', command('HGETALL', 'h') + command('SMEMBERS', 's')],
        [
          'server',
          '%1\r\n$1\r\nk\r\n~2\r\n,1.5\r\n#t\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n|1\r\n+ttl\r\n:3\r\n~1\r\n_\r\n',
        ],
        ['client', command('LOLWUT') + command('EVAL', 'x', '0')],
        ['server', '=7\r\ntxt:art\r\n!9\r\nERR large\r\n'],
      ),
    },
  ],
  hostile: [
    { name: 'another protocol', chunks: chunksOf(['client', 'GET /a?b HTTP/1.1\r\nHost: {}\r\n\r\n\x00']) },
    { name: 'a string that claims 1 GB', chunks: chunksOf(['client', '*1\r\n$1073741824\r\n']) },
    { name: 'an array that claims 2 billion', chunks: chunksOf(['client', '*2147483647\r\n']) },
    {
      name: 'arrays without end',
      chunks: chunksOf(['client', command('GET', 'a')], ['server', '*1\r\n'.repeat(40)]),
    },
    { name: 'a string longer than its length', chunks: chunksOf(['client', '*1\r\n$2\r\nabcd\r\n']) },
    { name: 'a monitor', chunks: chunksOf(['client', command('MONITOR')]) },
    { name: 'no value', chunks: chunksOf(['client', command('GET', 'a')], ['server', 'HTTP/1.1 400\r\n']) },
  ],
};
