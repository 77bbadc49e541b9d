import type { Commit } from '../model.ts';
import { coverOf } from './branch.ts';
import { courseOf } from './course.ts';
import type { History } from './history.ts';
import type { Project } from './project.ts';
import type { Reading } from './read-message.ts';
import type { Features } from './fitted.ts';
import { surroundings, type Asked } from './surroundings.ts';

/** The named numbers of one commit for one branch. Messages that speak of backports and others have models of their own. */
export interface Featured {
  silent: boolean;
  features: Features;
  /** Places in the history that it needs. */
  needs: number[];
}

/** What the message by itself asks for this branch. */
export function askedOf(reading: Reading, branch: string): Asked {
  if (reading.said.length === 0) return 'silent';
  const calls = new Set(reading.said.map(({ call }) => call));
  if (calls.has('asks') || calls.has('may')) {
    if (coverOf(reading, branch) === 'later-only') return 'declines';
    if (calls.has('declines')) return 'mixed';
    return calls.has('asks') ? 'asks' : 'may';
  }
  return calls.has('declines') ? 'declines' : 'mixed';
}

/** Features of all commits of a history for a branch, in the history's order. */
export function featuresOf(project: Project, history: History, branch: string): Featured[] {
  const asked = history.readings.map((reading) => askedOf(reading, branch));
  const around = surroundings(history, asked);
  const course = courseOf(history, asked);
  return history.commits.map((commit, at) => {
    const reading = history.readings[at]!;
    const features = new Map(around[at]!.features);
    const on = (name: string): void => void features.set(name, 1);
    for (const tag of reading.head.tags) on(`tag:${tag}`);
    for (const hint of reading.hints) on(`hint:${hint}`);
    files(project, commit, features);
    if (reading.said.length === 0) for (const [name, value] of course[at]!) features.set(name, value);
    if (reading.said.length > 0) told(history, asked, at, branch, on);
    return { silent: reading.said.length === 0, features, needs: around[at]!.needs };
  });
}

function told(
  history: History,
  asked: readonly Asked[],
  at: number,
  branch: string,
  on: (name: string) => void,
): void {
  const reading = history.readings[at]!;
  const own = asked[at]!;
  on(`asked:${own}`);
  on(`branch:${coverOf(reading, branch)}`);
  for (const { rules } of reading.said) for (const rule of rules) on(`says:${rule}`);
  on(`last:${reading.said.at(-1)!.call}`);
  if (reading.said.length > 1) on('several-sentences');
  if (reading.said.every(({ rules }) => rules.length === 0)) on('unread');
  const kinds = new Set(reading.said.flatMap(({ says }) => [...says]));
  for (const kind of ['conditional', 'reserved', 'development'] as const)
    if (kinds.has(kind)) on(`${own}&${kind}`);
  const named = history.names[at]!.map(({ at: target }) => (target === null ? 'older' : asked[target]));
  if (!kinds.has('conditional') || named.length === 0) return;
  const met = named.some((state) => state === 'older' || state === 'asks' || state === 'may');
  on(met ? 'condition-met' : 'condition-unmet');
}

function files(project: Project, commit: Commit, features: Map<string, number>): void {
  const { files: changed } = commit;
  if (changed.length === 0) return;
  for (const [area, starts] of Object.entries(project.areas)) {
    const inside = changed.filter(({ path }) => starts.some((start) => path.startsWith(start))).length;
    if (inside === changed.length) features.set(`only:${area}`, 1);
    else if (inside > 0) features.set(`some:${area}`, 1);
  }
  const lines = changed.reduce((sum, { added, removed }) => sum + added + removed, 0);
  features.set('size', Math.min(Math.log2(1 + lines), 12) / 4);
  const added = changed.reduce((sum, file) => sum + file.added, 0);
  features.set('share-added', lines === 0 ? 0.5 : added / lines);
  if (changed.length > 4) features.set('many-files', 1);
}
