import { expect, it } from 'vitest';
import { httpDecoder } from './decode.ts';
import { MAX_BODY } from './read.ts';

it('keeps the answer to a request whose body is nearly as large as any may be', () => {
  const decoder = httpDecoder();
  const body = Buffer.alloc(MAX_BODY - 1, 0xff);
  const head = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`;
  decoder.push({ side: 'client', at: 1, bytes: Buffer.concat([Buffer.from(head), body]) });
  const answer = Buffer.from('HTTP/1.1 500 X\r\nContent-Length: 6\r\n\r\nfailed');
  const decoded = [...decoder.push({ side: 'server', at: 2, bytes: answer }), ...decoder.end(3)];
  expect(decoded).toMatchObject([
    { complete: true, response: { status: 500, body: { text: 'failed' }, truncated: false } },
  ]);
});

it('holds requests that wait for their answers to one limit together', () => {
  const decoder = httpDecoder();
  const body = Buffer.alloc(MAX_BODY / 2, 0xff);
  const request = Buffer.concat([
    Buffer.from(`POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);
  for (let at = 1; at <= 3; at++) decoder.push({ side: 'client', at, bytes: request });
  const decoded = decoder.end(9);
  const kept = decoded.map(({ request: said }) => JSON.stringify(said).length > body.length);
  expect(kept).toEqual([true, true, false]);
  expect(decoded[2]!.complete).toBe(false);
});
