import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError } from '../../lib/errors.ts';
import { baseEnvironment, run, runOrThrow, type RunResult } from '../../lib/process.ts';
import { scratchDir } from '../../lib/scratch.ts';

interface Person {
  name: string;
  email: string;
}

/**
 * Git plumbing on a bare repository. Nothing is ever checked out there: files go in as objects through an index of
 * their own in a scratch folder, and refs move only from the value that was read.
 */
export interface Plumbing {
  /** The commit of a branch, or null. */
  tip(branch: string): Promise<string | null>;
  /** The tree that a commit's tree becomes with these files; modes of files that were there are kept. */
  treeWith(commit: string, changes: Record<string, string | null>): Promise<string>;
  treeOf(commit: string): Promise<string>;
  parentsOf(commit: string): Promise<string[]>;
  commit(tree: string, parents: string[], message: string, author: Person, at: Date): Promise<string>;
  /** Moves a branch; `from` null means that it must not exist. False when someone else moved it. */
  move(branch: string, from: string | null, to: string): Promise<boolean>;
  /** The tree of a merge, or the paths in conflict. */
  merge(base: string, other: string): Promise<{ tree: string } | { conflicts: string[] }>;
  isAncestor(older: string, newer: string): Promise<boolean>;
}

const OID = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

export function plumbing(repository: string): Plumbing {
  const environment = (extra: Record<string, string> = {}): Record<string, string> => ({
    ...baseEnvironment(),
    LC_ALL: 'C',
    GIT_DIR: repository,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    ...extra,
  });
  const git = async (args: string[], extra?: Record<string, string>, input?: string): Promise<string> => {
    const done = await runOrThrow(['git', ...args], {
      env: environment(extra),
      ...(input === undefined ? {} : { input }),
    });
    return done.stdout.toString('utf8').trim();
  };
  const attempt = (args: string[]): Promise<RunResult> => run(['git', ...args], { env: environment() });

  return {
    async tip(branch) {
      // Not rev-parse: that takes the branch `refs/heads/x` for `x` where there is no `x`.
      const done = await attempt(['show-ref', '--verify', '--hash', `refs/heads/${branch}`]);
      const oid = done.stdout.toString('utf8').trim();
      return done.code === 0 && OID.test(oid) ? oid : null;
    },
    async treeWith(commit, changes) {
      const scratch = await scratchDir('index');
      const index = { GIT_INDEX_FILE: join(scratch, 'index') };
      try {
        await git(['read-tree', commit], index);
        const modes = await modesOf(commit, Object.keys(changes));
        let entries = '';
        for (const [path, text] of Object.entries(changes)) {
          if (text === null) entries += `0 ${'0'.repeat(commit.length)}\t${path}\0`;
          else {
            const blob = await git(['hash-object', '-w', '--stdin', '--no-filters'], {}, text);
            entries += `${modes.get(path) ?? '100644'} ${blob}\t${path}\0`;
          }
        }
        await git(['update-index', '-z', '--index-info'], index, entries);
        return await git(['write-tree'], index);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
    treeOf: (commit) => git(['rev-parse', '--verify', `${commit}^{tree}`]),
    async parentsOf(commit) {
      return (await git(['rev-list', '--parents', '-n', '1', commit])).split(' ').slice(1);
    },
    commit(tree, parents, message, author, at) {
      const date = `${Math.floor(at.getTime() / 1000)} +0000`;
      const who = {
        GIT_AUTHOR_NAME: author.name,
        GIT_AUTHOR_EMAIL: author.email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: author.name,
        GIT_COMMITTER_EMAIL: author.email,
        GIT_COMMITTER_DATE: date,
      };
      return git(
        ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-F', '-'],
        who,
        message,
      );
    },
    async move(branch, from, to) {
      const done = await attempt(['update-ref', `refs/heads/${branch}`, to, from ?? '0'.repeat(to.length)]);
      if (done.code === 0) return true;
      const now = await this.tip(branch);
      if (now !== from) return false;
      const said = done.stderr.toString('utf8').trim().slice(0, 500);
      // `a` and `a/b` cannot both be branches.
      const inTheWay = said.includes('cannot create');
      throw new VouchError(inTheWay ? 'conflict' : 'unavailable', `git update-ref ${branch}: ${said}`);
    },
    async merge(base, other) {
      const done = await attempt([
        'merge-tree',
        '--write-tree',
        '--name-only',
        '--no-messages',
        '-z',
        base,
        other,
      ]);
      const [tree = '', ...paths] = done.stdout
        .toString('utf8')
        .split('\0')
        .filter((part) => part.trim() !== '');
      if (done.code === 0 && OID.test(tree.trim())) return { tree: tree.trim() };
      if (done.code === 1) return { conflicts: paths };
      throw new VouchError(
        'unavailable',
        `git merge-tree: ${done.stderr.toString('utf8').trim().slice(0, 500)}`,
      );
    },
    async isAncestor(older, newer) {
      return (await attempt(['merge-base', '--is-ancestor', older, newer])).code === 0;
    },
  };

  async function modesOf(commit: string, paths: string[]): Promise<Map<string, string>> {
    const listed = await git([
      'ls-tree',
      '-z',
      '--full-tree',
      commit,
      '--',
      ...paths.map((path) => `:(literal)${path}`),
    ]);
    const modes = new Map<string, string>();
    for (const entry of listed.split('\0')) {
      const parts = /^(\d{6}) (\w+) [0-9a-f]+\t([^]+)$/.exec(entry);
      if (!parts) continue;
      if (parts[1] !== '100644' && parts[1] !== '100755')
        throw new VouchError(
          'usage',
          `pull request: ${parts[3]} is a ${parts[1] === '120000' ? 'symbolic link' : parts[2]}, not a file`,
        );
      modes.set(parts[3]!, parts[1]);
    }
    return modes;
  }
}
