import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError, systemCode } from '../lib/errors.ts';
import { baseEnvironment, run, runOrThrow, type RunOptions, type RunResult } from '../lib/process.ts';
import { scratchDir } from '../lib/scratch.ts';
import { checkAppName, checkBranch, isCommit, printable } from './names.ts';

/** Where objects of a push are before it is accepted: git's own variables, as the hook got them. */
export interface ObjectSource {
  GIT_OBJECT_DIRECTORY?: string;
  GIT_ALTERNATE_OBJECT_DIRECTORIES?: string;
  GIT_QUARANTINE_PATH?: string;
}

export const ZERO_COMMIT = '0'.repeat(40);

/** Refs below this keep the commits of releases; nobody sees or pushes them. */
const RELEASE_REFS = 'refs/vouch/releases/';

/** Nothing of the machine's or the user's configuration reaches a repository that strangers push to. */
export function gitEnvironment(more: Record<string, string> = {}): Record<string, string> {
  return {
    ...baseEnvironment(),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Vouch',
    GIT_AUTHOR_EMAIL: 'vouch@localhost',
    GIT_COMMITTER_NAME: 'Vouch',
    GIT_COMMITTER_EMAIL: 'vouch@localhost',
    ...more,
  };
}

/** The bare repositories of all apps, `FOLDER/APP.git`. */
export interface Repositories {
  pathOf(app: string): string;
  /** Makes the repository if there is none, whole or not at all. */
  create(app: string, branch: string): Promise<void>;
  exists(app: string): Promise<boolean>;
  /** Removes the locks and half-received objects that a killed git leaves. Only while nobody else uses the repository. */
  sweep(app: string): Promise<void>;
  git(app: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The commit that a branch points to, or undefined. */
  head(app: string, branch: string): Promise<string | undefined>;
  /** Full id of a commit given by id, branch or tag. Throws `not-found`. */
  resolve(app: string, revision: string): Promise<string>;
  subjectOf(app: string, commit: string, objects?: ObjectSource): Promise<string>;
  /** Moves a branch if it still is at `from` (`ZERO_COMMIT`: must not exist). Throws `conflict`. */
  moveBranch(app: string, branch: string, from: string, to: string): Promise<void>;
  /** Keeps the commit from git's own garbage collection as long as the app lives. */
  keepCommit(app: string, number: number, commit: string): Promise<void>;
  /** A commit of what `folder` holds, on top of `branch`, without moving it; the branch's own if nothing differs. */
  commitFolder(app: string, branch: string, folder: string, message: string): Promise<string>;
}

export function openRepositories(folder: string): Repositories {
  const pathOf = (app: string): string => join(folder, `${checkAppName(app)}.git`);
  const git: Repositories['git'] = (app, args, options = {}) => {
    const path = pathOf(app);
    return runOrThrow(['git', '-c', `safe.directory=${path}`, `--git-dir=${path}`, ...args], {
      ...options,
      env: gitEnvironment(options.env),
    });
  };
  const text = async (app: string, args: readonly string[], options?: RunOptions): Promise<string> =>
    (await git(app, args, options)).stdout.toString('utf8').trim();
  const head: Repositories['head'] = async (app, branch) => {
    const path = pathOf(app);
    const ref = `refs/heads/${checkBranch(branch)}`;
    const result = await run(
      ['git', '-c', `safe.directory=${path}`, `--git-dir=${path}`, 'rev-parse', '--verify', '-q', ref],
      { env: gitEnvironment() },
    );
    const commit = result.stdout.toString('utf8').trim();
    return result.code === 0 && isCommit(commit) ? commit : undefined;
  };

  return {
    pathOf,
    git,
    head,
    async exists(app) {
      return isThere(join(pathOf(app), 'HEAD'));
    },
    async sweep(app) {
      const path = pathOf(app);
      const stale = (await readdir(join(path, 'refs'), { recursive: true }))
        .filter((name) => name.endsWith('.lock'))
        .map((name) => join('refs', name));
      const received = (await readdir(join(path, 'objects')))
        .filter((name) => /^tmp_objdir-|^incoming-/.test(name))
        .map((name) => join('objects', name));
      for (const name of [...stale, ...received, 'HEAD.lock', 'packed-refs.lock', 'config.lock', 'gc.pid'])
        await rm(join(path, name), { recursive: true, force: true });
    },
    async create(app, branch) {
      const path = pathOf(app);
      if (await isThere(join(path, 'HEAD'))) return;
      await mkdir(folder, { recursive: true });
      // The template would bring sample hooks; the hooks of Vouch are named on the command line of each push.
      const made = await scratchDir('repository', folder);
      try {
        await runOrThrow(
          ['git', 'init', '-q', '--bare', '--template=', `--initial-branch=${checkBranch(branch)}`, made],
          { env: gitEnvironment() },
        );
        await rename(made, path);
      } finally {
        await rm(made, { recursive: true, force: true });
      }
    },
    async resolve(app, revision) {
      const unknown = new VouchError('not-found', `${app} has no commit ${printable(revision)}`, {
        hint: 'push it first, or give a commit id, branch or tag of the app',
      });
      if (!/^[A-Za-z0-9_][A-Za-z0-9._/~^-]{0,199}$/.test(revision)) throw unknown;
      const path = pathOf(app);
      const result = await run(
        [
          'git',
          '-c',
          `safe.directory=${path}`,
          `--git-dir=${path}`,
          'rev-parse',
          '--verify',
          '-q',
          '--end-of-options',
          `${revision}^{commit}`,
        ],
        { env: gitEnvironment() },
      );
      const commit = result.stdout.toString('utf8').trim();
      if (result.code !== 0 || !isCommit(commit)) throw unknown;
      return commit;
    },
    async subjectOf(app, commit, objects = {}) {
      const subject = await text(app, ['show', '-s', '--format=%s', commit, '--'], { env: { ...objects } });
      return printable(subject);
    },
    async moveBranch(app, branch, from, to) {
      const path = pathOf(app);
      const ref = `refs/heads/${checkBranch(branch)}`;
      const result = await run(
        [
          'git',
          '-c',
          `safe.directory=${path}`,
          `--git-dir=${path}`,
          'update-ref',
          '-m',
          'vouch: deploy',
          ref,
          to,
          from,
        ],
        { env: gitEnvironment() },
      );
      if (result.code !== 0)
        throw new VouchError('conflict', `${branch} of ${app} moved in the meantime`, {
          hint: 'fetch it and try again',
        });
    },
    async keepCommit(app, number, commit) {
      await git(app, ['update-ref', `${RELEASE_REFS}v${number}`, commit]);
    },
    async commitFolder(app, branch, source, message) {
      const scratch = await scratchDir('index', folder);
      try {
        const env = { GIT_INDEX_FILE: join(scratch, 'index') };
        await git(
          app,
          [`--work-tree=${source}`, 'add', '-A', '--', '.', ':(exclude,glob)**/node_modules/**'],
          { env, cwd: source, timeoutMs: 300_000 },
        );
        const tree = await text(app, ['write-tree'], { env });
        const parent = await head(app, branch);
        if (parent !== undefined && (await text(app, ['rev-parse', `${parent}^{tree}`])) === tree)
          return parent;
        const parents = parent === undefined ? [] : ['-p', parent];
        return await text(app, ['commit-tree', tree, ...parents, '-m', message], { env });
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
