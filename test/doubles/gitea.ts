import { isObject, type Json } from '../../src/lib/json.ts';
import type { GitEndpoint } from './git-endpoint.ts';
import { httpDouble, textOf, type Received, type Reply } from './http-double.ts';
import { hash, pullsDouble, tipOf, type Pull } from './pulls.ts';

interface Commit {
  files: Map<string, string>;
  parents: string[];
  changed: string[];
  message: string;
}

/** Gitea's API (1.20 and later) over an in-memory repository `acme/shop`: contents of several files in one commit, pulls, comments. */
export async function giteaDouble(
  files: Record<string, string>,
  options: { pulls?: number; git?: GitEndpoint } = {},
) {
  const commits = new Map<string, Commit>();
  const branches = new Map<string, string>();
  const pulls = pullsDouble(options.pulls);
  let override: (request: Received) => Reply | undefined = () => undefined;

  const save = (commit: Commit): string => {
    const sha = hash([[...commit.files], commit.parents, commit.message, commits.size]);
    commits.set(sha, commit);
    return sha;
  };
  branches.set(
    'main',
    save({ files: new Map(Object.entries(files)), parents: [], changed: [], message: 'The first' }),
  );
  const tip = (name: string) => tipOf(name, options.git, (each) => branches.get(each));
  const show = async (pull: Pull): Promise<Json> => ({
    number: pull.number,
    html_url: `https://gitea.example/acme/shop/pulls/${pull.number}`,
    state: pull.state,
    merged: pull.merged !== null,
    merge_commit_sha: pull.merged,
    title: pull.title,
    body: pull.body,
    head: { ref: pull.head, sha: (await tip(pull.head)) ?? '' },
    base: { ref: pull.base },
  });

  const server = await httpDouble(async (request): Promise<Reply> => {
    const forced = override(request);
    if (forced) return forced;
    if (request.headers.authorization !== 'token gitea-token')
      return { status: 401, json: { message: 'invalid token' } };
    const path = request.path.replace(/^\/api\/v1\/repos\/acme\/shop/, '');
    const body = isObject(request.body) ? request.body : {};
    const at = (pattern: RegExp, method = 'GET'): RegExpExecArray | null =>
      request.method === method ? pattern.exec(path) : null;
    let match: RegExpExecArray | null;
    if ((match = at(/^\/branches\/(.+)$/))) {
      const id = await tip(match[1]!);
      return id === undefined ? NOT_FOUND : { json: { name: match[1]!, commit: { id } } };
    }
    if ((match = at(/^\/git\/commits\/(\w+)$/))) {
      const commit = commits.get(match[1]!);
      return commit
        ? {
            json: {
              parents: commit.parents.map((sha) => ({ sha })),
              files: commit.changed.map((filename) => ({ filename, status: 'modified' })),
            },
          }
        : NOT_FOUND;
    }
    if ((match = at(/^\/contents\/(.+)$/))) {
      const text = commits.get(request.query.get('ref') ?? '')?.files.get(match[1]!);
      if (text === undefined) return NOT_FOUND;
      const type = text.startsWith('link:') ? 'symlink' : 'file';
      return { json: { type, sha: hash(['blob', text]), content: Buffer.from(text).toString('base64') } };
    }
    if (at(/^\/contents$/, 'POST')) return change(body);
    if (at(/^\/pulls$/)) {
      const [page, limit] = [Number(request.query.get('page')), Number(request.query.get('limit'))];
      return { json: await Promise.all(pulls.all.slice((page - 1) * limit, page * limit).map(show)) };
    }
    if (at(/^\/pulls$/, 'POST')) {
      if ((await tip(textOf(body['head']))) === undefined) return NOT_FOUND;
      const pull = pulls.add(body);
      return pull
        ? { status: 201, json: await show(pull) }
        : { status: 409, json: { message: 'pull request already exists for these targets' } };
    }
    if ((match = /^\/(?:pulls|issues)\/(\d+)(\/\w+)?$/.exec(path))) {
      const pull = pulls.all[Number(match[1]) - 1];
      return pull ? onPull(pull, match[2] ?? '', request.method, body) : NOT_FOUND;
    }
    return NOT_FOUND;
  }, options.git?.serve);

  function change(body: { [key: string]: Json }): Reply {
    const from = branches.get(textOf(body['branch']));
    const name = textOf(body['new_branch']);
    if (from === undefined) return NOT_FOUND;
    if (branches.has(name)) return { status: 409, json: { message: 'branch already exists' } };
    const next = new Map(commits.get(from)!.files);
    const changed: string[] = [];
    for (const file of body['files'] as {
      operation: string;
      path: string;
      sha?: string;
      content?: string;
    }[]) {
      const old = next.get(file.path);
      const right =
        old === undefined
          ? file.operation === 'create'
          : file.operation !== 'create' && file.sha === hash(['blob', old]);
      if (!right) return { status: 422, json: { message: `sha does not match [given: ${file.sha ?? ''}]` } };
      if (file.operation === 'delete') next.delete(file.path);
      else next.set(file.path, Buffer.from(file.content ?? '', 'base64').toString('utf8'));
      changed.push(file.path);
    }
    branches.set(name, save({ files: next, parents: [from], changed, message: textOf(body['message']) }));
    return { status: 201, json: { commit: { sha: branches.get(name)! }, files: [] } };
  }

  async function onPull(
    pull: Pull,
    action: string,
    method: string,
    body: { [key: string]: Json },
  ): Promise<Reply> {
    if (action === '/comments') {
      pulls.comment(pull, body);
      return { status: 201, json: { id: 1 } };
    }
    if (action === '/merge') {
      const head = branches.get(pull.head)!;
      if (body['head_commit_id'] !== head)
        return { status: 409, json: { message: 'head target sha does not match' } };
      const message = `${textOf(body['MergeTitleField'])}\n\n${textOf(body['MergeMessageField'])}`;
      pull.merged = save({
        files: commits.get(head)!.files,
        parents: [branches.get(pull.base)!, head],
        changed: [],
        message,
      });
      pull.state = 'closed';
      branches.set(pull.base, pull.merged);
      return { status: 200, text: '' };
    }
    if (method === 'PATCH') pulls.edit(pull, body);
    return { json: await show(pull) };
  }

  return {
    ...server,
    pulls: pulls.all,
    comments: pulls.comments,
    commits,
    branches,
    filesOf: (name: string): Record<string, string> =>
      Object.fromEntries(commits.get(branches.get(name)!)!.files),
    override: (next: (request: Received) => Reply | undefined): void => {
      override = next;
    },
  };
}

const NOT_FOUND: Reply = { status: 404, json: { message: 'The target could not be found.' } };
