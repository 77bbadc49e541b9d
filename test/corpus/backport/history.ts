import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { baseEnvironment, run, runOrThrow } from '../../../src/lib/process.ts';

/** A commit's text, for histories that are made up. */
interface Message {
  subject: string;
  body: string;
}

interface Options {
  folder: string;
  commits: number;
  seed: number;
  /** Taken in turn. */
  messages: readonly Message[];
}

const FILES = 400;
/** Commits before the branch. */
const BEFORE = 50;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Makes a repository with `master` and a maintained branch `3.0` that leaves it early. Commits change neighbouring lines of a few
 * files that are more popular than the others, as people's do, so that later ones stand on earlier ones.
 */
export async function makeHistory({ folder, commits, seed, messages }: Options): Promise<void> {
  const next = random(seed);
  const files = Array.from({ length: FILES }, (_, i) => ({
    path: `src/part${i % 20}/file${i}.c`,
    lines: Array.from({ length: 60 + Math.floor(next() * 300) }, (_, n) => `file ${i}, line ${n}`),
  }));
  await runOrThrow(['git', 'init', '-q', '-b', 'master', folder]);
  const git = spawn('git', ['-C', folder, 'fast-import', '--quiet', '--done'], {
    env: baseEnvironment(),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(git, 'exit');
  const say = async (text: string): Promise<void> => {
    if (!git.stdin.write(text)) await once(git.stdin, 'drain');
  };
  const content = ({ path, lines }: (typeof files)[number]): string => {
    const text = `${lines.join('\n')}\n`;
    return `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
  };
  for (let i = 0; i < commits + BEFORE; i++) {
    const at = 1_700_000_000 + i * 600;
    const { subject, body } =
      i === 0 ? { subject: 'MINOR: all: begin', body: '' } : messages[i % messages.length]!;
    const message = `${subject}\n\n${body}\n`;
    const changed = i === 0 ? files : [files[Math.floor(next() ** 3 * FILES)]!];
    if (i > 0 && next() < 0.3) changed.push(files[Math.floor(next() * FILES)]!);
    if (i > 0) for (const { lines } of changed) edit(lines, i, next);
    await say(
      `commit refs/heads/master\nmark :${i + 1}\nauthor Author ${i % 40} <a${i % 40}@example.org> ${at} +0000\n` +
        `committer Maintainer <m@example.org> ${at} +0000\ndata ${Buffer.byteLength(message)}\n${message}` +
        changed.map(content).join(''),
    );
    if (i === BEFORE - 1)
      await say(`reset refs/heads/3.0\nfrom :${i + 1}\n\nreset refs/tags/v3.0\nfrom :${i + 1}\n\n`);
  }
  git.stdin.end('done\n');
  await ended;
}

function edit(lines: string[], commit: number, next: () => number): void {
  // People come back to the same places.
  const at = Math.floor(next() ** 2 * lines.length);
  const count = 1 + Math.floor(next() * 3);
  for (let n = at; n < Math.min(at + count, lines.length); n++) lines[n] = `commit ${commit}, line ${n}`;
  if (next() < 0.3) lines.splice(at, 0, `added by ${commit}`);
  if (next() < 0.1 && lines.length > 20) lines.splice(at, 1);
}

/**
 * Picks commits onto `3.0` with git itself, in their order. Where git stops, a person is played who takes the commit's own text for
 * the files in conflict, except for every third, which is given up.
 */
export async function pickOnto(folder: string, shas: readonly string[]): Promise<void> {
  const who = { GIT_COMMITTER_NAME: 'Picker', GIT_COMMITTER_EMAIL: 'p@example.org' };
  const env = { ...baseEnvironment(), ...who };
  const git = (...args: string[]): ReturnType<typeof run> => run(['git', '-C', folder, ...args], { env });
  await runOrThrow(['git', '-C', folder, 'checkout', '-q', '-f', '3.0'], { env });
  for (const [i, sha] of shas.entries()) {
    const done = await git('cherry-pick', '-x', sha);
    if (done.code === 0) continue;
    if (i % 3 === 0) {
      await git('cherry-pick', '--abort');
      continue;
    }
    await git('checkout', '--theirs', '--', '.');
    await git('add', '-A');
    const went = await git('-c', 'core.editor=true', 'cherry-pick', '--continue');
    if (went.code !== 0) await git('cherry-pick', '--abort');
  }
}
