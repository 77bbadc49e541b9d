import type { Candidate } from './engines/port.ts';
import type { Proposal } from '../../proposal/model.ts';
import type { Evidence, Verdict } from '../../verify/evidence.ts';

/** Where long work tells how it goes, and when it has to stop. */
export interface Work {
  signal: AbortSignal;
  onProgress(line: string): void;
}

/** One judged candidate, as the command line prints it. */
export type Judged = Pick<
  Evidence,
  | 'verdict'
  | 'reasons'
  | 'gates'
  | 'calls'
  | 'assumptions'
  | 'alternatives'
  | 'clock'
  | 'isolation'
  | 'notChecked'
  | 'seconds'
> &
  Pick<Proposal, 'engine' | 'title' | 'why' | 'patch' | 'kind' | 'pullRequest'> & {
    proposal: string;
    costUsd: number;
  };

export interface FixOutcome {
  incident: string;
  /** Of the best candidate. */
  verdict: Verdict;
  /** Why there is no verified one; null when there is. */
  reason: string | null;
  candidates: Judged[];
  unavailable: string[];
  seconds: number;
  costUsd: number;
}

/** What calls are answered from. */
export interface Sources {
  /** What was never recorded is answered from state that the recording proves; false: it is not answered. Default true. */
  rebuilt?: boolean;
}

export interface FixOptions extends Sources {
  engines?: readonly Candidate['engine'][];
  budgetUsd?: number;
  budgetSeconds?: number;
  pullRequest: boolean;
}
