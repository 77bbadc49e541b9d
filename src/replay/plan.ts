import { z } from 'zod';
import { exchangeSchema } from '../protocol/port.ts';

/** What a replay worker is told. Plain JSON, read from its standard input. */
export const replayPlanSchema = z.object({
  version: z.literal(1),
  /** Where the app will listen, inside the sandbox's network. */
  app: z.object({ host: z.string(), port: z.number(), readyTimeoutMs: z.number() }),
  /** All recorded outbound exchanges that answers may come from. */
  exchanges: z.array(exchangeSchema),
  /** Mock servers, one a recorded destination. `facts` as in the slice. */
  destinations: z.array(
    z.object({ host: z.string(), port: z.number(), protocol: z.string(), facts: z.json() }),
  ),
  /** Ids of exchanges whose answers may be used any number of times. */
  startup: z.array(z.string()),
  /** The requests to send, in order. */
  requests: z.array(
    z.object({
      /** Names the result. For a recorded request its exchange's id; variants add `~N`. */
      id: z.string(),
      request: z.json(),
      /** Outbound exchanges that answer this request's calls, each once, in recorded order. */
      pool: z.array(z.string()),
      /** Recorded duration; deadlines are multiples of it, with a floor. */
      timeoutMs: z.number(),
    }),
  ),
  /** By protocol: paths in canonical requests (array positions as `*`) proved to differ between equal runs. */
  noise: z.record(z.string(), z.array(z.string())),
});
export type ReplayPlan = z.infer<typeof replayPlanSchema>;

export const matchSchema = z.enum(['exact', 'normalised', 'rebuilt', 'similar', 'none']);
export type Match = z.infer<typeof matchSchema>;

/** One outgoing call that the app made during a replay. */
export const callSchema = z.object({
  /** The replayed request during which it was made; null at start-up. */
  during: z.string().nullable(),
  protocol: z.string(),
  destination: z.string(),
  summary: z.string(),
  request: z.json(),
  canonical: z.json(),
  writes: z.boolean().nullable(),
  match: matchSchema,
  /** The recorded exchange that answered it. */
  exchange: z.string().nullable(),
  /** For `none` and `similar`: the nearest recorded call and where it differs. */
  nearest: z
    .object({
      exchange: z.string(),
      summary: z.string(),
      differences: z.array(z.object({ path: z.string(), before: z.json().optional(), after: z.json().optional() })),
    })
    .nullable(),
  at: z.number(),
});
export type Call = z.infer<typeof callSchema>;

/** What a replay worker answers on its standard output. */
export const replayResultSchema = z.object({
  version: z.literal(1),
  /** Whether the app accepted a connection in time; milliseconds it took. */
  ready: z.boolean(),
  readyMs: z.number(),
  responses: z.array(
    z.object({
      id: z.string(),
      /** The protocol's response JSON; null when none came. */
      response: z.json().nullable(),
      /** `timeout`, `closed` (the connection ended without an answer), `refused`. */
      failure: z.enum(['timeout', 'closed', 'refused']).nullable(),
      startedAt: z.number(),
      endedAt: z.number(),
    }),
  ),
  calls: z.array(callSchema),
  /** Destinations that were asked for and were never recorded. */
  strays: z.array(z.object({ address: z.string(), port: z.number(), count: z.number() })),
});
export type ReplayResult = z.infer<typeof replayResultSchema>;
