/** What the load generator is told and what it answers, over the channel between parent and child. */
import { z } from 'zod';

export const orderSchema = z.object({
  port: z.number(),
  connections: z.number(),
  seconds: z.number(),
  /** Requests a second, or null for as many as are answered. */
  rate: z.number().nullable(),
  /** Sent in turn: the bytes as text, and the status that must come back. */
  requests: z.array(z.object({ text: z.string(), status: z.number() })).min(1),
});
export type Order = z.infer<typeof orderSchema>;

export const loadSchema = z.object({
  /** Answers a second, all of them. */
  perSecond: z.number(),
  /** Microseconds. */
  p50: z.number(),
  p99: z.number(),
  /** How many the latencies are of. */
  measured: z.number(),
  answered: z.number(),
  /** Of another status than expected, not answered, or not sent since too many were waiting. */
  failed: z.number(),
});
export type Load = z.infer<typeof loadSchema>;
