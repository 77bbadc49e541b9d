import type { Deployer } from '../deploy/facade.ts';
import type { Decision, Proposal } from '../proposal/model.ts';
import type { Store } from '../store/store.ts';
import type { Events } from './events.ts';
import type { Works } from './work.ts';
import type { Doctor, FixResult, Judgement, ReplayReport } from './views.ts';

/** What long work is given: where to tell how it goes, and when to stop. */
export interface Work {
  signal: AbortSignal;
  /** One line for a person. */
  onProgress: (line: string) => void;
}

/** The fix desk, as the server sees it. */
interface FixDesk {
  /** Proposes and judges until a candidate holds, or the engines or the budget are used up. Throws `not-found`. */
  fix(
    incident: string,
    options: {
      engines?: readonly ('template' | 'llm' | 'agent')[];
      budgetUsd?: number;
      budgetSeconds?: number;
      pullRequest: boolean;
    },
    work: Work,
  ): Promise<FixResult>;
  /** Judges a patch that somebody brings, and stores it as a proposal. Throws `usage` when it does not apply. */
  verify(incident: string, patch: string, work: Work): Promise<Judgement>;
  /** Throws `conflict` for one that is rejected. Opening it again gives the same pull request. */
  openPullRequest(proposal: string): Promise<Proposal>;
  /**
   * Does what was decided: merges (never without the name of a person), or closes the pull request. `deploy` names the
   * commit of the app's own repository that production should now run; null when it is deployed elsewhere. Doing it
   * again is harmless.
   */
  follow(decision: Decision, work: Work): Promise<Followed>;
}

interface Followed {
  merged: { commit: string } | null;
  deploy: { app: string; commit: string } | null;
  closed: boolean;
}

export interface Replayer {
  /** Runs a recording against a release or a commit, and compares. */
  replay(recording: string, at: string | undefined, work: Work): Promise<ReplayReport>;
}

/** What routes use of the deployer. */
export type AppsPort = Pick<
  Deployer,
  | 'app'
  | 'listApps'
  | 'createApp'
  | 'updateApp'
  | 'destroyApp'
  | 'releases'
  | 'release'
  | 'deployments'
  | 'envNames'
  | 'setEnv'
  | 'logs'
  | 'rollback'
  | 'deployCommit'
  | 'gitHttp'
  | 'urlOf'
>;

/** Everything that routes may use. `context.ts` makes it. */
export interface Services {
  store: Store;
  deployer: AppsPort;
  fixDesk: FixDesk;
  replayer: Replayer;
  events: Events;
  works: Works;
  doctor(): Promise<Doctor>;
  /** What others call the server: `http://127.0.0.1:8877`. */
  url(): string;
  /** True in the process that runs the apps, false when the command line works on its own. */
  serving: boolean;
  version: string;
  startedAt: number;
}
