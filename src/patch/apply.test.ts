import { chmod, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scratchDir } from '../lib/scratch.ts';
import { applyPatch } from './apply.ts';
import { makeDiff } from './diff.ts';

let tree: string;
beforeEach(async () => {
  tree = await scratchDir('patch-test');
});
afterEach(async () => {
  await rm(tree, { recursive: true, force: true });
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), text);
}

const TEN = Array.from({ length: 10 }, (_, i) => `line ${i}\n`).join('');

async function reasonOf(diff: string): Promise<string> {
  const applied = await applyPatch(tree, diff);
  if (applied.ok) throw new Error(`applied: ${JSON.stringify(applied)}`);
  return applied.reason;
}

test('what makeDiff writes, applyPatch reads back', async () => {
  await put('src/a.js', TEN);
  await put('gone.txt', 'no newline');
  const changes = {
    'src/a.js': TEN.replace('line 4\n', 'four\n'),
    'new/ü "x".js': 'made\n',
    'gone.txt': null,
  };
  const diff = await makeDiff(tree, changes);
  expect(diff).toContain('@@ -2,7 +2,7 @@');
  expect(diff).toContain('\\ No newline at end of file');
  expect(await applyPatch(tree, diff)).toEqual({ ok: true, changes, repairs: [] });
  expect(await makeDiff(tree, changes)).toBe(diff);
});

test('any change of files round-trips through its diff', async () => {
  const text = fc
    .array(
      fc.constantFrom('a', 'b', 'c', '', ' x', '-', '+', '--- a', '+++ b', '@@ -1 +1 @@', 'é', 'cr\r', '\\'),
      { maxLength: 12 },
    )
    .chain((lines) => fc.constantFrom('', '\n').map((end) => lines.join('\n') + end));
  const name = fc.constantFrom(
    'f',
    'dir/g.js',
    'with space.js',
    'tab\there',
    'ü.ts',
    '-dash',
    'b/x',
    'quo"te',
  );
  const usable = name.filter((one) => !one.includes('\t'));
  await fc.assert(
    fc.asyncProperty(usable, fc.option(text), fc.option(text), async (path, before, after) => {
      await rm(tree, { recursive: true, force: true });
      await mkdir(tree);
      if (before !== null) await put(path, before);
      if (before === after) return;
      const diff = await makeDiff(tree, { [path]: after });
      expect(await applyPatch(tree, diff)).toEqual({ ok: true, changes: { [path]: after }, repairs: [] });
    }),
    { numRuns: 200 },
  );
});

test('the mode of a file is kept in its diff', async () => {
  await put('run.sh', 'one\n');
  await chmod(join(tree, 'run.sh'), 0o755);
  const diff = await makeDiff(tree, { 'run.sh': 'two\n' });
  expect(diff).toMatch(/^index [0-9a-f]{40}\.\.[0-9a-f]{40} 100755$/m);
});

test('a huge rewrite is still one valid diff', async () => {
  const before = Array.from({ length: 9000 }, (_, i) => `a${i}\n`).join('');
  const after = Array.from({ length: 9000 }, (_, i) => `b${i}\n`).join('');
  await put('big.txt', before);
  const diff = await makeDiff(tree, { 'big.txt': after });
  expect(await applyPatch(tree, diff)).toMatchObject({ ok: true, changes: { 'big.txt': after } });
});

test('wrong counts and wrong line numbers are made good and said', async () => {
  await put('a.js', TEN);
  const diff = (head: string): string =>
    `--- a/a.js\n+++ b/a.js\n${head}\n line 3\n-line 4\n+four\n line 5\n`;
  const changes = { 'a.js': TEN.replace('line 4\n', 'four\n') };
  expect(await applyPatch(tree, diff('@@ -4,3 +4,3 @@'))).toEqual({ ok: true, changes, repairs: [] });
  expect(await applyPatch(tree, diff('@@ -4,9 +4,1 @@'))).toMatchObject({
    changes,
    repairs: ['recounted hunk 1 of a.js'],
  });
  expect(await applyPatch(tree, diff('@@ -7,3 +7,3 @@'))).toMatchObject({
    changes,
    repairs: ['hunk 1 of a.js is at line 4, not 7'],
  });
});

test('moved lines that fit several places are refused', async () => {
  await put('a.js', 'if (x) {\n  go();\n}\n'.repeat(3));
  const reason = await reasonOf(
    '--- a/a.js\n+++ b/a.js\n@@ -2,3 +2,3 @@\n if (x) {\n-  go();\n+  stop();\n }\n',
  );
  expect(reason).toContain('hunk 1 of a.js: its lines fit 3 places of a.js (lines 1, 4, 7)');
});

test('a diff without a/ and b/ applies where the tree has its names', async () => {
  await put('src/a.js', 'one\n');
  const diff = '--- src/a.js\t2020-01-01\n+++ src/a.js\t2020-01-01\n@@ -1 +1 @@\n-one\n+two\n';
  expect(await applyPatch(tree, diff)).toMatchObject({ ok: true, changes: { 'src/a.js': 'two\n' } });
});

test('a patch that does not fit names file, hunk and the nearest real lines', async () => {
  await put('src/a.js', 'function total(order) {\n  return order.items.length;\n}\n');
  const reason = await reasonOf(
    '--- a/src/a.js\n+++ b/src/a.js\n@@ -1,2 +1,2 @@\n function total(order) {\n-  return order.items.size;\n+  return 0;\n',
  );
  expect(reason).toContain('hunk 1 of src/a.js: its lines are not in src/a.js');
  expect(reason).toContain(
    'lines 1-2, word for word:\n```\nfunction total(order) {\n  return order.items.length;\n```',
  );
  expect(await reasonOf('--- a/b.js\n+++ b/b.js\n@@ -1 +1 @@\n-x\n+y\n')).toContain(
    'b.js is no file of the tree',
  );
});

test('line ends are those of the file', async () => {
  await put('lf.js', 'one\n');
  await put('crlf.js', 'one\r\ntwo\r\n');
  expect(
    await applyPatch(tree, '--- a/lf.js\r\n+++ b/lf.js\r\n@@ -1 +1 @@\r\n-one\r\n+two\r\n'),
  ).toMatchObject({
    changes: { 'lf.js': 'two\n' },
  });
  expect(
    await applyPatch(tree, '--- a/crlf.js\n+++ b/crlf.js\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n'),
  ).toMatchObject({
    changes: { 'crlf.js': 'one\r\n2\r\n' },
    repairs: ["took the file's line ends (hunk 1 of crlf.js)"],
  });
});

test.each([
  ['outside', '--- a/../evil.js\n+++ b/../evil.js\n@@ -0,0 +1 @@\n+x\n', 'outside the tree'],
  ['absolute', '--- /dev/null\n+++ b//etc/cron.d/x\n@@ -0,0 +1 @@\n+x\n', 'absolute'],
  ['.git', '--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+x\n', 'inside .git'],
  ['.GIT', '--- /dev/null\n+++ b/sub/.GiT/config\n@@ -0,0 +1 @@\n+x\n', 'inside .git'],
  [
    'link',
    'diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n',
    'symbolic link',
  ],
  ['mode', 'diff --git a/a.js b/a.js\nold mode 100644\nnew mode 100755\n', "changes the file's mode"],
  ['binary', 'diff --git a/a.js b/a.js\nGIT binary patch\nliteral 0\nHcmV?d00001\n\n', 'binary'],
  [
    'executable',
    'diff --git a/x b/x\nnew file mode 100755\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n',
    'executable',
  ],
  ['nul', '--- a/a.js\n+++ b/a.js\n@@ -1 +1 @@\n-one\n+\u0000\n', 'binary'],
  ['exists', '--- /dev/null\n+++ b/a.js\n@@ -0,0 +1 @@\n+x\n', 'is there already'],
  ['prose', 'I would add a null check.\n', 'holds no change'],
  ['nothing', '--- a/a.js\n+++ b/a.js\n@@ -1 +1 @@\n-one\n+one\n', 'changes nothing'],
  ['empty', '', 'holds no change'],
])('%s is refused', async (_, diff, reason) => {
  await put('a.js', 'one\n');
  expect(await reasonOf(diff)).toContain(reason);
  expect(await readdir(tree)).toEqual(['a.js']);
});

test('a path through a symbolic link is refused, and the link is not followed', async () => {
  await put('real/a.js', 'one\n');
  await symlink('real', join(tree, 'link'));
  expect(await reasonOf('--- a/link/a.js\n+++ b/link/a.js\n@@ -1 +1 @@\n-one\n+two\n')).toContain(
    'symbolic link (link)',
  );
  await symlink(tmpdir(), join(tree, 'out'));
  await expect(makeDiff(tree, { 'out/x.js': 'x' })).rejects.toThrow('symbolic link');
});

test('a rename comes out as one file deleted and one made', async () => {
  await put('old name.js', 'one\n');
  const diff =
    'diff --git a/old name.js b/new.js\nsimilarity index 100%\nrename from old name.js\nrename to new.js\n';
  expect(await applyPatch(tree, diff)).toMatchObject({
    ok: true,
    changes: { 'old name.js': null, 'new.js': 'one\n' },
  });
});

test('a patch inside an e-mail or after prose applies', async () => {
  await put('a.js', 'one\n');
  const diff =
    'From: x\nSubject: [PATCH] y\n\nWhy.\n---\n a.js | 2 +-\n\ndiff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -1 +1 @@\n-one\n+two\n-- \n2.39.5\n';
  expect(await applyPatch(tree, diff)).toMatchObject({ ok: true, changes: { 'a.js': 'two\n' } });
});
