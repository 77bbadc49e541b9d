import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { allDecisions } from '../desks/backport/decisions.ts';
import { repositoryFolder, tryPlan } from '../desks/backport/desk.ts';
import { commitOf, openRepository, type Repository } from '../desks/backport/git/repository.ts';
import { storedCache } from '../desks/backport/history/cache.ts';
import {
  abortPicks,
  beginPicks,
  continuePicks,
  type PicksEffects,
  type PicksResult,
} from '../desks/backport/picks/apply.ts';
import { personOf } from '../desks/backport/picks/person.ts';
import { planPicks } from '../desks/backport/picks/plan.ts';
import { stateFile } from '../desks/backport/picks/state.ts';
import { VouchError } from '../lib/errors.ts';
import { openStore, type Store } from '../store/store.ts';
import { forgeFor, openPicks } from './backport-pull-request.ts';
import { takeLock } from '../store/lock.ts';
import type { ApplyOptions } from './commands/backport-picks.ts';
import type { Session } from './session.ts';
import { showPicks, showTried } from './show/backport.ts';
import { plain } from './style.ts';

/** Exit 0 when all is picked, 1 at a conflict, with the state kept. */
export async function runApply(session: Session, options: ApplyOptions): Promise<void> {
  const store = await openStore(session.folder);
  try {
    const repository = await openRepository(options.repo);
    const folder = repositoryFolder(store.folder, repository);
    const effects: PicksEffects = {
      repository,
      file: stateFile(join(folder, 'picks'), options.onto),
      signal: session.signal,
      onProgress: (line) => session.progress(plain(line)),
    };
    if (options.abort === true) {
      const { branch } = await abortPicks(options.onto, effects);
      session.answer(
        { aborted: branch },
        () => `${plain(branch)}: given up; its worktree and branch are removed`,
      );
      return;
    }
    if (options.dryRun === true) {
      await dryRun(session, store, repository, options);
      return;
    }
    const forge = options.pr === true ? await forgeFor(session, store, options) : null;
    await mkdir(folder, { recursive: true });
    // Two at once would pick everything twice.
    const lock = takeLock(folder, 'picks');
    if (lock === undefined)
      throw new VouchError('unavailable', `${options.repo}: another apply is under way there`, {
        hint: 'wait until it is done',
      });
    try {
      const result =
        options.continue === true || options.skip === true
          ? await continuePicks(options.onto, { skip: options.skip === true }, effects)
          : await begin(session, store, repository, folder, options, effects);
      if (result === null) return;
      session.exit(result.state === 'done' ? 0 : 1);
      const wanted = forge !== null && result.state === 'done' && result.picked.length > 0;
      if (!wanted) {
        session.answer(result, () => showPicks(result, options));
        return;
      }
      // Whatever becomes of the request, the picks are made.
      session.progress(plain(`${result.branch}: ${result.picked.length} picked; opening a pull request`));
      const pullRequest = await openPicks(session, forge, store, repository, result, options);
      session.answer({ ...result, pullRequest }, () =>
        [showPicks(result, options), `pull request: ${plain(pullRequest.url)}`].join('\n'),
      );
    } finally {
      lock.release();
    }
  } finally {
    await store.close();
  }
}

async function begin(
  session: Session,
  store: Store,
  repository: Repository,
  folder: string,
  options: ApplyOptions,
  effects: PicksEffects,
): Promise<PicksResult | null> {
  const by = await personOf(options.repo, options.as);
  const tip = await commitOf(repository, '--onto', options.onto);
  const plan = await planPicks(repository, tip, await acceptedOf(store, options), {
    cache: storedCache(store),
    signal: session.signal,
    onProgress: effects.onProgress,
  });
  for (const { sha, as } of plan.already)
    session.progress(`${sha.slice(0, 12)}: ${plain(options.onto)} has it already, as ${as.slice(0, 12)}`);
  if (plan.picks.length === 0) {
    const { already } = plan;
    session.answer(
      { state: 'done', onto: options.onto, branch: null, picked: [], already },
      () => `nothing to pick: ${plain(options.onto)} has all that was accepted`,
    );
    return null;
  }
  const branch = options.branch ?? `vouch/backport-${options.onto.replace(/[^A-Za-z0-9._-]+/g, '-')}`;
  await checkBranchName(repository, branch);
  return beginPicks(
    {
      format: 1,
      onto: options.onto,
      tip,
      branch,
      worktree: join(folder, 'worktrees', encodeURIComponent(branch)),
      by,
      picks: plan.picks.map(({ sha }) => sha),
      skipped: [],
    },
    effects,
  );
}

async function dryRun(
  session: Session,
  store: Store,
  repository: Repository,
  options: ApplyOptions,
): Promise<void> {
  const tip = await commitOf(repository, '--onto', options.onto);
  const effects = {
    cache: storedCache(store),
    folder: store.folder,
    signal: session.signal,
    onProgress: (line: string): void => session.progress(plain(line)),
  };
  const plan = await planPicks(repository, tip, await acceptedOf(store, options), effects);
  const tried = await tryPlan(repository, tip, plan, effects);
  if (tried.some(({ conflicts }) => conflicts.length > 0)) session.exit(1);
  const subjects = new Map(plan.history.map(({ sha, subject }) => [sha, subject]));
  const answer = {
    onto: options.onto,
    tip,
    already: plan.already,
    picks: tried.map((one) => ({ ...one, subject: subjects.get(one.sha)! })),
  };
  session.answer(answer, () => showTried(answer));
}

/** Commits that were named, or those that people decided to pick. */
async function acceptedOf(store: Store, { pick, onto }: ApplyOptions): Promise<string[]> {
  if (pick !== undefined && pick.length > 0) return pick;
  const decisions = await allDecisions(store, onto);
  const open = decisions.filter(({ call, against }) => call === 'yes' && against !== null);
  if (open.length > 0) {
    const [{ sha, by, against } = { sha: '', by: '', against: null }] = open;
    throw new VouchError(
      'conflict',
      `${open.length} commits are disputed for ${onto}: ${sha.slice(0, 12)} is yes for ${by} and ${against?.call} for ${against?.by}`,
      { hint: 'say again, seeing both: vouch backport decide SHA --onto BRANCH --call yes|no --as NAME' },
    );
  }
  const accepted = decisions.filter(({ call }) => call === 'yes').map(({ sha }) => sha);
  if (accepted.length > 0) return accepted;
  throw new VouchError('usage', `nobody has accepted a commit for ${onto} yet`, {
    hint: 'decide on the page and `vouch backport import` its file, use `vouch backport decide`, or name commits with --pick',
  });
}

async function checkBranchName(repository: Repository, branch: string): Promise<void> {
  const done = await repository.git(['check-ref-format', '--branch', branch]);
  if (done.code !== 0 || branch.startsWith('-'))
    throw new VouchError('usage', `--branch ${branch}: not a name for a branch`);
}
