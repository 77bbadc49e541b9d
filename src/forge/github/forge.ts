import { z } from 'zod';
import { VouchError } from '../../lib/errors.ts';
import { realHttpEffects, type HttpEffects } from '../../lib/http-client.ts';
import { checkPerson, checkRequest } from '../check.ts';
import { mustHaveBase, openOn, openSeries, type Hosted } from '../hosted.ts';
import { pullNumber } from '../http.ts';
import type { Forge, PullRequest } from '../port.ts';
import {
  Api,
  mergedSchema,
  NAME,
  pullSchema,
  refSchema,
  shaSchema,
  treeSchema,
  type GithubConfig,
} from './api.ts';
import { cloneUrl } from './clone-url.ts';

/** GitHub, through its Git data and pull request APIs: one commit with all files, whatever their number. */
export function createGithubForge(config: GithubConfig, effects: Partial<HttpEffects> = {}): Forge {
  const { repository, token, timeoutMs = 30_000 } = config;
  const api = new Api(config, { ...realHttpEffects, ...effects }, timeoutMs);
  const hosted: Hosted = {
    forge: NAME,
    repository,
    token,
    timeoutMs,
    to: cloneUrl(config.baseUrl, repository),
    branchTip: (name) => api.branch(name),
    pullsOf: (branch, base) => api.pullsOf(branch, base),
    createPull: ({ branch: head, base, title, body }) =>
      api.ask(pullSchema, 'POST /repos/{owner}/{repo}/pulls', { title, body, head, base }),
    async editPull(number, text) {
      const values = { pull_number: number, ...text };
      await api.ask(pullSchema, 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}', values);
    },
  };
  return {
    name: NAME,
    async open(request) {
      checkRequest(request);
      return openOn(hosted, request, await commitOn(api, hosted, request));
    },
    openCommits: (request) => openSeries(hosted, request),
    merge: async (ref, by, commit) => merge(api, pullNumber(ref), by, commit),
    close: async (ref, comment) => close(api, pullNumber(ref), comment),
  };
}

async function commitOn(api: Api, hosted: Hosted, request: PullRequest): Promise<string> {
  const there = await api.branch(request.branch);
  if (there !== null) return sameOrConflict(api, request, there);
  const baseSha = await mustHaveBase(hosted, request.base);
  const base = await api.commit(baseSha);
  const tree = await treeWith(api, base.tree.sha, request.changes);
  if (tree === base.tree.sha) throw new VouchError('conflict', `${request.base} holds these changes already`);
  const { message, author } = request;
  const commit = await api.ask(shaSchema, 'POST /repos/{owner}/{repo}/git/commits', {
    message,
    tree,
    parents: [baseSha],
    author,
  });
  try {
    await api.ask(refSchema, 'POST /repos/{owner}/{repo}/git/refs', {
      ref: `refs/heads/${request.branch}`,
      sha: commit.sha,
    });
  } catch (error) {
    const now = await api.branch(request.branch); // 422: made by someone at the same moment
    if (now === null) throw error;
    return sameOrConflict(api, request, now);
  }
  return commit.sha;
}

/** The branch's commit, if it holds the same changes on its parent. */
async function sameOrConflict(api: Api, request: PullRequest, sha: string): Promise<string> {
  const commit = await api.commit(sha);
  const parent = commit.parents[0];
  if (commit.parents.length === 1 && parent) {
    const base = await api.commit(parent.sha);
    if ((await treeWith(api, base.tree.sha, request.changes)) === commit.tree.sha) return sha;
  }
  throw new VouchError('conflict', `branch ${request.branch}: is there already, with other changes`);
}

async function treeWith(api: Api, tree: string, changes: Record<string, string | null>): Promise<string> {
  const modes = await modesOf(api, tree, Object.keys(changes));
  const entries = Object.entries(changes)
    .filter(([path, content]) => content !== null || modes.has(path)) // GitHub refuses to delete what is not there
    .map(([path, content]) => ({
      path,
      mode: modes.get(path) ?? '100644',
      type: 'blob',
      ...(content === null ? { sha: null } : { content }),
    }));
  if (entries.length === 0) return tree;
  const made = await api.ask(shaSchema, 'POST /repos/{owner}/{repo}/git/trees', {
    base_tree: tree,
    tree: entries,
  });
  return made.sha;
}

/** Modes of files, found folder by folder: a recursive listing is cut off in large repositories. */
async function modesOf(api: Api, root: string, paths: string[]): Promise<Map<string, string>> {
  const folders = new Map<string, z.infer<typeof treeSchema>['tree']>();
  const list = async (sha: string): Promise<z.infer<typeof treeSchema>['tree']> => {
    const known = folders.get(sha);
    if (known) return known;
    const { tree } = await api.ask(treeSchema, 'GET /repos/{owner}/{repo}/git/trees/{tree_sha}', {
      tree_sha: sha,
    });
    folders.set(sha, tree);
    return tree;
  };
  const modes = new Map<string, string>();
  for (const path of paths) {
    const parts = path.split('/');
    let sha = root;
    for (const [i, part] of parts.entries()) {
      const entry = (await list(sha)).find((each) => each.path === part);
      if (!entry) break;
      if (i === parts.length - 1) modes.set(path, fileMode(path, entry.mode));
      else if (entry.type !== 'tree')
        throw new VouchError('usage', `pull request: ${parts.slice(0, i + 1).join('/')} is not a folder`);
      sha = entry.sha;
    }
  }
  return modes;
}

function fileMode(path: string, mode: string): string {
  if (mode === '100644' || mode === '100755') return mode;
  throw new VouchError('usage', `pull request: ${path} is not a regular file (mode ${mode})`);
}

async function merge(
  api: Api,
  number: number,
  by: { name: string; email: string },
  expected: string | undefined,
): Promise<{ commit: string }> {
  checkPerson(by);
  const pull = await api.ask(pullSchema, 'GET /repos/{owner}/{repo}/pulls/{pull_number}', {
    pull_number: number,
  });
  if (pull.merged && pull.merge_commit_sha) return { commit: pull.merge_commit_sha };
  if (pull.state !== 'open') throw new VouchError('conflict', `github: pull request ${number} was closed`);
  if (expected !== undefined && pull.head.sha !== expected)
    throw new VouchError(
      'conflict',
      `github: pull request ${number} is no longer at the commit that was proved`,
    );
  const done = await api.ask(mergedSchema, 'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', {
    pull_number: number,
    merge_method: 'merge',
    sha: pull.head.sha,
    commit_title: `Merge pull request #${number}: ${pull.title}`.slice(0, 250),
    // GitHub names the token's account as author, so the person is in the message.
    commit_message: `Merged-by: ${by.name} <${by.email}>`,
  });
  return { commit: done.sha };
}

async function close(api: Api, number: number, comment: string): Promise<void> {
  const values = { pull_number: number, issue_number: number };
  const pull = await api.ask(pullSchema, 'GET /repos/{owner}/{repo}/pulls/{pull_number}', values);
  if (pull.merged) throw new VouchError('conflict', `github: pull request ${number} was merged`);
  if (pull.state !== 'open') return;
  const done = z.object({});
  if (comment !== '')
    await api.ask(done, 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...values,
      body: comment,
    });
  await api.ask(done, 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}', { ...values, state: 'closed' });
}
