import { gzipSync } from 'node:zlib';
import { chunksOf, type Fixture } from '../contract.ts';
import { http1 } from './http1.ts';

const zipped = gzipSync('{"zipped":true}');

export const http1Fixture: Fixture = {
  protocol: http1,
  served: true,
  decoded: true,
  conversations: [
    {
      name: 'keep-alive, lengths, chunks and trailers',
      exchanges: 4,
      chunks: chunksOf(
        ['client', 'GET /a?x=1&y=2 HTTP/1.1\r\nHost: up.test:80\r\nAccept: */*\r\n\r\n'],
        ['server', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 8\r\n\r\n{"a": 1}'],
        [
          'client',
          'POST /b HTTP/1.1\r\nHost: up.test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
        ],
        ['client', '5\r\n{"b":\r\n4;x=y\r\n 22}\r\n0\r\nDigest: abc\r\n\r\n'],
        [
          'server',
          'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nSet-Cookie: sid=1; Path=/\r\n\r\n3\r\nabc\r\n',
        ],
        ['server', '0\r\nX-Sum: 9\r\n\r\n'],
        ['client', 'HEAD /c HTTP/1.1\r\nHost: up.test\r\n\r\n'],
        ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'],
        ['client', 'DELETE /d HTTP/1.1\r\nHost: up.test\r\n\r\n'],
        ['server', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ),
    },
    {
      name: 'a pipeline, with an interim response and a compressed one',
      exchanges: 3,
      chunks: chunksOf(
        [
          'client',
          'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPUT /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\x00\xff\xfe\x01',
        ],
        ['client', 'GET /3 HTTP/1.1\r\nHost: a\r\n\r\n'],
        [
          'server',
          'HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\nHTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
        ],
        ['server', `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`],
        ['server', zipped],
        ['server', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n'],
      ),
    },
    {
      name: 'a body that ends with its connection',
      endsWithConnection: true,
      exchanges: 1,
      chunks: chunksOf(
        ['client', 'GET /old HTTP/1.0\r\n\r\n'],
        ['server', 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nall that '],
        ['server', 'there is'],
      ),
    },
  ],
  hostile: [
    { name: 'another protocol', chunks: chunksOf(['client', '\x16\x03\x01\x02\x00\x01\r\n']) },
    { name: 'an endless request line', chunks: chunksOf(['client', `GET /${'a'.repeat(70_000)}`]) },
    {
      name: 'endless headers',
      chunks: chunksOf(['client', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(20_000)}`]),
    },
    {
      name: 'two lengths',
      chunks: chunksOf(['client', 'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello']),
    },
    {
      name: 'a chunk without a size',
      chunks: chunksOf(['client', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']),
    },
    {
      name: 'a response that is none',
      chunks: chunksOf(['client', 'GET / HTTP/1.1\r\n\r\n'], ['server', 'SSH-2.0-OpenSSH_9.2\r\n']),
    },
    {
      name: 'a change of protocol',
      chunks: chunksOf(
        ['client', 'GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
        ['server', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
        ['server', '\x81\x05hello'],
      ),
    },
  ],
};
