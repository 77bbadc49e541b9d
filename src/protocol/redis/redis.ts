import { asBuffer } from '../bytes.ts';
import type { Protocol } from '../port.ts';
import { canonicalRequest, comparableResponse } from './canonical.ts';
import { isHousekeeping, writesCommand } from './commands.ts';
import { redisDecoder, summaryOf } from './decode.ts';
import { redisRequestSchema } from './messages.ts';
import { serveRedis } from './serve.ts';

const INLINE = /^(PING|GET|SET|AUTH|SELECT|INFO|QUIT|ECHO|HELLO|COMMAND|EXISTS|DEL|INCR)( [^\r\n]*)?\r?\n/i;

/** Redis, RESP2 and RESP3. Shapes in `messages.ts`. */
export const redis: Protocol = {
  name: 'redis',
  recognise({ client, port }) {
    const text = asBuffer(client).toString('latin1', 0, 256);
    if (/^\*[1-9]\d{0,6}\r\n\$\d{1,9}\r\n/.test(text)) return 1;
    if (/^\*([1-9]\d{0,6}(\r(\n\$?\d*\r?)?)?)?$/.test(text)) return port === 6379 ? 0.8 : 0.6;
    return INLINE.test(text) && !/ HTTP\/1\.[01]\r?\n/.test(text) ? 0.8 : 0;
  },
  decoder: redisDecoder,
  canonical: canonicalRequest,
  writes(request) {
    const { queued, ...call } = redisRequestSchema.parse(request);
    if (!queued) return writesCommand(call);
    const all = queued.map(writesCommand);
    return all.includes(true) ? true : all.includes(null) ? null : false;
  },
  comparable: comparableResponse,
  summary: (request) => summaryOf(redisRequestSchema.parse(request)),
  housekeeping(request) {
    const { queued, ...call } = redisRequestSchema.parse(request);
    return queued === undefined && isHousekeeping(call);
  },
  serve: serveRedis,
  // Only a judgement needs it, and few of these.
  rebuild: async ({ exchanges }) => (await import('./rebuilt/rebuild.ts')).rebuildRedis(exchanges),
};
