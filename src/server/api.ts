import { z } from 'zod';
import { pageDataSchema } from '../desks/backport/page/schema.ts';
import { incidentSchema } from '../incident/model.ts';
import { decisionSchema, proposalSchema } from '../proposal/model.ts';
import { faultCountSchema, traceSchema } from '../trace/model.ts';
import { verdictSchema } from '../verify/evidence.ts';
import {
  appSchema,
  appSettingsSchema,
  auditEntrySchema,
  backportStandingSchema,
  decisionResultSchema,
  deployedSchema,
  deploymentSchema,
  doctorSchema,
  fixResultSchema,
  incidentDetailSchema,
  judgementSchema,
  logLineSchema,
  proposalDetailSchema,
  proposalSummarySchema,
  recordingDetailSchema,
  recordingSchema,
  releaseSchema,
  replayReportSchema,
  reviewSchema,
  roleSchema,
  tokenSchema,
  type Role,
} from './views.ts';

/**
 * The contract: every route of the API, what it takes, what it answers, and the role that it needs. The server
 * implements exactly these and refuses everything else; the command line's client and the pages are typed by them.
 *
 * A `stream` route answers with lines of JSON (`application/x-ndjson`): `{ "progress": "…" }` any number of times, then
 * one `{ "result": … }` or `{ "error": { code, message, hint } }`. Empty lines keep the connection alive.
 */
export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  role: Role;
  query?: z.ZodType;
  body?: z.ZodType;
  response: z.ZodType;
  stream?: true;
  /** Bytes of the body, where the usual bound is too low. */
  maxBody?: number;
  /** Needs the process that runs the apps: refused when the command line works without a server. */
  serving?: true;
}

/** `?limit=` comes as text. */
const limit = z.coerce.number().int().min(1).max(1000).optional();
const seconds = z
  .number()
  .positive()
  .max(24 * 3600);
/** Anything a person may name: checked again by the room that uses it. */
const name = z.string().min(1).max(200);
const done = z.object({ ok: z.literal(true) });

export const API = {
  me: {
    method: 'GET',
    path: '/api/me',
    role: 'viewer',
    response: z.object({ name: z.string(), role: roleSchema }),
  },
  status: {
    method: 'GET',
    path: '/api/status',
    role: 'viewer',
    response: z.object({
      version: z.string(),
      serving: z.boolean(),
      startedAt: z.number(),
      data: z.string(),
    }),
  },
  doctor: { method: 'GET', path: '/api/doctor', role: 'viewer', response: doctorSchema },

  listApps: { method: 'GET', path: '/api/apps', role: 'viewer', response: z.array(appSchema) },
  createApp: {
    method: 'POST',
    path: '/api/apps',
    role: 'maintainer',
    body: z.object({ name, settings: appSettingsSchema.partial().optional() }),
    response: appSchema,
  },
  getApp: { method: 'GET', path: '/api/apps/:app', role: 'viewer', response: appSchema },
  updateApp: {
    method: 'PATCH',
    path: '/api/apps/:app',
    role: 'maintainer',
    body: appSettingsSchema.partial(),
    response: appSchema,
  },
  destroyApp: { method: 'DELETE', path: '/api/apps/:app', role: 'admin', response: done },
  listReleases: {
    method: 'GET',
    path: '/api/apps/:app/releases',
    role: 'viewer',
    response: z.array(releaseSchema),
  },
  listDeployments: {
    method: 'GET',
    path: '/api/apps/:app/deployments',
    role: 'viewer',
    query: z.object({ limit }),
    response: z.array(deploymentSchema),
  },
  rollback: {
    method: 'POST',
    path: '/api/apps/:app/rollback',
    role: 'maintainer',
    body: z.object({ release: name.optional() }),
    response: deployedSchema,
    stream: true,
    serving: true,
  },
  logs: {
    method: 'GET',
    path: '/api/apps/:app/logs',
    role: 'viewer',
    query: z.object({ lines: z.coerce.number().int().min(1).max(10_000).optional() }),
    response: z.array(logLineSchema),
  },
  listEnv: { method: 'GET', path: '/api/apps/:app/env', role: 'maintainer', response: z.array(z.string()) },
  setEnv: {
    method: 'PATCH',
    path: '/api/apps/:app/env',
    role: 'maintainer',
    /** Null removes. */
    body: z.record(z.string().min(1).max(256), z.string().max(65_536).nullable()),
    response: z.array(z.string()),
  },

  listRecordings: {
    method: 'GET',
    path: '/api/recordings',
    role: 'viewer',
    query: z.object({ app: name.optional(), limit }),
    response: z.array(recordingSchema),
  },
  getRecording: {
    method: 'GET',
    path: '/api/recordings/:recording',
    role: 'viewer',
    response: recordingDetailSchema,
  },
  replay: {
    method: 'POST',
    path: '/api/recordings/:recording/replay',
    role: 'maintainer',
    /** `at`: a release (`v3`) or a commit of the app's repository; the recorded release when left out. */
    body: z.object({ at: name.optional() }),
    response: replayReportSchema,
    stream: true,
  },

  listIncidents: {
    method: 'GET',
    path: '/api/incidents',
    role: 'viewer',
    query: z.object({ app: name.optional(), status: incidentSchema.shape.status.optional(), limit }),
    response: z.array(incidentSchema),
  },
  getIncident: {
    method: 'GET',
    path: '/api/incidents/:incident',
    role: 'viewer',
    response: incidentDetailSchema,
  },
  setIncidentStatus: {
    method: 'PATCH',
    path: '/api/incidents/:incident',
    role: 'maintainer',
    body: z.object({ status: z.enum(['open', 'resolved', 'ignored']) }),
    response: incidentSchema,
  },
  fix: {
    method: 'POST',
    path: '/api/incidents/:incident/fix',
    role: 'maintainer',
    body: z.object({
      engines: z
        .array(z.enum(['template', 'llm', 'agent']))
        .min(1)
        .optional(),
      budgetUsd: z.number().nonnegative().max(1000).optional(),
      budgetSeconds: seconds.optional(),
      /** Open a pull request for the one that holds. */
      pullRequest: z.boolean().optional(),
      /** Go on when the one who asked goes away. */
      detached: z.boolean().optional(),
    }),
    response: fixResultSchema,
    stream: true,
  },
  verify: {
    method: 'POST',
    path: '/api/incidents/:incident/verify',
    role: 'maintainer',
    body: z.object({
      patch: z
        .string()
        .min(1)
        .max(4 * 1024 * 1024),
    }),
    response: judgementSchema,
    stream: true,
  },

  listProposals: {
    method: 'GET',
    path: '/api/proposals',
    role: 'viewer',
    query: z.object({
      subject: name.optional(),
      app: name.optional(),
      verdict: verdictSchema.optional(),
      limit,
    }),
    response: z.array(proposalSummarySchema),
  },
  getProposal: {
    method: 'GET',
    path: '/api/proposals/:proposal',
    role: 'viewer',
    response: proposalDetailSchema,
  },
  openPullRequest: {
    method: 'POST',
    path: '/api/proposals/:proposal/pull-request',
    role: 'maintainer',
    response: proposalSchema,
  },
  decide: {
    method: 'POST',
    path: '/api/proposals/:proposal/decide',
    role: 'maintainer',
    body: z.object({
      decision: decisionSchema.shape.decision,
      /** Checked where decisions are written down, which says what a name is. */
      by: z.string().max(1000),
      why: decisionSchema.shape.why.optional(),
      /** Merge and deploy what is accepted, where there is a pull request. Default true. */
      merge: z.boolean().optional(),
    }),
    response: decisionResultSchema,
    stream: true,
  },
  /** Does again what the decision asked for, where that failed. */
  follow: {
    method: 'POST',
    path: '/api/proposals/:proposal/follow',
    role: 'maintainer',
    response: decisionResultSchema,
    stream: true,
  },
  listDecisions: {
    method: 'GET',
    path: '/api/decisions',
    role: 'viewer',
    query: z.object({ limit }),
    response: z.array(decisionSchema),
  },

  listReviews: {
    method: 'GET',
    path: '/api/backport/reviews',
    role: 'viewer',
    query: z.object({ limit }),
    response: z.array(reviewSchema.extend({ decided: z.number(), disputed: z.number() })),
  },
  /** A page of the backport desk, to be reviewed together; one of the same history takes the place of the older. */
  publishReview: {
    method: 'POST',
    path: '/api/backport/reviews',
    role: 'maintainer',
    body: pageDataSchema,
    response: reviewSchema.extend({ url: z.string() }),
    maxBody: 256 * 1024 * 1024,
  },
  getReview: {
    method: 'GET',
    path: '/api/backport/reviews/:review',
    role: 'viewer',
    response: z.object({
      review: reviewSchema,
      page: pageDataSchema,
      decisions: z.array(backportStandingSchema),
    }),
  },
  listReviewDecisions: {
    method: 'GET',
    path: '/api/backport/reviews/:review/decisions',
    role: 'viewer',
    /** Only where something was said later than the saying of this id. */
    query: z.object({ after: z.coerce.number().int().min(0).optional() }),
    response: z.array(backportStandingSchema),
  },
  /** Answers with what holds now for the commits concerned, disagreements included. */
  sayOnReview: {
    method: 'POST',
    path: '/api/backport/reviews/:review/decisions',
    role: 'maintainer',
    body: z.object({
      /** Checked where decisions are written down. */
      by: z.string().max(1000),
      sayings: z
        .array(
          z.object({
            sha: z.string().max(64),
            branch: z.string().max(200),
            /** `x` takes back what this person said before; null leaves it as it is, and changes their note alone. */
            call: z.enum(['n', 'u', 'w', 'x', 'y']).nullable(),
            note: z.string().max(4000),
            /** Id of the decision that the reviewer had in view. */
            seen: z.number().int().nullable(),
          }),
        )
        .min(1)
        .max(10_000),
    }),
    response: z.array(backportStandingSchema),
  },

  listTraces: {
    method: 'GET',
    path: '/api/traces',
    role: 'viewer',
    query: z.object({ run: name.optional(), limit }),
    response: z.array(traceSchema.omit({ prompt: true, answer: true })),
  },
  getTrace: { method: 'GET', path: '/api/traces/:trace', role: 'viewer', response: traceSchema },
  /** What was made good in answers, by fault. */
  traceFaults: {
    method: 'GET',
    path: '/api/trace-faults',
    role: 'viewer',
    query: z.object({ run: name.optional() }),
    response: z.array(faultCountSchema),
  },

  listAudit: {
    method: 'GET',
    path: '/api/audit',
    role: 'maintainer',
    query: z.object({ subject: name.optional(), limit }),
    response: z.array(auditEntrySchema),
  },
  listTokens: { method: 'GET', path: '/api/tokens', role: 'admin', response: z.array(tokenSchema) },
  createToken: {
    method: 'POST',
    path: '/api/tokens',
    role: 'admin',
    body: z.object({ name, role: roleSchema }),
    /** The only time that the token is shown. */
    response: tokenSchema.extend({ token: z.string() }),
  },
  revokeToken: { method: 'DELETE', path: '/api/tokens/:token', role: 'admin', response: done },
} as const satisfies Record<string, Route>;

export type Api = typeof API;
export type RouteName = keyof Api;

/** The names of the `:parameters` of a path. */
type Parameters<P extends string> = P extends `${string}:${infer N}/${infer Rest}`
  ? N | Parameters<Rest>
  : P extends `${string}:${infer N}`
    ? N
    : never;

type Side<T, K extends string, From extends 'input' | 'output'> =
  T extends Record<K, infer S extends z.ZodType>
    ? { [key in K]: From extends 'input' ? z.input<S> : z.output<S> }
    : unknown;

type Params<N extends RouteName> = [Parameters<Api[N]['path']>] extends [never]
  ? unknown
  : { params: Record<Parameters<Api[N]['path']>, string> };

/** What a caller of the route gives. */
export type Input<N extends RouteName> = Params<N> & QueryInput<N> & Side<Api[N], 'body', 'input'>;
type QueryInput<N extends RouteName> = Api[N] extends { query: infer Q extends z.ZodType }
  ? { query?: { [K in keyof z.output<Q>]: z.output<Q>[K] } }
  : unknown;

/** What its handler is given, checked. */
export type Checked<N extends RouteName> = Params<N> &
  Side<Api[N], 'query', 'output'> &
  Side<Api[N], 'body', 'output'>;

/** What it answers. */
export type Output<N extends RouteName> = z.output<Api[N]['response']>;

/** What is not JSON in, JSON out. `public` needs no token. Everything else that is asked for is refused. */
export const OTHER_ROUTES = {
  health: { method: 'GET', path: '/healthz', role: 'public' },
  /** Server-sent events, see `events.ts`. */
  events: { method: 'GET', path: '/api/events', role: 'viewer' },
  /** `{ "token": "…" }` → a cookie. */
  signIn: { method: 'POST', path: '/api/session', role: 'public' },
  signOut: { method: 'DELETE', path: '/api/session', role: 'public' },
  gitRefs: { method: 'GET', path: '/git/:app/info/refs', role: 'maintainer' },
  gitFetch: { method: 'POST', path: '/git/:app/git-upload-pack', role: 'maintainer' },
  gitPush: { method: 'POST', path: '/git/:app/git-receive-pack', role: 'maintainer' },
  /** The pages hold no data of their own; what they show comes through the API. */
  pages: { method: 'GET', path: '/*', role: 'public' },
} as const satisfies Record<string, { method: string; path: string; role: Role | 'public' }>;
