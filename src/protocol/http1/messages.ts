import { z } from 'zod';
import { bytesSchema } from '../bytes.ts';

/** Field lines in the order and spelling in which they were sent. Values are ISO 8859-1 (RFC 9110, section 5.5). */
const headersSchema = z.array(z.tuple([z.string(), z.string()]));
export type Headers = z.infer<typeof headersSchema>;

/**
 * The codings that a body was sent in and that were undone before it was stored (`gzip`, `deflate`, `br`, `zstd`;
 * several as in the header, `gzip, br`). Null: the body is stored as it was sent, which is also so where undoing failed.
 */
const encodingSchema = z.string().nullable();

export const httpRequestSchema = z.object({
  method: z.string(),
  /** As on the request line: `/path?query`, `http://host/path`, `host:port` or `*`. */
  target: z.string(),
  /** `1.1` or `1.0`. */
  version: z.string().default('1.1'),
  headers: headersSchema,
  /** Null: there was none. */
  body: bytesSchema.nullable(),
  encoding: encodingSchema.default(null),
  trailers: headersSchema.default([]),
});
export type HttpRequest = z.infer<typeof httpRequestSchema>;

export const httpResponseSchema = z.object({
  status: z.number(),
  reason: z.string(),
  headers: headersSchema,
  /** Null: there was none (HEAD, 204, 304, length 0). */
  body: bytesSchema.nullable(),
  encoding: encodingSchema.default(null),
  trailers: headersSchema.default([]),
  /** The connection ended before the body did. Replayed in the same way. */
  truncated: z.boolean().default(false),
});
export type HttpResponse = z.infer<typeof httpResponseSchema>;

/** The value of a header, several joined with `, `; undefined if it is not there. */
export function headerOf(message: { headers: Headers }, name: string): string | undefined {
  const values = message.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

/** Media type without parameters, lower case; undefined if none is given. */
export function mediaType(message: { headers: Headers }): string | undefined {
  const type = headerOf(message, 'content-type')?.split(';')[0]?.trim().toLowerCase();
  return type === '' ? undefined : type;
}
