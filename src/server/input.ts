import { VouchError } from '../lib/errors.ts';
import { parseJson, type Json } from '../lib/json.ts';

/** A patch of 4 MiB, escaped as JSON, with room. */
const MAX_BODY = 10 * 1024 * 1024;

/** The request's body as JSON; none is an empty object. Reads `maxBytes` at most. Throws `usage`. */
export async function readJson(request: Request, maxBytes = MAX_BODY): Promise<Json> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const tooLarge = new VouchError('usage', `body: larger than ${maxBytes} bytes`);
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > maxBytes) throw tooLarge;
    parts.push(part);
  }
  if (size === 0) return {};
  // Browsers send other types across sites without asking; JSON they ask for first.
  if (!/^application\/json\b/i.test(request.headers.get('content-type') ?? '')) {
    throw new VouchError('usage', 'body: must be application/json');
  }
  const value = parseJson(Buffer.concat(parts).toString('utf8'));
  if (value === undefined) throw new VouchError('usage', 'body: not JSON');
  return value;
}
