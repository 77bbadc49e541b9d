import { rm } from 'node:fs/promises';
import { VouchError } from '../lib/errors.ts';
import { baseEnvironment, run, type RunResult } from '../lib/process.ts';
import { scratchDir } from '../lib/scratch.ts';

export interface Push {
  /** For messages: `github`. */
  forge: string;
  /** An http or https address, or the path of a bare repository. */
  to: string;
  /** Sent as HTTP basic authentication; null for a path. */
  token: string | null;
  /** The folder with the objects of the repository that has the commit. */
  objects: string;
  commit: string;
  branch: string;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 300_000;
/** No program and no address that a repository, a user or the machine names is used. */
const QUIET = [
  'core.hooksPath=/dev/null',
  'credential.helper=',
  'http.followRedirects=false',
  'protocol.allow=never',
  'protocol.http.allow=always',
  'protocol.https.allow=always',
  'protocol.file.allow=always',
  'push.recurseSubmodules=no',
].flatMap((setting) => ['-c', setting]);

/**
 * Makes the branch there with exactly this commit. One that is there with it already is fine; with another it is `conflict`: nobody's
 * branch is overwritten. The repository that has the commit is not configured by: only its objects are read.
 */
export async function pushCommit(push: Push): Promise<void> {
  const scratch = await scratchDir('push');
  try {
    const git = (args: readonly string[]): Promise<RunResult> =>
      run(['git', ...QUIET, ...args], {
        timeoutMs: TIMEOUT_MS,
        env: environment(push, scratch),
        ...(push.signal && { signal: push.signal }),
      });
    await expectDone(push, await git(['init', '-q', '--bare', '--template=', scratch]));
    const ref = `refs/heads/${push.branch}`;
    const listed = await git(['ls-remote', '--', push.to, ref]);
    await expectDone(push, listed);
    const [there = ''] = listed.stdout.toString('utf8').split('\t');
    if (there === push.commit) return;
    if (there !== '') throw isThere(push);
    const done = await git([
      'push',
      '--quiet',
      `--force-with-lease=${ref}:`,
      '--',
      push.to,
      `${push.commit}:${ref}`,
    ]);
    // Somebody may have made it at the same moment.
    if (done.code !== 0 && /stale info|already exists|fetch first/.test(done.stderr.toString('utf8')))
      throw isThere(push);
    await expectDone(push, done);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function environment({ token, objects }: Push, scratch: string): Record<string, string> {
  const header = `Authorization: Basic ${Buffer.from(`vouch:${token ?? ''}`).toString('base64')}`;
  return {
    ...baseEnvironment(),
    LC_ALL: 'C',
    GIT_DIR: scratch,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    // In the environment: everybody on the machine can read a command line.
    ...(token === null
      ? {}
      : { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.extraHeader', GIT_CONFIG_VALUE_0: header }),
  };
}

function isThere({ forge, branch }: Push): VouchError {
  return new VouchError('conflict', `${forge}: branch ${branch} is there already, with other commits`, {
    hint: 'give another name with --branch, or delete it there',
  });
}

async function expectDone({ forge, branch, token }: Push, done: RunResult): Promise<void> {
  if (done.code === 0) return;
  const said = done.stderr.toString('utf8').replaceAll(token ?? '\0', '…');
  const why = done.timedOut ? 'took too long' : (lastTelling(said) ?? `status ${done.code ?? done.signal}`);
  const refused = /Authentication failed|40[13]|denied|not permitted|protected/i.test(said);
  throw new VouchError(
    refused ? 'forbidden' : 'unavailable',
    `${forge}: branch ${branch} cannot be pushed: ${why}`,
    {
      hint: refused
        ? 'may the token write to the repository, and to this branch?'
        : 'try again; is the address right?',
    },
  );
}

function lastTelling(said: string): string | undefined {
  const lines = said.split('\n').map((line) => line.replace(/^(?:fatal|error|remote): /, '').trim());
  return lines
    .filter((line) => line !== '')
    .at(-1)
    ?.slice(0, 300);
}
