import { expect, test } from 'vitest';
import { backoffMs, boundedFetch, causeOf, retryAfterMs } from './http-client.ts';

test.each([
  [{ 'retry-after': '7' }, 7000],
  [{ 'retry-after': ' 0.5 ' }, 500],
  [{ 'retry-after-ms': '250', 'retry-after': '7' }, 250],
  [{ 'retry-after': 'Thu, 01 Jan 1970 00:01:00 GMT' }, 59_000],
  [{ 'retry-after': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 0],
  [{ 'retry-after': 'soon' }, null],
  [{ 'retry-after': '-5' }, null],
  [{}, null],
])('Retry-After of %j', (headers, ms) => {
  expect(retryAfterMs(headers, 1000)).toBe(ms);
});

test('waits double up to their bound', () => {
  expect([0, 1, 2, 10].map((attempt) => backoffMs(attempt, () => 1, 5000))).toEqual([1000, 2000, 4000, 5000]);
  expect(backoffMs(3, () => 0)).toBe(100);
});

test('a response over its bound fails, one within it passes with its address', async () => {
  const inner = async (): Promise<Response> =>
    new Response('x'.repeat(100), { status: 201, headers: { a: 'b' } });
  const fine = await boundedFetch('it', 100, inner)('http://x/');
  expect([fine.status, fine.headers.get('a'), await fine.text()]).toEqual([201, 'b', 'x'.repeat(100)]);
  const long = await boundedFetch('it', 99, inner)('http://x/');
  await expect(long.text()).rejects.toThrow('it sent more than 99 bytes');
});

test('a redirect is an error', async () => {
  const inner = async (): Promise<Response> =>
    new Response(null, { status: 302, headers: { location: 'http://y/' } });
  await expect(boundedFetch('it', 99, inner)('http://x/')).rejects.toMatchObject({
    code: 'usage',
    hint: expect.stringContaining('http://y/'),
  });
});

test('a cause is found, and a ring of causes ends', () => {
  const ring = new Error('a');
  ring.cause = ring;
  expect(causeOf(ring, (one): one is string => typeof one === 'string')).toBeUndefined();
  expect(causeOf(new Error('a', { cause: 'b' }), (one): one is string => typeof one === 'string')).toBe('b');
});
