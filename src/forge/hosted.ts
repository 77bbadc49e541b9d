import { z } from 'zod';
import { VouchError } from '../lib/errors.ts';
import { checkCommits } from './check.ts';
import type { CommitsRequest, Opened, PullRequest } from './port.ts';
import { pushSeries } from './push.ts';

/** What GitHub's and Gitea's answers have in common of a pull request. */
export const hostedPullSchema = z.object({
  number: z.number(),
  html_url: z.string(),
  state: z.string(),
  merge_commit_sha: z.string().nullable().optional(),
  title: z.string(),
  body: z.string().nullable(),
  head: z.object({ ref: z.string(), sha: z.string() }),
  base: z.object({ ref: z.string() }),
});
export type HostedPull = z.infer<typeof hostedPullSchema> & { merged: boolean };

type Text = Pick<PullRequest, 'title' | 'body' | 'branch' | 'base'>;

/** What is asked of a forge that keeps pull requests itself, behind an API. */
export interface Hosted {
  readonly forge: string;
  readonly repository: string;
  readonly token: string;
  /** Where the repository is cloned from. */
  readonly to: string;
  /** Milliseconds for one request. */
  readonly timeoutMs: number;
  branchTip(name: string): Promise<string | null>;
  /** Pull requests; there may be others among them. */
  pullsOf(branch: string, base: string): Promise<HostedPull[]>;
  createPull(text: Text): Promise<HostedPull>;
  editPull(number: number, text: Pick<Text, 'title' | 'body'>): Promise<void>;
}

/** The pull request of a series. It is looked for first: no branch is made that none can be opened of. */
export async function openSeries(hosted: Hosted, request: CommitsRequest): Promise<Opened> {
  checkCommits(request);
  const baseTip = await mustHaveBase(hosted, request.base);
  const pull = await openPull(hosted, request);
  const { forge, to, token, timeoutMs } = hosted;
  await pushSeries({ ...request, forge, baseTip, to, token, timeoutMs: timeoutMs * 10 });
  return pullFor(hosted, request, request.commit, pull);
}

/** The pull request from a branch that is at `commit`, opened if there is none, with this text. */
export async function openOn(hosted: Hosted, text: Text, commit: string): Promise<Opened> {
  return pullFor(hosted, text, commit, await openPull(hosted, text));
}

export async function mustHaveBase(hosted: Hosted, base: string): Promise<string> {
  const tip = await hosted.branchTip(base);
  if (tip !== null) return tip;
  throw new VouchError('not-found', `${hosted.forge}: no branch ${base} in ${hosted.repository}`, {
    hint: 'is the repository named right, and may the token see it?',
  });
}

/** The one that is open. Throws `conflict` when there was one, and it was closed or merged. */
async function openPull(hosted: Hosted, { branch, base }: Text): Promise<HostedPull | undefined> {
  const pulls = await hosted.pullsOf(branch, base);
  const isOpen = (pull: HostedPull): number => Number(pull.state === 'open');
  const [pull] = pulls
    .filter(({ head, base: onto }) => head.ref === branch && onto.ref === base)
    .sort((a, b) => isOpen(b) - isOpen(a) || b.number - a.number);
  if (pull === undefined || pull.state === 'open') return pull;
  const state = pull.merged ? 'merged' : 'closed';
  throw new VouchError('conflict', `branch ${branch}: its pull request ${pull.number} is ${state}`);
}

async function pullFor(
  hosted: Hosted,
  text: Text,
  commit: string,
  found: HostedPull | undefined,
): Promise<Opened> {
  const { title, body, branch } = text;
  let pull = found;
  if (!pull) {
    try {
      pull = await hosted.createPull(text);
    } catch (error) {
      pull = await openPull(hosted, text); // opened by someone at the same moment
      if (!pull) throw error;
    }
  }
  if (pull.title !== title || (pull.body ?? '').replaceAll('\r\n', '\n') !== body)
    await hosted.editPull(pull.number, { title, body });
  return { branch, url: pull.html_url, ref: String(pull.number), commit };
}
