import type { History } from './history.ts';
import type { Reading } from './read-message.ts';

/** What a message by itself comes to for a branch. */
export type Asked = 'asks' | 'may' | 'declines' | 'mixed' | 'silent';

interface Around {
  features: Map<string, number>;
  needs: number[];
}

const NEAR = 3;
const SERIES = 15;
/** How far before and after others of a kind tell how it is treated, and how many of them make it half sure. */
const KIN_WINDOW_MS = 45 * 86_400_000;
const KIN_PRIOR = 4;
/** Of a file, so many later commits tell how it fares. */
const FILE_SAMPLE = 3;

/**
 * What the other commits of the history say about each one: those that name it, those that it names, its neighbours in a
 * series, and how commits of its area fare. Only messages are used, never what was really picked.
 */
export function surroundings(history: History, asked: readonly Asked[]): Around[] {
  const wanted = asked.map((one) => one === 'asks' || one === 'may');
  const shares = kinShares(history, wanted);
  return history.commits.map((_, at) => {
    const features = new Map<string, number>();
    const needs: number[] = [];
    links(history, asked, wanted, at, features, needs);
    neighbours(history, wanted, asked, at, features, needs);
    kinship(history, asked, wanted, at, features);
    features.set('kin-wanted', shares[at]!);
    return { features, needs };
  });
}

/** What has names or files in common with it. */
function kinship(
  { kinship: kin, commits }: History,
  asked: readonly Asked[],
  wanted: readonly boolean[],
  at: number,
  features: Map<string, number>,
): void {
  const on = (name: string): void => void features.set(name, 1);
  const named = kin.laterBySameName[at]!;
  if (named.some((by) => wanted[by])) on('its-name-in-a-wanted-one');
  if (named.some((by) => asked[by] === 'declines')) on('its-name-in-an-unwanted-one');
  const later = kin.laterBySameFile[at]!;
  if (later.length >= FILE_SAMPLE)
    features.set('file-wanted-later', later.filter((by) => wanted[by]).length / later.length);
  const files = Math.min(commits[at]!.files.length, 50);
  if (files > 0 && kin.newPaths[at] === files) on('files-rarely-touched');
  const created = kin.created[at]!;
  if (created.length === 0) return;
  const use = created.some((path) => kin.touching.get(path)!.some((by) => by !== at && wanted[by]));
  on(use ? 'creates-a-wanted-file' : 'creates-a-file');
}

function links(
  { names, namedBy }: History,
  asked: readonly Asked[],
  wanted: readonly boolean[],
  at: number,
  features: Map<string, number>,
  needs: number[],
): void {
  const on = (name: string): void => void features.set(name, 1);
  for (const { by, means, aboutBackports } of namedBy[at]!) {
    const state = wanted[by] ? 'wanted' : asked[by] === 'silent' ? 'silent' : 'unwanted';
    if (means === 'introduced') on(`fixed-by-${state}`);
    else if (means === 'reverts') on(by > at ? `reverted-by-${state}` : 'named');
    else if (aboutBackports && means !== 'condition') on(`named-for-backport-by-${state}`);
    else if (means === 'needs' || means === 'together') on(`needed-by-${state}`);
    else on(`${means}-by-${state}`);
  }
  for (const { at: target, means, aboutBackports } of names[at]!) {
    const age =
      target === null
        ? 'older'
        : wanted[target]
          ? 'wanted'
          : asked[target] === 'silent'
            ? 'silent'
            : 'unwanted';
    on(`${aboutBackports && means === 'named' ? 'told' : means}:${age}`);
    if (target !== null && (means === 'needs' || (aboutBackports && means === 'together')))
      needs.push(target);
  }
}

function neighbours(
  { commits, readings, bursts }: History,
  wanted: readonly boolean[],
  asked: readonly Asked[],
  at: number,
  features: Map<string, number>,
  needs: number[],
): void {
  const on = (name: string): void => void features.set(name, 1);
  const { start, end } = bursts[at]!;
  const area = readings[at]!.head.area;
  const last = commits.length - 1;
  if (readings[at]!.needsPrevious && wanted[at] && at > 0) needs.push(at - 1);
  if (at < last && wanted[at + 1] && readings[at + 1]!.needsPrevious) on('next-needs-previous');
  if (at > 0 && wanted[at - 1] && readings[at - 1]!.needsNext) on('last-needs-next');
  for (let by = at + 1; by <= Math.min(at + SERIES, end); by++)
    if (wanted[by] && readings[by]!.needsSeries)
      on(readings[by]!.head.area === area ? 'series-wanted-same-area' : 'series-wanted');
  const inBurst = (by: number): boolean => by >= start && by <= end;
  const near = (by: number): string => (readings[by]!.head.area === area ? 'same-area' : 'other-area');
  if (at < last && inBurst(at + 1)) {
    if (wanted[at + 1]) on(`next-wanted-${near(at + 1)}`);
    else if (asked[at + 1] === 'declines') on(`next-declines-${near(at + 1)}`);
  }
  if (at > 0 && inBurst(at - 1)) {
    if (wanted[at - 1]) on(`last-wanted-${near(at - 1)}`);
    else if (asked[at - 1] === 'declines') on(`last-declines-${near(at - 1)}`);
  }
  let [yes, no, all, later] = [0, 0, 0, 0];
  for (let by = Math.max(start, at - 20); by <= Math.min(end, at + 20); by++) {
    if (by === at) continue;
    all++;
    if (wanted[by]) yes++;
    if (wanted[by] && by > at) later++;
    if (asked[by] === 'declines') no++;
  }
  if (all === 0) on('alone');
  else {
    features.set('burst-wanted', yes / all);
    features.set('burst-declines', no / all);
    if (later > 0) on('wanted-later-in-burst');
    features.set('burst-size', Math.min(Math.log2(all + 1), 5) / 5);
  }
  const paths = new Set(commits[at]!.files.slice(0, 50).map(({ path }) => path));
  for (let by = at + 1; by <= Math.min(at + NEAR, end); by++)
    if (wanted[by] && commits[by]!.files.some(({ path }) => paths.has(path))) on('same-file-wanted-soon');
}

/**
 * Of the other commits with the same area and the same tags in the window, the share that is wanted; few commits count for
 * little. An area whose features are asked for is kept alike in both branches; one with many bugs is not.
 */
function kinShares({ readings, times }: History, wanted: readonly boolean[]): number[] {
  const byKin = Map.groupBy(readings.keys(), (at) => kinOf(readings[at]!));
  const shares = times.map(() => 0);
  for (const [kin, places] of byKin) {
    if (kin === null) continue;
    let [from, to, yes] = [0, 0, 0];
    for (const at of places) {
      while (to < places.length && times[places[to]!]! <= times[at]! + KIN_WINDOW_MS)
        yes += wanted[places[to++]!] ? 1 : 0;
      while (times[places[from]!]! < times[at]! - KIN_WINDOW_MS) yes -= wanted[places[from++]!] ? 1 : 0;
      shares[at] = (yes - (wanted[at] ? 1 : 0)) / (to - from - 1 + KIN_PRIOR);
    }
  }
  return shares;
}

function kinOf({ head }: Reading): string | null {
  return head.area === null ? null : `${head.tags.join(' ')}: ${head.area}`;
}
