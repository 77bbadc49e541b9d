import { isObject, type Json } from '../lib/json.ts';
import { mapLimited } from '../lib/limit.ts';
import { checkPolicy } from '../patch/policy.ts';
import { behaviourOf, sameBehaviour } from './behaviour.ts';
import { recordedCalls } from './calls.ts';
import { failingCalls, runAsked, runFailing, siblingsOf, type Case, type Changes } from './case.ts';
import { runCheck } from './checks.ts';
import type { Behaviour, Evidence, GateResult } from './evidence.ts';
import type { Baseline, Facts, Gate } from './facts.ts';
import { answered } from './gates/answered.ts';
import { complete } from './gates/complete.ts';
import { determine, type Survivor } from './gates/determined.ts';
import { effects } from './gates/effects.ts';
import { errorGone } from './gates/error-gone.ts';
import { brokenVariants, meaning } from './gates/meaning.ts';
import { neighbours } from './gates/neighbours.ts';
import { nothingNew } from './gates/nothing-new.ts';
import { ownTests } from './gates/own-tests.ts';
import { reproduced } from './gates/reproduced.ts';
import { sound } from './gates/sound.ts';
import type { Call } from '../replay/plan.ts';
import { mutantsOf, quotedInputs, type Mutant } from './mutants.ts';
import { chooseNeighbours } from './neighbours.ts';
import { keysIn, otherNames } from './other-names.ts';
import { statusOf, type Observed } from './observe.ts';
import { inputsOf, precedentOf } from './precedents.ts';
import { goesTheWayOf, wayOf, type Way } from './ways.ts';
import { decisionsOf, type Decisions } from './decisions.ts';
import { sumUp } from './verdict.ts';
import { variantsOf } from './variants.ts';

/** What was found out about one candidate, all gates but `determined`. */
export interface Judgement {
  facts: Facts;
  gates: GateResult[];
  behaviour: Behaviour | null;
  /** Whether every gate that was looked at holds. */
  survives: boolean;
  /** Whether nothing speaks against it, though the recording does not reach to its end, or holds no answer like its own. */
  possible: boolean;
  /** For a survivor: constants of the patch that nothing determines. */
  invented: string[];
  decisions: Decisions;
  way: Way;
  seconds: number;
}

/** What the unpatched code does: two runs of the neighbours, one of the variants, the app's own tests. Once per case. */
export async function baselineOf(at: Case): Promise<Baseline> {
  const chosen = chooseNeighbours(at.slice, at.failing);
  const variants = at.notReproduced === null ? variantsOf(at) : [];
  const asked = chosen.map((exchange) => ({ exchange }));
  const runNeighbours = (name: string): Promise<Observed> =>
    runAsked(at, name, {}, asked, { from: chosen[0]! });
  const runs: [Observed, Observed] | null =
    chosen.length === 0
      ? null
      : await Promise.all([runNeighbours('unpatched neighbours 1'), runNeighbours('unpatched neighbours 2')]);
  const [variantRun, tests, types] = await Promise.all([
    variants.length === 0 ? null : runVariants(at, variants, 'unpatched variants', {}),
    at.testArgv ? runCheck(at, at.testArgv, {}) : null,
    at.typeCheckArgv ? runCheck(at, at.typeCheckArgv, {}) : null,
  ]);
  let sibling: Promise<Observed | null> | undefined;
  const siblingRun = (): Promise<Observed | null> => (sibling ??= runSiblingVariants(at, variants));
  return { neighbours: chosen, runs, variants, variantRun, siblingRun, tests, types };
}

async function runSiblingVariants(at: Case, wanted: Baseline['variants']): Promise<Observed | null> {
  const names = new Set(wanted.filter(({ kind }) => kind === 'request').map(({ name }) => name));
  const choices = siblingsOf(at)
    .filter((exchange) => exchange.complete && (statusOf(exchange.response) ?? 500) < 400)
    .map((failing) => ({
      failing,
      variants: variantsOf({ ...at, failing }).filter(({ name }) => names.has(name)),
    }))
    .toSorted((a, b) => b.variants.length - a.variants.length);
  const [best] = choices;
  if (!best || best.variants.length === 0) return null;
  return runVariants(
    { ...at, failing: best.failing, prefix: [] },
    best.variants,
    'unpatched variants of a sibling',
    {},
  );
}

function runVariants(
  at: Case,
  variants: Baseline['variants'],
  name: string,
  changes: Changes,
): Promise<Observed> {
  const prefix = at.prefix.map((exchange) => ({ exchange }));
  return runAsked(at, name, changes, [...prefix, ...variants.map(({ asked }) => asked)], {
    from: at.failing,
  });
}

/** Gates that fail for want of a recording, not for what the patch does. */
const OPEN = new Set<GateResult['gate']>(['answered', 'meaning', 'nothing new']);

const FIRST: readonly Gate[] = [reproduced, complete, sound];
const SECOND: readonly Gate[] = [errorGone, nothingNew, answered];
const THIRD: readonly Gate[] = [nothingNew, neighbours, effects, ownTests, sound, meaning];

/**
 * Judges one candidate by every gate but `determined`. Stops at the first rejection: what comes after it could not change the
 * verdict. Repeating it gives the same answer.
 */
export async function judge(at: Case, baseline: Baseline, changes: Changes): Promise<Judgement> {
  const began = performance.now();
  const facts: Facts = {
    at,
    baseline,
    changes,
    policy: await checkPolicy(at.tree, changes),
    quoted: await quotedInputs(at.tree, changes, inputsOf(at.failing)),
    failing: null,
    neighbours: null,
    variants: null,
    siblingVariants: null,
    tests: null,
    types: null,
  };
  const decisions = await decisionsOf(at.tree, changes);
  const results = new Map<string, GateResult>();
  const look = (gates: readonly Gate[]): boolean => {
    for (const gate of gates) {
      const result = gate(facts);
      if (result) results.set(result.gate, result);
    }
    return ![...results.values()].some((result) => result.otherwise === 'rejected');
  };
  const done = (): Judgement => {
    const gates = [...results.values()];
    const failed = gates.filter((gate) => !gate.holds);
    const names = baseline.variants.map(({ name }) => name);
    return {
      facts,
      gates,
      behaviour: facts.failing ? behaviourOf(at, facts.failing, facts.variants, names) : null,
      survives: facts.neighbours !== null && failed.length === 0,
      possible:
        facts.neighbours !== null &&
        failed.every(({ gate, otherwise }) => otherwise === 'inconclusive' && OPEN.has(gate)),
      invented: [],
      decisions,
      way: facts.failing ? wayOf(failingCalls(at, facts.failing)) : [],
      seconds: (performance.now() - began) / 1000,
    };
  };

  if (!look(FIRST) || at.notReproduced !== null) return done();
  facts.failing = await runFailing(at, 'the failing request', changes);
  if (!look(SECOND)) return done();
  const asked = baseline.neighbours.map((exchange) => ({ exchange }));
  [facts.neighbours, facts.variants, facts.tests, facts.types] = await Promise.all([
    baseline.runs ? runAsked(at, 'the neighbours', changes, asked, { from: baseline.neighbours[0]! }) : null,
    baseline.variants.length > 0 ? runVariants(at, baseline.variants, 'the variants', changes) : null,
    baseline.tests?.passed ? runCheck(at, at.testArgv!, changes) : null,
    baseline.types?.passed ? runCheck(at, at.typeCheckArgv!, changes) : null,
  ]);
  look(THIRD);
  // What the code makes of a variant past the point of failure, only siblings show.
  if (brokenVariants(facts).length > 0) {
    facts.siblingVariants = await baseline.siblingRun();
    look([meaning]);
  }
  const judgement = done();
  if (!judgement.survives || !judgement.behaviour) return judgement;
  const goesOn = !decisions.adds && goesTheWayOf(at, judgement.way, judgement.behaviour) !== undefined;
  return precedentOf(at) === null || goesOn
    ? { ...judgement, invented: await inventedIn(facts, judgement.behaviour) }
    : judgement;
}

const FOR_MUTANTS: readonly Gate[] = [errorGone, nothingNew, answered, meaning];

/** A patch with more constants of its own than this is not looked into: the rest counts as made up. */
const MOST_MUTANTS = 12;

/** Constants and names of a surviving patch that can be changed without any gate noticing, though the answer changes. */
async function inventedIn(facts: Facts, own: Behaviour): Promise<string[]> {
  const { at } = facts;
  const answers = recordedCalls(at.slice, at.failing.id).map(({ response }) => response);
  const mutants = [
    ...(await mutantsOf(at.tree, facts.changes)),
    ...(await otherNames(at.tree, facts.changes, keysIn(answers))),
  ];
  const nameOf = ({ literal, path, line }: Mutant): string => `${literal} (${path}:${line})`;
  const found = await mapLimited(mutants.slice(0, MOST_MUTANTS), 2, async (mutant) => {
    const failing = await runFailing(at, `the constant ${mutant.literal}`, mutant.changes);
    const mutated: Facts = { ...facts, changes: mutant.changes, failing, neighbours: null, variants: null };
    if (FOR_MUTANTS.some((gate) => gate(mutated)?.holds === false)) return null;
    const behaviour = behaviourOf(at, failing, null, []);
    return sameBehaviour(behaviour, { ...own, variants: [] }) ? null : nameOf(mutant);
  });
  return [...found.filter((one) => one !== null), ...mutants.slice(MOST_MUTANTS).map(nameOf)];
}

/** The whole evidence: a judgement, compared with the rivals that also survived, and with the number of those that could not be judged. */
export function conclude(
  at: Case,
  own: Survivor | null,
  judgement: Judgement,
  rivals: readonly Survivor[],
  unjudged = 0,
): Evidence {
  const { facts, behaviour } = judgement;
  const determination = own ? determine(at, own, rivals, unjudged) : null;
  const { verdict, reasons, gates } = sumUp([
    ...judgement.gates,
    ...(determination ? [determination.gate] : []),
  ]);
  const runs = [...at.unpatched, facts.failing, facts.neighbours, facts.variants].filter(
    (run): run is Observed => run !== null,
  );
  return {
    version: 1,
    release: at.slice.release,
    verdict,
    reasons,
    gates,
    calls: facts.failing
      ? failingCalls(at, facts.failing).map((call) => ({ ...call, run: facts.failing!.name }))
      : [],
    assumptions: facts.failing ? assumptionsOf(at, failingCalls(at, facts.failing)) : [],
    alternatives: determination?.alternatives ?? [],
    behaviour,
    before: answer(at.failing.response),
    after: answer(facts.failing?.responses.get(at.failing.id)?.response ?? null),
    errors: facts.failing?.errors ?? [],
    runs: runs.map((run) => ({
      name: run.name,
      seconds: run.run.seconds,
      bootMs: run.run.result.readyMs,
      requests: run.run.result.responses.length,
      detail: `${run.run.result.calls.length} calls`,
    })),
    clock: runs.length > 0 && runs.every(({ run }) => run.clock === 'recorded') ? 'recorded' : 'real',
    isolation: at.sandbox.level,
    notChecked: notChecked(facts, gates),
    seconds: judgement.seconds,
  };
}

/** One for each call that the recording itself does not answer: what the answer stands on, and where that was seen. */
function assumptionsOf({ slice }: Case, calls: readonly Call[]): Evidence['assumptions'] {
  const history = new Map(slice.history?.exchanges.map((exchange) => [exchange.id, exchange]));
  const seen = (id: string | null): string => {
    const exchange = history.get(id ?? '');
    if (!exchange) return 'in this run';
    const at = new Date((exchange.endedAt ?? exchange.startedAt) / 1000).toISOString();
    return `seen in ${exchange.summary} at ${at.slice(11, 23)} UTC`;
  };
  return calls
    .filter(({ match }) => match === 'rebuilt')
    .map(({ summary, assumptions }) => ({
      call: summary,
      standsOn: assumptions.map(({ what, exchange }) => ({ what, seen: seen(exchange) })),
    }));
}

function answer(response: Json | null): Evidence['before'] {
  if (!isObject(response)) return null;
  const body = response['body'];
  const headers = Array.isArray(response['headers']) ? response['headers'] : [];
  const pairs = headers.filter(
    (pair): pair is [string, string] => Array.isArray(pair) && typeof pair[0] === 'string',
  );
  return {
    status: statusOf(response),
    headers: Object.fromEntries(pairs),
    body: !isObject(body)
      ? ''
      : typeof body['text'] === 'string'
        ? body['text']
        : `${JSON.stringify(body).length} bytes, not text`,
  };
}

/** What a person should know that nobody looked at. */
function notChecked({ at, baseline, failing }: Facts, gates: readonly GateResult[]): string[] {
  const missing: string[] = [];
  if (!at.testArgv) missing.push('the app has no tests of its own');
  else if (baseline.tests && !baseline.tests.passed)
    missing.push(`the app's own tests failed before the patch: ${baseline.tests.detail}`);
  if (!at.typeCheckArgv) missing.push('the app has no type-check');
  else if (baseline.types && !baseline.types.passed)
    missing.push("the app's type-check failed before the patch");
  if (failing?.run.clock === 'real') missing.push('the clock could not be set to the recorded time');
  if (at.slice.shared.length > 0)
    missing.push(`${at.slice.shared.length} recorded calls could belong to more than one request`);
  const stopped = gates.find((gate) => gate.otherwise === 'rejected');
  if (stopped) missing.push(`what comes after "${stopped.gate}" was not tried`);
  return missing;
}
