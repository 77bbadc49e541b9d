import { z } from 'zod';
import { VouchError } from '../../lib/errors.ts';
import { apiBase, realHttpEffects, type HttpEffects } from '../../lib/http-client.ts';
import { checkPerson, checkRequest } from '../check.ts';
import {
  hostedPullSchema,
  mustHaveBase,
  openOn,
  openSeries,
  type Hosted,
  type HostedPull,
} from '../hosted.ts';
import { pullNumber, repositoryParts } from '../http.ts';
import type { Forge, PullRequest } from '../port.ts';
import { createGiteaApi, type GiteaApi, type GiteaConfig } from './api.ts';

const branchSchema = z.object({ commit: z.object({ id: z.string().regex(/^[0-9a-f]{40,64}$/) }) });
const fileSchema = z.object({ type: z.string(), sha: z.string(), content: z.string().nullable().optional() });
const commitSchema = z.object({
  parents: z.array(z.object({ sha: z.string() })).nullable(),
  files: z.array(z.object({ filename: z.string() })).nullable(),
});
const filesAnswerSchema = z.object({ commit: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) });
const pullSchema = hostedPullSchema.extend({ merged: z.boolean() });
const anySchema = z.unknown();

/** Tries of a merge while the server still works out whether it can be merged, and the wait between them. */
const MERGE_TRIES = 5;
const MERGE_WAIT_MS = 1000;
const MAX_PAGES = 40;

/** Gitea 1.20 or newer, and Forgejo: one commit for all files through `POST …/contents`. */
export function createGiteaForge(config: GiteaConfig, effects: Partial<HttpEffects> = {}): Forge {
  const all = { ...realHttpEffects, ...effects };
  const api = createGiteaApi(config, all);
  const { repository, token, timeoutMs = 30_000 } = config;
  const hosted: Hosted = {
    forge: 'gitea',
    repository,
    token,
    timeoutMs,
    to: cloneUrl(config),
    branchTip: (name) => branchTip(api, name),
    pullsOf: (branch, base) => pullsOf(api, branch, base),
    createPull: ({ branch: head, base, title, body }) =>
      api.ask(pullSchema, 'POST', '/pulls', { head, base, title, body }),
    async editPull(number, text) {
      await api.ask(anySchema, 'PATCH', `/pulls/${number}`, text);
    },
  };
  return {
    name: 'gitea',
    async open(request) {
      checkRequest(request);
      return openOn(hosted, request, await commitOn(api, hosted, request));
    },
    openCommits: (request) => openSeries(hosted, request),
    merge: async (ref, by, commit) => merge(api, all, pullNumber(ref), by, commit),
    close: async (ref, comment) => close(api, pullNumber(ref), comment),
  };
}

/** Not asked of the API: the token must go to no host but the configured one. */
function cloneUrl({ baseUrl, repository }: GiteaConfig): string {
  const { owner, repo } = repositoryParts(repository);
  return `${apiBase('forge.baseUrl', baseUrl)}/${owner}/${repo}.git`;
}

/** Pull requests from `head` to `base`, up to an open one. The API has no filter by branch. */
async function pullsOf(api: GiteaApi, head: string, base: string): Promise<HostedPull[]> {
  const found: HostedPull[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const rows = await api.ask(
      z.array(pullSchema),
      'GET',
      `/pulls?state=all&sort=recentupdate&limit=50&page=${page}`,
    );
    found.push(...rows.filter((pull) => pull.head.ref === head && pull.base.ref === base));
    if (rows.length === 0 || found.some((pull) => pull.state === 'open')) break;
  }
  return found;
}

async function commitOn(api: GiteaApi, hosted: Hosted, request: PullRequest): Promise<string> {
  const there = await branchTip(api, request.branch);
  if (there !== null) return sameOrConflict(api, request, there);
  const base = await mustHaveBase(hosted, request.base);
  const files: Record<string, string>[] = [];
  for (const [path, text] of Object.entries(request.changes)) {
    const old = await fileAt(api, path, base);
    if (old !== null && old.type !== 'file')
      throw new VouchError('usage', `pull request: ${path} is a ${old.type}, not a file`);
    const content = text === null ? null : base64(text);
    if (old === null && content !== null) files.push({ operation: 'create', path, content });
    else if (old !== null && content === null) files.push({ operation: 'delete', path, sha: old.sha });
    else if (old !== null && content !== null && contentOf(old) !== content)
      files.push({ operation: 'update', path, sha: old.sha, content });
  }
  if (files.length === 0) throw new VouchError('conflict', `${request.base} holds these changes already`);
  const { author, message, branch, base: from } = request;
  const values = { branch: from, new_branch: branch, message, author, committer: author, files };
  try {
    return (await api.ask(filesAnswerSchema, 'POST', '/contents', values)).commit.sha;
  } catch (error) {
    const now = await branchTip(api, branch); // 422 or 409: made by someone at the same moment
    if (now === null) throw error;
    return sameOrConflict(api, request, now);
  }
}

/** The branch's commit, if it is one commit that changes these files, to this. */
async function sameOrConflict(api: GiteaApi, request: PullRequest, sha: string): Promise<string> {
  const commit = await api.ask(commitSchema, 'GET', `/git/commits/${sha}`);
  const changed = new Set((commit.files ?? []).map((file) => file.filename));
  let same = (commit.parents ?? []).length === 1 && [...changed].every((path) => path in request.changes);
  for (const [path, text] of Object.entries(request.changes)) {
    if (!same) break;
    const file = await fileAt(api, path, sha);
    same = text === null ? file === null : file !== null && contentOf(file) === base64(text);
  }
  if (same) return sha;
  throw new VouchError('conflict', `branch ${request.branch}: is there already, with other changes`);
}

async function branchTip(api: GiteaApi, name: string): Promise<string | null> {
  const found = await api.find(branchSchema, `/branches/${encodePath(name)}`);
  return found?.commit.id ?? null;
}

function fileAt(api: GiteaApi, path: string, ref: string): Promise<z.infer<typeof fileSchema> | null> {
  return api.find(fileSchema, `/contents/${encodePath(path)}?ref=${encodeURIComponent(ref)}`);
}

function contentOf(file: z.infer<typeof fileSchema>): string {
  return (file.content ?? '').replace(/\s/g, '');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

async function merge(
  api: GiteaApi,
  effects: HttpEffects,
  number: number,
  by: { name: string; email: string },
  expected: string | undefined,
): Promise<{ commit: string }> {
  checkPerson(by);
  const read = (): Promise<HostedPull> => api.ask(pullSchema, 'GET', `/pulls/${number}`);
  const pull = await read();
  if (pull.merged && pull.merge_commit_sha) return { commit: pull.merge_commit_sha };
  if (pull.state !== 'open') throw new VouchError('conflict', `gitea: pull request ${number} was closed`);
  if (expected !== undefined && pull.head.sha !== expected)
    throw new VouchError(
      'conflict',
      `gitea: pull request ${number} is no longer at the commit that was proved`,
    );
  const values = {
    Do: 'merge',
    MergeTitleField: `Merge pull request #${number}: ${pull.title}`.slice(0, 250),
    // The commit's author is the token's account, so the person is in the message.
    MergeMessageField: `Merged-by: ${by.name} <${by.email}>`,
    head_commit_id: pull.head.sha,
  };
  for (let attempt = 1; ; attempt++) {
    try {
      await api.ask(anySchema, 'POST', `/pulls/${number}/merge`, values);
      break;
    } catch (error) {
      const later =
        error instanceof VouchError && error.code === 'conflict' && /try again later/i.test(error.message);
      if (!later || attempt === MERGE_TRIES) throw error;
      await effects.sleep(MERGE_WAIT_MS);
    }
  }
  const after = await read();
  if (!after.merged || !after.merge_commit_sha)
    throw new VouchError(
      'unavailable',
      `gitea: pull request ${number}: it said that it merged, and shows no merge`,
    );
  return { commit: after.merge_commit_sha };
}

async function close(api: GiteaApi, number: number, comment: string): Promise<void> {
  const pull = await api.ask(pullSchema, 'GET', `/pulls/${number}`);
  if (pull.merged) throw new VouchError('conflict', `gitea: pull request ${number} was merged`);
  if (pull.state !== 'open') return;
  if (comment !== '') await api.ask(anySchema, 'POST', `/issues/${number}/comments`, { body: comment });
  await api.ask(anySchema, 'PATCH', `/pulls/${number}`, { state: 'closed' });
}
