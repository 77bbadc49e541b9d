import type { OnBranch } from '../history/already.ts';
import type { HistoryCommit } from '../history/read.ts';

/** By path: the commits that touch it and that the branch does not have, oldest first. */
export function lackingOn(commits: readonly HistoryCommit[], on: OnBranch): Map<string, HistoryCommit[]> {
  const touching = new Map<string, HistoryCommit[]>();
  for (const commit of commits) {
    if (on.already.has(commit.sha)) continue;
    for (const { path } of commit.files) {
      const list = touching.get(path);
      if (list) list.push(commit);
      else touching.set(path, [commit]);
    }
  }
  return touching;
}
