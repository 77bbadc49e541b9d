import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LIMITS, readCommitsFile, type CommitsFile } from './commits-file.ts';
import { triageByRules } from './rules/engine.ts';
import { loadProject } from './rules/project.ts';

async function read(content: string | Buffer): Promise<CommitsFile> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-commits-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'commits.jsonl');
  await writeFile(file, content);
  return await readCommitsFile(file, { signal: AbortSignal.timeout(20_000) });
}

const one = (over: object = {}): string =>
  JSON.stringify({
    sha: 'a'.repeat(40),
    date: '2024-01-01T00:00:00Z',
    subject: 's',
    body: 'b',
    files: [],
    ...over,
  });

it('takes the commit and nothing else: labels change nothing', async () => {
  const commits = ['1', '2', '3', '4'].map((digit, i) => ({
    sha: digit.repeat(40),
    date: `2024-01-0${i + 1}T00:00:00Z`,
    subject: ['BUG/MINOR: a: b', 'MINOR: a: b', 'DOC: a', 'BUG/MAJOR: c: d'][i],
    body: ['Must be backported to 2.9.', '', '', 'No backport needed.'][i],
    files: [
      ['src/a.c', 1, 2],
      ['bin', null, null],
    ],
  }));
  const lines = (label: (i: number) => object): string =>
    commits.map((commit, i) => JSON.stringify({ ...commit, ...label(i) })).join('\n');
  const bare = await read(lines(() => ({})));
  const labelled = await read(
    lines((i) => ({
      backported_prev: i % 2 === 0,
      to: ['2.9'],
      days_until_prev: i,
      cycle: '3.0',
      tag: 'BUG',
    })),
  );
  const lying = await read(
    lines((i) => ({ backported_prev: i % 2 === 1, to: [], cycle: '2.4', prev_stable: '1.0' })),
  );
  expect(labelled).toEqual(bare);
  expect(lying).toEqual(bare);
  expect(Object.keys(bare.commits[0]!)).toEqual(['sha', 'date', 'subject', 'body', 'files', 'author']);
  const project = await loadProject('haproxy');
  expect(triageByRules(project, labelled.commits, ['2.9'], 0)).toEqual(
    triageByRules(project, lying.commits, ['2.9'], 0),
  );
});

it('names lines that are no commit, and reads the others', async () => {
  const { commits, bad } = await read(
    [
      one(),
      '{',
      '',
      '[]',
      one({ sha: 'xyz' }),
      one({ sha: 'b'.repeat(40), date: 'soon' }),
      one(),
      one({ sha: 'c'.repeat(40), body: 5 }),
      one({ sha: 'd'.repeat(40), files: null, body: null }),
    ].join('\r\n'),
  );
  expect(commits.map(({ sha }) => sha[0])).toEqual(['a', 'd']);
  expect(bad.map(({ line, why }) => `${line} ${why.split(/[:(]/, 1)[0]!.trim()}`)).toEqual([
    '2 not JSON',
    '4 Invalid input',
    '5 sha',
    '6 date',
    '7 the same commit as line 1',
    '8 body',
  ]);
});

it('cuts messages of megabytes in their middle and keeps both ends', async () => {
  const body = `first ${'x'.repeat(5 * 2 ** 20)} must be backported to 2.9.`;
  const { commits } = await read(one({ body }));
  expect(commits[0]!.body.length).toBeLessThanOrEqual(LIMITS.bodyChars + 2);
  expect(commits[0]!.body).toMatch(/^first .* must be backported to 2\.9\.$/s);
});

it('reads broken encodings, byte order marks and half characters', async () => {
  const broken = Buffer.concat([Buffer.from('\ufeff'), Buffer.from(one({ subject: 'SUBJECT' }))]);
  broken.write('\xff\xfe', broken.indexOf('SUBJECT'), 'latin1');
  expect((await read(broken)).commits[0]!.subject).toBe('\ufffd\ufffdBJECT');
  expect((await read(one({ subject: '\\ud800'.replace('\\\\', '\\') }))).commits).toHaveLength(1);
  expect((await read(one({ subject: 'S' }).replace('"S"', '"\\ud800"'))).commits[0]!.subject).toBe('\ufffd');
});

it('says what is wrong with a file that has no commit', async () => {
  await expect(read('')).rejects.toThrow('no commit in it: empty');
  await expect(read('nonsense\n')).rejects.toThrow(/line 1: not JSON/);
  await expect(readCommitsFile('/nowhere.jsonl', { signal: AbortSignal.timeout(1000) })).rejects.toThrow(
    '/nowhere.jsonl: no such file',
  );
});
