import type { Verdict } from '../../desks/backport/model.ts';
import type { PicksResult } from '../../desks/backport/picks/apply.ts';
import type { Outcome } from '../../desks/backport/tries/queue.ts';
import { brief, paint, plain, table } from '../style.ts';

const COLOURS = { yes: 'green', wait: 'yellow', uncertain: 'cyan', no: 'dim' } as const;

/** What is left to look at, and the counts by branch. */
export function showTriage(
  verdicts: readonly Verdict[],
  branches: readonly string[],
  autoYes: number,
): string {
  const open = verdicts.filter(({ verdict, already }) => verdict !== 'no' && already === null);
  const rows = open.map((one) => [
    one.sha.slice(0, 10),
    plain(one.branch),
    paint(COLOURS[one.verdict], one.verdict),
    one.confidence.toFixed(2),
    appliesOf(one),
    brief(one.subject, 64),
    brief(one.reason, 90),
  ]);
  const counts = branches.map((branch) => {
    const own = verdicts.filter((one) => one.branch === branch);
    const fresh = own.filter(({ already }) => already === null);
    const count = (call: Verdict['verdict']): string =>
      String(fresh.filter(({ verdict }) => verdict === call).length);
    const auto = fresh.filter(({ verdict, confidence }) => verdict === 'yes' && confidence >= autoYes).length;
    return [
      plain(branch),
      count('yes'),
      String(auto),
      count('wait'),
      count('uncertain'),
      count('no'),
      String(own.length - fresh.length),
      String(fresh.filter(({ conflicts }) => conflicts !== null && conflicts.length > 0).length),
    ];
  });
  return [
    table(
      ['commit', 'branch', 'verdict', 'sure', 'applies', 'subject', 'reason'],
      rows,
      'Nothing new to backport',
    ),
    '',
    table(
      ['branch', 'yes', `of these ≥ ${autoYes}`, 'wait', 'uncertain', 'no', 'has already', 'conflicts'],
      counts,
      '',
    ),
  ].join('\n');
}

function appliesOf({ conflicts, prerequisites }: Pick<Verdict, 'conflicts' | 'prerequisites'>): string {
  if (conflicts === null) return '-';
  if (conflicts.length === 0) return paint('green', 'yes');
  const [first] = prerequisites;
  if (first !== undefined)
    return paint(
      'yellow',
      `after ${first.slice(0, 10)}${prerequisites.length > 1 ? ` +${prerequisites.length - 1}` : ''}`,
    );
  return paint(
    'red',
    `no: ${brief(conflicts[0]!, 30)}${conflicts.length > 1 ? ` +${conflicts.length - 1}` : ''}`,
  );
}

/** What became of a series of picks, and what to do next. */
export function showPicks(result: PicksResult, { repo, onto }: { repo: string; onto: string }): string {
  const { branch, picked, skipped, conflict, left, worktree } = result;
  const lines = [
    ...skipped.map(({ sha, why }) => `${sha.slice(0, 12)}: left out: ${plain(why)}`),
    `${plain(branch)}: ${picked.length} picked onto ${plain(onto)}${left.length > 0 ? `, ${left.length} left` : ''}`,
  ];
  if (conflict === null) return lines.join('\n');
  const again = `vouch backport apply --repo ${plain(repo)} --onto ${plain(onto)}`;
  return [
    ...lines,
    paint(
      'red',
      `stopped at ${conflict.sha.slice(0, 12)}: conflicts in ${conflict.files.map(plain).join(', ')}`,
    ),
    `solve them in ${plain(worktree)}, \`git add\` them there, then: ${again} --continue`,
    `or leave it out: ${again} --skip; or give up: ${again} --abort`,
  ].join('\n');
}

/** What a series of picks would come to. */
export function showTried({
  onto,
  picks,
}: {
  onto: string;
  picks: readonly (Outcome & { subject: string })[];
}): string {
  const rows = picks.map((one) => [
    one.sha.slice(0, 12),
    one.empty ? paint('dim', 'changes nothing') : appliesOf(one),
    brief(one.subject, 80),
  ]);
  return table(['commit', `applies to ${plain(onto)}`, 'subject'], rows, 'nothing to pick');
}
