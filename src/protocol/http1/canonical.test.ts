import { describe, expect, it } from 'vitest';
import { http1 } from './http1.ts';
import type { Headers, HttpRequest } from './messages.ts';

function request(
  target: string,
  body: string | null = null,
  type?: string,
  headers: Headers = [],
): HttpRequest {
  const all: Headers = [
    ['Host', 'Up.test:80'],
    ...headers,
    ...(type === undefined ? [] : ([['Content-Type', type]] as Headers)),
  ];
  return {
    method: 'POST',
    target,
    version: '1.1',
    headers: all,
    body: body === null ? null : { text: body },
    encoding: null,
    trailers: [],
  };
}

const canonical = (...parts: Parameters<typeof request>): unknown => http1.canonical(request(...parts));
const multipart = (boundary: string, value = 'v'): [string, string] => [
  `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n--${boundary}--\r\n`,
  `multipart/form-data; boundary=${boundary}`,
];

describe('requests that mean the same are equal', () => {
  it.each<[string, Parameters<typeof request>, Parameters<typeof request>]>([
    ['order of the query', ['/p?b=2&a=1&a=0'], ['/p?a=0&a=1&b=2']],
    ['spelling of escapes', ['/caf%c3%a9/%7Ea?x=%20'], ['/caf%C3%A9/~a?x=+']],
    ['an absolute target', ['http://UP.test/p'], ['/p']],
    [
      'JSON by value',
      ['/', '{"a":1,"b":[1,2]}', 'application/json; charset=utf-8'],
      ['/', '{ "b": [1, 2], "a": 1 }', 'application/json'],
    ],
    [
      'forms in any order',
      ['/', 'a=1&b=%C3%A4', 'application/x-www-form-urlencoded'],
      ['/', 'b=ä&a=1', 'application/x-www-form-urlencoded'],
    ],
    ['the boundary of parts', ['/', ...multipart('one')], ['/', ...multipart('two')]],
    [
      'headers of the client itself',
      [
        '/',
        null,
        undefined,
        [
          ['User-Agent', 'a'],
          ['traceparent', '00-1'],
        ],
      ],
      ['/'],
    ],
  ])('%s', (_name, a, b) => {
    expect(canonical(...a)).toEqual(canonical(...b));
  });
});

describe('requests that mean something else differ', () => {
  it.each<[string, Parameters<typeof request>, Parameters<typeof request>]>([
    ['an encoded slash', ['/a%2Fb'], ['/a/b']],
    ['a value of JSON', ['/', '{"a":1}', 'application/json'], ['/', '{"a":"1"}', 'application/json']],
    [
      'long numbers',
      ['/', '{"id":9007199254740993}', 'application/json'],
      ['/', '{"id":9007199254740992}', 'application/json'],
    ],
    ['order in JSON lists', ['/', '[1,2]', 'application/json'], ['/', '[2,1]', 'application/json']],
    ['a part', ['/', ...multipart('one')], ['/', ...multipart('one', 'w')]],
    [
      'who asks',
      ['/', null, undefined, [['Authorization', 'Bearer a']]],
      ['/', null, undefined, [['authorization', 'Bearer b']]],
    ],
    [
      'a body that only looks like JSON',
      ['/', '{"a":1', 'application/json'],
      ['/', '{"a":1}', 'application/json'],
    ],
    ['no body', ['/'], ['/', ' ']],
  ])('%s', (_name, a, b) => {
    expect(canonical(...a)).not.toEqual(canonical(...b));
  });
});

it('writes unless the method is safe', () => {
  const writes = (method: string): boolean | null => http1.writes({ ...request('/'), method });
  expect(['GET', 'head', 'OPTIONS'].map(writes)).toEqual([false, false, false]);
  expect(['POST', 'PUT', 'PATCH', 'DELETE', 'MKCOL'].map(writes)).toEqual([true, true, true, true, true]);
});

it('compares a response by status, type, location, names of cookies and its body by type', () => {
  const response = {
    status: 302,
    reason: 'Found',
    body: { text: '{"b":1,"a":2}' },
    encoding: null,
    trailers: [],
    truncated: false,
  };
  const headers: Headers = [
    ['Content-Type', 'application/json; charset=utf-8'],
    ['Date', 'now'],
    ['Location', '/x'],
    ['Set-Cookie', 'sid=secret; Path=/'],
    ['set-cookie', 'a=1'],
  ];
  expect(http1.comparable({ ...response, headers })).toEqual({
    status: 302,
    type: 'application/json',
    location: '/x',
    cookies: ['a', 'sid'],
    body: { a: 2, b: 1 },
  });
  expect(http1.comparable(null)).toBeNull();
});

it('compares what is nested beyond reason as text: nothing that walks it may exhaust the stack', () => {
  const lists = '['.repeat(100_000) + ']'.repeat(100_000);
  const numbered = `[1234567890123456789,${lists}]`;
  for (const text of [lists, numbered]) {
    const { body } = canonical('/', text, 'application/json') as { body: unknown };
    expect(body).toBe(text);
  }
  let [text, type] = multipart('b0');
  for (let i = 1; i <= 500; i++) {
    text = `--b${i}\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: ${type}\r\n\r\n${text}\r\n--b${i}--\r\n`;
    type = `multipart/mixed; boundary=b${i}`;
  }
  expect(JSON.stringify(canonical('/', text, type)).split('filename')).toHaveLength(6);
});
