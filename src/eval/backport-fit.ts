import { coverOf, isOlder } from '../desks/backport/rules/branch.ts';
import { calibrate, fittedSchema, rawProbability, type Fitted } from '../desks/backport/rules/fitted.ts';
import type { Project } from '../desks/backport/rules/project.ts';
import { readMessage } from '../desks/backport/rules/read-message.ts';
import type { Cycle } from './backport-data.ts';
import { examplesOf, fitModels, learnedFrom, type Judged } from './backport-models.ts';

/** The latest of the training cycles set the calibration and the bounds: they are most like what comes. */
const LATEST = 3;
/** Wanted of the yes that needs no second look; a little above what is promised. */
const AUTO_PRECISION = 0.965;
const AUTO_FROM = 0.9;
/** Differences of F1 that mean nothing: a commit or two of a cycle. */
const AS_GOOD = 0.002;
/** Commits a row of the calibration, at most and at least. */
const BIN = { most: 60, least: 10, rows: 20 };

/**
 * Fits the models on cycles with labels, oldest first. What their probabilities are worth is learned as they will be used:
 * each of the latest cycles is told by models of the cycles before it. Left-out cycles between others look easier than they are.
 */
export function fitBackport(project: Project, cycles: readonly Cycle[]): Fitted {
  const learned = cycles.map((cycle) => learnedFrom(project, cycle));
  const unseen = learned.flatMap((own, i) => {
    if (i === 0 || i < learned.length - LATEST) return [];
    const models = fitModels(learned.slice(0, i));
    return examplesOf(own, models.first).map((one) => ({
      ...one,
      raw: rawProbability(models, one.silent, one.features),
    }));
  });
  const models = fitModels(learned);
  const calibration = (silent: boolean): [number, number][] =>
    isotonic(unseen.filter((one) => one.silent === silent).map(({ raw, label }) => ({ p: raw, label })));
  const fitted = fittedSchema.parse({
    source: `cycles ${cycles.map(({ name }) => name).join(', ')}: ${cycles.reduce((sum, { commits }) => sum + commits.length, 0)} commits; calibrated on ${cycles
      .slice(-LATEST)
      .map(({ name }) => name)
      .join(', ')}, each told by those before it`,
    first: models.first,
    told: { ...models.told, calibration: calibration(false) },
    silent: { ...models.silent, calibration: calibration(true) },
  });
  return { ...fitted, ...bounds(fitted, unseen), ...reach(project, cycles) };
}

/** A branch that got fewer commits of a cycle was hardly maintained. */
const MAINTAINED = 20;

/** How far picks go: to branches below those that the message names, and to older ones when it names none. */
function reach(project: Project, cycles: readonly Cycle[]): Pick<Fitted, 'laterOnly' | 'older'> {
  const pairs: Record<'later-only' | 'silent' | 'unnamed', boolean[]> = {
    'later-only': [],
    silent: [],
    unnamed: [],
  };
  for (const { branch, labels } of cycles) {
    const counts = new Map<string, number>();
    for (const { to } of labels.values())
      for (const name of to) counts.set(name, (counts.get(name) ?? 0) + 1);
    const older = [...counts]
      .filter(([name, count]) => count >= MAINTAINED && isOlder(name, [branch]))
      .map(([name]) => name);
    for (const [commit, { backported_prev: picked, to }] of labels) {
      if (!picked) continue;
      const reading = readMessage(project, commit);
      for (const name of older) {
        const cover = reading.said.length === 0 ? 'silent' : coverOf(reading, name);
        if (cover === 'named' || cover === 'everywhere') continue;
        pairs[cover].push(to.includes(name));
      }
    }
  }
  const of = (kind: keyof typeof pairs): number => {
    const yes = pairs[kind].filter(Boolean).length;
    return three(share({ yes, count: pairs[kind].length }));
  };
  return { laterOnly: of('later-only'), older: { silent: of('silent'), unnamed: of('unnamed') } };
}

/** Isotonic regression (pool adjacent violators) over bins of equal count: a rising table of few rows. */
function isotonic(points: readonly { p: number; label: boolean }[]): [number, number][] {
  const sorted = points.toSorted((a, b) => a.p - b.p);
  const pools: { sum: number; yes: number; count: number }[] = [];
  const size = Math.min(BIN.most, Math.max(BIN.least, Math.ceil(sorted.length / BIN.rows)));
  for (let start = 0; start < sorted.length; start += size) {
    const bin = sorted.slice(start, start + size);
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

/**
 * A yes from where F1 is best, as a mean over cycles, so that one in which everything was picked does not decide for all; of bounds
 * that are as good the highest, since a person looks at what is uncertain. Below half of it a look is no longer worth it.
 */
function bounds(
  fitted: Fitted,
  unseen: readonly (Judged & { raw: number })[],
): Pick<Fitted, 'yes' | 'no' | 'autoYes'> {
  const told = unseen.map(({ cycle, silent, raw, label }) => ({
    cycle,
    label,
    p: calibrate((silent ? fitted.silent : fitted.told).calibration, raw),
  }));
  const cycles = [...Map.groupBy(told, ({ cycle }) => cycle).values()];
  const steps = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  const f1 = steps.map((t) => cycles.reduce((sum, cycle) => sum + f1At(cycle, t), 0) / (cycles.length || 1));
  const best = Math.max(...f1);
  const yes = cycles.length === 0 ? 0.5 : steps[f1.findLastIndex((value) => value >= best - AS_GOOD)]!;
  const sure = steps.find((t) => {
    const picked = told.filter(({ p }) => p >= t);
    const right = picked.filter(({ label }) => label).length;
    return t >= AUTO_FROM && right / (picked.length || 1) >= AUTO_PRECISION;
  });
  return { yes, no: three(yes / 2), autoYes: sure ?? 0.99 };
}

function f1At(told: readonly { p: number; label: boolean }[], t: number): number {
  const said = told.filter(({ p }) => p >= t);
  const right = said.filter(({ label }) => label).length;
  return (2 * right) / (said.length + told.filter(({ label }) => label).length || 1);
}

function three(n: number): number {
  return Math.round(n * 1000) / 1000;
}
