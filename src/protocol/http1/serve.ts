import type { Duplex } from 'node:stream';
import { jsonToBytes } from '../bytes.ts';
import { Peer } from '../peer.ts';
import type { Answers } from '../port.ts';
import { Nonsense, type Reading, type Source } from '../source.ts';
import {
  headerOf,
  httpResponseSchema,
  type Headers,
  type HttpRequest,
  type HttpResponse,
} from './messages.ts';
import * as read from './read.ts';
import { summaryOf } from './decode.ts';

/** Said anew by whoever frames the message. */
const FRAMING = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'trailer',
  'upgrade',
]);

/**
 * Serves HTTP/1.1 on a socket. A recorded response is sent with its own status, reason, headers and body; only the
 * framing is made anew. A recorded connection that ended without a response (null) is ended in the same way, and one
 * that ended inside a body (`truncated`) too. A call without an answer gets status 502 with the header `x-vouch:
 * unanswered` and the reason as its text, for a client has no other place to see it.
 */
export async function serveHttp(socket: Duplex, answers: Answers): Promise<void> {
  const peer = new Peer(socket);
  try {
    while (!peer.closed) {
      const request = await readRequest(peer);
      if (request === undefined) break;
      const answer = await answers.answer(request);
      if (answer.found && answer.response === null) {
        peer.destroy();
        return;
      }
      const response = answer.found
        ? httpResponseSchema.parse(answer.response)
        : unanswered(request, answer.reason);
      const close = closes(request) || closes(response) || response.truncated;
      await peer.write(responseBytes(response, request, close));
      if (close) break;
    }
  } catch (error) {
    if (!(error instanceof Nonsense)) throw error;
    const body = `vouch: ${error.message}\n`;
    await peer.write(
      `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  } finally {
    await peer.close();
  }
}

async function readRequest(peer: Peer): Promise<HttpRequest | undefined> {
  const head = await peer.read(read.readRequestHead);
  if (head === undefined) return undefined;
  if (headerOf(head, 'expect')?.toLowerCase() === '100-continue')
    await peer.write('HTTP/1.1 100 Continue\r\n\r\n');
  const framing = read.requestFraming(head);
  const body = await peer.read((source: Source): Reading<read.Body> => read.readBody(source, framing));
  if (body.incomplete !== null) return undefined;
  const { method, target, version, headers } = head;
  return { method, target, version, headers, ...read.storedBody(body, headers), trailers: body.trailers };
}

function unanswered(request: HttpRequest, reason: string): HttpResponse {
  const text = `vouch: no recorded answer to ${summaryOf(request)}: ${reason}\n`;
  return {
    status: 502,
    reason: 'Not Recorded',
    headers: [
      ['content-type', 'text/plain; charset=utf-8'],
      ['x-vouch', 'unanswered'],
    ],
    body: { text },
    encoding: null,
    trailers: [],
    truncated: false,
  };
}

function closes(message: { headers: Headers; version?: string }): boolean {
  const connection = headerOf(message, 'connection')?.toLowerCase() ?? '';
  if (message.version === '1.0') return !/\bkeep-alive\b/.test(connection);
  return /\bclose\b/.test(connection);
}

function responseBytes(response: HttpResponse, request: HttpRequest, close: boolean): Buffer {
  const bare =
    read.responseFraming({ ...response, version: '1.1', startedAt: 0 }, request.method).kind === 'none';
  const plain = response.body === null ? Buffer.alloc(0) : jsonToBytes(response.body);
  const body = response.encoding === null ? plain : read.applyCodings(plain, response.encoding);
  const lines = [`HTTP/1.1 ${response.status} ${response.reason}`];
  for (const [name, value] of response.headers)
    if (!FRAMING.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  if (response.status === 101) {
    for (const name of ['upgrade', 'connection'])
      lines.push(`${name}: ${headerOf(response, name) ?? 'upgrade'}`);
  } else if (close) lines.push('connection: close');
  const recorded = headerOf(response, 'content-length');
  const trailers = !bare && !response.truncated && response.trailers.length > 0;
  if (bare) {
    if (recorded !== undefined) lines.push(`content-length: ${recorded}`);
  } else if (response.truncated) {
    // More is promised than will come, as it was then; without a length the end of the connection is all there was.
    if (recorded !== undefined) lines.push(`content-length: ${recorded}`);
    else if (headerOf(response, 'transfer-encoding') !== undefined) lines.push('transfer-encoding: chunked');
  } else if (trailers) lines.push('transfer-encoding: chunked');
  else lines.push(`content-length: ${body.length}`);
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (bare) return head;
  const chunked = trailers || lines.at(-1) === 'transfer-encoding: chunked';
  if (!chunked || body.length === 0) return Buffer.concat([head, body]);
  const last = trailers
    ? `\r\n0\r\n${response.trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
    : '';
  return Buffer.concat([
    head,
    Buffer.from(`${body.length.toString(16)}\r\n`),
    body,
    Buffer.from(last, 'latin1'),
  ]);
}
