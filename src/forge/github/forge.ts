import { Octokit } from '@octokit/rest';
import { z } from 'zod';
import { VouchError } from '../../lib/errors.ts';
import { apiBase, realHttpEffects, type HttpEffects } from '../../lib/http-client.ts';
import { checkCommits, checkPerson, checkRequest } from '../check.ts';
import { forgeFetch, pullNumber, repositoryParts, statusError } from '../http.ts';
import type { Forge, Opened, PullRequest } from '../port.ts';
import { pushSeries } from '../push.ts';
import { cloneUrl, PUBLIC_API } from './clone-url.ts';

export interface GithubConfig {
  /** `owner/name`. */
  repository: string;
  token: string;
  /** The API; for GitHub Enterprise Server `https://HOST/api/v3`. */
  baseUrl?: string;
  /** Milliseconds for one request. Default 30 s. */
  timeoutMs?: number;
}

/** What is used of GitHub's answers, checked: a proxy's page or half an answer must not become a merge. */
const refSchema = z.object({ object: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) });
const commitSchema = z.object({
  sha: z.string(),
  tree: z.object({ sha: z.string() }),
  parents: z.array(z.object({ sha: z.string() })),
});
const treeSchema = z.object({
  sha: z.string(),
  tree: z.array(z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string() })),
});
const shaSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) });
const pullSchema = z.object({
  number: z.number(),
  html_url: z.string(),
  state: z.string(),
  merged_at: z.string().nullable(),
  merge_commit_sha: z.string().nullable().optional(),
  title: z.string(),
  body: z.string().nullable(),
  head: z.object({ ref: z.string(), sha: z.string() }),
  base: z.object({ ref: z.string() }),
});
type Pull = z.infer<typeof pullSchema>;
const mergedSchema = z.object({ sha: z.string(), merged: z.literal(true) });

const NAME = 'github';
const MAX_PAGES = 20;

/** GitHub, through its Git data and pull request APIs: one commit with all files, whatever their number. */
export function createGithubForge(config: GithubConfig, effects: Partial<HttpEffects> = {}): Forge {
  const { owner, repo } = repositoryParts(config.repository);
  const timeoutMs = config.timeoutMs ?? 30_000;
  const fetch = forgeFetch(NAME, { ...realHttpEffects, ...effects }, timeoutMs);
  const octokit = new Octokit({
    auth: config.token,
    baseUrl: apiBase('forge.baseUrl', config.baseUrl ?? PUBLIC_API),
    userAgent: 'vouch',
    request: { fetch },
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
  const api = new Api(octokit, owner, repo);
  return {
    name: NAME,
    async open(request) {
      checkRequest(request);
      const commit = await commitOn(api, request);
      return pullFor(api, request, commit, await openPull(api, request));
    },
    async openCommits(request) {
      checkCommits(request);
      const baseTip = await mustHaveBase(api, request.base);
      const pull = await openPull(api, request); // before a branch is made that none can be opened of
      const to = cloneUrl(config.baseUrl, config.repository);
      await pushSeries({
        ...request,
        forge: NAME,
        baseTip,
        to,
        token: config.token,
        timeoutMs: timeoutMs * 10,
      });
      return pullFor(api, request, request.commit, pull);
    },
    merge: async (ref, by, commit) => merge(api, pullNumber(ref), by, commit),
    close: async (ref, comment) => close(api, pullNumber(ref), comment),
  };
}

function nothing(): void {}

class Api {
  readonly octokit: Octokit;
  readonly at: { owner: string; repo: string };

  constructor(octokit: Octokit, owner: string, repo: string) {
    this.octokit = octokit;
    this.at = { owner, repo };
  }

  /** Sends one request; an answer that is not of the promised form is `unavailable`. */
  async ask<T>(schema: z.ZodType<T>, route: string, values: Record<string, unknown> = {}): Promise<T> {
    let data: unknown;
    try {
      ({ data } = await this.octokit.request(route, { ...this.at, ...values }));
    } catch (error) {
      throw translate(error);
    }
    return checked(schema, data, route);
  }

  /** The same, null for a 404. */
  async find<T>(schema: z.ZodType<T>, route: string, values: Record<string, unknown>): Promise<T | null> {
    try {
      return await this.ask(schema, route, values);
    } catch (error) {
      if (error instanceof VouchError && error.code === 'not-found') return null;
      throw error;
    }
  }

  async branch(name: string): Promise<string | null> {
    const ref = await this.find(refSchema, 'GET /repos/{owner}/{repo}/git/ref/{+ref}', {
      ref: `heads/${name}`,
    });
    return ref?.object.sha ?? null;
  }

  commit(sha: string): Promise<z.infer<typeof commitSchema>> {
    return this.ask(commitSchema, 'GET /repos/{owner}/{repo}/git/commits/{sha}', { sha });
  }

  /** Pull requests from this branch, all pages, open ones first. */
  async pullsOf(branch: string, base: string): Promise<Pull[]> {
    const values = {
      ...this.at,
      head: `${this.at.owner}:${branch}`,
      base,
      state: 'all' as const,
      per_page: 100,
    };
    const rows: unknown[] = [];
    try {
      let pages = 0;
      for await (const page of this.octokit.paginate.iterator('GET /repos/{owner}/{repo}/pulls', values)) {
        rows.push(...(page.data as unknown[]));
        if (++pages === MAX_PAGES) break;
      }
    } catch (error) {
      throw translate(error);
    }
    const pulls = checked(z.array(pullSchema), rows, 'GET pulls');
    const mine = pulls.filter((pull) => pull.head.ref === branch && pull.base.ref === base);
    return mine.sort(
      (a, b) => Number(b.state === 'open') - Number(a.state === 'open') || b.number - a.number,
    );
  }
}

type Text = Pick<PullRequest, 'title' | 'body' | 'branch' | 'base'>;

/** The pull request from the branch that is open. Throws `conflict` when there was one, and it was closed or merged. */
async function openPull(api: Api, { branch, base }: Text): Promise<Pull | undefined> {
  const [pull] = await api.pullsOf(branch, base);
  if (pull === undefined || pull.state === 'open') return pull;
  const state = pull.merged_at === null ? 'closed' : 'merged';
  throw new VouchError('conflict', `branch ${branch}: its pull request ${pull.number} is ${state}`);
}

/** The pull request from the branch, opened if there is none, with this text. */
async function pullFor(api: Api, text: Text, commit: string, pull: Pull | undefined): Promise<Opened> {
  const { title, body, branch: head, base } = text;
  if (!pull) {
    try {
      pull = await api.ask(pullSchema, 'POST /repos/{owner}/{repo}/pulls', { title, body, head, base });
    } catch (error) {
      pull = await openPull(api, text); // 422: opened by someone at the same moment
      if (!pull) throw error;
    }
  }
  if (pull.title !== title || (pull.body ?? '').replaceAll('\r\n', '\n') !== body)
    await api.ask(pullSchema, 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
      pull_number: pull.number,
      title,
      body,
    });
  return { branch: head, url: pull.html_url, ref: String(pull.number), commit };
}

async function mustHaveBase(api: Api, base: string): Promise<string> {
  const sha = await api.branch(base);
  if (sha !== null) return sha;
  throw new VouchError('not-found', `github: no branch ${base} in ${api.at.owner}/${api.at.repo}`, {
    hint: 'is the repository named right, and may the token see it?',
  });
}

async function commitOn(api: Api, request: PullRequest): Promise<string> {
  const there = await api.branch(request.branch);
  if (there !== null) return sameOrConflict(api, request, there);
  const baseSha = await mustHaveBase(api, request.base);
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
  if (pull.merged_at !== null && pull.merge_commit_sha) return { commit: pull.merge_commit_sha };
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
  if (pull.merged_at !== null) throw new VouchError('conflict', `github: pull request ${number} was merged`);
  if (pull.state !== 'open') return;
  const done = z.object({});
  if (comment !== '')
    await api.ask(done, 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...values,
      body: comment,
    });
  await api.ask(done, 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}', { ...values, state: 'closed' });
}

function checked<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new VouchError(
    'unavailable',
    `github: ${what}: the answer is not what the API promises (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`,
    {
      hint: 'is forge.baseUrl the address of its API?',
    },
  );
}

function translate(error: unknown): VouchError {
  if (error instanceof VouchError) return error;
  const failed = z
    .object({
      status: z.number(),
      message: z.string(),
      response: z.object({ headers: z.record(z.string(), z.unknown()) }).optional(),
      cause: z.unknown(),
    })
    .safeParse(error);
  if (!failed.success) throw error;
  if (failed.data.cause instanceof VouchError) return failed.data.cause;
  const headers = failed.data.response?.headers ?? {};
  const limited =
    failed.data.status === 403 && (headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers);
  return statusError(NAME, failed.data.status, failed.data.message, { limited, cause: error });
}
