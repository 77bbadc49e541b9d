import { asBuffer } from '../bytes.ts';
import type { Protocol } from '../port.ts';
import { canonicalRequest, comparableResponse } from './canonical.ts';
import { sendRequest } from './client.ts';
import { httpDecoder, looksLikeRequest, summaryOf } from './decode.ts';
import { httpRequestSchema } from './messages.ts';
import { serveHttp } from './serve.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** HTTP/1.0 and 1.1 (RFC 9110, RFC 9112). Shapes in `messages.ts`. */
export const http1: Protocol = {
  name: 'http1',
  recognise({ client, server }) {
    const text = asBuffer(client).toString('latin1', 0, 4096);
    if (text.startsWith('PRI * HTTP/2')) return 0;
    if (/^[A-Z][A-Z-]{1,19} \S+ HTTP\/1\.[01]\r?\n/.test(text)) return 1;
    if (client.length > 0) return looksLikeRequest(asBuffer(client)) === true ? 0.8 : 0;
    return /^HTTP\/1\.[01] \d/.test(asBuffer(server).toString('latin1', 0, 16)) ? 0.7 : 0;
  },
  decoder: httpDecoder,
  canonical: canonicalRequest,
  /** By the method alone (RFC 9110, section 9.2.1): a GET that changes something breaks its own contract. */
  writes: (request) => !SAFE.has(httpRequestSchema.parse(request).method.toUpperCase()),
  comparable: comparableResponse,
  summary: (request) => summaryOf(httpRequestSchema.parse(request)),
  housekeeping: () => false,
  serve: serveHttp,
  send: sendRequest,
};
