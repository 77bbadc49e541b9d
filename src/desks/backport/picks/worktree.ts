import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError } from '../../../lib/errors.ts';
import type { RunResult } from '../../../lib/process.ts';
import { failed, type Repository } from '../git/repository.ts';
import { picksIn } from '../history/trailers.ts';
import type { PicksState } from './state.ts';

/** No program that a repository names is started: no hook, no editor, no signer. */
const QUIET = [
  '-c',
  'core.hooksPath=/dev/null',
  '-c',
  'core.editor=true',
  '-c',
  'commit.gpgSign=false',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'advice.mergeConflict=false',
];

/** The worktree that picks are made in, on a branch of its own: the user's own checkout is not touched. */
export class Worktree {
  readonly #repository: Repository;
  readonly #state: PicksState;

  constructor(repository: Repository, state: PicksState) {
    this.#repository = repository;
    this.#state = state;
  }

  /** Makes the branch and its folder, or what of them is missing after a kill. */
  async make(): Promise<void> {
    const { branch, worktree, tip } = this.#state;
    if (await isThere(join(worktree, '.git'))) return;
    await this.#repository.git(['worktree', 'prune']);
    const made = await this.#repository.git(['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`]);
    const args =
      made.code === 0
        ? ['worktree', 'add', '--force', '--', worktree, branch]
        : ['worktree', 'add', '--no-track', '-b', branch, '--', worktree, tip];
    const done = await this.#repository.git([...QUIET, ...args]);
    if (done.code !== 0) throw failed(this.#repository.name, args, done);
  }

  async remove({ withBranch }: { withBranch: boolean }): Promise<void> {
    const { branch, worktree } = this.#state;
    await this.#repository.git([...QUIET, 'worktree', 'remove', '--force', '--', worktree]);
    await this.#repository.git(['worktree', 'prune']);
    if (withBranch) await this.#repository.git(['branch', '-D', '--', branch]);
  }

  /** Ids that the commits made so far say they are picks of, with the commits. */
  async made(): Promise<Map<string, string>> {
    const log = await this.#text(['log', '--reverse', '-z', '--format=%H%n%B', `${this.#state.tip}..HEAD`]);
    const made = new Map<string, string>();
    for (const record of log.split('\0')) {
      const sha = record.slice(0, record.indexOf('\n'));
      for (const id of picksIn(record.slice(sha.length + 1))) made.set(id, sha);
    }
    return made;
  }

  /** The commit that a pick stopped at, or null. */
  async stoppedAt(): Promise<string | null> {
    const done = await this.#git(['rev-parse', '--verify', '--quiet', 'CHERRY_PICK_HEAD']);
    return done.code === 0 ? done.stdout.toString('utf8').trim() : null;
  }

  async unmerged(): Promise<string[]> {
    const names = await this.#text(['diff', '--name-only', '-z', '--diff-filter=U', '--no-ext-diff']);
    return [...new Set(names.split('\0').filter((name) => name !== ''))];
  }

  /** Throws `conflict` where somebody's work is not committed. */
  async mustBeClean(): Promise<void> {
    const changed = await this.#text(['status', '--porcelain', '-z', '--untracked-files=no']);
    if (changed === '') return;
    throw new VouchError('conflict', `${this.#state.worktree}: has changes that are not committed`, {
      hint: 'commit them or take them back there, then go on with --continue',
    });
  }

  async head(): Promise<string> {
    return (await this.#text(['rev-parse', 'HEAD'])).trim();
  }

  /** One pick with `-x` and sign-off; it is not broken off in the middle. Returns what it came to; `empty` leaves nothing behind. */
  async pick(sha: string): Promise<'made' | 'empty' | 'conflict'> {
    return this.#ended(await this.#git(['cherry-pick', '-x', '--signoff', '--no-gpg-sign', sha]), sha);
  }

  /** Commits a pick whose conflicts somebody solved. */
  async finish(sha: string): Promise<'made' | 'empty' | 'conflict'> {
    return this.#ended(await this.#git(['cherry-pick', '--continue']), sha);
  }

  async skip(): Promise<void> {
    const args = ['cherry-pick', '--skip'];
    const done = await this.#git(args);
    if (done.code !== 0) throw failed(this.#repository.name, args, done);
  }

  async #ended(done: RunResult, sha: string): Promise<'made' | 'empty' | 'conflict'> {
    if (done.code === 0) return 'made';
    if ((await this.unmerged()).length > 0) return 'conflict';
    if ((await this.stoppedAt()) === sha) {
      // Git stops as well where the change is there already, or where the commit itself is empty.
      const nothing = await this.#git(['diff', '--quiet', '--cached', '--no-ext-diff', 'HEAD']);
      if (nothing.code === 0) {
        await this.skip();
        return 'empty';
      }
    }
    throw failed(this.#repository.name, ['cherry-pick'], done);
  }

  async #text(args: readonly string[]): Promise<string> {
    const done = await this.#git(args);
    if (done.code === 0) return done.stdout.toString('utf8');
    throw failed(this.#repository.name, args, done);
  }

  #git(args: readonly string[]): Promise<RunResult> {
    const { by, worktree } = this.#state;
    return this.#repository.git(['-C', worktree, ...QUIET, ...args], {
      env: {
        GIT_DIR: join(worktree, '.git'),
        GIT_WORK_TREE: worktree,
        GIT_COMMITTER_NAME: by.name,
        GIT_COMMITTER_EMAIL: by.email,
      },
    });
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
