import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { scratchDir } from '../../lib/scratch.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeDiff } from '../diff.ts';
import type { FileIntent, HunkLine, Reading } from '../intent.ts';
import { isElision } from './elision.ts';
import { readUnified } from './unified.ts';

const HEAD = '--- a/src/a.js\n+++ b/src/a.js\n';
const BODY = ' one\n-two\n+2\n three\n';
const HUNK = `@@ -1,3 +1,3 @@\n${BODY}`;
const LITERAL = [' one', '-two', '+2', ' three'];

function shown(reading: Reading | undefined): string[] {
  return (reading?.lines ?? []).map((line) => line.op + line.text + (line.noNewline ? '\\' : ''));
}

/** Everything that an answer was read as, short. */
function summary(answer: string): object {
  const { files, problems } = readUnified(answer);
  return problems.length > 0 ? { problems } : { files: files.map(fileSummary) };
}

function fileSummary(file: FileIntent): object {
  if (file.action === 'create') return { create: file.paths, text: file.text, mode: file.mode };
  if (!('hunks' in file)) throw new Error(file.action);
  const hunks = file.hunks.map((hunk) => shown(hunk.readings[0]));
  if (file.action === 'rename') return { rename: file.from, to: file.paths, hunks };
  return { [file.action]: file.paths, hunks };
}

function hunksOf(answer: string): Extract<FileIntent, { action: 'edit' }>['hunks'] {
  const { files, problems, found } = readUnified(answer);
  expect({ problems, found }).toEqual({ problems: [], found: true });
  return files.flatMap((file) => ('hunks' in file ? file.hunks : []));
}

const faultsOf = (reading: Reading | undefined): string[] =>
  (reading?.repairs ?? []).map(({ fault }) => fault);
const edit = (...hunks: string[][]): object => ({
  files: [{ edit: ['src/a.js', 'b/src/a.js', 'a/src/a.js'], hunks }],
});

describe('one plain hunk, whatever is around it', () => {
  test.each([
    ['bare', HEAD + HUNK],
    ['no newline at the end of the answer', (HEAD + HUNK).trimEnd()],
    ['fenced, prose around', `Sure:\n\n\`\`\`diff\n${HEAD}${HUNK}\`\`\`\n\nThis fixes it.\n- one\n+two\n`],
    ['prose right below', `${HEAD}${HUNK}\nThis fixes it.\n`],
    ['a list below', `${HEAD}${HUNK}\n- it is better\n- so much\n`],
    ['tilde fence', `~~~\n${HEAD}${HUNK}~~~\n`],
    [
      'fence in a list',
      `1. Change:\n\n   \`\`\`diff\n${(HEAD + HUNK).replace(/^/gm, '   ').trimEnd()}\n   \`\`\`\n2. Done\n`,
    ],
    ['fence in a list, text not indented', `1. Change:\n   \`\`\`diff\n${HEAD}${HUNK}   \`\`\`\n`],
    ['CR LF all over', (HEAD + HUNK).replaceAll('\n', '\r\n')],
    ['header and hunk in two fences', `\`\`\`diff\n${HEAD}\`\`\`\nand\n\`\`\`diff\n${HUNK}\`\`\`\n`],
    [
      'e-mail',
      `From 1234 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\n---\n src/a.js | 2 +-\n\ndiff --git a/src/a.js b/src/a.js\nindex 1234567..89abcde 100644\n${HEAD}${HUNK}-- \n2.39.5\n\n`,
    ],
    [
      'quotes and dates',
      `--- "a/src/a.js"\t2024-01-01 00:00:00\n+++ b/src/a.js  2024-01-01 00:00:00.0 +0000\n${HUNK}`,
    ],
    ['./ and backticks', `--- ./a/src/a.js\n+++ \`b/src/a.js\`\n${HUNK}`],
    ['wrong counts', `${HEAD}@@ -1,9 +1,2 @@\n${BODY}`],
    ['no numbers', `${HEAD}@@ @@\n${BODY}`],
    ['no hunk header', HEAD + BODY],
    ['blank lines at the end', `${HEAD}@@ @@\n${BODY}\n\n`],
    ['signature, wrong counts', `${HEAD}@@ -1,9 +1,9 @@\n${BODY}-- \n2.39.5 (Apple Git-154)\n`],
  ])('%s', (_, answer) => {
    expect(summary(answer)).toEqual(edit(LITERAL));
  });
});

test.each([
  ['@@ -1,3 +1,3 @@', 1, 1, []],
  ['@@ -1,3 +1,3 @@ function f()', 1, 1, []],
  ['@@ -1,3 +1,3', 1, 1, []],
  ['@@-1,3 +1,3@@', 1, 1, []],
  ['@@ -3 +4 @@', 3, 4, ['hunk-counts']],
  ['@@ -3,4 +3,9 @@', 3, 3, ['hunk-counts']],
  ['@@ -3,0 +3,0 @@', 3, 3, ['hunk-counts']],
  ['@@ @@', null, null, ['hunk-line']],
  ['@@', null, null, ['hunk-line']],
  ['@@ ... @@', null, null, ['hunk-line']],
  ['@@ -10,? +… @@', 10, null, ['hunk-line']],
  ['@@ -10,3 +10,? @@', 10, 10, []],
  ['@@ line 10 @@', 10, null, ['hunk-line']],
  ['@@ function foo() @@', null, null, ['hunk-line']],
])('%s says what it says', (header, oldStart, newStart, faults) => {
  const [hunk] = hunksOf(`${HEAD}${header}\n${BODY}`);
  expect(hunk).toMatchObject({ label: 'hunk 1 of src/a.js', oldStart, newStart });
  expect(shown(hunk!.readings[0])).toEqual(LITERAL);
  expect(faultsOf(hunk!.readings[0])).toEqual(faults);
  expect(hunk!.counted).toBe(/3,3|-1,3/.test(header) && !header.includes('?'));
});

describe('where a body ends', () => {
  const next = `--- a/b.js\n+++ b/b.js\n@@ -1 +1 @@\n-x\n+y\n`;
  test.each([
    [
      'contents that look like headers',
      `${HEAD}@@ -1,3 +1,4 @@\n a\n--- x\n+++ y\n \`\`\`\n+@@ -1 +1 @@\n`,
      [' a', '--- x', '+++ y', ' ```', '+@@ -1 +1 @@'],
    ],
    ['the same at the end', `${HEAD}@@ -1,2 +1,2 @@\n a\n--- x\n+++ y\n`, [' a', '--- x', '+++ y']],
    ['blank context that lost its space', `${HEAD}@@ -1,4 +1,3 @@\n a\n\n-b\n\n`, [' a', ' ', '-b', ' ']],
    [
      'counts too small, blank lines within',
      `\`\`\`\n${HEAD}@@ -1,2 +1,2 @@\n-a\n+b\n\n+c\n\`\`\``,
      ['-a', '+b', ' ', '+c'],
    ],
    [
      '`\\` in other words',
      `${HEAD}@@ -1 +1 @@\n-a\n\\ Kein Zeilenumbruch am Dateiende.\n+b\n\\ No newline\n`,
      ['-a\\', '+b\\'],
    ],
    ['a removed line like half a header', `${HEAD}@@ @@\n a\n--- x\n b\n`, [' a', '--- x', ' b']],
    ['-r of diff', `${HEAD}@@ @@\n-a\n+b\ndiff -ru x/c y/c\n`, ['-a', '+b']],
  ])('%s', (_, answer, lines) => {
    expect(hunksOf(answer).map((hunk) => shown(hunk.readings[0]))).toEqual([lines]);
  });

  it.each([
    ['right counts', `${HEAD}${HUNK}${next}`],
    ['counts that reach just over the next header', `${HEAD}@@ -1,4 +1,4 @@\n${BODY}${next}`],
    ['wrong counts', `${HEAD}@@ -1,9 +1,9 @@\n${BODY}${next}`],
    ['blank lines between', `${HEAD}@@ -1,9 +1,9 @@\n${BODY}\n${next}`],
    ['diff --git', `${HEAD}@@ @@\n${BODY}diff --git a/b.js b/b.js\nindex 1..2\n${next}`],
    ['a name in the text, no counts', `${HEAD}@@ @@\n${BODY}\n\`b.js\`:\n@@ -1 +1 @@\n-x\n+y\n`],
    ['a name in lower case', `${HEAD}@@ @@\n${BODY}\nand the same in b.js:\n@@ -1 +1 @@\n-x\n+y\n`],
    ['Index:', `${HEAD}@@ @@\n${BODY}Index: b.js\n=======\n${next}`],
  ])('the next file begins: %s', (_, answer) => {
    expect(hunksOf(answer).map((hunk) => [hunk.label, shown(hunk.readings[0])])).toEqual([
      ['hunk 1 of src/a.js', LITERAL],
      ['hunk 1 of b.js', ['-x', '+y']],
    ]);
  });

  it('text within the hunk is not left out silently', () => {
    const answer = `${HEAD}@@ @@\n-a\n+b\n\nThen there is more:\n-c\n+d\n`;
    expect(summary(answer)).toEqual({
      problems: ['line 8 looks like a part of the hunk above, but text stands between them'],
    });
  });

  it('keeps a carriage return that only some lines have', () => {
    expect(
      shown(hunksOf(`${HEAD.replaceAll('\n', '\r\n')}@@ -1,2 +1,2 @@\n a\r\n-b\r\n+b\n`)[0]!.readings[0]),
    ).toEqual([' a\r', '-b\r', '+b']);
  });
});

describe('readings', () => {
  const readingsOf = (body: string, header = '@@ @@'): unknown[] =>
    hunksOf(`\`\`\`diff\n${HEAD}${header}\n${body}\`\`\`\n`)[0]!.readings.map((reading) => [
      shown(reading),
      faultsOf(reading).filter((fault) => fault !== 'hunk-line'),
    ]);

  test.each([
    ['plain', BODY, [[LITERAL, []]]],
    [
      'context without its space',
      'f() {\n  a\n-  b\n+  c\n}\n',
      [
        [[' f() {', '  a', '-  b', '+  c', ' }'], ['hunk-prefix']],
        [[' f() {', '   a', '-  b', '+  c', ' }'], ['hunk-prefix']],
      ],
    ],
    [
      'indented context without its space',
      '  a\n-  b\n+  c\n    d\n',
      [
        [['  a', '-  b', '+  c', '    d'], []],
        [['   a', '-  b', '+  c', '     d'], ['hunk-prefix']],
      ],
    ],
    [
      'only below',
      ' a\n-b\n+c\n}\n',
      [
        [[' a', '-b', '+c', ' }'], ['hunk-prefix']],
        [['  a', '-b', '+c', ' }'], ['hunk-prefix']],
        [[' a', '-b', '+c'], []],
      ],
    ],
    [
      'left out',
      ' a\n // ... existing code ...\n-b\n+c\n ...\n',
      [
        [[' a', ' // ... existing code ...', '-b', '+c', ' ...'], []],
        [[' a', '…', '-b', '+c'], ['elision']],
      ],
    ],
    [
      'left out, no space',
      ' a\n...\n-b\n',
      [
        [[' a', ' ...', '-b'], ['hunk-prefix']],
        [['  a', ' ...', '-b'], ['hunk-prefix']],
        [
          [' a', '…', '-b'],
          ['hunk-prefix', 'elision'],
        ],
        [
          ['  a', '…', '-b'],
          ['hunk-prefix', 'elision'],
        ],
      ],
    ],
  ])('%s', (_, body, expected) => {
    // Other readings may stand between; the first is the literal one, and the order is this.
    const readings = readingsOf(body);
    expect(readings[0]).toEqual(expected[0]);
    const keys = new Set(expected.map((one) => JSON.stringify(one)));
    expect(readings.filter((one) => keys.has(JSON.stringify(one)))).toEqual(expected);
  });

  it('of counts that claim a blank line at the end', () => {
    expect(readingsOf('-a\n+b\n\n', '@@ -1,2 +1,2 @@')).toEqual([
      [['-a', '+b', ' '], []],
      [['-a', '+b'], ['hunk-counts']],
    ]);
  });

  it('of lines without an op that the counts claim', () => {
    const [hunk] = hunksOf(`${HEAD}@@ -1,3 +1,3 @@\nf() {\n-a\n+b\n}\nSome words.\n`);
    expect(hunk!.counted).toBe(true);
    expect(shown(hunk!.readings[0])).toEqual([' f() {', '-a', '+b', ' }']);
  });

  it('of text below, outside of a fence', () => {
    const [hunk] = hunksOf(`${HEAD}@@ @@\n-a\n+b\nThat is all.\n`);
    expect(hunk!.readings.map(shown)).toEqual([
      ['-a', '+b'],
      ['-a', '+b', ' That is all.'],
    ]);
  });

  it('of context that is further up', () => {
    const [hunk] = hunksOf(`${HEAD}@@ class A @@\n@@ ... @@\n f\n@@ ... @@\n-a\n+b\n`);
    expect(hunk!.readings.map(shown)).toEqual([
      ['-a', '+b'],
      [' class A', '…', ' f', '…', '-a', '+b'],
    ]);
  });
});

describe('names', () => {
  const named = (header: string): unknown => {
    const [file] = readUnified(`${header}\n@@ -1 +1 @@\n-a\n+b\n`).files;
    return file?.action === 'rename' ? { from: file.from, to: file.paths } : 'paths' in file! && file.paths;
  };
  test.each([
    ['--- a/x/f.js\n+++ b/x/f.js', ['x/f.js', 'b/x/f.js', 'a/x/f.js']],
    ['--- old/x/f.js\n+++ new/x/f.js', ['x/f.js', 'new/x/f.js', 'old/x/f.js']],
    ['--- x/f.js\n+++ x/f.js', ['x/f.js', 'f.js']],
    ['--- a/x/f.js\n+++ x/f.js', ['x/f.js', 'a/x/f.js']],
    ['--- f.js\n+++ b/f.js', ['f.js', 'b/f.js']],
    ['--- f.js.orig\n+++ f.js', ['f.js']],
    ['--- f.js\t(revision 1)\n+++ f.js (working copy)', ['f.js']],
    ['--- a/my file.js\t\n+++ b/my file.js\t', ['my file.js', 'b/my file.js', 'a/my file.js']],
    ['--- "a/\\303\\244.js"\n+++ "b/\\303\\244.js"', ['ä.js', 'b/ä.js', 'a/ä.js']],
    ['--- a/../x\n+++ b/../x', ['../x', 'b/../x', 'a/../x']],
    ['--- a/x.js\n+++ b/y.js', { from: ['x.js', 'a/x.js'], to: ['y.js', 'b/y.js'] }],
    ['--- src/x.js\n+++ src/y.js', { from: ['src/x.js', 'x.js'], to: ['src/y.js', 'y.js'] }],
    ['rename from x.js\nrename to y.js', { from: ['x.js'], to: ['y.js'] }],
    ['diff --git a/my f.js b/my f.js\nindex 1234..5678', ['my f.js', 'b/my f.js', 'a/my f.js']],
    ['diff --git i/f.js w/f.js\nindex 1234..5678\n--- i/f.js\n+++ w/f.js', ['f.js', 'w/f.js', 'i/f.js']],
    ['Index: x/f.js\n=======\n--- x/f.js\n+++ x/f.js', ['x/f.js', 'f.js']],
    ['*** Update File: x/f.js', ['x/f.js', 'f.js']],
    ['+++ b/x/f.js', ['x/f.js', 'b/x/f.js']],
    ['x/f.js:\n```diff', ['x/f.js', 'f.js']],
    ['**x/f.js**\n```diff', ['x/f.js', 'f.js']],
    ['### 1. `f.js`\n\nWe change it.\n\n```diff', ['f.js']],
    ['In `f.js`, say:\n```', ['f.js']],
    ['File: f.js\n```', ['f.js']],
    ['```diff x/f.js', ['x/f.js', 'f.js']],
    ['```diff title="f.js"', ['f.js']],
    ['```diff\n# x/f.js', ['x/f.js', 'f.js']],
    ['We use Node.js here.\n```diff', []],
    ['From `a.js` to `b.js`:\n```diff', []],
    ['```diff', []],
  ])('%s', (header, expected) => {
    expect(named(header)).toEqual(expected);
  });

  it('of the text above make another file, or not', () => {
    const part = (n: number): string => `\`\`\`diff\n@@ -${n} +${n} @@\n-a\n+b\n\`\`\`\n`;
    const { files } = readUnified(
      `\`a.js\`:\n${part(1)}and\n${part(2)}then \`a.js\` again\n${part(3)}in \`b.js\`\n${part(4)}`,
    );
    expect(
      files.map((file) => [(file as { paths: string[] }).paths[0], 'hunks' in file && file.hunks.length]),
    ).toEqual([
      ['a.js', 3],
      ['b.js', 1],
    ]);
    expect(files[0]!.repairs.map(({ fault }) => fault)).toEqual(['header']);
  });
});

describe('what is done to a file', () => {
  const created = (text: string, mode: string | null = null): object => ({
    files: [{ create: ['n.js', 'b/n.js'], text, mode }],
  });
  test.each([
    ['new', '--- /dev/null\n+++ b/n.js\n@@ -0,0 +1,2 @@\n+a\n+b\n', created('a\nb\n')],
    [
      'new, no newline',
      '--- /dev/null\n+++ b/n.js\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n',
      created('a'),
    ],
    [
      'new, mode',
      'diff --git a/n.js b/n.js\nnew file mode 100755\n--- /dev/null\n+++ b/n.js\n@@ -0,0 +1 @@\n+a\n',
      { files: [{ create: ['n.js', 'b/n.js', 'a/n.js'], text: 'a\n', mode: '100755' }] },
    ],
    [
      'new, empty',
      'diff --git a/n.js b/n.js\nnew file mode 100644\nindex 0000000..e69de29\n',
      { files: [{ create: ['n.js', 'b/n.js', 'a/n.js'], text: '', mode: '100644' }] },
    ],
    [
      'new, wrong counts, text below',
      '--- /dev/null\n+++ b/n.js\n@@ -0,0 +1,9 @@\n+a\n\n+b\nThat is it.\n',
      created('a\n\nb\n'),
    ],
    ['new, no `@@`', '```diff\n--- /dev/null\n+++ b/n.js\n+a\n+b\n```\n', created('a\nb\n')],
    [
      'new, no ops',
      '```diff\n--- /dev/null\n+++ b/n.js\n@@ -0,0 +1,2 @@\na\n  b\n```\n',
      created('a\n  b\n'),
    ],
    ['new, no ops, no `@@`', '```diff\n--- /dev/null\n+++ b/n.js\na\n  b\n```\n', created('a\n  b\n')],
    [
      'new, ops in part',
      '```diff\n--- /dev/null\n+++ b/n.js\n@@ -0,0 +1,2 @@\n+a\nb\n```\n',
      { problems: ['hunk 1 of n.js makes a new file, but not all of its lines begin with `+`'] },
    ],
    [
      'new by its numbers only',
      '--- a/n.js\n+++ b/n.js\n@@ -0,0 +1 @@\n+a\n',
      { files: [{ create: ['n.js', 'b/n.js', 'a/n.js'], text: 'a\n', mode: null }] },
    ],
    [
      "git's insertion at the top",
      'diff --git a/n.js b/n.js\nindex 1234..5678 100644\n--- a/n.js\n+++ b/n.js\n@@ -0,0 +1 @@\n+a\n',
      { files: [{ edit: ['n.js', 'b/n.js', 'a/n.js'], hunks: [['+a']] }] },
    ],
    [
      'deleted',
      '--- a/n.js\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n',
      { files: [{ delete: ['n.js', 'a/n.js'], hunks: [['-a']] }] },
    ],
    [
      'deleted, empty',
      'diff --git a/n.js b/n.js\ndeleted file mode 100644\nindex e69de29..0000000\n',
      { files: [{ delete: ['n.js', 'b/n.js', 'a/n.js'], hunks: [] }] },
    ],
    [
      'renamed',
      'diff --git a/my x b/y\nsimilarity index 100%\nrename from my x\nrename to y\n',
      { files: [{ rename: ['my x'], to: ['y'], hunks: [] }] },
    ],
    [
      'copied',
      'diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n',
      { problems: ['y: copies a file; give the new file whole'] },
    ],
    [
      'mode',
      'diff --git a/x b/x\nold mode 100644\nnew mode 100755\n',
      { files: [{ edit: ['x', 'b/x', 'a/x'], hunks: [] }] },
    ],
    [
      'link',
      'diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n',
      { problems: ['x: a symbolic link; only plain files are changed'] },
    ],
    [
      'submodule',
      'diff --git a/x b/x\nindex 1234..5678 160000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-y\n+z\n',
      { problems: ['x: a submodule; only plain files are changed'] },
    ],
    [
      'binary',
      'diff --git a/x b/x\nindex 1234..5678 100644\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n',
      { problems: ['x: a binary file; only text is changed'] },
    ],
    [
      'binary, plain',
      'Binary files a/x and b/x differ\n',
      { problems: ['b/x: a binary file; only text is changed'] },
    ],
    [
      'merge',
      'diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,2 @@@\n+ a\n +b\n',
      { problems: ['x: a combined diff of a merge; give the diff to one parent'] },
    ],
    [
      'context only',
      `${HEAD}${HUNK}@@ -9 +9 @@\n x\n`,
      { problems: ['hunk 2 of src/a.js changes nothing: all its lines are context'] },
    ],
    [
      'no hunk',
      'diff --git a/x b/x\nindex 1234..5678 100644\n',
      { problems: ['the diff of x has a header and no hunk'] },
    ],
    [
      'git names without the rest',
      'diff --git a/x b/x\n-a\n+  b\n',
      { files: [{ edit: ['x', 'b/x', 'a/x'], hunks: [['-a', '+  b']] }] },
    ],
    [
      'cut in a fence',
      `\`\`\`diff\n${HEAD}@@ -1,9 +1,9 @@\n a\n-b\n`,
      { problems: ['the answer was cut off in hunk 1 of src/a.js'] },
    ],
    [
      'cut in a line',
      `${HEAD}${HUNK}@@ -11,9 +11,9 @@\n a\n-b\n+c`,
      { problems: ['the answer was cut off in hunk 2 of src/a.js'] },
    ],
  ])('%s', (_, answer, expected) => {
    expect(summary(answer)).toEqual(expected);
  });

  it("in OpenAI's form", () => {
    const answer = `*** Begin Patch
*** Add File: n.js
+a
+
*** Update File: x.js
*** Move to: y.js
@@ class A
@@ f():
 one
-two
*** End of File
*** Update File: z.js
-a
+b
*** Delete File: w.js
*** End Patch
`;
    expect(summary(answer)).toEqual({
      files: [
        { create: ['n.js'], text: 'a\n\n', mode: null },
        { rename: ['x.js'], to: ['y.js'], hunks: [[' one', '-two']] },
        { edit: ['z.js'], hunks: [['-a', '+b']] },
        { delete: ['w.js'], hunks: [] },
      ],
    });
    const [hunk] = hunksOf(answer);
    expect(hunk!.readings.slice(1).map(shown)).toContainEqual([
      ' class A',
      '…',
      ' f():',
      '…',
      ' one',
      '-two',
    ]);
  });
});

test.each([
  ['prose', 'Nothing to do.\n\n---\n\n- one\n+ two\n'],
  ['front matter', '---\ntitle: x\n---\n+++\ntext\n+++\n'],
  ['Ruby', '```ruby\n@@count = 0\n-1\n```\n'],
  ['a pair without lines', '--- a\n+++ b\n\nText.\n'],
  ['code', '```js\nconst a = 1;\n```\n'],
  ['empty', ''],
])('is no diff: %s', (_, answer) => {
  expect(readUnified(answer)).toEqual({ files: [], problems: [], found: false });
});

test.each([
  ['...', true],
  ['  …', true],
  ['# ...', true],
  ['// ... existing code ...', true],
  ['/* … */', true],
  ['{/* ... other methods ... */}', true],
  ['<!-- ... -->', true],
  ['-- ...', true],
  ['; ...', true],
  ['% …', true],
  ['// ... rest of the file unchanged', true],
  ['// rest of handleRequest ...', true],
  ['... (rest of the file) ...', true],
  ['// existing code unchanged', true],
  ['# rest of the code remains the same', true],
  ['[...]', true],
  ['...args', false],
  ['...rest,', false],
  ['// ...rest', false],
  ['x...', false],
  ['// wait...', false],
  ['// the code', false],
  ['# other', false],
  ['foo(...)', false],
  ['// see the docs ...', false],
  ['', false],
  ['//', false],
])('is an elision: %s, %s', (line, expected) => {
  expect(isElision(line)).toBe(expected);
});

it('is quick, and bounded', () => {
  const many = HEAD + Array.from({ length: 5000 }, (_, i) => `@@ -${i},9 +${i},9 @@\n-a\n+b\n\n`).join('');
  const started = performance.now();
  expect(hunksOf(many)).toHaveLength(5000);
  expect(readUnified(`${many}@@ -1 +1 @@\n-a\n+b\n`).problems).toEqual(['more than 5000 hunks']);
  for (const line of [
    '--- a/x',
    '+++ b/x',
    '\n',
    ' ',
    '-',
    '```',
    '@@',
    '   ```diff',
    'diff --git a b',
    '*** Update File: x',
    '`'.repeat(50),
    'a.b/'.repeat(50),
  ])
    readUnified(`${line}\n`.repeat(20_000));
  expect(performance.now() - started).toBeLessThan(4000);
});

describe('what makeDiff writes', () => {
  let tree: string;
  beforeAll(async () => void (tree = await scratchDir('unified-test')));
  afterAll(async () => rm(tree, { recursive: true, force: true }));

  it('is read exactly', async () => {
    const line = fc.constantFrom(
      '',
      ' x',
      '-',
      '--- a',
      '-- a',
      '-- ',
      '++ b',
      '+++ b',
      '@@ -1 +1 @@',
      '\\',
      '\\ x',
      'cr\r',
      '```',
      '...',
      'x',
      'y',
      '2.39.5',
      'diff --git a/x b/x',
    );
    const text = fc.tuple(fc.array(line, { maxLength: 30 }), fc.boolean());
    const textOf = ([lines, end]: [string[], boolean]): string =>
      lines.join('\n') + (end && lines.length > 0 ? '\n' : '');
    await fc.assert(
      fc.asyncProperty(text, text, async (old, now) => {
        const [before, after] = [textOf(old), textOf(now)];
        writeFileSync(join(tree, 'f'), before);
        const diff = await makeDiff(tree, { f: after });
        const { files, problems, found } = readUnified(diff);
        expect(problems).toEqual([]);
        expect(found).toBe(before !== after);
        let result = before;
        for (const file of files) {
          if (file.action !== 'edit') throw new Error(file.action);
          expect(file.hunks.every((hunk) => hunk.counted && hunk.readings[0]!.repairs.length === 0)).toBe(
            true,
          );
          result = applied(
            before,
            file.hunks.map((hunk) => ({ at: hunk.oldStart!, lines: hunk.readings[0]!.lines })),
          );
        }
        expect(result).toBe(after);
      }),
      { numRuns: 300 },
    );
  });
});

/** Hunks put in where they say, without looking for anything. */
function applied(before: string, hunks: { at: number; lines: HunkLine[] }[]): string {
  const own = before.split(/(?<=\n)/);
  let text = '';
  let next = 0;
  for (const { at, lines } of hunks) {
    const old = lines.filter((line) => line.op !== '+');
    const start = old.length === 0 ? at : at - 1;
    text += own.slice(next, start).join('');
    for (const line of lines) if (line.op !== '-') text += line.text + (line.noNewline ? '' : '\n');
    expect(own.slice(start, start + old.length)).toEqual(
      old.map((line) => line.text + (line.noNewline ? '' : '\n')),
    );
    next = start + old.length;
  }
  return text + own.slice(next).join('');
}
