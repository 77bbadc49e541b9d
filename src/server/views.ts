import { z } from 'zod';
import { errorEventSchema, incidentSchema } from '../incident/model.ts';
import { decisionSchema, proposalSchema } from '../proposal/model.ts';
import { exchangeSchema } from '../protocol/port.ts';
import { sliceSchema } from '../record/model.ts';
import { callSchema } from '../replay/plan.ts';
import { evidenceSchema, gateResultSchema, verdictSchema } from '../verify/evidence.ts';

/** What the API shows. Times are milliseconds since 1970 unless a comment says microseconds. */

export const roleSchema = z.enum(['viewer', 'maintainer', 'admin']);
export type Role = z.infer<typeof roleSchema>;

export const appSettingsSchema = z.object({
  branch: z.string(),
  start: z.string().nullable(),
  healthPath: z.string().nullable(),
  healthTimeoutMs: z.number(),
  installScripts: z.boolean(),
  memoryBytes: z.number(),
  processes: z.number(),
  cpus: z.number(),
  hosts: z.array(z.string()),
});

export const releaseSchema = z.object({
  id: z.string(),
  app: z.string(),
  /** `v3`. */
  version: z.string(),
  commit: z.string(),
  subject: z.string(),
  status: z.enum(['building', 'accepted', 'ready', 'failed', 'removed']),
  builder: z.enum(['node', 'dockerfile']).nullable(),
  error: z.string().nullable(),
  createdAt: z.number(),
  readyAt: z.number().nullable(),
  /** Whether production runs it now. */
  current: z.boolean(),
});
export type ReleaseView = z.infer<typeof releaseSchema>;

export const appSchema = z.object({
  name: z.string(),
  url: z.string(),
  /** Where to `git push`. */
  remote: z.string(),
  settings: appSettingsSchema,
  current: releaseSchema.nullable(),
  openIncidents: z.number(),
  createdAt: z.number(),
});
export type AppView = z.infer<typeof appSchema>;

export const deploymentSchema = z.object({
  id: z.string(),
  app: z.string(),
  release: z.string(),
  state: z.enum(['starting', 'running', 'draining', 'stopped', 'crash-loop']),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  reason: z.string().nullable(),
});

export const deployedSchema = z.object({
  app: z.string(),
  release: releaseSchema,
  url: z.string(),
  seconds: z.number(),
});

export const logLineSchema = z.object({
  /** Microseconds. */
  at: z.number(),
  deployment: z.string(),
  release: z.string(),
  stream: z.enum(['stdout', 'stderr', 'vouch']),
  line: z.string(),
});

/** What was pinned of a recording; `GET /api/recordings/:recording` has the exchanges. */
export const recordingSchema = z.object({
  id: z.string(),
  app: z.string(),
  release: z.string(),
  deployment: z.string(),
  failing: z.string().nullable(),
  confidence: z.number(),
  createdAt: z.number(),
});

export const recordingDetailSchema = recordingSchema.extend({ slice: sliceSchema });

const occurrenceSchema = z.object({
  id: z.string(),
  incident: z.string(),
  /** Microseconds. */
  at: z.number(),
  release: z.string(),
  deployment: z.string(),
  error: errorEventSchema,
  /** Id of its recording. */
  slice: z.string().nullable(),
});

export const incidentDetailSchema = incidentSchema.extend({
  occurrenceList: z.array(occurrenceSchema),
  /** Of the newest occurrence that has one. */
  recording: z.string().nullable(),
  failing: exchangeSchema.nullable(),
  /** The calls that the failing request made. */
  calls: z.array(exchangeSchema),
  confidence: z.number().nullable(),
  confidenceWhy: z.array(z.string()),
  proposals: z.array(proposalSchema),
});
export type IncidentDetail = z.infer<typeof incidentDetailSchema>;

/** One judged candidate, as `vouch verify` and `vouch fix` print it. */
export const judgementSchema = z.object({
  verdict: verdictSchema,
  reasons: z.array(z.string()),
  engine: proposalSchema.shape.engine,
  proposal: z.string(),
  title: z.string(),
  why: z.string(),
  patch: z.string(),
  kind: proposalSchema.shape.kind,
  gates: z.array(gateResultSchema),
  calls: z.array(callSchema.extend({ run: z.string() })),
  assumptions: evidenceSchema.shape.assumptions,
  alternatives: evidenceSchema.shape.alternatives,
  clock: evidenceSchema.shape.clock,
  isolation: evidenceSchema.shape.isolation,
  notChecked: z.array(z.string()),
  seconds: z.number(),
  costUsd: z.number(),
  pullRequest: proposalSchema.shape.pullRequest,
});
export type Judgement = z.infer<typeof judgementSchema>;

/** What a run of the fix desk came to. */
export const fixResultSchema = z.object({
  incident: z.string(),
  /** Of the best candidate; `inconclusive` when nothing was found or nothing could be told. */
  verdict: verdictSchema,
  /** Why there is no verified one; null when there is. */
  reason: z.string().nullable(),
  /** Judged candidates, in the order tried. The one that holds, if any, is the last verified. */
  candidates: z.array(judgementSchema),
  /** Engines that could not work here, in one line each: no key, no command. */
  unavailable: z.array(z.string()),
  seconds: z.number(),
  costUsd: z.number(),
});
export type FixResult = z.infer<typeof fixResultSchema>;

export const replayReportSchema = z.object({
  recording: z.string(),
  /** The commit or release that was run. */
  at: z.string(),
  /** Whether every answer was as recorded, noise aside. */
  same: z.boolean(),
  /** Why it could not be told, or null. */
  inconclusive: z.string().nullable(),
  responses: z.array(
    z.object({
      id: z.string(),
      summary: z.string(),
      recorded: z.number().nullable(),
      replayed: z.number().nullable(),
      failure: z.string().nullable(),
      differences: z.array(
        z.object({ path: z.string(), before: z.json().optional(), after: z.json().optional() }),
      ),
    }),
  ),
  calls: z.array(callSchema),
  errors: z.array(errorEventSchema),
  clock: z.enum(['recorded', 'real']),
  isolation: z.enum(['oci', 'local']),
  seconds: z.number(),
});
export type ReplayReport = z.infer<typeof replayReportSchema>;

export const auditEntrySchema = z.object({
  id: z.number(),
  at: z.number(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.json(),
});

/** A page of the backport desk that several people look at. */
export const reviewSchema = z.object({
  id: z.string(),
  title: z.string(),
  project: z.string(),
  branches: z.array(z.string()),
  commits: z.number(),
  updatedAt: z.number(),
});

const backportCall = z.enum(['yes', 'no', 'wait', 'uncertain']);

/** What holds for a commit and a branch, who said otherwise without having seen it, and everybody's note. */
export const backportStandingSchema = z.object({
  /** Of the last thing that was said. */
  id: z.number(),
  sha: z.string(),
  branch: z.string(),
  /** Null where nothing is decided, as when it was taken back. */
  call: backportCall.nullable(),
  by: z.string(),
  at: z.number(),
  against: z.object({ by: z.string(), call: backportCall, at: z.number() }).nullable(),
  notes: z.array(z.object({ by: z.string(), note: z.string(), at: z.number() })),
});

export const proposalDetailSchema = proposalSchema.extend({
  evidenceDetail: evidenceSchema.nullable(),
  decision: decisionSchema.nullable(),
  audit: z.array(auditEntrySchema),
  incident: incidentSchema.nullable(),
});
export type ProposalDetail = z.infer<typeof proposalDetailSchema>;

/** In lists: with the decision, without the patch. */
export const proposalSummarySchema = proposalSchema
  .omit({ patch: true })
  .extend({ decision: decisionSchema.nullable() });
export type ProposalSummary = z.infer<typeof proposalSummarySchema>;

export const decisionResultSchema = decisionSchema.extend({
  /** What followed: merged and deployed, the pull request closed, or nothing; `error` when that failed. The decision stands. */
  followed: z.object({
    merged: z.object({ commit: z.string() }).nullable(),
    release: releaseSchema.nullable(),
    closed: z.boolean(),
    error: z.string().nullable(),
  }),
});

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: roleSchema,
  createdAt: z.number(),
  revokedAt: z.number().nullable(),
});

export const doctorSchema = z.object({
  /** Whether everything that the demo needs is there. */
  ok: z.boolean(),
  parts: z.array(
    z.object({
      part: z.string(),
      ok: z.boolean(),
      /** Whether Vouch works without it, with less. */
      optional: z.boolean(),
      detail: z.string(),
      /** The command that adds it; null when it is there. */
      mend: z.string().nullable(),
    }),
  ),
});
export type Doctor = z.infer<typeof doctorSchema>;
