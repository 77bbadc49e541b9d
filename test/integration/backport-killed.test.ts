import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Verdict } from '../../src/desks/backport/model.ts';
import { baseEnvironment, runOrThrow } from '../../src/lib/process.ts';
import { lines, makeClone, type Clone } from './backport-setup.ts';

let clone: Clone;

beforeEach(async () => {
  clone = await makeClone();
});
afterEach(() => clone.remove());

const COMMITS = 260;

/** One import instead of hundreds of commits. */
async function manyFixes(): Promise<void> {
  await clone.commit('MINOR: all: begin', { 'a.c': lines('a', 900) });
  await clone.git('branch', '3.0');
  const changed: Record<number, string> = {};
  const stream = Array.from({ length: COMMITS }, (_, i) => {
    changed[i * 3 + 1] = `changed ${i}`;
    const message = `BUG/MAJOR: a: fix ${i}\n\nThis must be backported to 3.0.\n`;
    const file = lines('a', 900, changed);
    const who = `A <a@example.org> ${1_770_000_000 + i} +0000`;
    const from = i === 0 ? 'from refs/heads/master^0\n' : '';
    return `commit refs/heads/master\nauthor ${who}\ncommitter ${who}\ndata ${message.length}\n${message}${from}M 100644 inline a.c\ndata ${file.length}\n${file}\n`;
  }).join('');
  await runOrThrow(['git', '-C', clone.dir, 'fast-import', '--quiet', '--force'], { input: stream });
  await clone.git('reset', '-q', '--hard');
}

const ARGS = ['backport', 'triage', '--range', '3.0..master', '--onto', '3.0', '--repo'];

it('ends the same when it was killed in the middle and run again', async () => {
  await manyFixes();
  const killed = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../src/bin.ts'), ...ARGS, clone.dir, '--data', clone.data],
    { env: baseEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  for await (const chunk of killed.stderr) if (String(chunk).includes('tried 100 of')) break;
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const after = await clone.json<Verdict[]>(...ARGS, clone.dir);
  expect(after.code, after.err).toBe(0);
  expect(after.value).toHaveLength(COMMITS);
  const fresh = join(clone.data, '..', 'fresh');
  const whole = await clone.json<Verdict[]>(...ARGS, clone.dir, '--data', fresh);
  expect(after.value).toEqual(whole.value);
  expect(after.value.every(({ conflicts }) => conflicts?.length === 0)).toBe(true);
});

it('tells the commits that were there when it began, while the repository is written to', async () => {
  await manyFixes();
  let writing = true;
  const write = async (): Promise<void> => {
    for (let i = 0; i < 40 && writing; i++) {
      await writeFile(join(clone.dir, 'b.c'), `${i}`);
      await clone.git('add', 'b.c');
      await clone.git('commit', '-q', '-m', `MINOR: b: ${i}`);
      if (i % 10 === 5) await clone.git('gc', '-q', '--prune=now');
    }
  };
  const writer = write();
  const told = await clone.json<Verdict[]>(...ARGS, clone.dir);
  writing = false;
  await writer;
  expect(told.code, told.err).toBe(0);
  expect(told.value.filter(({ subject }) => subject.startsWith('BUG/MAJOR: a: fix'))).toHaveLength(COMMITS);
  expect(told.value.every(({ verdict, conflicts }) => verdict === 'no' || conflicts?.length === 0)).toBe(
    true,
  );
});
