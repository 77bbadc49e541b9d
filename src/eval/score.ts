import { messageOf, VouchError } from '../lib/errors.ts';
import { applyPatch } from '../patch/apply.ts';
import type { FixOutcome, Judged, Sources, Work } from '../desks/fix/model.ts';
import type { Candidate } from '../desks/fix/engines/port.ts';
import { getProposal } from '../proposal/proposals.ts';
import { withFixed, type Parts, type Production } from './production.ts';
import { NOT_A_CODE_BUG, type Scenario } from './scenario.ts';
import { sendHeldOut } from './traffic.ts';

/** What the runner reports of one scenario. */
export interface Score {
  scenario: string;
  class: string;
  reproduced: boolean;
  verified: boolean;
  correct: boolean;
  /** No candidate was verified, but the alternatives offered for a choice hold a correct one. */
  offered: boolean;
  falseVerified: boolean;
  /** It fails again in replay, and no candidate was verified or all rejected. */
  inconclusive: boolean;
  engine: Judged['engine'] | null;
  attempts: number;
  seconds: number;
  costUsd: number;
  /** Why there is no fix; null where there is one. */
  reason: string | null;
  /** Calls of the candidates that were answered from state that the recording proves. */
  rebuilt: number;
  wrong?: WrongScore;
  /** The reference fix, judged as if a person had given it. */
  reference?: GivenScore;
  /** The same with answers from the recording only. */
  asRecorded?: Pick<Score, (typeof COMPARED)[number]> & { reference?: GivenScore };
}

/** What is told beside each other, with rebuilt state and without. */
export const COMPARED = [
  'verified',
  'correct',
  'offered',
  'inconclusive',
  'falseVerified',
  'seconds',
] as const;

/** The verdict on a patch given by hand, the gate that decided, and what it says; both null where the patch is verified. */
export interface GivenScore {
  verdict: Judged['verdict'];
  gate: string | null;
  reason: string | null;
  rebuilt: number;
}

export interface WrongScore {
  rejected: number;
  inconclusive: number;
  verified: number;
  /** By file: the verdict and the gate that decided. */
  of: Record<string, GivenScore>;
}

/** Proposes, judges, and asks the held-out requests of what was verified or offered. */
export async function scoreFix(
  scenario: Scenario,
  production: Production,
  parts: Parts,
  engines: readonly Candidate['engine'][] | undefined,
  sources: Sources,
  work: Work,
): Promise<Score> {
  const score = emptyScore(scenario);
  if (!production.incident) return { ...score, reason: missed(production) };
  const outcome = await production.workbench.desk.fix(
    production.incident.id,
    { pullRequest: false, ...sources, ...(engines ? { engines } : {}) },
    work,
  );
  score.reproduced = !(outcome.reason ?? '').startsWith('reproduced:');
  score.attempts = outcome.candidates.length;
  score.seconds = outcome.seconds;
  score.costUsd = outcome.costUsd;
  score.reason = outcome.reason;
  score.rebuilt = outcome.candidates.reduce((sum, { calls }) => sum + rebuiltIn(calls), 0);
  score.inconclusive = score.reproduced && outcome.verdict === 'inconclusive';
  const best = outcome.candidates.find(({ verdict }) => verdict === 'verified');
  if (best) {
    const failures = await heldOut(scenario, production, parts, best.patch);
    score.verified = true;
    score.engine = best.engine;
    score.correct = scenario.class !== NOT_A_CODE_BUG && failures.length === 0;
    score.falseVerified = !score.correct;
    score.reason = score.correct
      ? null
      : `verified, but wrong: ${failures[0] ?? 'this is no bug of the code'}`;
  } else if (scenario.class !== NOT_A_CODE_BUG) {
    score.offered = await offersCorrect(scenario, production, parts, outcome);
  }
  return score;
}

async function offersCorrect(
  scenario: Scenario,
  production: Production,
  parts: Parts,
  outcome: FixOutcome,
): Promise<boolean> {
  const offered = new Set(
    outcome.candidates.flatMap(({ alternatives }) => alternatives.map(({ proposal }) => proposal)),
  );
  for (const proposal of offered) {
    const { patch } = await getProposal(production.store, proposal);
    if ((await heldOut(scenario, production, parts, patch)).length === 0) return true;
  }
  return false;
}

/** Judges every wrong fix as if a person had given it by hand. */
export async function scoreWrong(
  scenario: Scenario,
  production: Production,
  sources: Sources,
  work: Work,
): Promise<WrongScore> {
  const found: WrongScore = { rejected: 0, inconclusive: 0, verified: 0, of: {} };
  if (!production.incident) return found;
  for (const [file, patch] of Object.entries(scenario.wrong)) {
    work.onProgress(`${scenario.name}: ${file}`);
    const given = await scoreGiven(production, patch, sources, work);
    found[given.verdict]++;
    found.of[file] = given;
  }
  return found;
}

/** The scenario's incident was seen in production. */
export async function scoreGiven(
  { incident, workbench }: Production,
  patch: string,
  sources: Sources,
  work: Work,
): Promise<GivenScore> {
  const judged = await workbench.desk.verify(incident!.id, patch, work, sources);
  const decisive =
    judged.gates.find(({ otherwise }) => otherwise === 'rejected') ??
    judged.gates.find(({ otherwise }) => otherwise === 'inconclusive');
  return {
    verdict: judged.verdict,
    gate: decisive?.gate ?? null,
    reason: decisive?.detail ?? null,
    rebuilt: rebuiltIn(judged.calls),
  };
}

function rebuiltIn(calls: Judged['calls']): number {
  return calls.filter(({ match }) => match === 'rebuilt').length;
}

/** Proves the scenario itself: traffic as said, the fix passes what is held out, every wrong fix fails it. Returns what is not so. */
export async function checkScenario(
  scenario: Scenario,
  production: Production,
  parts: Parts,
): Promise<string[]> {
  const problems = production.surprises.map((surprise) => `traffic: ${surprise}`);
  if (!production.incident) problems.push(missed(production));
  if (scenario.fix !== null) {
    const failures = await heldOut(scenario, production, parts, scenario.fix);
    problems.push(...failures.map((failure) => `fix/patch.diff: ${failure}`));
  } else if (scenario.class !== NOT_A_CODE_BUG) {
    problems.push('fix/patch.diff is missing');
  }
  for (const [file, patch] of Object.entries(scenario.wrong)) {
    const failures = await heldOut(scenario, production, parts, patch);
    if (failures.length === 0) problems.push(`fix/${file} passes every held-out request: it is not wrong`);
  }
  return problems;
}

/** What the app with this patch answers otherwise than a correct one; one entry where it cannot even be tried. */
async function heldOut(
  scenario: Scenario,
  production: Production,
  parts: Parts,
  patch: string,
): Promise<string[]> {
  const { deployer } = production.workbench;
  const current = await deployer.current('app');
  if (!current) throw new VouchError('unavailable', `${scenario.name}: the app does not run`);
  const applied = await applyPatch(await deployer.treeOf(current.release), patch);
  if (!applied.ok) return [`it does not apply: ${applied.reason}`];
  try {
    return await withFixed(production, scenario, parts, applied.changes, (port) =>
      sendHeldOut({ port }, scenario),
    );
  } catch (error) {
    if (error instanceof VouchError && error.code === 'no') return [messageOf(error)];
    throw error;
  }
}

export function emptyScore(scenario: Pick<Scenario, 'name' | 'class'>): Score {
  return {
    scenario: scenario.name,
    class: scenario.class,
    reproduced: false,
    verified: false,
    correct: false,
    offered: false,
    falseVerified: false,
    inconclusive: false,
    rebuilt: 0,
    engine: null,
    attempts: 0,
    seconds: 0,
    costUsd: 0,
    reason: null,
  };
}

function missed({ surprises }: Production): string {
  return `the error of the scenario was not seen in production${surprises.length > 0 ? `; ${surprises[0]}` : ''}`;
}
