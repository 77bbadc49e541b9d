import { z } from 'zod';
import { textOrBytesSchema, type TextOrBytes } from '../bytes.ts';

const callSchema = z.object({ command: z.string(), args: z.array(textOrBytesSchema) });
export type RedisCall = z.infer<typeof callSchema>;

/**
 * One command. A transaction is one request as a whole, because its commands have effect only together: `MULTI` with
 * what was `queued`, and the reply of EXEC.
 */
export const redisRequestSchema = z.object({
  /** Upper case. */
  command: z.string(),
  args: z.array(textOrBytesSchema),
  /** The database that was selected. */
  db: z.number(),
  queued: z.array(callSchema).optional(),
});
export type RedisRequest = z.infer<typeof redisRequestSchema>;

/**
 * A value of RESP2 or RESP3 with its type kept: a bulk string is a JSON string (or base64), an array an array, the null of
 * either version null; everything else is an object that names its type. Whole numbers beyond 2^53 are strings.
 */
export type Resp =
  | null
  | boolean
  | TextOrBytes
  | Resp[]
  | { simple: string }
  | { error: string }
  | { integer: number | string }
  | { nullArray: true }
  | { double: string }
  | { big: string }
  | { verbatim: string; text: string }
  | { map: [Resp, Resp][] }
  | { set: Resp[] }
  | { push: Resp[] };

const respSchema: z.ZodType<Resp> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    textOrBytesSchema,
    z.array(respSchema),
    z.strictObject({ simple: z.string() }),
    z.strictObject({ error: z.string() }),
    z.strictObject({ integer: z.union([z.number(), z.string()]) }),
    z.strictObject({ nullArray: z.literal(true) }),
    z.strictObject({ double: z.string() }),
    z.strictObject({ big: z.string() }),
    z.strictObject({ verbatim: z.string(), text: z.string() }),
    z.strictObject({ map: z.array(z.tuple([respSchema, respSchema])) }),
    z.strictObject({ set: z.array(respSchema) }),
    z.strictObject({ push: z.array(respSchema) }),
  ]),
);

/** `reply` of a SUBSCRIBE is an array of its confirmations, one a channel. */
export const redisResponseSchema = z.object({ reply: respSchema });

/** `Decoder.facts`. */
export const redisFactsSchema = z.object({
  /** The reply to HELLO and the text of INFO, if the client asked for them. */
  hello: respSchema,
  info: z.string().nullable(),
  /** Messages that were pushed to subscribers; they are counted, not kept. */
  pushes: z.number(),
});
export type RedisFacts = z.infer<typeof redisFactsSchema>;
