import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Candidate } from '../desks/fix/engines/port.ts';
import type { Sources, Work } from '../desks/fix/model.ts';
import { messageOf, VouchError } from '../lib/errors.ts';
import { scratchDir } from '../lib/scratch.ts';
import { playProduction, type Parts, type Production } from './production.ts';
import { NOT_A_CODE_BUG, type BrokenScenario, type Scenario, type Suite } from './scenario.ts';
import {
  checkScenario,
  COMPARED,
  emptyScore,
  scoreFix,
  scoreGiven,
  scoreWrong,
  type GivenScore,
  type Score,
} from './score.ts';
import { sharedServers } from './services/services.ts';

export interface EvalOptions {
  engines?: readonly Candidate['engine'][];
  /** Prove the scenarios themselves instead of measuring the desk. */
  check: boolean;
  /** Also judge the wrong fixes. */
  wrong: boolean;
  /** Also judge the reference fix. */
  reference: boolean;
  /** From rebuilt state too, from the recording only, or one beside the other wherever something was rebuilt. */
  answers: 'rebuilt' | 'recorded' | 'both';
  onScore: (score: Score | Checked) => void;
}

export interface Checked {
  scenario: string;
  ok: boolean;
  problems: string[];
}

type Counts = Record<Exclude<(typeof COMPARED)[number], 'seconds'>, number>;
type Verdicts = Record<GivenScore['verdict'], number>;

export interface Summary {
  total: number;
  reproduced: number;
  verified: number;
  correct: number;
  offered: number;
  falseVerified: number;
  inconclusive: number;
  reference?: Verdicts;
  /** The same with answers from the recording only; absent where that was not looked into. */
  asRecorded?: Counts & { seconds: number; reference?: Verdicts };
  /** Of the scenarios that are bugs of the code. */
  codeBugs: number;
  seconds: number;
  byClass: Record<
    string,
    { total: number; reproduced: number; verified: number; correct: number; offered: number }
  >;
  wrong?: {
    total: number;
    rejected: number;
    inconclusive: number;
    verified: number;
    byGate: Record<string, number>;
  };
}

/** What the reason of a scenario begins with when we, not it, are at fault. */
export const OUR_BUG = 'our bug: ';

/** Runs scenarios one after another, each in a data folder of its own. One that cannot be run has its reason in its score. */
export async function runSuite(
  { scenarios, broken }: Suite,
  parts: Parts,
  options: EvalOptions,
  work: Work,
): Promise<(Score | Checked)[]> {
  const folder = await scratchDir('eval');
  const shared = sharedServers(folder);
  const results: (Score | Checked)[] = [];
  const report = (result: Score | Checked): void => {
    results.push(result);
    options.onScore(result);
  };
  try {
    for (const one of broken) report(failed(one, one.broken, options.check));
    for (const scenario of scenarios) {
      work.signal.throwIfAborted();
      work.onProgress(`${scenario.name}: starting`);
      const result = await runScenario(scenario, parts, shared, join(folder, scenario.name), options, work);
      // Cut short, it says nothing about the scenario.
      work.signal.throwIfAborted();
      report(result);
    }
    return results;
  } finally {
    await shared.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function runScenario(
  scenario: Scenario,
  parts: Parts,
  shared: ReturnType<typeof sharedServers>,
  folder: string,
  options: EvalOptions,
  work: Work,
): Promise<Score | Checked> {
  try {
    const production = await playProduction(scenario, parts, shared, folder);
    try {
      if (options.check) {
        const problems = await checkScenario(scenario, production, parts);
        return { scenario: scenario.name, ok: problems.length === 0, problems };
      }
      const named = { ...work, onProgress: (line: string) => work.onProgress(`${scenario.name}: ${line}`) };
      return await measure(scenario, production, parts, options, named);
    } finally {
      await production.stop();
      await rm(folder, { recursive: true, force: true });
    }
  } catch (error) {
    // Whoever asked has gone, or has enough.
    if (work.signal.aborted) throw error;
    if (error instanceof VouchError) return failed(scenario, messageOf(error), options.check);
    // A part that this machine lacks, or an app that does not start, is a result of this scenario; so that the others are
    // measured all the same, a bug of ours is one too, and is told with its stack.
    work.onProgress(error instanceof Error && error.stack ? error.stack : messageOf(error));
    return failed(scenario, `${OUR_BUG}${messageOf(error)}`, options.check);
  }
}

async function measure(
  scenario: Scenario,
  production: Production,
  parts: Parts,
  options: EvalOptions,
  work: Work,
): Promise<Score> {
  const judgeWith = async (sources: Sources): Promise<Score> => {
    const score = await scoreFix(scenario, production, parts, options.engines, sources, work);
    if (!options.reference || scenario.fix === null || !production.incident) return score;
    work.onProgress('the reference fix');
    return { ...score, reference: await scoreGiven(production, scenario.fix, sources, work) };
  };
  const sources = { rebuilt: options.answers !== 'recorded' };
  const score = await judgeWith(sources);
  if (options.wrong) score.wrong = await scoreWrong(scenario, production, sources, work);
  // Where no answer was rebuilt, the other judgement is the same.
  if (options.answers !== 'both' || score.rebuilt + (score.reference?.rebuilt ?? 0) === 0) return score;
  work.onProgress('once more, from the recording only');
  const { reference, ...other } = await judgeWith({ rebuilt: false });
  const compared = pick(other, COMPARED);
  return { ...score, asRecorded: reference ? { ...compared, reference } : compared };
}

function pick<T, K extends keyof T>(value: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, value[key]])) as Pick<T, K>;
}

function failed(scenario: Scenario | BrokenScenario, reason: string, check: boolean): Score | Checked {
  const { name } = scenario;
  if (check) return { scenario: name, ok: false, problems: [reason] };
  return { ...emptyScore({ name, class: 'class' in scenario ? scenario.class : 'unknown' }), reason };
}

export function summarise(scenarios: readonly Scenario[], scores: readonly Score[]): Summary {
  const count = (
    of: readonly Partial<Record<keyof Counts | 'reproduced', boolean>>[],
    key: keyof Counts | 'reproduced',
  ): number => of.filter((score) => score[key]).length;
  const sumSeconds = (of: readonly { seconds: number }[]): number =>
    of.reduce((sum, { seconds }) => sum + seconds, 0);
  const byClass: Summary['byClass'] = {};
  for (const name of new Set(scores.map((score) => score.class))) {
    const of = scores.filter((score) => score.class === name);
    byClass[name] = {
      total: of.length,
      reproduced: count(of, 'reproduced'),
      verified: count(of, 'verified'),
      correct: count(of, 'correct'),
      offered: count(of, 'offered'),
    };
  }
  const summary: Summary = {
    total: scores.length,
    reproduced: count(scores, 'reproduced'),
    verified: count(scores, 'verified'),
    correct: count(scores, 'correct'),
    offered: count(scores, 'offered'),
    falseVerified: count(scores, 'falseVerified'),
    codeBugs: scenarios.filter((scenario) => scenario.class !== NOT_A_CODE_BUG).length,
    inconclusive: count(scores, 'inconclusive'),
    seconds: sumSeconds(scores),
    byClass,
  };
  const references = (of: readonly { reference?: GivenScore }[]): { reference?: Verdicts } => {
    const given = of.flatMap(({ reference }) => reference ?? []);
    if (given.length === 0) return {};
    const tally = (verdict: GivenScore['verdict']): number =>
      given.filter((one) => one.verdict === verdict).length;
    return {
      reference: {
        verified: tally('verified'),
        rejected: tally('rejected'),
        inconclusive: tally('inconclusive'),
      },
    };
  };
  Object.assign(summary, references(scores));
  if (scores.some(({ asRecorded }) => asRecorded)) {
    const others = scores.map((score) => score.asRecorded ?? score);
    summary.asRecorded = {
      verified: count(others, 'verified'),
      correct: count(others, 'correct'),
      offered: count(others, 'offered'),
      inconclusive: count(others, 'inconclusive'),
      falseVerified: count(others, 'falseVerified'),
      seconds: sumSeconds(others),
      ...references(others),
    };
  }
  const wrong = scores.flatMap((score) => (score.wrong ? Object.values(score.wrong.of) : []));
  if (wrong.length > 0) {
    const byGate: Record<string, number> = {};
    for (const { gate } of wrong) if (gate !== null) byGate[gate] = (byGate[gate] ?? 0) + 1;
    const of = (verdict: string): number => wrong.filter((one) => one.verdict === verdict).length;
    summary.wrong = {
      total: wrong.length,
      rejected: of('rejected'),
      inconclusive: of('inconclusive'),
      verified: of('verified'),
      byGate,
    };
  }
  return summary;
}
