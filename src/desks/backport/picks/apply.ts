import { VouchError } from '../../../lib/errors.ts';
import type { Repository } from '../git/repository.ts';
import type { PicksState, StateFile } from './state.ts';
import { Worktree } from './worktree.ts';

export interface PicksResult {
  state: 'done' | 'conflict';
  onto: string;
  branch: string;
  worktree: string;
  /** The new branch's newest commit. */
  head: string;
  /** In order, with the commits that they became. */
  picked: { sha: string; as: string }[];
  skipped: { sha: string; why: string }[];
  /** Where it stopped, and the files in conflict. */
  conflict: { sha: string; files: string[] } | null;
  /** Ids of what is still to be picked, after the conflict. */
  left: string[];
}

export interface PicksEffects {
  repository: Repository;
  file: StateFile;
  signal: AbortSignal;
  onProgress: (line: string) => void;
}

/** Starts a series of picks on a new branch. Throws `conflict` where one is under way or the branch is there. */
export async function beginPicks(state: PicksState, effects: PicksEffects): Promise<PicksResult> {
  const before = await effects.file.read();
  if (before !== null)
    throw new VouchError('conflict', `${state.onto}: earlier picks on ${before.branch} are not finished`, {
      hint: 'go on with --continue, or give them up with --abort',
    });
  const there = await effects.repository.git([
    'rev-parse',
    '--verify',
    '--quiet',
    `refs/heads/${state.branch}`,
  ]);
  if (there.code === 0)
    throw new VouchError('conflict', `branch ${state.branch}: is there already`, {
      hint: 'give another with --branch, or delete it',
    });
  await effects.file.write(state);
  const worktree = new Worktree(effects.repository, state);
  return goOn(state, worktree, effects);
}

/** Goes on where it stopped: after a conflict that somebody solved, or wherever the process was killed. */
export async function continuePicks(
  onto: string,
  { skip }: { skip: boolean },
  effects: PicksEffects,
): Promise<PicksResult> {
  const state = await mustHave(onto, effects.file);
  const worktree = new Worktree(effects.repository, state);
  await worktree.make();
  const at = await worktree.stoppedAt();
  if (at === null) {
    if (skip) throw new VouchError('conflict', `${onto}: there is no pick to be left out`);
    await worktree.mustBeClean();
    return goOn(state, worktree, effects);
  }
  if (skip) {
    await worktree.skip();
    return goOn(await leaveOut(state, at, 'left out by hand', effects.file), worktree, effects);
  }
  const ended = (await worktree.unmerged()).length > 0 ? 'conflict' : await worktree.finish(at);
  if (ended === 'conflict') return resultOf(state, worktree, at);
  if (ended === 'empty')
    return goOn(await leaveOut(state, at, 'nothing was left of it', effects.file), worktree, effects);
  return goOn(state, worktree, effects);
}

/** Removes the worktree, the branch and the state. */
export async function abortPicks(onto: string, effects: PicksEffects): Promise<{ branch: string }> {
  const state = await mustHave(onto, effects.file);
  await new Worktree(effects.repository, state).remove({ withBranch: true });
  await effects.file.remove();
  return { branch: state.branch };
}

async function mustHave(onto: string, file: StateFile): Promise<PicksState> {
  const state = await file.read();
  if (state !== null) return state;
  throw new VouchError('conflict', `${onto}: no picks are under way`, {
    hint: 'start them with `vouch backport apply --repo DIR --onto BRANCH`',
  });
}

/** What is made is read from the branch itself, so there is no moment at which a kill could lose or double a pick. */
async function goOn(from: PicksState, worktree: Worktree, effects: PicksEffects): Promise<PicksResult> {
  let state = from;
  await worktree.make();
  const made = await worktree.made();
  const skipped = new Set(state.skipped.map(({ sha }) => sha));
  const left = state.picks.filter((sha) => !made.has(sha) && !skipped.has(sha));
  for (const [i, sha] of left.entries()) {
    effects.signal.throwIfAborted();
    effects.onProgress(
      `${state.branch}: picking ${sha.slice(0, 12)} (${state.picks.length - left.length + i + 1} of ${state.picks.length})`,
    );
    const ended = await worktree.pick(sha);
    if (ended === 'conflict') return resultOf(state, worktree, sha);
    if (ended === 'empty')
      state = await leaveOut(state, sha, `changes nothing on ${state.onto}`, effects.file);
  }
  const result = await resultOf(state, worktree, null);
  await worktree.remove({ withBranch: false });
  await effects.file.remove();
  return result;
}

async function leaveOut(state: PicksState, sha: string, why: string, file: StateFile): Promise<PicksState> {
  const next = { ...state, skipped: [...state.skipped, { sha, why }] };
  await file.write(next);
  return next;
}

async function resultOf(state: PicksState, worktree: Worktree, at: string | null): Promise<PicksResult> {
  const made = await worktree.made();
  const skipped = new Set(state.skipped.map(({ sha }) => sha));
  return {
    state: at === null ? 'done' : 'conflict',
    onto: state.onto,
    branch: state.branch,
    worktree: state.worktree,
    head: await worktree.head(),
    picked: state.picks.flatMap((sha) => (made.has(sha) ? [{ sha, as: made.get(sha)! }] : [])),
    skipped: state.skipped,
    conflict: at === null ? null : { sha: at, files: await worktree.unmerged() },
    left: state.picks.filter((sha) => sha !== at && !made.has(sha) && !skipped.has(sha)),
  };
}
