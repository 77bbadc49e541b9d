import { z } from 'zod';
import { errorEventSchema } from '../incident/model.ts';
import { callSchema } from '../replay/plan.ts';

export const GATES = [
  'reproduced',
  'error gone',
  'nothing new',
  'neighbours',
  'effects',
  'answered',
  'complete',
  'own tests',
  'sound',
  'meaning',
  'determined',
] as const;

export const verdictSchema = z.enum(['verified', 'rejected', 'inconclusive']);
export type Verdict = z.infer<typeof verdictSchema>;

export const gateResultSchema = z.object({
  gate: z.enum(GATES),
  holds: z.boolean(),
  /** What a gate that does not hold makes of the verdict; null where it holds. */
  otherwise: z.enum(['rejected', 'inconclusive']).nullable(),
  detail: z.string(),
});
export type GateResult = z.infer<typeof gateResultSchema>;

/** What a candidate does when asked what failed: the ground on which rivals are compared. */
const behaviourSchema = z.object({
  status: z.number().nullable(),
  /** Comparable body: JSON by value, else text. */
  body: z.json(),
  /** Canonical outgoing writes, noise removed. */
  writes: z.array(z.json()),
  /** The same for each variant of the failing request. */
  variants: z.array(
    z.object({ name: z.string(), status: z.number().nullable(), body: z.json(), writes: z.array(z.json()) }),
  ),
});
export type Behaviour = z.infer<typeof behaviourSchema>;

const answerSchema = z.object({
  status: z.number().nullable(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

/** Everything that a verdict rests on. Stored whole; the page, the command line and the pull request show this. */
export const evidenceSchema = z.object({
  version: z.literal(1),
  /** The release whose code was judged. */
  release: z.string().optional(),
  verdict: verdictSchema,
  reasons: z.array(z.string()),
  gates: z.array(gateResultSchema),
  calls: z.array(callSchema.extend({ run: z.string() })),
  /** Calls that were answered from rebuilt state, and what each answer stands on. */
  assumptions: z.array(
    z.object({ call: z.string(), standsOn: z.array(z.object({ what: z.string(), seen: z.string() })) }),
  ),
  alternatives: z.array(
    z.object({
      proposal: z.string(),
      answer: z.object({ status: z.number().nullable(), body: z.json() }),
      writes: z.array(z.json()),
      why: z.string(),
    }),
  ),
  behaviour: behaviourSchema.nullable(),
  /** The answer to the failing request: as recorded, and with the candidate. */
  before: answerSchema.nullable(),
  after: answerSchema.nullable(),
  errors: z.array(errorEventSchema),
  runs: z.array(
    z.object({
      name: z.string(),
      seconds: z.number(),
      bootMs: z.number(),
      requests: z.number(),
      detail: z.string(),
    }),
  ),
  clock: z.enum(['recorded', 'real']),
  isolation: z.enum(['oci', 'local']),
  notChecked: z.array(z.string()),
  seconds: z.number(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

/** A line for each call, for where there is no room for more. */
export function assumptionLines(assumptions: Evidence['assumptions']): string[] {
  return assumptions.map(
    ({ call, standsOn }) => `${call}: ${standsOn.map(({ what, seen }) => `${what}, ${seen}`).join('; ')}`,
  );
}
