import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VouchError } from '../lib/errors.ts';
import { baseEnvironment, run, type RunResult } from '../lib/process.ts';
import { scratchDir } from '../lib/scratch.ts';

/** Commits that exist, and where they shall go. */
export interface Series {
  /** For messages: `github`. */
  forge: string;
  branch: string;
  base: string;
  /** The commit that the base is at, there. */
  baseTip: string;
  commit: string;
  /** The folder with the objects of the repository that has the commit. */
  objects: string;
  /** Milliseconds for all of it. Default 5 minutes. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface Scratch {
  folder: string;
  /** Runs git; a status other than 0 is a value. All runs share one bound of time. */
  git: (args: readonly string[], environment?: Record<string, string>) => Promise<RunResult>;
}

/** The only ref of the scratch repository: the commit. */
export const SERIES = 'refs/heads/series';
const TIMEOUT_MS = 300_000;
/** No program and no address that a repository, a user or the machine names is used. */
const QUIET = [
  'core.hooksPath=/dev/null',
  'core.askPass=',
  'credential.helper=',
  'http.followRedirects=false',
  'protocol.allow=never',
  'protocol.http.allow=always',
  'protocol.https.allow=always',
  'protocol.file.allow=always',
  'push.recurseSubmodules=no',
].flatMap((setting) => ['-c', setting]);

/**
 * Works in a repository of our own that borrows the objects of another one: what that is configured with is never read, so
 * that nothing of it can run. Throws `not-found` when the commit is not there, and `usage` or `conflict` when it makes no
 * pull request.
 */
export async function withSeries<T>(
  series: Series & { moreObjects?: string },
  work: (scratch: Scratch) => Promise<T>,
): Promise<T> {
  const folder = await scratchDir('series');
  const end = Date.now() + (series.timeoutMs ?? TIMEOUT_MS);
  const scratch: Scratch = {
    folder,
    async git(args, environment = {}) {
      const done = await run(['git', ...QUIET, ...args], {
        timeoutMs: Math.max(1, end - Date.now()),
        env: { ...quietEnvironment(folder), GIT_DIR: folder, ...environment },
        ...(series.signal && { signal: series.signal }),
      });
      series.signal?.throwIfAborted();
      return done;
    },
  };
  try {
    const format = series.commit.length === 64 ? 'sha256' : 'sha1';
    const made = await scratch.git(['init', '-q', '--bare', '--template=', `--object-format=${format}`]);
    if (made.code !== 0) throw failed(series, made);
    const borrowed = [series.objects, series.moreObjects].filter((one) => one !== undefined);
    await writeFile(join(folder, 'objects/info/alternates'), borrowed.map(alternate).join(''));
    await mustHaveCommit(series, scratch);
    await mustBeOnBase(series, scratch);
    return await work(scratch);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a run that failed means: what git said, and where. */
export function failed({ forge, branch }: Series, done: RunResult, said?: string): VouchError {
  const why = done.timedOut
    ? 'took too long'
    : said || done.stderr.toString('utf8').trim().slice(-500) || `status ${done.code ?? done.signal}`;
  return new VouchError('unavailable', `${forge}: branch ${branch} cannot be made: ${why}`, {
    hint: 'nothing was opened; try again',
  });
}

export function isThere({ forge, branch }: Pick<Series, 'forge' | 'branch'>): VouchError {
  return new VouchError('conflict', `${forge}: branch ${branch} is there already, with other commits`, {
    hint: 'give another name with --branch, or delete it there',
  });
}

async function mustHaveCommit(series: Series, scratch: Scratch): Promise<void> {
  const { commit, objects } = series;
  const done = await scratch.git(['cat-file', '-t', commit]);
  const kind = done.stdout.toString('utf8').trim();
  if (done.timedOut) throw failed(series, done);
  if (kind === '') throw new VouchError('not-found', `pull request: commit ${commit} is not in ${objects}`);
  if (kind !== 'commit') throw new VouchError('usage', `pull request: ${commit} is a ${kind}, not a commit`);
  const named = await scratch.git(['update-ref', SERIES, commit]);
  if (named.code !== 0) throw failed(series, named);
}

/** Asked before anything is sent: a forge refuses such a pull request only when the branch has been made. */
async function mustBeOnBase(series: Series, { git }: Scratch): Promise<void> {
  const { base, baseTip, commit } = series;
  // Where the base moved on since the last fetch, or the clone is shallow, only the forge can tell.
  if ((await git(['cat-file', '-e', `${baseTip}^{commit}`])).code !== 0) return;
  if ((await git(['merge-base', '--is-ancestor', commit, baseTip])).code === 0)
    throw new VouchError('conflict', `pull request: ${base} has these commits already`);
  if ((await git(['merge-base', baseTip, commit])).code === 1)
    throw new VouchError('usage', `pull request: ${commit} has no history in common with ${base}`);
}

/** A line of `objects/info/alternates`, quoted as C does: a path may have any byte but NUL. */
function alternate(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"\n`;
}

/** HOME too is ours: libcurl looks for passwords in a `.netrc` there. */
function quietEnvironment(home: string): Record<string, string> {
  return {
    ...baseEnvironment(),
    LC_ALL: 'C',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
  };
}
