import { isObject, type Json } from '../../src/lib/json.ts';
import type { GitEndpoint } from './git-endpoint.ts';
import { httpDouble, textOf, type Received, type Reply } from './http-double.ts';
import { hash, pullsDouble, tipOf, type Pull } from './pulls.ts';

interface Entry {
  path: string;
  mode: string;
  type: string;
  sha: string;
}

/** Called first for each request; what it answers is sent instead. */
export type Override = (request: Received) => Reply | undefined;

/**
 * GitHub's Git data and pull request APIs over an in-memory repository `acme/shop`, as its documentation has them: trees
 * are made from `base_tree` and entries, refs can't be made twice (422), a merge names the head it saw (409).
 */
export async function githubDouble(
  files: Record<string, { text: string; mode?: string }>,
  options: { pulls?: number; pageSize?: number; git?: GitEndpoint } = {},
) {
  const blobs = new Map<string, string>();
  const trees = new Map<string, Entry[]>();
  const commits = new Map<string, { tree: string; parents: string[]; message: string; author: Json }>();
  const refs = new Map<string, string>();
  const pulls = pullsDouble(options.pulls);
  let override: Override = () => undefined;
  let mergeable = true;

  const flat = (tree: string, prefix = ''): Map<string, Entry> => {
    const found = new Map<string, Entry>();
    for (const entry of trees.get(tree) ?? []) {
      const path = prefix + entry.path;
      if (entry.type === 'tree')
        for (const [inner, one] of flat(entry.sha, `${path}/`)) found.set(inner, one);
      else found.set(path, { ...entry, path });
    }
    return found;
  };
  const saveTree = (all: Map<string, Entry>): string => {
    const here: Entry[] = [];
    const folders = new Map<string, Map<string, Entry>>();
    for (const [path, entry] of all) {
      const [first, ...rest] = path.split('/');
      if (rest.length === 0) here.push({ ...entry, path: first! });
      else {
        const inner = folders.get(first!) ?? new Map<string, Entry>();
        inner.set(rest.join('/'), entry);
        folders.set(first!, inner);
      }
    }
    for (const [path, inner] of folders)
      here.push({ path, mode: '040000', type: 'tree', sha: saveTree(inner) });
    here.sort((a, b) => (a.path < b.path ? -1 : 1));
    const sha = hash(['tree', here]);
    trees.set(sha, here);
    return sha;
  };
  const saveBlob = (text: string): string => {
    const sha = hash(['blob', text]);
    blobs.set(sha, text);
    return sha;
  };
  const saveCommit = (tree: string, parents: string[], message: string, author: Json): string => {
    const sha = hash(['commit', tree, parents, message, author]);
    commits.set(sha, { tree, parents, message, author });
    return sha;
  };
  const start = new Map<string, Entry>();
  for (const [path, { text, mode = '100644' }] of Object.entries(files))
    start.set(path, { path, mode, type: 'blob', sha: saveBlob(text) });
  refs.set('heads/main', saveCommit(saveTree(start), [], 'The first', null));
  const tip = (name: string) => tipOf(name, options.git, (each) => refs.get(`heads/${each}`));
  const show = async (pull: Pull): Promise<Json> => ({
    number: pull.number,
    html_url: `https://github.example/acme/shop/pull/${pull.number}`,
    state: pull.state,
    merged_at: pull.merged === null ? null : '2026-01-01T00:00:00Z',
    merge_commit_sha: pull.merged,
    title: pull.title,
    body: pull.body,
    head: { ref: pull.head, sha: (await tip(pull.head)) ?? '0'.repeat(40) },
    base: { ref: pull.base },
  });

  const server = await httpDouble(async (request): Promise<Reply> => {
    const forced = override(request);
    if (forced) return forced;
    if (request.headers.authorization !== 'token gh-token')
      return { status: 401, json: { message: 'Bad credentials' } };
    const path = request.path.replace(/^\/repos\/acme\/shop/, '');
    const body = isObject(request.body) ? request.body : {};
    const at = (pattern: RegExp, method = 'GET'): RegExpExecArray | null =>
      request.method === method ? pattern.exec(path) : null;
    let match: RegExpExecArray | null;
    if ((match = at(/^\/git\/ref\/heads\/(.+)$/))) {
      const sha = await tip(match[1]!);
      return sha === undefined
        ? NOT_FOUND
        : { json: { ref: `refs/heads/${match[1]}`, object: { sha, type: 'commit' } } };
    }
    if ((match = at(/^\/git\/commits\/(\w+)$/))) {
      const commit = commits.get(match[1]!);
      return commit
        ? {
            json: {
              sha: match[1]!,
              tree: { sha: commit.tree },
              parents: commit.parents.map((sha) => ({ sha })),
            },
          }
        : NOT_FOUND;
    }
    if ((match = at(/^\/git\/trees\/(\w+)$/)))
      return trees.has(match[1]!)
        ? { json: { sha: match[1]!, tree: trees.get(match[1]!) as unknown as Json, truncated: false } }
        : NOT_FOUND;
    if (at(/^\/git\/trees$/, 'POST')) {
      const all = flat(textOf(body['base_tree']));
      for (const entry of body['tree'] as {
        path: string;
        mode: string;
        type: string;
        sha?: null;
        content?: string;
      }[]) {
        if (entry.sha === null) {
          if (!all.delete(entry.path)) return { status: 422, json: { message: 'GitRPC::BadObjectState' } };
        } else if (typeof entry.content === 'string')
          all.set(entry.path, {
            path: entry.path,
            mode: entry.mode,
            type: 'blob',
            sha: saveBlob(entry.content),
          });
        else return { status: 422, json: { message: 'tree.sha or tree.content must be given' } };
      }
      return { status: 201, json: { sha: saveTree(all) } };
    }
    if (at(/^\/git\/commits$/, 'POST'))
      return {
        status: 201,
        json: {
          sha: saveCommit(
            textOf(body['tree']),
            body['parents'] as string[],
            textOf(body['message']),
            body['author'] ?? null,
          ),
        },
      };
    if (at(/^\/git\/refs$/, 'POST')) {
      const name = textOf(body['ref']).replace(/^refs\//, '');
      if (refs.has(name)) return { status: 422, json: { message: 'Reference already exists' } };
      refs.set(name, textOf(body['sha']));
      return { status: 201, json: { ref: `refs/${name}`, object: { sha: textOf(body['sha']) } } };
    }
    if (at(/^\/pulls$/)) {
      const size = options.pageSize ?? Number(request.query.get('per_page') ?? 30);
      const page = Number(request.query.get('page') ?? 1);
      const head = request.query.get('head')?.split(':')[1];
      // Deliberately not filtered by head when paging is tested: a client must not trust the filter.
      const all = options.pageSize === undefined ? pulls.all.filter((pull) => pull.head === head) : pulls.all;
      const next = new URLSearchParams(request.query);
      next.set('page', String(page + 1));
      const link: Record<string, string> =
        page * size < all.length
          ? { link: `<${server.url}/repos/acme/shop/pulls?${next.toString()}>; rel="next"` }
          : {};
      return { headers: link, json: await Promise.all(all.slice((page - 1) * size, page * size).map(show)) };
    }
    if (at(/^\/pulls$/, 'POST')) {
      const missing = (await tip(textOf(body['head']))) === undefined;
      const pull = missing ? null : pulls.add(body);
      if (pull) return { status: 201, json: await show(pull) };
      const message = missing ? 'head is invalid' : 'A pull request already exists for acme:x.';
      return { status: 422, json: { message: 'Validation Failed', errors: [{ message }] } };
    }
    if ((match = /^\/(?:pulls|issues)\/(\d+)(\/\w+)?$/.exec(path))) {
      const pull = pulls.all[Number(match[1]) - 1];
      if (!pull) return NOT_FOUND;
      if (match[2] === '/comments') {
        pulls.comment(pull, body);
        return { status: 201, json: { id: 1 } };
      }
      if (match[2] === '/merge') {
        const head = refs.get(`heads/${pull.head}`)!;
        if (!mergeable) return { status: 405, json: { message: 'Pull Request is not mergeable' } };
        if (body['sha'] !== head)
          return {
            status: 409,
            json: { message: 'Head branch was modified. Review and try the merge again.' },
          };
        pull.state = 'closed';
        pull.merged = saveCommit(
          commits.get(head)!.tree,
          [refs.get(`heads/${pull.base}`)!, head],
          `${textOf(body['commit_title'])}\n\n${textOf(body['commit_message'])}`,
          null,
        );
        refs.set(`heads/${pull.base}`, pull.merged);
        return { json: { sha: pull.merged, merged: true, message: 'Pull Request successfully merged' } };
      }
      if (request.method === 'PATCH') pulls.edit(pull, body);
      return { json: await show(pull) };
    }
    return NOT_FOUND;
  }, options.git?.serve);

  return {
    ...server,
    pulls: pulls.all,
    comments: pulls.comments,
    commits,
    refs,
    /** Files of a branch: path → text, with the mode where it is not plain. */
    branch: (name: string): Record<string, string> => {
      const tree = commits.get(refs.get(`heads/${name}`)!)!.tree;
      return Object.fromEntries(
        [...flat(tree)].map(([path, entry]) => [
          entry.mode === '100644' ? path : `${path} ${entry.mode}`,
          blobs.get(entry.sha)!,
        ]),
      );
    },
    commitOnMain(edit: Record<string, string>): void {
      const tip = refs.get('heads/main')!;
      const all = flat(commits.get(tip)!.tree);
      for (const [path, text] of Object.entries(edit))
        all.set(path, { path, mode: '100644', type: 'blob', sha: saveBlob(text) });
      refs.set('heads/main', saveCommit(saveTree(all), [tip], 'Moved on', null));
    },
    override: (next: Override): void => {
      override = next;
    },
    notMergeable: (): void => {
      mergeable = false;
    },
  };
}

const NOT_FOUND: Reply = {
  status: 404,
  json: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' },
};
