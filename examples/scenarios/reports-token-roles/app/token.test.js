import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { verify } from './token.js';

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function sign(claims) {
  const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', 'k').update(text).digest('base64url')}`;
}

test('a token holds until it expires, and only with its signature', () => {
  const token = sign({ sub: 'ada', exp: 100 });
  assert.equal(verify(token, 'k', 99).sub, 'ada');
  assert.equal(verify(token, 'k', 101), null);
  assert.equal(verify(token, 'other', 99), null);
  assert.equal(verify('nonsense', 'k'), null);
});
