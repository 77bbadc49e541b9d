import { VouchError } from '../../lib/errors.ts';
import { checkCommits, checkPerson, checkRequest } from '../check.ts';
import type { CommitsRequest, Forge, Opened, PullRequest } from '../port.ts';
import { isThere } from '../scratch-repository.ts';
import { plumbing, type Plumbing } from './git.ts';
import type { PullRequestStore, StoredPullRequest } from './store.ts';
import { takeSeries } from './take.ts';

export interface LocalConfig {
  /** The app's bare repository. */
  repository: string;
  store: PullRequestStore;
  /** The page of a pull request. */
  url(pullRequest: { ref: string; branch: string }): string;
  now?: () => number;
}

/** Times that a ref is tried again when others move it at the same moment. */
const TRIES = 5;

/** The built-in forge: a branch in the app's own repository, and a page. Needs git 2.38 (`merge-tree --write-tree`). */
export function createLocalForge(config: LocalConfig): Forge {
  const git = plumbing(config.repository);
  const now = config.now ?? Date.now;
  const one = <T>(work: () => Promise<T>): Promise<T> => inTurn(config.repository, work);
  const find = async (ref: string): Promise<StoredPullRequest> => {
    const row = (await config.store.list()).find((each) => each.ref === ref);
    if (!row) throw new VouchError('not-found', `pull request ${JSON.stringify(ref)}: none with this number`);
    return row;
  };
  return {
    name: 'local',
    open: (request) => one(() => open(git, config, request, new Date(now()))),
    openCommits: (request) => one(() => openCommits(git, config, request)),
    merge: (ref, by, expected) =>
      one(async () => {
        checkPerson(by);
        const row = await find(ref);
        if (row.state === 'merged' && row.mergedAs !== null) return { commit: row.mergedAs };
        if (row.state === 'closed') throw new VouchError('conflict', `pull request ${ref}: it was closed`);
        if (expected !== undefined && expected !== row.commit) throw movedOn(row);
        const commit = await mergeInto(git, row, by, now);
        await config.store.put({ ...row, state: 'merged', mergedAs: commit, mergedBy: by.name });
        return { commit };
      }),
    close: (ref, comment) =>
      one(async () => {
        const row = await find(ref);
        if (row.state === 'merged') throw new VouchError('conflict', `pull request ${ref}: it was merged`);
        if (row.state === 'closed' && row.comments.at(-1) === comment) return;
        await config.store.put({ ...row, state: 'closed', comments: [...row.comments, comment] });
      }),
  };
}

async function open(git: Plumbing, config: LocalConfig, request: PullRequest, at: Date): Promise<Opened> {
  checkRequest(request);
  return put(config, request, () => commitOn(git, request, at));
}

async function openCommits(git: Plumbing, config: LocalConfig, request: CommitsRequest): Promise<Opened> {
  checkCommits(request);
  const { branch, base, commit } = request;
  const where = { forge: 'local', branch };
  return put(config, request, async () => {
    const baseTip = await git.tip(base);
    if (baseTip === null) throw new VouchError('not-found', `base ${base}: no such branch`);
    const there = await git.tip(branch);
    if (there === commit) return commit;
    if (there !== null) throw isThere(where);
    await takeSeries(config.repository, { ...request, ...where, baseTip });
    // Somebody may have made it at the same moment.
    if (!(await git.move(branch, null, commit)) && (await git.tip(branch)) !== commit) throw isThere(where);
    return commit;
  });
}

/** The row of the pull request, with the commit that its branch then has. */
async function put(
  config: LocalConfig,
  request: Pick<PullRequest, 'branch' | 'base' | 'title' | 'body'>,
  make: () => Promise<string>,
): Promise<Opened> {
  const rows = await config.store.list();
  const row = rows.find((each) => each.branch === request.branch);
  if (row && row.state !== 'open')
    throw new VouchError(
      'conflict',
      `branch ${request.branch}: its pull request ${row.ref} was ${row.state}`,
    );
  const commit = await make();
  const ref = row?.ref ?? String(rows.reduce((most, each) => Math.max(most, Number(each.ref)), 0) + 1);
  const { branch, base, title, body } = request;
  const kept = row ?? { state: 'open' as const, mergedAs: null, mergedBy: null, comments: [] };
  await config.store.put({ ...kept, ref, branch, base, title, body, commit });
  return { branch, url: config.url({ ref, branch }), ref, commit };
}

/** The commit of the branch: the one that is there if it holds the same files, else a new one on the base. */
async function commitOn(git: Plumbing, request: PullRequest, at: Date): Promise<string> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const base = await git.tip(request.base);
    if (base === null) throw new VouchError('not-found', `base ${request.base}: no such branch`);
    const tip = await git.tip(request.branch);
    if (tip !== null) {
      const [parent] = await git.parentsOf(tip);
      const wanted = parent === undefined ? null : await git.treeWith(parent, request.changes);
      if (wanted !== null && wanted === (await git.treeOf(tip))) return tip;
      throw new VouchError('conflict', `branch ${request.branch}: is there already, with other changes`);
    }
    const tree = await git.treeWith(base, request.changes);
    if (tree === (await git.treeOf(base)))
      throw new VouchError('conflict', `${request.base} holds these changes already`);
    const commit = await git.commit(tree, [base], request.message, request.author, at);
    if (await git.move(request.branch, null, commit)) return commit;
  }
  throw new VouchError('unavailable', `branch ${request.branch}: others keep moving it`);
}

async function mergeInto(
  git: Plumbing,
  row: StoredPullRequest,
  by: { name: string; email: string },
  now: () => number,
): Promise<string> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const base = await git.tip(row.base);
    if (base === null) throw new VouchError('not-found', `base ${row.base}: no such branch`);
    const tip = await git.tip(row.branch);
    if (tip !== row.commit) throw movedOn(row);
    // A crash between the merge and its row: the base holds it already.
    if (await git.isAncestor(tip, base)) return base;
    const merged = await git.merge(base, tip);
    if ('conflicts' in merged)
      throw new VouchError(
        'conflict',
        `pull request ${row.ref}: conflicts with ${row.base} in ${merged.conflicts.join(', ')}`,
        {
          hint: `${row.base} has moved on; propose again on the new release`,
        },
      );
    const message = `Merge ${row.branch}: ${row.title}\n`;
    const commit = await git.commit(merged.tree, [base, tip], message, by, new Date(now()));
    if (await git.move(row.base, base, commit)) return commit;
  }
  throw new VouchError('unavailable', `branch ${row.base}: others keep moving it`);
}

function movedOn(row: StoredPullRequest): VouchError {
  return new VouchError('conflict', `branch ${row.branch}: is not what the pull request was opened with`, {
    hint: 'what was proved is the commit it was opened with; open a new pull request for the new one',
  });
}

const queues = new Map<string, Promise<unknown>>();

/** Runs work on one repository one after the other, whichever forge object asks: numbers are given out by reading them all. */
async function inTurn<T>(repository: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(repository) ?? Promise.resolve();
  const mine = before.then(work, work);
  queues.set(repository, mine);
  try {
    return await mine;
  } finally {
    if (queues.get(repository) === mine) queues.delete(repository);
  }
}
