import { z } from 'zod';
import { exchangeSchema } from '../protocol/port.ts';

/** What a replay worker is told. Plain JSON, read from its standard input. */
const replayPlanSchema = z.object({
  version: z.literal(1),
  /** Where the app will listen, inside the sandbox's network. */
  app: z.object({ host: z.string(), port: z.number(), readyTimeoutMs: z.number() }),
  /** All recorded outbound exchanges that answers may come from. */
  exchanges: z.array(exchangeSchema),
  /** Mock servers, one a recorded destination. `facts` as in the slice. */
  destinations: z.array(
    z.object({ host: z.string(), port: z.number(), protocol: z.string(), facts: z.json() }),
  ),
  /**
   * `sequential`: each request waits for the answer to the one before. `recorded`: requests with an offset start at their recorded
   * distances and recorded answers take their recorded time, for failures that need an overlap.
   */
  schedule: z.enum(['sequential', 'recorded']),
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
      /** Microseconds since 1970: answers recorded elsewhere are chosen by their distance to it. */
      recordedAt: z.number(),
      /** Milliseconds after the first request that has an offset; null: it waits for the answer to the one before. */
      offsetMs: z.number().nullable(),
      /** It is not sent earlier than this after the program's start, so that the program's clock is where it was. Milliseconds. */
      notBeforeMs: z.number(),
      /** A multiple of the recorded duration, with a floor. */
      timeoutMs: z.number(),
      /** Those of the pool that began after the answer: the driver waits a little for them. */
      late: z.array(z.string()),
      /** Destinations (see `destinationName`) that refuse connections while it is under way, as they did then. */
      refused: z.array(z.string()),
    }),
  ),
  /** Milliseconds to stay after the last answer, for errors and calls that come after it. */
  lingerMs: z.number(),
  /** Destinations (see `destinationName`) whose calls are told to the host, which may know their state. */
  rebuilt: z.array(z.string()),
  /** By class of call: what is proved to differ between equal runs (see noise.ts). */
  noise: z.record(z.string(), z.array(z.string())),
});
export type ReplayPlan = z.infer<typeof replayPlanSchema>;

const matchSchema = z.enum(['exact', 'normalised', 'rebuilt', 'similar', 'none']);
export type Match = z.infer<typeof matchSchema>;

/** See `Assumption` of the protocols. */
const assumptionSchema = z.object({ what: z.string(), exchange: z.string().nullable() });

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
      differences: z.array(
        z.object({ path: z.string(), before: z.json().optional(), after: z.json().optional() }),
      ),
    })
    .nullable(),
  /** For `rebuilt`: what the answer stands on. */
  assumptions: z.array(assumptionSchema).default([]),
  /** For `rebuilt`: the real server might have given the same rows in another order. */
  anyOrder: z.boolean().optional(),
  /** For `none`: why the rebuilt state does not answer it; null where there is none. */
  unknown: z.string().nullable().default(null),
  at: z.number(),
});
export type Call = z.infer<typeof callSchema>;

/** What a replay worker answers on its standard output. */
const replayResultSchema = z.object({
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
  /** Calls that were made beyond what is kept of one run. */
  moreCalls: z.number(),
});
export type ReplayResult = z.infer<typeof replayResultSchema>;

/** What the rebuilt state says to a call. */
const toldSchema = z.discriminatedUnion('dared', [
  z.object({
    dared: z.literal(true),
    response: z.json(),
    assumptions: z.array(assumptionSchema),
    anyOrder: z.boolean().optional(),
  }),
  z.object({ dared: z.literal(false), reason: z.string() }),
]);

/** Something that a rebuilt server has to know of, in the order of happening. */
const happenedSchema = z.object({
  type: z.literal('happened'),
  /** `answered` from the recording; `session`: by the mock itself; `asked`: a `told` with this number is waited for. */
  what: z.enum(['answered', 'session', 'asked']),
  number: z.number(),
  destination: z.string(),
  connection: z.string(),
  during: z.string(),
  request: z.json(),
  /** The recorded exchange that answered it. */
  exchange: z.string().nullable(),
});
export type Happened = z.infer<typeof happenedSchema>;

/** What host and worker say to each other, a JSON line each. */
export const toWorkerSchema = z.discriminatedUnion('type', [
  /** `sockets`: where on the host to listen for a unix-socket destination. */
  z.object({ type: z.literal('plan'), plan: replayPlanSchema, sockets: z.record(z.string(), z.string()) }),
  z.object({ type: z.literal('started') }),
  /** What the rebuilt state says to the call with this number. */
  z.object({ type: z.literal('told'), number: z.number(), told: toldSchema }),
  z.object({ type: z.literal('exited') }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

export const fromWorkerSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('listening'),
    ports: z.array(z.object({ host: z.string(), port: z.number(), localPort: z.number() })),
    catchAllPort: z.number(),
    dnsPort: z.number(),
  }),
  /** The app accepts connections; the first request is about to be sent. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('result'), result: replayResultSchema }),
  happenedSchema,
  z.object({ type: z.literal('failed'), message: z.string() }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
