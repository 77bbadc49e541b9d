import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { main } from '../../src/cli/main.ts';
import { baseEnvironment, runOrThrow } from '../../src/lib/process.ts';

export interface Clone {
  /** The working tree. */
  dir: string;
  /** The data folder of the commands. */
  data: string;
  git(...args: string[]): Promise<string>;
  /** Commits files (null removes one) on the branch that is checked out. Returns its id. */
  commit(
    subject: string,
    files: Record<string, string | null>,
    body?: string,
    author?: string,
  ): Promise<string>;
  /** One command in this process, as the command line runs it. */
  vouch(...argv: string[]): Promise<{ code: number; out: string; err: string }>;
  /** The same with `--json`; the answer parsed. */
  json<T>(...argv: string[]): Promise<{ code: number; value: T; err: string }>;
  remove(): Promise<void>;
}

/** A repository with a real git, with dates that count up, so that ids are the same each time. */
export async function makeClone(): Promise<Clone> {
  const root = await mkdtemp(join(tmpdir(), 'vouch-backport-test-'));
  const dir = join(root, 'clone');
  const data = join(root, 'data');
  let clock = Date.parse('2026-01-05T10:00:00Z') / 1000;
  const git: Clone['git'] = async (...args) => {
    const date = `${clock} +0000`;
    const env = {
      ...baseEnvironment(),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    };
    return (await runOrThrow(['git', '-C', dir, ...args], { env })).stdout.toString('utf8').trim();
  };
  await mkdir(dir, { recursive: true });
  await git('init', '-q', '-b', 'master');
  await git('config', 'user.name', 'Ann Author');
  await git('config', 'user.email', 'ann@example.org');
  const vouch: Clone['vouch'] = async (...argv) => {
    let [out, err] = ['', ''];
    const code = await main(argv.includes('--data') ? argv : [...argv, '--data', data], {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      env: { PATH: process.env['PATH'] },
    });
    return { code, out, err };
  };
  return {
    dir,
    data,
    git,
    vouch,
    async commit(subject, files, body = '', author = 'Ann Author <ann@example.org>') {
      clock += 3600;
      for (const [path, text] of Object.entries(files)) {
        const at = join(dir, path);
        if (text === null) await rm(at);
        else {
          await mkdir(dirname(at), { recursive: true });
          await writeFile(at, text);
        }
      }
      await git('add', '-A');
      const message = body === '' ? subject : `${subject}\n\n${body}`;
      await git('commit', '-q', '--allow-empty', '-m', message, `--author=${author}`);
      return git('rev-parse', 'HEAD');
    },
    async json<T>(...argv: string[]) {
      const { code, out, err } = await vouch(...argv, '--json');
      return { code, value: (out === '' ? null : JSON.parse(out)) as T, err };
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** Lines `name 1` … `name n`, with some replaced by their number. */
export function lines(name: string, n: number, changed: Record<number, string> = {}): string {
  return Array.from({ length: n }, (_, i) => `${changed[i + 1] ?? `${name} ${i + 1}`}\n`).join('');
}
