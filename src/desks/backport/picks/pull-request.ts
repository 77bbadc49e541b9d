import { code, text } from '../../../lib/markdown.ts';
import type { PicksResult } from './apply.ts';
import type { Person } from './person.ts';

const SHOWN = 200;

/** What a reviewer of the picks reads. Subjects are of strangers. */
export function picksPullRequest(
  { onto, picked, skipped }: PicksResult,
  subjects: ReadonlyMap<string, string>,
  by: Person,
): { title: string; body: string } {
  const line = (sha: string, rest: string): string =>
    `- ${code(sha.slice(0, 12))} ${text((subjects.get(sha) ?? '').slice(0, 200))}${rest}`;
  const more = picked.length > SHOWN ? [`- and ${picked.length - SHOWN} more`] : [];
  const left = skipped.map(({ sha, why }) => line(sha, `: ${text(why)}`));
  return {
    title: `Backport ${picked.length} ${picked.length === 1 ? 'commit' : 'commits'} to ${onto}`,
    body: [
      `Picked with \`git cherry-pick -x\` and signed off by ${text(by.name)}, in the order of the history:`,
      '',
      ...picked.slice(0, SHOWN).map(({ sha, as }) => line(sha, ` (as ${code(as.slice(0, 12))})`)),
      ...more,
      ...(left.length === 0 ? [] : ['', 'Left out:', '', ...left.slice(0, SHOWN)]),
    ].join('\n'),
  };
}
