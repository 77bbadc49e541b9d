import { chmod, chown, cp, lchown, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError } from '../../../../lib/errors.ts';
import { baseEnvironment, runOrThrow } from '../../../../lib/process.ts';
import { scratchDir } from '../../../../lib/scratch.ts';
import { readTreeFile, type Changes } from '../../../../patch/paths.ts';

/** A copy of a release that a program may do anything with. */
export interface Worktree {
  /** The copy, with a git repository of its own in which the release is the only commit. */
  tree: string;
  /** A folder beside it, for the prompt and as home. */
  home: string;
  /** What differs from the release now. Throws `usage` for what cannot be a patch (links, binaries, too much). */
  changes(): Promise<Changes>;
  remove(): Promise<void>;
}

const MAX_CHANGED = 50;

/**
 * Copies a release. What changed is asked of a repository outside of the copy: whatever the program writes to the copy's
 * own `.git` (hooks, filters, an external diff) is never run by us.
 */
export async function createWorktree(release: string, owner?: number): Promise<Worktree> {
  const scratch = await scratchDir('agent');
  const tree = join(scratch, 'tree');
  const home = join(scratch, 'home');
  const repository = join(scratch, 'repository');
  const env = {
    ...baseEnvironment(),
    LC_ALL: 'C',
    GIT_DIR: repository,
    GIT_WORK_TREE: tree,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'release',
    GIT_AUTHOR_EMAIL: 'release@localhost',
    GIT_COMMITTER_NAME: 'release',
    GIT_COMMITTER_EMAIL: 'release@localhost',
  };
  const git = async (...args: string[]): Promise<string> =>
    (
      await runOrThrow(['git', '-c', 'core.excludesFile=/dev/null', ...args], {
        env,
        cwd: tree,
        timeoutMs: 120_000,
      })
    ).stdout.toString('utf8');
  const remove = (): Promise<void> => rm(scratch, { recursive: true, force: true });
  try {
    await cp(release, tree, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => source !== join(release, '.git'),
    });
    await mkdir(home);
    await chmod(tree, 0o755);
    await git('init', '--quiet', '--initial-branch=main', '--template=');
    await git('add', '--all', '--force', '--', ':/', ':(exclude,glob)**/node_modules/**');
    await git('commit', '--quiet', '--allow-empty', '--message=The release');
    const base = (await git('rev-parse', 'HEAD')).trim();
    await cp(repository, join(tree, '.git'), { recursive: true });
    await runOrThrow(
      ['git', 'config', '--file', join(tree, '.git', 'config'), '--unset-all', 'core.worktree'],
      { env },
    ).catch(() => {});
    if (owner !== undefined) await own(scratch, owner);
    return { tree, home, remove, changes: () => changesSince(git, tree, base) };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function changesSince(
  git: (...args: string[]) => Promise<string>,
  tree: string,
  base: string,
): Promise<Changes> {
  await git('add', '--all', '--', ':/', ':(exclude,glob)**/node_modules/**');
  const listed = await git('diff-index', '--cached', '--no-renames', '--name-only', '-z', base);
  const paths = listed.split('\0').filter((path) => path !== '');
  if (paths.length > MAX_CHANGED)
    throw new VouchError('usage', `it changed ${paths.length} files, more than ${MAX_CHANGED}`);
  const changes: Changes = {};
  for (const path of paths) {
    const read = await readTreeFile(tree, path);
    if ('bad' in read) throw new VouchError('usage', read.bad);
    changes[path] = read.file?.text ?? null;
  }
  return changes;
}

/** Gives the folder and all in it to a user; links themselves, never what they point to. */
async function own(folder: string, user: number): Promise<void> {
  await chown(folder, user, user);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await lchown(join(entry.parentPath, entry.name), user, user);
}
