import type { Generated } from 'kysely';

/**
 * The tables, as the code sees them. Columns are plain: text (JSON where the comment says so), whole numbers, and
 * `real`. Times are milliseconds since 1970, except what recordings and detectors measured: those are microseconds,
 * and their comment says so. Booleans are 0 and 1.
 *
 * A room that adds tables writes a migration (`migrations/NNN-name.ts`), adds one line to `migrations/registry.ts`,
 * and its row types here.
 */
export interface Database {
  apps: AppRow;
  tokens: TokenRow;
  sessions: SessionRow;
  audit: AuditRow;
  incidents: IncidentRow;
  occurrences: OccurrenceRow;
  slices: SliceRow;
  proposals: ProposalRow;
  evidence: EvidenceRow;
  decisions: DecisionRow;
  pullRequests: PullRequestRow;
  traces: TraceRow;
  settings: SettingRow;
  appSettings: AppSettingsRow;
  releases: ReleaseRow;
  deployments: DeploymentRow;
  environment: EnvironmentRow;
  backportChanges: BackportChangesRow;
  backportPatchIds: BackportPatchIdRow;
  backportTries: BackportTryRow;
  backportAnswers: BackportAnswerRow;
  backportDecisions: BackportDecisionRow;
  backportReviews: BackportReviewRow;
  releaseSchemas: ReleaseSchemaRow;
}

interface AppRow {
  /** `[a-z][a-z0-9-]{0,39}`: the primary key, and part of paths, refs and cgroup names. */
  name: string;
  createdAt: number;
}

export interface TokenRow {
  id: string;
  /** SHA-256 of the token, hex. The token itself is never stored. */
  hash: string;
  name: string;
  role: 'viewer' | 'maintainer' | 'admin';
  createdAt: number;
  revokedAt: number | null;
}

interface SessionRow {
  /** SHA-256 of the cookie's value, hex. */
  hash: string;
  token: string;
  createdAt: number;
  expiresAt: number;
}

interface AuditRow {
  id: Generated<number>;
  at: number;
  /** The named person, or the name of the token that was used. */
  actor: string;
  /** `proposal.decide`, `app.destroy`, … */
  action: string;
  subject: string;
  /** JSON. */
  detail: string;
}

interface IncidentRow {
  id: string;
  app: string;
  fingerprint: string;
  title: string;
  type: string;
  message: string;
  culprit: string | null;
  status: 'open' | 'fixing' | 'proposed' | 'resolved' | 'ignored';
  occurrences: number;
  /** Microseconds. */
  firstSeen: number;
  /** Microseconds. */
  lastSeen: number;
  /** Of the newest occurrence. */
  release: string;
}

export interface OccurrenceRow {
  id: string;
  incident: string;
  /** Microseconds. */
  at: number;
  release: string;
  deployment: string;
  /** JSON: an `ErrorEvent`. */
  error: string;
  slice: string | null;
}

interface SliceRow {
  id: string;
  app: string;
  release: string;
  deployment: string;
  /** Of the slice's JSON. */
  blob: string;
  failing: string | null;
  confidence: number;
  createdAt: number;
}

export interface ProposalRow {
  id: string;
  desk: 'fix' | 'findings' | 'backport' | 'notebook';
  subject: string;
  app: string | null;
  engine: 'template' | 'llm' | 'agent' | 'manual' | 'rules';
  title: string;
  why: string;
  kind: 'root-cause' | 'mitigation';
  patch: string;
  verdict: 'verified' | 'rejected' | 'inconclusive' | null;
  evidence: string | null;
  trace: string | null;
  /** JSON: `{ branch, url, … }`. */
  pullRequest: string | null;
  createdAt: number;
}

interface EvidenceRow {
  id: string;
  proposal: string;
  verdict: 'verified' | 'rejected' | 'inconclusive';
  /** Of the evidence's JSON. */
  blob: string;
  createdAt: number;
}

interface DecisionRow {
  id: string;
  proposal: string;
  decision: 'accept' | 'edit' | 'dismiss';
  by: string;
  why: string | null;
  at: number;
}

/** What the built-in forge keeps beside the app's repository. */
interface PullRequestRow {
  app: string;
  /** `1`, `2`, … in one app. */
  ref: string;
  /** JSON: a `StoredPullRequest`. */
  content: string;
}

export interface TraceRow {
  id: string;
  run: string;
  desk: string;
  engine: string;
  operation: string;
  provider: string | null;
  model: string | null;
  prompt: string;
  answer: string;
  inputTokens: number | null;
  cachedInputTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  prices: string | null;
  startedAt: number;
  seconds: number;
  error: string | null;
  outcome: string | null;
  /** JSON: counts by fault. */
  repairs: string | null;
}

/** What the server keeps for itself: keys, the first start. What a person sets is in `config.json`. */
interface SettingRow {
  key: string;
  value: string;
}

interface AppSettingsRow {
  app: string;
  /** JSON. */
  settings: string;
  currentRelease: string | null;
}

export interface ReleaseRow {
  id: string;
  app: string;
  /** Counts from 1 in each app. */
  number: number;
  commit: string;
  subject: string;
  status: 'building' | 'accepted' | 'ready' | 'failed' | 'removed';
  builder: 'node' | 'dockerfile' | null;
  /** JSON: how it is started. */
  launch: string | null;
  error: string | null;
  createdAt: number;
  readyAt: number | null;
}

interface DeploymentRow {
  id: string;
  app: string;
  release: string;
  state: 'starting' | 'running' | 'draining' | 'stopped' | 'crash-loop';
  port: number;
  startedAt: number;
  endedAt: number | null;
  reason: string | null;
}

interface EnvironmentRow {
  app: string;
  name: string;
  /** Encrypted: see `src/deploy/environment.ts`. */
  value: Uint8Array;
  updatedAt: number;
}

/** Keys of the backport desk's rows are ids of content: a row is right for ever, and may be removed at any time. */
interface BackportChangesRow {
  sha: string;
  /** JSON: path, lines added, lines removed, of each file. */
  files: string;
}

interface BackportPatchIdRow {
  sha: string;
  patchId: string;
}

interface BackportTryRow {
  /** SHA-256 of the tree before and the commit. */
  key: string;
  /** JSON: the tree after, or the files in conflict. */
  result: string;
}

interface BackportAnswerRow {
  /** SHA-256 of the question and the model. */
  key: string;
  /** JSON. */
  answer: string;
}

/** One saying of one person; the newest of a commit and branch holds. */
export interface BackportDecisionRow {
  /** Counts up in the order of saying. */
  id: Generated<number>;
  sha: string;
  branch: string;
  /** `none` takes back what this person said before; `note` leaves it as it is, and changes their note alone. */
  call: 'yes' | 'no' | 'wait' | 'uncertain' | 'none' | 'note';
  note: string;
  by: string;
  at: number;
  /** The saying that this person had before their eyes; null for none. */
  seen: number | null;
  /** Name of the rules: decisions of one project are no lessons for another. */
  project: string;
  /** JSON: subject, body, paths, as they were. */
  commit: string;
}

interface BackportReviewRow {
  id: string;
  /** Of the history: a newer page of it takes the place of the older one. */
  key: string;
  title: string;
  project: string;
  /** JSON: their names. */
  branches: string;
  commits: number;
  /** The page's data: hash of a blob. */
  page: string;
  updatedAt: number;
}

/** The catalog of a server that a release's app was given, as it was when the release went into production. */
interface ReleaseSchemaRow {
  release: string;
  /** `host:port`, by its address. */
  destination: string;
  protocol: string;
  /** JSON. */
  schema: string;
  takenAt: number;
}
