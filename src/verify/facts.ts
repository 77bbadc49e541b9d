import type { Exchange } from '../protocol/port.ts';
import type { Case, Changes } from './case.ts';
import type { GateResult } from './evidence.ts';
import type { Observed } from './observe.ts';
import type { Variant } from './variants.ts';

/** The result of one of the app's own checks, run unpatched and patched. */
export interface CheckResult {
  passed: boolean;
  detail: string;
}

/** What the unpatched code does, made once per case. */
export interface Baseline {
  neighbours: Exchange[];
  /** Two runs of the neighbours: what differs between them is noise. */
  runs: [Observed, Observed] | null;
  variants: Variant[];
  variantRun: Observed | null;
  /**
   * The same variants of a sibling that was answered well: what the code makes of them past the point where the failing request ended.
   * Null: no sibling has them. Run when somebody asks for the first time.
   */
  siblingRun: () => Promise<Observed | null>;
  tests: CheckResult | null;
  types: CheckResult | null;
}

/** All that the gates look at. What was not run, because the candidate had failed before, is null. */
export interface Facts {
  at: Case;
  baseline: Baseline;
  changes: Changes;
  /** Why the patch is outside the policy, or does not parse; empty if it is sound. */
  policy: string[];
  /** Values of the failing request that the patch compares something with. */
  quoted: string[];
  failing: Observed | null;
  neighbours: Observed | null;
  variants: Observed | null;
  /** See `Baseline.siblingRun`; null too while nobody needed it. */
  siblingVariants: Observed | null;
  tests: CheckResult | null;
  types: CheckResult | null;
}

export type Gate = (facts: Facts) => GateResult | null;

export const holds = (gate: GateResult['gate'], detail: string): GateResult => ({
  gate,
  holds: true,
  otherwise: null,
  detail,
});
export const rejects = (gate: GateResult['gate'], detail: string): GateResult => ({
  gate,
  holds: false,
  otherwise: 'rejected',
  detail,
});
export const unsure = (gate: GateResult['gate'], detail: string): GateResult => ({
  gate,
  holds: false,
  otherwise: 'inconclusive',
  detail,
});
