import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CommitsRequest } from '../../src/forge/port.ts';
import { baseEnvironment, runOrThrow } from '../../src/lib/process.ts';
import { scratchDir } from '../../src/lib/scratch.ts';

export interface Clone {
  dir: string;
  format: 'sha1' | 'sha256';
  /** A pull request of the three commits. */
  request: CommitsRequest;
  git: (...args: string[]) => Promise<string>;
  /** There when something of the clone was run. */
  trap: string;
}

const AUTHORS = [
  ['Ann', 'ann@example.org', '2021-02-03T04:05:06+0530', 'UTF-8'],
  ['Bøb "B" Ünal', 'bob@example.org', '2022-02-03T04:05:06-0800', 'UTF-8'],
  ['Carl', 'carl@example.org', '2023-02-03T04:05:06+0000', 'ISO-8859-1'],
] as const;

/**
 * A clone with one commit on `main` and three of different people on top. Its path is a hard one, and whatever a clone can be
 * configured with to run programs or to send things elsewhere is set to a trap.
 */
export async function trappedClone(format: Clone['format'] = 'sha1'): Promise<Clone> {
  const scratch = await scratchDir('clone');
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const dir = join(scratch, 'a "b": \\c, d');
  const env = { ...baseEnvironment(), HOME: scratch, GIT_CONFIG_NOSYSTEM: '1' };
  const git = async (...args: string[]): Promise<string> =>
    (await runOrThrow(['git', '-c', 'core.hooksPath=/dev/null', '-C', dir, ...args], { env })).stdout
      .toString('utf8')
      .trim();
  await mkdir(dir);
  await git('init', '-q', '-b', 'main', `--object-format=${format}`);
  await git('config', 'user.name', 'Rita');
  await git('config', 'user.email', 'rita@example.org');
  await git('commit', '-q', '--allow-empty', '-m', 'first');
  await git('checkout', '-q', '-b', 'picks');
  for (const [name, email, date, encoding] of AUTHORS) {
    await writeFile(join(dir, email), name);
    await git('add', '-A');
    const message = `${name}: one\n\n  kept as it is \n\n\nSigned-off-by: ${name}\n#no comment\n`;
    const as = ['--cleanup=verbatim', `--author=${name} <${email}>`, `--date=${date}`, '-m', message];
    await git('-c', `i18n.commitEncoding=${encoding}`, 'commit', '-q', ...as);
  }
  const trap = join(scratch, 'trapped');
  await setTraps(dir, trap, git);
  const request: CommitsRequest = {
    branch: 'vouch/backport-3.0',
    base: 'main',
    title: 'Backports',
    body: 'Three.\n\nMore.',
    commit: await git('rev-parse', 'HEAD'),
    objects: join(dir, '.git/objects'),
  };
  return { dir, format, request, git, trap };
}

async function setTraps(dir: string, trap: string, git: Clone['git']): Promise<void> {
  const run = `touch ${trap}`;
  for (const hook of ['pre-push', 'reference-transaction', 'pre-auto-gc', 'post-update', 'update'])
    await writeFile(join(dir, '.git/hooks', hook), `#!/bin/sh\n${run}\n`, { mode: 0o755 });
  const settings = {
    'core.hooksPath': join(dir, '.git/hooks'),
    'core.sshCommand': run,
    'core.askPass': run,
    'core.alternateRefsCommand': run,
    'core.gitProxy': run,
    'credential.helper': `!${run}`,
    'uploadpack.packObjectsHook': run,
    'url.http://127.0.0.1:1/.insteadOf': 'http://127.0.0.1',
    'url.http://127.0.0.1:2/.pushInsteadOf': 'http://127.0.0.1',
    'url.ext::touch x .insteadOf': '/',
    'protocol.ext.allow': 'always',
    'http.proxy': 'http://127.0.0.1:3',
    'http.extraHeader': 'X-Trap: 1',
  };
  for (const [key, value] of Object.entries(settings)) await git('config', key, value);
}
