import { run } from '../../lib/process.ts';
import type { ErrorEvent } from '../../incident/model.ts';
import type { FixContext } from './engines/port.ts';

const MAX_DIFF_BYTES = 64 * 1024;

/**
 * The change that last touched the lines of the stack, if it was not the very first commit. `repository` is bare; `commit` is the
 * release's. Null where the history says nothing: a history of one commit, a file that git does not know.
 */
export async function suspectOf(
  repository: string,
  commit: string,
  error: ErrorEvent,
): Promise<FixContext['suspect']> {
  const git = (args: string[]): Promise<string | null> =>
    run(['git', '-C', repository, ...args], { timeoutMs: 10_000, maxOutputBytes: MAX_DIFF_BYTES }).then(
      (done) => (done.code === 0 ? done.stdout.toString('utf8') : null),
    );
  for (const frame of error.frames.filter(({ inApp, line }) => inApp && line !== null).slice(0, 3)) {
    const blame = await git([
      'blame',
      '--porcelain',
      '-L',
      `${frame.line},${frame.line}`,
      commit,
      '--',
      frame.file,
    ]);
    const sha = blame?.slice(0, 40);
    if (!sha || !/^[0-9a-f]{40}$/.test(sha)) continue;
    const parents = await git(['rev-list', '--parents', '-n', '1', sha]);
    if ((parents?.trim().split(' ').length ?? 1) < 2) continue;
    const subject = await git(['log', '-1', '--format=%s', sha]);
    const diff = await git(['show', '--format=', '--unified=3', sha, '--', frame.file]);
    if (subject !== null && diff) return { sha, subject: subject.trim(), diff };
  }
  return null;
}
