import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode, VouchError } from '../../../lib/errors.ts';
import { baseEnvironment, run, type RunOptions, type RunResult } from '../../../lib/process.ts';

/** A repository of somebody else's: it is only read. */
export interface Repository {
  /** As it was named on the command line. */
  readonly name: string;
  /** The absolute `.git` folder. */
  readonly gitDir: string;
  /** Where its objects are: of a linked worktree, those of the main one. */
  readonly objects: string;
  /** Commits whose parents a shallow clone does not have. */
  readonly shallow: ReadonlySet<string>;
  git(args: readonly string[], options?: GitOptions): Promise<RunResult>;
  /** The same for what must succeed; standard output as text. Throws `unavailable` with what git said. */
  text(args: readonly string[], options?: GitOptions): Promise<string>;
}

interface GitOptions extends Pick<RunOptions, 'input' | 'maxOutputBytes' | 'signal' | 'timeoutMs' | 'cwd'> {
  env?: Record<string, string>;
}

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const TIMEOUT_MS = 600_000;
const LISTED = 12;

export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}

/**
 * Opens the repository that `dir` is in. Nothing of the machine's or the user's configuration reaches git, nothing is fetched
 * (a partial clone would), and replaced objects are not looked at. Throws `usage` when there is no repository.
 */
export async function openRepository(dir: string): Promise<Repository> {
  const env = environment({});
  const found = await run(
    ['git', '-c', 'safe.directory=*', '-C', await folderOf(dir), 'rev-parse', '--absolute-git-dir'],
    { env },
  );
  const gitDir = found.stdout.toString('utf8').replace(/\n$/, '');
  if (found.code !== 0 || gitDir === '')
    throw new VouchError('usage', `--repo ${dir}: not a git repository`, {
      hint: 'give the folder of a clone, or `--commits FILE.jsonl` for a history without one',
    });
  const git: Repository['git'] = (args, options = {}) =>
    run(['git', ...args], {
      timeoutMs: TIMEOUT_MS,
      ...options,
      env: environment({ GIT_DIR: gitDir, ...options.env }),
    });
  const text: Repository['text'] = async (args, options) => {
    const done = await git(args, options);
    if (done.code === 0) return done.stdout.toString('utf8');
    throw failed(dir, args, done);
  };
  const common = (await text(['rev-parse', '--path-format=absolute', '--git-common-dir'])).replace(/\n$/, '');
  return { name: dir, gitDir, objects: join(common, 'objects'), shallow: await shallowOf(common), git, text };
}

/** What git said, as an error with its first line. */
export function failed(name: string, args: readonly string[], done: RunResult): VouchError {
  const [said = ''] = done.stderr
    .toString('utf8')
    .replace(/^(?:fatal|error): /, '')
    .trim()
    .split('\n');
  const why = done.timedOut ? 'took too long' : said || `status ${done.code ?? done.signal}`;
  return new VouchError('unavailable', `${name}: git ${args[0]}: ${why.slice(0, 300)}`, {
    hint: 'see `git fsck` in that repository; objects that a partial clone left out must be fetched first',
  });
}

/** The commit that a branch, tag or id names. Throws `usage` that says what is there instead. */
export async function commitOf(repository: Repository, option: string, name: string): Promise<string> {
  for (const candidate of [`refs/heads/${name}`, name, `refs/remotes/origin/${name}`]) {
    const done = await repository.git([
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${candidate}^{commit}`,
    ]);
    const id = done.stdout.toString('utf8').trim();
    if (done.code === 0 && isObjectId(id)) return id;
  }
  throw new VouchError('usage', `${option} ${name}: no such branch or commit in ${repository.name}`, {
    hint: await whatThereIs(repository),
  });
}

async function whatThereIs(repository: Repository): Promise<string> {
  const all = await repository.text([
    'for-each-ref',
    '--sort=-committerdate',
    '--format=%(refname:short)',
    `--count=${LISTED + 1}`,
    'refs/heads',
    'refs/remotes',
  ]);
  const names = all.split('\n').filter((name) => name !== '');
  if (names.length === 0) return 'commit something first: the repository has no branch yet';
  return `name one that is there: ${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? ', …' : ''}`;
}

/**
 * A range `A..B` as two commits. Throws `usage` for other forms: `A...B` and `B` alone would mean something else to git.
 */
export async function rangeOf(
  repository: Repository,
  range: string,
): Promise<{ from: string; to: string; toName: string }> {
  const [, from, to] = /^(.+?)\.\.(?!\.)(.*)$/.exec(range) ?? [];
  if (from === undefined || from.endsWith('.'))
    throw new VouchError('usage', `--range ${range}: must be A..B`, {
      hint: 'two branches, tags or commits, as in v3.1.0..master; B may be left out for HEAD',
    });
  const toName = to === undefined || to === '' ? 'HEAD' : to;
  return {
    from: await commitOf(repository, '--range', from),
    to: await commitOf(repository, '--range', toName),
    toName,
  };
}

function environment(more: Record<string, string>): Record<string, string> {
  return {
    ...baseEnvironment(),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOW_PROTOCOL: 'none',
    ...more,
  };
}

async function folderOf(dir: string): Promise<string> {
  try {
    return await realpath(dir);
  } catch (error) {
    const code = systemCode(error);
    throw new VouchError(
      'usage',
      `--repo ${dir}: ${code === 'ENOENT' ? 'no such folder' : `cannot be read (${code})`}`,
      {
        cause: error,
      },
    );
  }
}

async function shallowOf(common: string): Promise<Set<string>> {
  try {
    const text = await readFile(join(common, 'shallow'), 'utf8');
    return new Set(text.split('\n').filter(isObjectId));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Set();
    throw error;
  }
}
