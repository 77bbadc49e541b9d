import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemCode } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import { jsonToBytes } from '../bytes.ts';
import { Peer } from '../peer.ts';
import type { Sent } from '../port.ts';
import { Nonsense, type Reading, type Source } from '../source.ts';
import { httpRequestSchema, type HttpRequest, type HttpResponse } from './messages.ts';
import * as read from './read.ts';

/** Framing is made anew, and the connection is for this request alone. */
const LEFT_OUT = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'expect',
  'trailer',
]);

/**
 * Sends a recorded request and reads its response (`HttpResponse`; with `closed` it may be there in
 * part, `truncated`). `timeoutMs` is for all of it. Never rejects on what the other end
 * does; the socket is destroyed in any case.
 */
export async function sendRequest(
  to: { host: string; port: number } | Duplex,
  request: Json,
  timeoutMs: number,
): Promise<Sent> {
  const parsed = httpRequestSchema.parse(request);
  const socket = 'write' in to ? to : connect(to);
  let failure: Sent['failure'] = null;
  socket.on('error', (error) => {
    if (systemCode(error) === 'ECONNREFUSED') failure ??= 'refused';
  });
  const timer = setTimeout(() => {
    failure ??= 'timeout';
    socket.destroy();
  }, timeoutMs);
  const peer = new Peer(socket);
  try {
    // Not awaited: a server may answer, and end, before it has read everything.
    void peer.write(requestBytes(parsed));
    const response = await peer.read((source) => readResponse(source, parsed.method));
    const whole = response !== undefined && !response.truncated;
    return { response: response ?? null, failure: whole ? null : (failure ?? 'closed') };
  } catch (error) {
    if (!(error instanceof Nonsense)) throw error;
    return { response: null, failure: failure ?? 'closed' };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** The bytes of a request, with `content-length` and `connection: close`. */
function requestBytes(request: HttpRequest): Buffer {
  const plain = request.body === null ? Buffer.alloc(0) : jsonToBytes(request.body);
  const body = request.encoding === null ? plain : read.applyCodings(plain, request.encoding);
  const lines = [`${request.method} ${request.target} HTTP/1.1`];
  for (const [name, value] of request.headers)
    if (!LEFT_OUT.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  if (!request.headers.some(([name]) => name.toLowerCase() === 'host')) lines.push('host: localhost');
  if (
    body.length > 0 ||
    !['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE'].includes(request.method.toUpperCase())
  ) {
    lines.push(`content-length: ${body.length}`);
  }
  lines.push('connection: close');
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

function* readResponse(source: Source, method: string): Reading<HttpResponse | undefined> {
  for (;;) {
    const head = yield* read.readResponseHead(source);
    if (head === undefined) return undefined;
    if (head.status < 200 && head.status !== 101) continue;
    const body = yield* read.readBody(source, read.responseFraming(head, method));
    const { status, reason, headers } = head;
    const { trailers, incomplete } = body;
    return {
      status,
      reason,
      headers,
      ...read.storedBody(body, headers),
      trailers,
      truncated: incomplete !== null,
    };
  }
}
