import type { Featured } from './features.ts';
import { rawProbability, type Fitted } from './fitted.ts';
import type { History } from './history.ts';

/** Neighbours of the same area that may be of the same series. */
const SERIES = 6;
/** Neighbours that tell how likely picks are in an area at that time, and what is taken for an area of few. */
const AROUND = 25;
const PRIOR = { picked: 0.6, count: 3 };

/**
 * A commit that says nothing is often picked because another one is that says nothing either. So each is told by itself
 * first, and again with how likely its neighbours were found.
 */
export function lookAgain(
  first: NonNullable<Fitted['first']>,
  history: History,
  featured: readonly Featured[],
): Featured[] {
  const likely = featured.map(({ silent, features }) =>
    features.has('branch:later-only') ? 0 : rawProbability(first, silent, features),
  );
  const areas = history.readings.map(({ head }) => partsOf(head.area));
  const silent = featured.map((one) => one.silent);
  return featured.map((one, at) => ({
    ...one,
    features: new Map([
      ...one.features,
      ...series(history, areas, likely, at),
      ...around(history, silent, likely, at),
      ...named(history, likely, at),
    ]),
  }));
}

/** `mux-h2/stats` is of both areas. */
function partsOf(area: string | null): string[] {
  return (area ?? '').split(/[/,\s]+/).filter((part) => part !== '');
}

function series(
  { bursts }: History,
  areas: readonly (readonly string[])[],
  likely: readonly number[],
  at: number,
): [string, number][] {
  const { start, end } = bursts[at]!;
  const kin = (by: number): boolean => areas[at]!.some((area) => areas[by]!.includes(area));
  const found: number[] = [];
  for (let by = Math.max(start, at - SERIES); by <= Math.min(end, at + SERIES); by++)
    if (by !== at && kin(by)) found.push(likely[by]!);
  return [
    ['likely-before', at > start && kin(at - 1) ? likely[at - 1]! : 0],
    ['likely-in-series', found.length === 0 ? 0 : sum(found) / found.length],
    ['likely-in-series-most', Math.max(0, ...found)],
  ];
}

function around(
  { readings }: History,
  silent: readonly boolean[],
  likely: readonly number[],
  at: number,
): [string, number][] {
  const area = readings[at]!.head.area;
  const ofArea: number[] = [];
  const ofSilent: number[] = [];
  for (let by = Math.max(0, at - AROUND); by < Math.min(likely.length, at + AROUND); by++) {
    if (by === at) continue;
    if (area !== null && readings[by]!.head.area === area) ofArea.push(likely[by]!);
    if (silent[by]) ofSilent.push(likely[by]!);
  }
  return [
    ['likely-in-area', (sum(ofArea) + PRIOR.picked) / (ofArea.length + PRIOR.count)],
    ['likely-silent-around', ofSilent.length === 0 ? 0 : sum(ofSilent) / ofSilent.length],
  ];
}

function named({ names, namedBy }: History, likely: readonly number[], at: number): [string, number][] {
  const by = namedBy[at]!.map((one) => likely[one.by]!);
  const own = names[at]!.flatMap((one) => (one.at === null ? [] : [likely[one.at]!]));
  return [
    ['likely-namer', Math.max(0, ...by)],
    ['likely-named', Math.max(0, ...own)],
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
