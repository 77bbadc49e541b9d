import type { Repository } from '../git/repository.ts';
import type { Verdict } from '../model.ts';
import type { Project } from '../rules/project.ts';
import { readMessage } from '../rules/read-message.ts';
import { failed } from '../git/repository.ts';
import type { OnBranch } from './already.ts';
import type { HistoryCommit } from './read.ts';

/** By commit: the full ids of the commits that its message says the fault came with, as far as the repository has them. */
export async function introducedBy(
  repository: Repository,
  project: Project,
  commits: readonly HistoryCommit[],
  signal: AbortSignal,
): Promise<Map<string, string[]>> {
  const named = commits.map((commit) =>
    readMessage(project, commit).links.flatMap(({ means, id }) =>
      means === 'introduced' && id !== null ? [id] : [],
    ),
  );
  const full = await fullIds(repository, [...new Set(named.flat())], signal);
  return new Map(
    commits.map(({ sha }, i) => [
      sha,
      named[i]!.flatMap((id) => {
        const found = full.get(id);
        return found === undefined || found === sha ? [] : [found];
      }),
    ]),
  );
}

/** Ids that are of no commit here, or of several, are left out. */
async function fullIds(
  repository: Repository,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype)', '--buffer'];
  const input = `${ids.map((id) => `${id}^{commit}`).join('\n')}\n`;
  const done = await repository.git(args, { input, signal, maxOutputBytes: ids.length * 300 });
  if (done.code !== 0) throw failed(repository.name, args, done);
  const lines = done.stdout.toString('utf8').split('\n');
  return new Map(
    ids.flatMap((id, i) => {
      const [name, type] = lines[i]?.split(' ') ?? [];
      return type === 'commit' ? [[id, name!] as const] : [];
    }),
  );
}

const SURE = 0.97;

/**
 * A branch that never had the fault needs no fix of it, unless its author asks for that branch: then somebody has to look. Where
 * the branch has it, that is evidence.
 */
export function weighIntroduced(verdict: Verdict, introduced: readonly string[], on: OnBranch): Verdict {
  if (introduced.length === 0) return verdict;
  const { branch } = verdict;
  const there = introduced.find((id) => on.has(id));
  if (there !== undefined)
    return {
      ...verdict,
      evidence: [`${branch} has ${there.slice(0, 12)}, which the fault came with`, ...verdict.evidence],
    };
  const first = introduced[0]!.slice(0, 12);
  const said = `${branch} does not have ${first}, which the fault came with`;
  const asked = verdict.verdict === 'yes' || verdict.verdict === 'wait';
  return {
    ...verdict,
    verdict: asked ? 'uncertain' : 'no',
    confidence: asked ? Math.max(0.5, 1 - verdict.probability) : SURE,
    probability: asked ? Math.min(verdict.probability, 0.5) : 1 - SURE,
    reason: asked ? `${said}; but: ${verdict.reason}` : `${said}.`,
    evidence: [said, ...verdict.evidence],
    needs: asked ? verdict.needs : [],
  };
}
