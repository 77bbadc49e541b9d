import { featuresOf } from '../desks/backport/rules/features.ts';
import {
  calibrate,
  fittedSchema,
  rawProbability,
  type Features,
  type Fitted,
} from '../desks/backport/rules/fitted.ts';
import { readHistory } from '../desks/backport/rules/history.ts';
import type { Project } from '../desks/backport/rules/project.ts';
import type { Cycle } from './backport-data.ts';
import { fitLogistic } from './logistic.ts';

interface Example {
  cycle: string;
  silent: boolean;
  features: Features;
  label: boolean;
}

/** The latest of the training cycles set the calibration and the bounds: they are most like what comes. */
const LATEST = 3;
/** Wanted of the yes that needs no second look; a little above what is promised. */
const AUTO_PRECISION = 0.965;
const AUTO_FROM = 0.9;
/** Commits a row of the calibration. */
const BIN = 60;

/**
 * Fits the two models on cycles with labels. What their probabilities are worth is learned where they had not seen the
 * cycle: each of the latest cycles is told by models of all the others.
 */
export function fitBackport(project: Project, cycles: readonly Cycle[]): Fitted {
  const examples = cycles.flatMap((cycle) => examplesOf(project, cycle));
  const unseen = cycles.slice(-LATEST).flatMap(({ name }) => {
    const others = examples.filter((one) => one.cycle !== name);
    if (others.length === 0) return [];
    const models = fitModels(others);
    return examples
      .filter((one) => one.cycle === name)
      .map((one) => ({ ...one, raw: rawProbability(models, one.silent, one.features) }));
  });
  const models = fitModels(examples);
  const calibration = (silent: boolean): [number, number][] =>
    isotonic(unseen.filter((one) => one.silent === silent).map(({ raw, label }) => ({ p: raw, label })));
  const fitted = fittedSchema.parse({
    source: `cycles ${cycles.map(({ name }) => name).join(', ')}: ${examples.length} commits; calibrated on ${cycles
      .slice(-LATEST)
      .map(({ name }) => name)
      .join(', ')}, each told by the others`,
    told: { ...models.told, calibration: calibration(false) },
    silent: { ...models.silent, calibration: calibration(true) },
  });
  return { ...fitted, ...bounds(fitted, unseen) };
}

function examplesOf(project: Project, cycle: Cycle): Example[] {
  const history = readHistory(project, cycle.commits);
  return featuresOf(project, history, cycle.branch)
    .map(({ silent, features }, at) => ({
      cycle: cycle.name,
      silent,
      features,
      label: cycle.labels.get(history.commits[at]!)!.backported_prev,
    }))
    .filter(({ features }) => !features.has('branch:later-only'));
}

function fitModels(examples: readonly Example[]): Record<'told' | 'silent', ReturnType<typeof fitLogistic>> {
  return {
    told: fitLogistic(examples.filter(({ silent }) => !silent)),
    silent: fitLogistic(examples.filter(({ silent }) => silent)),
  };
}

/** Isotonic regression (pool adjacent violators) over bins of equal count: a rising table of few rows. */
function isotonic(points: readonly { p: number; label: boolean }[]): [number, number][] {
  const sorted = points.toSorted((a, b) => a.p - b.p);
  const pools: { sum: number; yes: number; count: number }[] = [];
  for (let start = 0; start < sorted.length; start += BIN) {
    const bin = sorted.slice(start, start + BIN);
    pools.push({
      sum: bin.reduce((sum, { p }) => sum + p, 0),
      yes: bin.filter(({ label }) => label).length,
      count: bin.length,
    });
    while (pools.length > 1 && share(pools.at(-2)!) >= share(pools.at(-1)!)) {
      const last = pools.pop()!;
      const before = pools.at(-1)!;
      before.sum += last.sum;
      before.yes += last.yes;
      before.count += last.count;
    }
  }
  const table = pools.map((pool): [number, number] => [three(pool.sum / pool.count), three(share(pool))]);
  return table.filter(([x], i) => i === 0 || x > table[i - 1]![0]);
}

/** Half a commit of each kind is added: no bin is sure of anything. */
function share({ yes, count }: { yes: number; count: number }): number {
  return (yes + 0.5) / (count + 1);
}

/** Where F1 is best; half of it is where a look is no longer worth it; and what needs none. */
function bounds(
  fitted: Fitted,
  unseen: readonly (Example & { raw: number })[],
): Pick<Fitted, 'yes' | 'no' | 'autoYes'> {
  const told = unseen.map(({ silent, raw, label }) => ({
    p: calibrate((silent ? fitted.silent : fitted.told).calibration, raw),
    label,
  }));
  const all = told.filter(({ label }) => label).length;
  const steps = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  const at = (t: number): { f1: number; precision: number } => {
    const picked = told.filter(({ p }) => p >= t);
    const right = picked.filter(({ label }) => label).length;
    return { f1: (2 * right) / (picked.length + all || 1), precision: right / (picked.length || 1) };
  };
  const yes = steps.reduce((best, t) => (at(t).f1 >= at(best).f1 ? t : best), 0.5);
  return {
    yes,
    no: three(yes / 2),
    autoYes: steps.find((t) => t >= AUTO_FROM && at(t).precision >= AUTO_PRECISION) ?? 0.99,
  };
}

function three(n: number): number {
  return Math.round(n * 1000) / 1000;
}
