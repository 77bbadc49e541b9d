import type { Features } from '../desks/backport/rules/fitted.ts';

export interface Example {
  features: Features;
  /** What is to be told. */
  label: boolean;
  /** How much it counts; 1 where it is not said. */
  weight?: number;
}

/**
 * Logistic regression with a ridge, by Newton's method. Features seen fewer than `minCount` times are left out: a weight
 * must stand for a rule, not for a commit. Deterministic.
 */
export function fitLogistic(
  examples: readonly Example[],
  { ridge = 2, minCount = 8, steps = 12 } = {},
): { base: number; weights: Record<string, number> } {
  const counts = new Map<string, number>();
  for (const { features } of examples)
    for (const [name, value] of features) if (value !== 0) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts]
    .filter(([, count]) => count >= minCount)
    .map(([name]) => name)
    .toSorted();
  const column = new Map(names.map((name, i) => [name, i + 1]));
  const rows = examples.map(({ features, label, weight = 1 }) => ({
    label: label ? 1 : 0,
    weight,
    cells: [
      [0, 1] as const,
      ...[...features].flatMap(([name, value]) => {
        const i = column.get(name);
        return i === undefined || value === 0 ? [] : [[i, value] as const];
      }),
    ],
  }));
  const size = names.length + 1;
  let w = new Float64Array(size);
  for (let step = 0; step < steps; step++) {
    const gradient = new Float64Array(size);
    const hessian = Array.from({ length: size }, () => new Float64Array(size));
    for (let i = 1; i < size; i++) {
      gradient[i] = -ridge * w[i]!;
      hessian[i]![i] = ridge;
    }
    hessian[0]![0] = 1e-6;
    for (const { label, weight, cells } of rows) {
      const p = 1 / (1 + Math.exp(-cells.reduce((sum, [i, value]) => sum + w[i]! * value, 0)));
      const v = weight * Math.max(p * (1 - p), 1e-6);
      for (const [i, a] of cells) {
        gradient[i]! += weight * (label - p) * a;
        const row = hessian[i]!;
        for (const [j, b] of cells) row[j]! += v * a * b;
      }
    }
    const delta = solve(hessian, gradient);
    w = w.map((value, i) => value + delta[i]!);
    if (delta.every((d) => Math.abs(d) < 1e-6)) break;
  }
  const three = (n: number): number => Math.round(n * 1000) / 1000;
  return {
    base: three(w[0]!),
    weights: Object.fromEntries(names.map((name, i) => [name, three(w[i + 1]!)])),
  };
}

/** Of a symmetric positive matrix, which is overwritten. */
function solve(matrix: Float64Array[], right: Float64Array): Float64Array {
  const n = right.length;
  const x = right.slice();
  for (let k = 0; k < n; k++) {
    const pivot = matrix[k]![k]!;
    for (let i = k + 1; i < n; i++) {
      const by = matrix[i]![k]! / pivot;
      if (by === 0) continue;
      for (let j = k; j < n; j++) matrix[i]![j]! -= by * matrix[k]![j]!;
      x[i]! -= by * x[k]!;
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) x[k]! -= matrix[k]![j]! * x[j]!;
    x[k]! /= matrix[k]![k]!;
  }
  return x;
}
