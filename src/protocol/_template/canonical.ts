import type { Json } from '../../lib/json.ts';
import { lineRequestSchema } from './messages.ts';

/** Equal for requests that mean the same to the server: here, white space does not count. */
export function canonicalRequest(request: Json): Json {
  return { line: lineRequestSchema.parse(request).line.trim().replace(/\s+/g, ' ') };
}
