import { VouchError } from '../../../lib/errors.ts';
import { commitOf, type Repository } from '../git/repository.ts';
import { findOnBranch, type OnBranch } from '../history/already.ts';
import { readGitHistory, type HistoryCommit, type Reading } from '../history/read.ts';

export interface Plan {
  /** In the order of the history, parents first. */
  picks: HistoryCommit[];
  /** What the branch has already, and as what. */
  already: { sha: string; as: string }[];
  /** Everything up to the picks that the branch does not have as it is. */
  history: HistoryCommit[];
  on: OnBranch;
}

/**
 * Orders the accepted commits as the history has them, and leaves out what the branch has. Throws `usage` for what is no commit
 * of the repository, and for merges.
 */
export async function planPicks(
  repository: Repository,
  tip: string,
  accepted: readonly string[],
  reading: Reading,
): Promise<Plan> {
  const ids = new Set<string>();
  for (const name of accepted) ids.add(await commitOf(repository, '--pick', name));
  const { commits: history } = await readGitHistory(repository, [...ids, `^${tip}`], reading);
  const on = await findOnBranch(repository, tip, [...ids], history, reading);
  const place = new Map(history.map((commit) => [commit.sha, commit]));
  const already: Plan['already'] = [];
  for (const sha of ids) {
    const had = on.already.get(sha);
    if (had !== undefined) already.push({ sha, as: had.sha });
    else if (!place.has(sha)) {
      await mustBeOn(repository, tip, sha);
      already.push({ sha, as: sha });
    }
  }
  const picks = history.filter(({ sha }) => ids.has(sha) && !on.already.has(sha));
  return { picks, already, history, on };
}

/** What is not in the history without merges is the branch's own, or a merge. */
async function mustBeOn(repository: Repository, tip: string, sha: string): Promise<void> {
  const done = await repository.git(['merge-base', '--is-ancestor', sha, tip]);
  if (done.code !== 0)
    throw new VouchError('usage', `${sha.slice(0, 12)}: a merge; pick its commits one by one`);
}
