import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { main } from './main.ts';

/** Of the command, beside its folder. */
let env: Record<string, string> = {};

async function triage(
  content: string,
  ...more: string[]
): Promise<{ code: number; out: string; err: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-triage-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'commits.jsonl');
  await writeFile(file, content);
  const said = { out: '', err: '' };
  const io = {
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
    env: { VOUCH_DATA: folder, ...env },
  };
  const code = await main(['backport', 'triage', '--commits', file, ...more], io);
  return { code, ...said };
}

const fix = JSON.stringify({
  sha: 'a'.repeat(40),
  date: '2024-01-01T00:00:00Z',
  subject: 'BUG/MINOR: a: b \u001b[2J',
  body: 'Must be backported as far as 2.8.',
  files: [],
});

it('prints an array of verdicts, one a commit and branch', async () => {
  const { code, out } = await triage(fix, '--onto', '2.9', '2.6', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject([
    { sha: 'a'.repeat(40), branch: '2.9', verdict: 'yes', engine: 'rules', needs: [], conflicts: null },
    { branch: '2.6', verdict: 'no' },
  ]);
});

it('shows people a table with counts, free of control characters', async () => {
  const { out } = await triage(fix, '--onto', '2.9');
  expect(out).toMatch(/^aaaaaaaaaa +2\.9 +yes/m);
  expect(out).toMatch(/^2\.9 +1 /m);
  expect(out).not.toContain('\u001b[2J');
});

it('names bad lines, tells the others and ends with 2', async () => {
  const { code, out, err } = await triage(`nonsense\n${fix}\n`, '--onto', '2.9', '--json');
  expect(code).toBe(2);
  expect(JSON.parse(out)).toHaveLength(1);
  expect(err).toMatch(/commits\.jsonl: line 1: not JSON/);
});

it('says what is wrong with rules and branches', async () => {
  expect(await triage(fix, '--onto', '2.9', '--rules', 'nowhere')).toMatchObject({ code: 2 });
  expect(await triage(fix, '--onto', '')).toMatchObject({ code: 2 });
  expect(await triage(fix)).toMatchObject({ code: 2 });
});

it('publishes a page for several people, and says where; the verdicts stay what is printed', async () => {
  const asked = await triage(fix, '--onto', '2.9', '--publish', '--json');
  expect(asked.code, asked.err).toBe(0);
  expect(JSON.parse(asked.out)).toHaveLength(1);
  expect(asked.err).toMatch(/^http:\/\/\S+\/backport\/rev_\w+$/m);
  const { out } = await triage(fix, '--onto', '2.9', '--publish');
  expect(out).toMatch(/review it together: http:\/\/\S+\/backport\/rev_\w+/);
});

it('says when the server that is to have the page does not answer', async () => {
  env = { VOUCH_URL: 'http://127.0.0.1:1', VOUCH_TOKEN: 'x' };
  onTestFinished(() => void (env = {}));
  const { code, out, err } = await triage(fix, '--onto', '2.9', '--publish', '--json');
  expect(code).toBe(4);
  expect(out + err).toContain('did not answer');
});
