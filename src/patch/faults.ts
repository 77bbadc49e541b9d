import type { Repair } from './intent.ts';

/** How often each fault was made good. */
export function countFaults(repairs: readonly Repair[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { fault } of repairs) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  return Object.fromEntries(counts);
}
