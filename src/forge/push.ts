import { VouchError } from '../lib/errors.ts';
import type { RunResult } from '../lib/process.ts';
import { failed, isThere, withSeries, type Scratch, type Series } from './scratch-repository.ts';

export interface Push extends Series {
  /** Where the repository is cloned from: an http or https address, which alone gets the token. */
  to: string;
  token: string;
}

/**
 * Makes the branch at a forge with exactly this commit. One that is there with it already is fine; with another it is
 * `conflict`: nobody's branch is overwritten.
 */
export async function pushSeries(push: Push): Promise<void> {
  const { branch, commit, to } = push;
  const ref = `refs/heads/${branch}`;
  const environment = authorization(push);
  await withSeries(push, async ({ git }: Scratch) => {
    const listed = await git(['ls-remote', '--', to, ref], environment);
    if (listed.code !== 0) throw refusal(push, listed);
    const there = tipIn(listed, ref);
    if (there === commit) return;
    if (there !== null) throw isThere(push);
    const lease = `--force-with-lease=${ref}:`; // only where there is none
    const done = await git(['push', '--quiet', lease, '--', to, `${commit}:${ref}`], environment);
    if (done.code === 0) return;
    // Its answer may have been lost after it was done, or somebody else made the branch at the same moment.
    const now = tipIn(await git(['ls-remote', '--', to, ref], environment), ref);
    if (now === commit) return;
    throw now === null ? refusal(push, done) : isThere(push);
  });
}

function tipIn(listed: RunResult, ref: string): string | null {
  // The name is a pattern for git: it lists `refs/heads/refs/heads/x` too.
  const lines = listed.stdout.toString('utf8').split('\n');
  return lines.find((line) => line.endsWith(`\t${ref}`))?.split('\t')[0] ?? null;
}

/** In the environment: everybody on the machine can read a command line. */
function authorization({ to, token }: Push): Record<string, string> {
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${new URL(to).origin}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic(token)}`,
  };
}

/** GitHub wants this name for the tokens of its apps; any name does for others, and for Gitea. */
function basic(token: string): string {
  return Buffer.from(`x-access-token:${token}`).toString('base64');
}

function refusal(push: Push, done: RunResult): VouchError {
  // A server may say what it was sent.
  const stderr = [push.token, basic(push.token)].reduce(
    (text, secret) => (secret === '' ? text : text.replaceAll(secret, '…')),
    done.stderr.toString('utf8'),
  );
  const said = telling(stderr);
  const refuse = (code: VouchError['code'], hint: string): VouchError =>
    new VouchError(code, `${push.forge}: branch ${push.branch} cannot be pushed: ${said}`, { hint });
  if (/could not read Username|Authentication failed|returned error: 401\b/.test(stderr))
    return refuse('forbidden', 'the token is wrong or has expired');
  if (/returned error: 403\b|\[remote rejected\].*(?:protected|declined|denied|not allowed)/i.test(stderr))
    return refuse('forbidden', 'may the token write to the repository, and to this branch?');
  if (/^fatal: repository '.*' not found$/m.test(stderr))
    return refuse('not-found', 'is the repository named right, and may the token see it?');
  if (/unable to update url base from redirection|returned error: 30\d\b/.test(stderr))
    return refuse('usage', 'configure the address that it redirects to');
  if (/directory file conflict|exists; cannot create/.test(stderr))
    return refuse('conflict', 'another branch has a part of its name; give another with --branch');
  return failed(push, done, said);
}

/** What is worth reading of what git says: not that something failed, but why. */
function telling(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^(?:fatal|error|remote): */, '').trim());
  const noise = /^(?:$|hint:|To http|failed to push some refs|the remote end hung up)/i;
  const kept = lines.filter((line) => !noise.test(line)).slice(-4);
  return kept.join('; ').slice(0, 500);
}
