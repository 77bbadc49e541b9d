import type { Protocol } from '../port.ts';
import { rawDecoder } from './decode.ts';
import { rawBytesSchema } from './messages.ts';
import { serveRaw } from './serve.ts';

/** Anything that no other protocol knows. It is kept in part, says so, and is never an answer in a replay. */
export const raw: Protocol = {
  name: 'raw',
  recognise: () => 0.01,
  decoder: rawDecoder,
  canonical: (request) => request,
  writes: () => null,
  comparable: (response) => response,
  summary: (request) => `${rawBytesSchema.parse(request).bytes} bytes of an unknown protocol`,
  housekeeping: () => false,
  serve: serveRaw,
};
