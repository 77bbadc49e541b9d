import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environment, finish, vouch, type Finished } from './server-setup.ts';

const BEFORE = `function add(a, b) {
  return a - b;
}

function sub(a, b) {
  return a - b;
}

module.exports = { add, sub };
`;
const AFTER = BEFORE.replace('a - b', 'a + b');
const EDIT = `src/a.js
<<<<<<< SEARCH
function add(a, b) {
  return a - b;
=======
function add(a, b) {
  return a + b;
>>>>>>> REPLACE
`;
/** Its counts are wrong. */
const DIFF = `Here it is:

\`\`\`diff
--- a/src/a.js
+++ b/src/a.js
@@ -1,9 +1,7 @@
 function add(a, b) {
-  return a - b;
+  return a + b;
 }
\`\`\`
`;
const AMBIGUOUS = `src/a.js
<<<<<<< SEARCH
  return a - b;
=======
  return a + b;
>>>>>>> REPLACE
`;

interface View {
  outcome: string;
  form: string | null;
  diff: string;
  repairs: string[];
  faults: Record<string, number>;
  files: string[];
  edits: { file: string; baseSha256: string; start: number; end: number; text: string }[];
  notes: string[];
  reason: string | null;
  refusals: string[];
}

let folder: string;
let repo: string;
let before: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-patch-test-'));
  repo = join(folder, 'repo');
  await mkdir(join(repo, 'src'), { recursive: true });
  await writeFile(join(repo, 'src/a.js'), BEFORE);
  before = await stateOf(repo);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Names, modes, times and contents of everything in a folder. */
async function stateOf(tree: string): Promise<string> {
  const hash = createHash('sha256');
  const names = await readdir(tree, { recursive: true });
  for (const name of names.sort()) {
    const info = await stat(join(tree, name));
    hash.update(JSON.stringify([name, info.mode, info.mtimeMs]));
    if (info.isFile()) hash.update(await readFile(join(tree, name)));
  }
  return hash.digest('hex');
}

/** Runs it on an answer that comes from standard input, and proves that the tree was only read. */
async function ask(answer: string, ...options: string[]): Promise<Finished> {
  const done = await vouch(['patch', 'from-response', '-', '--repo', repo, ...options], { input: answer });
  expect(await stateOf(repo)).toBe(before);
  return done;
}

async function view(answer: string): Promise<View & { code: number | null }> {
  const { code, out } = await ask(answer, '--json');
  return { code, ...(JSON.parse(out) as View) };
}

async function gitApply(diff: string): Promise<string> {
  const { code, err } = await finish(['git', 'apply', '-'], { cwd: repo, input: diff, env: environment() });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return readFile(join(repo, 'src/a.js'), 'utf8');
}

describe('an answer that fits', () => {
  test.each([
    ['blocks', EDIT, /^$/],
    ['a diff whose counts are wrong', DIFF, /^repaired: .*hunk 1.*\n$/],
    ['blocks with CR LF', EDIT.replaceAll('\n', '\r\n'), /^(?:repaired: .*\n)*$/],
  ])('of %s becomes a diff on standard output that git applies', async (_, answer, said) => {
    const { code, out, err } = await ask(answer);
    expect(err).toMatch(said);
    expect(code).toBe(0);
    expect(await gitApply(out)).toBe(AFTER);
  });

  test('as JSON has the edits with what they were made for', async () => {
    const { code, ...found } = await view(DIFF);
    expect(code).toBe(0);
    expect(found).toMatchObject({
      outcome: 'apply',
      form: 'diff',
      repairs: [expect.stringContaining('hunk 1')],
      faults: { 'hunk-counts': 1 },
      files: ['src/a.js'],
      reason: null,
      refusals: [],
    });
    let text = BEFORE;
    for (const edit of found.edits.toSorted((a, b) => b.start - a.start)) {
      expect(edit.file).toBe('src/a.js');
      expect(edit.baseSha256).toBe(createHash('sha256').update(BEFORE).digest('hex'));
      text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
    }
    expect(text).toBe(AFTER);
    expect(await gitApply(found.diff)).toBe(AFTER);
  });

  test('and is there already is nothing to do', async () => {
    await writeFile(join(repo, 'src/a.js'), AFTER);
    before = await stateOf(repo);
    expect(await view(EDIT)).toMatchObject({ code: 0, outcome: 'noop', diff: '', edits: [], files: [] });
    const { out, err } = await ask(EDIT);
    expect(out).toBe('');
    expect(err).toContain('nothing to do');
  });

  test('goes to a file, over one that is there, and through a link to it', async () => {
    const [kept, link] = [join(folder, 'out', 'fix.diff'), join(folder, 'link.diff')];
    expect(await ask(EDIT, '--out', kept)).toMatchObject({ code: 0, out: '' });
    const { diff } = await view(EDIT);
    expect(await readFile(kept, 'utf8')).toBe(diff);
    await writeFile(kept, 'x'.repeat(100_000));
    await symlink(kept, link);
    expect(await ask(EDIT, '--out', link)).toMatchObject({ code: 0, out: '' });
    expect(await readFile(kept, 'utf8')).toBe(diff);
    expect(await ask(EDIT, '--out', '-')).toMatchObject({ code: 0, out: diff });
    expect(await ask(EDIT, '--out', '/dev/null')).toMatchObject({ code: 0, out: '' });
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });
});

describe('an answer that cannot be used is refused', () => {
  test('with the lines that are there, and nothing is written', async () => {
    const out = join(folder, 'fix.diff');
    const done = await ask(AMBIGUOUS, '--out', out);
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toMatch(/^refused: /);
    expect(done.err).toMatch(/2 places/);
    await expect(access(out)).rejects.toMatchObject({ code: 'ENOENT' });
    const found = await view(AMBIGUOUS);
    expect(found).toMatchObject({ code: 1, outcome: 'reject', diff: '', files: [], edits: [] });
    expect(found.reason).toBe(found.refusals.join('\n'));
    expect(found.reason).not.toBe('');
  });

  test.each([
    ['empty', '', 'empty'],
    ['blank', ' \n\n', ''],
    ['prose', 'I would look at the sign.', ''],
    ['of a file that is not there', EDIT.replace('src/a.js', 'src/nope.js'), 'src/nope.js'],
    ['outside of the folder', EDIT.replace('src/a.js', '../../etc/passwd'), ''],
    ['too large', 'x'.repeat(4 * 1024 * 1024 + 1), 'the answer is larger than 4 MB'],
  ])('%s', async (_, answer, said) => {
    const found = await view(answer);
    expect(found).toMatchObject({ code: 1, outcome: 'reject' });
    expect(found.reason).toContain(said);
  });

  test.each([
    ['not UTF-8', Buffer.from([0x61, 0xff, 0xfe, 0x0a]), 'not UTF-8'],
    ['binary', Buffer.from('a\0b'), 'not UTF-8'],
    ['20 MB', Buffer.alloc(20 * 1024 * 1024, 'a\n'), 'larger than 4 MB'],
  ])('a file that is %s', async (_, bytes, said) => {
    const file = join(folder, 'answer');
    await writeFile(file, bytes);
    const { code, err } = await vouch(['patch', 'from-response', file, '--repo', repo]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(said) });
  });

  test('one without an end', async () => {
    const { code, err } = await vouch(['patch', 'from-response', '/dev/zero', '--repo', repo]);
    expect({ code, err }).toEqual({ code: 1, err: 'refused: the answer is larger than 4 MB\n' });
  });

  test('and its escape sequences reach no terminal', async () => {
    const { err } = await ask(EDIT.replace('src/a.js', 'src/\u001b[31mnope\u0007.js'));
    expect(err).not.toMatch(/[\u001b\u0007]/); // oxlint-disable-line no-control-regex
  });
});

describe('wrong use', () => {
  test.each([
    ['no file', ['--repo', '.'], "missing required argument 'file'"],
    ['no folder', ['/dev/null'], '--repo'],
    ['a file for a folder', ['/dev/null', '--repo', 'package.json'], 'package.json: not a folder'],
    ['a folder for a file', ['src', '--repo', '.'], 'src: a folder, not a file'],
    ['a file that is not there', ['/nonexistent/x', '--repo', '.'], '/nonexistent/x: no such file'],
    ['a folder for the diff', ['answer', '--repo', '.', '--out', 'src'], 'src'],
  ])('%s', async (_, argv, said) => {
    const file = join(folder, 'answer');
    await writeFile(file, EDIT);
    const full = argv.map((word) => (word === 'answer' ? file : word === '.' ? repo : word));
    const { code, err } = await vouch(['patch', 'from-response', ...full]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(said) });
  });
});
