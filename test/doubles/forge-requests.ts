import type { PullRequest } from '../../src/forge/port.ts';

/** Who merges. */
export const ANA = { name: 'Ana Example', email: 'ana@example.com' };

/** A pull request of a fix with these changes. */
export function fixOf(changes: PullRequest['changes']): PullRequest {
  return {
    branch: 'vouch/fix-1',
    base: 'main',
    title: 'Guard the coupon',
    body: 'Why.\n\nMore.',
    changes,
    message: 'Guard the coupon\n\nWhy.\n',
    author: { name: 'Vouch', email: 'vouch@localhost' },
  };
}

/** Effects that wait for nothing, and note what they were to wait for. */
export function noWaiting() {
  const waits: number[] = [];
  const sleep = async (ms: number): Promise<void> => {
    waits.push(ms);
  };
  return { waits, effects: { sleep, random: () => 1 } };
}
