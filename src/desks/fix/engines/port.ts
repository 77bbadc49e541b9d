import type { ErrorEvent } from '../../../incident/model.ts';
import type { Slice } from '../../../record/model.ts';

/** What an engine may see of an incident. Payloads are untrusted: engines that send text away send shapes of them. */
export interface FixContext {
  incident: { id: string; app: string; title: string };
  error: ErrorEvent;
  slice: Slice;
  /** A checkout of the release, read-only. */
  tree: string;
  /** The last change to the lines of the stack before the first occurrence, if the history holds one. */
  suspect: { sha: string; subject: string; diff: string } | null;
  /** Refusals of earlier candidates of this run, for engines that try again. */
  feedback: Feedback[];
  /** `deadlineMs`: when to stop, milliseconds since 1970. */
  budget: { usd: number; deadlineMs: number };
  signal: AbortSignal;
  /** Told in a line why an engine stopped or did without something. */
  note?: (line: string) => void;
}

export interface Feedback {
  patch: string;
  verdict: 'verified' | 'rejected' | 'inconclusive';
  reasons: string[];
}

export interface Candidate {
  engine: 'template' | 'llm' | 'agent' | 'manual';
  /** Changed files, whole, by path relative to the tree; null deletes. The diff is generated from these. */
  changes: Record<string, string | null>;
  /** Name of the transformation, or the model. */
  by: string;
  title: string;
  why: string;
  kind: 'root-cause' | 'mitigation';
  /** Higher is tried first. */
  rank: number;
  trace: string | null;
}

export interface Engine {
  readonly name: 'template' | 'llm' | 'agent';
  /** One line if it cannot work here (no key, no command), else null. */
  unavailable(): string | null;
  /** Candidates, best first. May stop at `signal` or when the budget is used up. Never throws for what a model answers. */
  propose(context: FixContext): AsyncIterable<Candidate>;
}
