import { z } from 'zod';

const weights = z.record(z.string(), z.number());
const unit = z.number().min(0).max(1);

/** A logistic model of named features, and what its probabilities turned out to be worth. */
const modelSchema = z.strictObject({
  base: z.number(),
  weights,
  /** From the model's probability to the share that was really picked; straight lines between. Empty: as it is. */
  calibration: z
    .array(z.tuple([unit, unit]))
    .max(100)
    .default([]),
});

/** One model for messages that speak of backports, one for those that don't. */
export const fittedSchema = z.strictObject({
  /** What it was fitted on, for people. */
  source: z.string().default('chosen by hand'),
  /** Where present: tell each commit by itself first, for the others to be told by (see second-look.ts). */
  first: z.strictObject({ told: modelSchema, silent: modelSchema }).nullable().default(null),
  told: modelSchema,
  silent: modelSchema,
  /** From here on it is a yes; below `no` a no; uncertain between. */
  yes: unit.default(0.5),
  no: unit.default(0.3),
  /** From this confidence on a yes needs no second look. */
  autoYes: unit.default(0.95),
  /** At most so likely where the message asks for later branches only. */
  laterOnly: unit.default(0.05),
  /** Of what goes to the newest branch, the share that also goes to an older one that the message does not name. */
  older: z
    .strictObject({ silent: unit.default(1), unnamed: unit.default(1) })
    .default({ silent: 1, unnamed: 1 }),
});
export type Fitted = z.infer<typeof fittedSchema>;

/** Named numbers; those not named are 0. */
export type Features = ReadonlyMap<string, number>;

/** The model's own probability, before calibration. */
export function rawProbability(
  fitted: Record<'told' | 'silent', Pick<Fitted['told'], 'base' | 'weights'>>,
  silent: boolean,
  features: Features,
): number {
  const { base, weights: known } = silent ? fitted.silent : fitted.told;
  let sum = base;
  for (const [name, value] of features) sum += value * (known[name] ?? 0);
  return 1 / (1 + Math.exp(-sum));
}

/** How likely a commit with these features is picked, for the newest of the branches or an older one. */
export function probabilityOf(fitted: Fitted, silent: boolean, features: Features, older: boolean): number {
  const p = calibrate(
    (silent ? fitted.silent : fitted.told).calibration,
    rawProbability(fitted, silent, features),
  );
  if (features.has('branch:later-only')) return Math.min(p, fitted.laterOnly);
  if (!older) return p;
  if (silent) return p * fitted.older.silent;
  return features.has('branch:unnamed') ? p * fitted.older.unnamed : p;
}

/** On the table's straight lines; beyond its ends, its ends. */
export function calibrate(points: readonly (readonly [number, number])[], p: number): number {
  if (points.length === 0) return p;
  const after = points.findIndex(([x]) => x >= p);
  if (after === -1) return points.at(-1)![1];
  if (after === 0) return points[0]![1];
  const [[x0, y0], [x1, y1]] = [points[after - 1]!, points[after]!];
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (p - x0)) / (x1 - x0);
}

/** The features that moved the sum most, strongest first, as `name +1.2`. */
export function weightiest(fitted: Fitted, silent: boolean, features: Features, count: number): string[] {
  const { weights: known } = silent ? fitted.silent : fitted.told;
  return [...features]
    .map(([name, value]) => ({ name, by: value * (known[name] ?? 0) }))
    .filter(({ by }) => Math.abs(by) >= 0.2)
    .toSorted((a, b) => Math.abs(b.by) - Math.abs(a.by))
    .slice(0, count)
    .map(({ name, by }) => `rule ${name} ${by > 0 ? '+' : ''}${by.toFixed(1)}`);
}
