import type { Commit } from '../model.ts';
import { readMessage, type Link, type Reading } from './read-message.ts';
import { kinshipOf, type Kinship } from './kinship.ts';
import type { Project } from './project.ts';

/** A link whose commit is in the same history (`at`, its place) or not (null: older, or of another tree). */
interface Resolved {
  means: Link['means'];
  aboutBackports: boolean;
  at: number | null;
}

/** The commits of a development branch, oldest first, each read once and linked to those that it names. */
export interface History {
  commits: readonly Commit[];
  readings: readonly Reading[];
  /** By place: what it names. */
  names: readonly (readonly Resolved[])[];
  /** By place: who names it. */
  namedBy: readonly (readonly { means: Link['means']; aboutBackports: boolean; by: number }[])[];
  /** Milliseconds since 1970, by place. */
  times: readonly number[];
  /** By place: the first and the last of the commits that were pushed with it. */
  bursts: readonly { start: number; end: number }[];
  kinship: Kinship;
}

/** Commits that were pushed together: no more than this apart, one after the other. */
const BURST_MS = 10 * 60_000;

export function readHistory(project: Project, given: readonly Commit[]): History {
  const commits = given.toSorted((a, b) => Date.parse(a.date) - Date.parse(b.date));
  const readings = commits.map((commit) => readMessage(project, commit));
  const index = indexOf(commits);
  const names = readings.map(({ links }, from) => {
    const found = new Map<number | string, Resolved>();
    for (const link of links) {
      const at = index(link);
      if (at === from || (at === null && link.id === null)) continue;
      const key = at ?? link.id!;
      const known = found.get(key);
      if (known === undefined || known.means === 'named')
        found.set(key, { means: link.means, aboutBackports: link.aboutBackports, at });
    }
    return [...found.values()];
  });
  const namedBy = commits.map((): { means: Link['means']; aboutBackports: boolean; by: number }[] => []);
  names.forEach((links, by) => {
    for (const { at, means, aboutBackports } of links)
      if (at !== null) namedBy[at]!.push({ means, aboutBackports, by });
  });
  const times = commits.map(({ date }) => Date.parse(date));
  const bursts = burstsOf(times);
  return { commits, readings, names, namedBy, times, bursts, kinship: kinshipOf(commits) };
}

function burstsOf(times: readonly number[]): { start: number; end: number }[] {
  const bursts: { start: number; end: number }[] = [];
  for (let start = 0; start < times.length;) {
    let end = start;
    while (end + 1 < times.length && times[end + 1]! - times[end]! <= BURST_MS) end++;
    const burst = { start, end };
    for (; start <= end; start++) bursts.push(burst);
  }
  return bursts;
}

/** Finds commits by the start of their id (7 digits or more) or by their subject. */
function indexOf(commits: readonly Commit[]): (link: Link) => number | null {
  const byStart = new Map<string, number[]>();
  const byTitle = new Map<string, number>();
  commits.forEach(({ sha, subject }, at) => {
    const start = sha.slice(0, 7);
    byStart.set(start, [...(byStart.get(start) ?? []), at]);
    byTitle.set(titleKey(subject), at);
  });
  return ({ id, title }) => {
    if (id !== null)
      return byStart.get(id.slice(0, 7))?.find((at) => startsEither(commits[at]!.sha, id)) ?? null;
    return title === null ? null : (byTitle.get(titleKey(title)) ?? null);
  };
}

function startsEither(sha: string, id: string): boolean {
  return sha.startsWith(id) || id.startsWith(sha);
}

function titleKey(text: string): string {
  return text
    .toLowerCase()
    .replace(/^[0-9a-f]{7,40}:?\s/, '')
    .replace(/[\s"'`]+/g, ' ')
    .trim()
    .slice(0, 200);
}
