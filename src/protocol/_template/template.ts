import { asBuffer } from '../bytes.ts';
import type { Protocol } from '../port.ts';
import { canonicalRequest } from './canonical.ts';
import { linesDecoder, summaryOf } from './decode.ts';
import { lineRequestSchema } from './messages.ts';
import { serveLines } from './serve.ts';

/** A small protocol to begin from (see docs/guides/add-a-protocol.md). It is tested like the others, and not registered. */
export const template: Protocol = {
  name: 'template',
  recognise: ({ client }) =>
    /^ECHO [\x20-\x7e]*\r?\n/.test(asBuffer(client).toString('latin1', 0, 512)) ? 1 : 0,
  decoder: linesDecoder,
  canonical: canonicalRequest,
  writes: (request) => lineRequestSchema.parse(request).line.startsWith('set '),
  comparable: (response) => response,
  summary: (request) => summaryOf(lineRequestSchema.parse(request)),
  housekeeping: () => false,
  serve: serveLines,
};
