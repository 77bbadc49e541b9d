import { z } from 'zod';

/** One call of an engine: what it saw, what it said, what it cost. Names follow OpenTelemetry's GenAI conventions where one exists. */
export const traceSchema = z.object({
  id: z.string(),
  /** The run of a desk that it belongs to. */
  run: z.string(),
  desk: z.string(),
  engine: z.string(),
  operation: z.string(),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  prompt: z.string(),
  answer: z.string(),
  /** Input includes the cached part; `cachedInput` says how much of it that was. */
  tokens: z.object({ input: z.number(), cachedInput: z.number(), output: z.number() }).nullable(),
  /** Recomputed from tokens by the price table named; null where the model has no price. */
  costUsd: z.number().nullable(),
  prices: z.string().nullable(),
  startedAt: z.number(),
  seconds: z.number(),
  error: z.string().nullable(),
  /** What came of the answer: repairs, refusal, candidate. */
  outcome: z.string().nullable(),
  /** How often each fault of the answer was made good, by the fault's short name; null where nothing was looked for. */
  repairs: z.record(z.string(), z.number()).nullable(),
});
export type Trace = z.infer<typeof traceSchema>;

/** One fault over many calls. `candidates` and `refused` are of its calls; what came of the others is something else. */
export const faultCountSchema = z.object({
  fault: z.string(),
  calls: z.number(),
  /** Over all of these calls; one answer may have a fault many times. */
  times: z.number(),
  candidates: z.number(),
  refused: z.number(),
});
export type FaultCount = z.infer<typeof faultCountSchema>;
