import { z } from 'zod';
import { exchangeSchema } from '../protocol/port.ts';

/**
 * A slice: what is pinned of a recording for one incident, so that it can be replayed when the segments are long gone.
 * Plain JSON, kept as a blob.
 */
export const sliceSchema = z.object({
  version: z.literal(1),
  app: z.string(),
  release: z.string(),
  deployment: z.string(),
  /** The inbound exchange that failed; null when the error could not be tied to a request. */
  failing: z.string().nullable(),
  /** 0 … 1: how sure it is that `failing` caused the error; with the evidence for it. */
  confidence: z.number(),
  confidenceWhy: z.array(z.string()),
  /** All exchanges kept, inbound and outbound, by start time. */
  exchanges: z.array(exchangeSchema),
  /**
   * Outbound exchanges by the inbound exchange that they belong to. One may be listed under several inbound exchanges
   * when they overlapped and nothing told them apart; `shared` then names it.
   */
  callsOf: z.record(z.string(), z.array(z.string())),
  shared: z.array(z.string()),
  /** Outbound exchanges before the first request, or outside any: start-up and timers. Answers for these may be used again. */
  startup: z.array(z.string()),
  /** Facts of the connections to each destination, by `host:port` (see `Decoder.facts`). */
  facts: z.record(z.string(), z.json()),
  /** Connections to these were seen but could not be decoded: `host:port` → why. */
  undecoded: z.record(z.string(), z.string()),
  /**
   * Addresses that refused the app's connections in production; they refuse again at replay. `at`: when, as far as it was during a
   * request that is kept (microseconds since 1970); an address that answered at other times refuses during these requests only.
   */
  refused: z.array(z.object({ host: z.string(), port: z.number(), at: z.array(z.number()).optional() })),
  /**
   * All that was said to servers that keep state from some moment (microseconds since 1970) on, without a gap: what was so at the
   * failure follows from it. Null where no such server was asked; old slices have none.
   */
  history: z
    .object({
      from: z.number(),
      exchanges: z.array(exchangeSchema),
      /** As `facts`, of all these servers. */
      facts: z.record(z.string(), z.json()).default({}),
      /** Servers of which something was not seen, by `host:port`, and what: their exchanges are left out. */
      unsure: z.record(z.string(), z.string()).default({}),
    })
    .nullable()
    .default(null),
  /** Bytes known to be lost on the connections that this slice uses. */
  lostBytes: z.number(),
});
export type Slice = z.infer<typeof sliceSchema>;
