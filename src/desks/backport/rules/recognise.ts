import type { Commit } from '../model.ts';
import { loadProject, SHIPPED_PROJECTS } from './project.ts';

export interface Recognised {
  /** Name of a shipped rules file. */
  name: (typeof SHIPPED_PROJECTS)[number];
  /** For people: what speaks for it. */
  why: string;
}

/** Above this share of subjects with a project's tags it is that project's way of writing. */
const ENOUGH = 0.4;
const LOOKED_AT = 2000;

/** Whose way of writing messages this is: by the tags that subjects begin with, as they are written. */
export async function recogniseProject(commits: readonly Pick<Commit, 'subject'>[]): Promise<Recognised> {
  const subjects = commits.slice(-LOOKED_AT).map(({ subject }) => tagOf(subject));
  let best: Recognised & { share: number } = {
    name: 'linux-stable',
    why: 'the subjects have no tags that are known',
    share: 0,
  };
  for (const name of SHIPPED_PROJECTS) {
    const { tags } = await loadProject(name);
    const patterns = Object.values(tags).flat();
    const tagged = subjects.filter((tag) => patterns.some((pattern) => fits(pattern, tag))).length;
    const share = tagged / Math.max(subjects.length, 1);
    if (share >= ENOUGH && share > best.share)
      best = { name, why: `${Math.round(share * 100)} % of the subjects have its tags`, share };
  }
  return { name: best.name, why: best.why };
}

function tagOf(subject: string): string {
  return /^\s*([A-Za-z][\w/.-]{0,40})(?:\([^)]{0,80}\))?!?:/.exec(subject)?.[1] ?? '';
}

/** Letters count: `DOC` is one project's and `docs` another's. */
function fits(pattern: string, tag: string): boolean {
  if (tag === '') return false;
  if (pattern.startsWith('*')) return tag.endsWith(pattern.slice(1));
  return pattern.endsWith('*') ? tag.startsWith(pattern.slice(0, -1)) : tag === pattern;
}
