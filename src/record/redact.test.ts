import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Exchange } from '../protocol/port.ts';
import { redactExchange, redactJson, redactText } from './redact.ts';
import { shapeOf } from './shape.ts';

test.each([
  ['Authorization: Bearer abcdef.123456', 'Authorization: [credentials]'],
  ['sent Bearer abcdef.123456 to it', 'sent Bearer [credentials] to it'],
  ['Set-Cookie: sid=abc; Path=/', 'Set-Cookie: [cookie]'],
  ['connect postgres://shop:s3cr3t@db:5432/shop', 'connect postgres://shop:[password]@db:5432/shop'],
  ['mail to jane.doe+x@example.co.uk failed', 'mail to [email] failed'],
  ['user=jane%40example.com&x=1', 'user=[email]&x=1'],
  ['card 4111 1111 1111 1111 declined', 'card [card-number] declined'],
  ['order 4111111111111112 of 2024', 'order 4111111111111112 of 2024'],
  ['password=hunter2&name=x', 'password=[redacted]&name=x'],
  ['{"password":"hun ter2","n":1}', '{"password":"[redacted]","n":1}'],
  ["api_key = 'abc def'", "api_key = '[redacted]'"],
  ['DB_PASSWORD: hunter2', 'DB_PASSWORD: [redacted]'],
  [
    "Cannot read properties of undefined (reading 'token')",
    "Cannot read properties of undefined (reading 'token')",
  ],
  ['key AKIAIOSFODNN7EXAMPLE', 'key [aws-key]'],
  ['call +49 170 1234567 now', 'call [phone] now'],
  ['at handler (src/app.js:12:34)', 'at handler (src/app.js:12:34)'],
  ['tokenCount: 12, total: 3', 'tokenCount: 12, total: 3'],
])('%s', (text, redacted) => {
  expect(redactText(text)).toBe(redacted);
});

test('a JWT and a private key go whole', () => {
  const jwt = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"1"}').toString('base64url')}.c2ln`;
  expect(redactText(`token was ${jwt}.`)).toBe('token was [jwt].');
  const key = '-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----';
  expect(redactText(`x\n${key}\ny`)).toBe('x\n[private-key]\ny');
});

test('redaction is stable, and never slow', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      const once = redactText(text);
      expect(redactText(once)).toBe(once);
    }),
  );
  // Quadratic patterns would run into the test's time limit here.
  redactText(
    `${'a'.repeat(100_000)}@${'b.'.repeat(50_000)} ${'1 '.repeat(50_000)} ${'password='.repeat(10_000)}`,
  );
});

const EXCHANGE: Exchange = {
  version: 1,
  id: 'c.0',
  connection: 'c',
  protocol: 'http1',
  direction: 'inbound',
  destination: { host: '127.0.0.1', port: 80 },
  startedAt: 1,
  endedAt: 2,
  request: {
    method: 'POST',
    target: '/login?token=abcdef',
    headers: [
      ['Cookie', 'sid=1'],
      ['X-Api-Key', 'k'],
      ['Content-Type', 'application/json'],
    ],
    body: { text: '{"email":"a@b.example","password":"x","cart":{"card":"4111111111111111"}}' },
  },
  response: {
    columns: [{ name: 'id' }, { name: 'password_hash' }],
    rows: [
      ['1', 'abc'],
      ['2', null],
    ],
  },
  summary: 'POST /login?token=abcdef',
  complete: true,
  incomplete: null,
};

test('exchanges lose header values, members and cells by their names', () => {
  const { request, response, summary } = redactExchange(EXCHANGE);
  expect(request).toEqual({
    method: 'POST',
    target: '/login?token=[redacted]',
    headers: [
      ['Cookie', '[redacted]'],
      ['X-Api-Key', '[redacted]'],
      ['Content-Type', 'application/json'],
    ],
    body: { text: '{"email":"[email]","password":"[redacted]","cart":{"card":"[card-number]"}}' },
  });
  expect(response).toEqual({
    columns: [{ name: 'id' }, { name: 'password_hash' }],
    rows: [
      ['1', '[redacted]'],
      ['2', null],
    ],
  });
  expect(summary).toBe('POST /login?token=[redacted]');
});

test('parameters of a statement about a secret go, and so do the words of AUTH', () => {
  const request = { sql: 'UPDATE users SET password = $1 WHERE id = $2', params: ['hunter2', '7'] };
  expect(redactExchange({ ...EXCHANGE, request }).request).toMatchObject({ params: ['[redacted]', '7'] });
  const sql = "INSERT INTO users (id, password) VALUES (7, 'hunter2'), (8, 'it\\'s')";
  const written = redactExchange({ ...EXCHANGE, request: { sql, params: [] }, summary: sql.slice(0, 50) });
  expect(written.request).toMatchObject({ sql: "INSERT INTO users (id, password) VALUES (7, '[redacted]')" });
  expect(written.summary).toBe("INSERT INTO users (id, password) VALUES (7, '[redacted]'");
  expect(redactJson({ args: ['AUTH', 'default', 'pw'] })).toEqual({
    args: ['AUTH', '[redacted]', '[redacted]'],
  });
});

test('shapes tell types, nullness and lengths, and no value', () => {
  const value = {
    id: 7,
    total: -1.5,
    name: 'Jane',
    note: null,
    tags: ['a', 'b'],
    none: [],
    'a@b.example': true,
    at: '2024-01-01T00:00:00Z',
    qty: '3',
  };
  expect(shapeOf(value)).toBe(
    '{ id: integer, total: negative number, name: string(4), note: null, tags: array(2) of string(1), none: empty array, ' +
      '[string(11, email)]: boolean, at: string(20, date-time), qty: string(1, of digits) }',
  );
  expect(shapeOf([{ a: 1, b: null }, { a: 'x' }, null])).toBe(
    'array(3) of { a: integer | string(1), b?: null } | null',
  );
  fc.assert(
    fc.property(fc.jsonValue(), fc.stringMatching(/^secret[g-z]{8}$/), (json, secret) => {
      expect(shapeOf([json, secret, { v: secret, [`${secret}@x.example`]: 1 }] as never)).not.toContain(
        secret,
      );
    }),
  );
});
