import { expect, test } from 'vitest';
import { fencesOf } from './fences.ts';
import { namesIn, namesOfFence } from './names.ts';
import { readWhole } from './whole.ts';

test.each([
  ['src/a.js', ['src/a.js']],
  ['**src/a.js:**', ['src/a.js']],
  ['### `src/a.js`', ['src/a.js']],
  ['**File:** `./src/a.js`', ['src/a.js']],
  ['File: Makefile', ['Makefile']],
  ['In `src/a.js`, guard it as `b.ts` does:', ['src/a.js', 'b.ts']],
  ['<!-- a.html -->', ['a.html']],
  ['# path/to/x.py', ['path/to/x.py']],
  ['<file path="my notes.md">', ['my notes.md']],
  ['- [src/a.js](src/a.js) (new)', ['src/a.js']],
  ['"src/my file.js"', ['src/my file.js']],
  ['File: my file.js', []],
  ['app/[id]/(shop)/page.tsx:12', ['app/[id]/(shop)/page.tsx']],
  ['../../etc/passwd', ['../../etc/passwd']],
  ['/etc/passwd', ['/etc/passwd']],
  ['.git/config', ['.git/config']],
  ['Run `node src/a.js` with Node.js, e.g. for `/api/orders` and/or `order.total`:', []],
  ['#!/usr/bin/env node', []],
  [`${'a/'.repeat(600)}a.js`, []],
])('names in %j', (line, names) => {
  expect(namesIn(line)).toEqual(names);
});

test.each([
  ['js:src/a.js', ['src/a.js']],
  ['src/a.js', ['src/a.js']],
  ['js title="src/a.js"', ['src/a.js']],
  ['js {1,3} src/a.js', ['src/a.js']],
  ['{.python filename="x.py"}', ['x.py']],
  ['dockerfile:Dockerfile', ['Dockerfile']],
  ['dockerfile', []],
  ['js title="Before"', []],
  ['text/html', []],
])('names of the fence %j', (info, names) => {
  expect(namesOfFence(info)).toEqual(names);
});

test('fences: longer ones hold shorter ones, tildes, indentation, one that never ends', () => {
  const answer = 'x\n\n````md\n```js\n1\n```\n````\ny\n  ~~~py\n    a\n  b\n ~~~\n```js\n2';
  expect(fencesOf(answer).map(({ info, lines, above, closed }) => ({ info, lines, above, closed }))).toEqual([
    { info: 'md', lines: ['```js', '1', '```'], above: ['x'], closed: true },
    { info: 'py', lines: ['  a', 'b'], above: ['y'], closed: true },
    { info: 'js', lines: ['2'], above: [], closed: false },
  ]);
});

const A = { paths: ['src/a.js'], text: 'let a;\n', cut: false };
const B = { paths: ['b.ts'], text: 'let b;\n', cut: false };

test.each([
  ['a name above', '### `src/a.js`\n\n```js\nlet a;\n```', [A]],
  ['a sentence above', 'Here is the new `src/a.js`:\n```js\nlet a;\n```\nDone.', [A]],
  ['the info string', '```js:src/a.js\nlet a;\n```\n~~~ts title="b.ts"\nlet b;\n~~~', [A, B]],
  ['a comment', '```js\n// src/a.js\nlet a;\n```', [{ ...A, text: '// src/a.js\nlet a;\n' }]],
  [
    'a comment that says more',
    '```js\n// see b.ts\nlet a;\n```',
    [{ ...A, paths: [], text: '// see b.ts\nlet a;\n' }],
  ],
  ['no name', 'Fixed:\n```js\nlet a;\n```', [{ ...A, paths: [] }]],
  [
    'an illustration',
    'Use it:\n```js\na();\n```\nsrc/a.js\n```js\nlet a;\n```\nThen\n```bash\nnode src/a.js\n```',
    [A],
  ],
  ['a heading, then a sentence', '## src/a.js\nIt now does as `b.ts` does:\n```js\nlet a;\n```', [A]],
  ['its output', 'src/a.js\n```js\nlet a;\n```\nNow `src/a.js` gives\n```json\n{}\n```', [A]],
  ['before and after', 'Before, src/a.js:\n```js\nvar a;\n```\nAfter, `src/a.js`:\n```js\nlet a;\n```', [A]],
  ['commands', 'Run `src/a.js`:\n```bash\nnode src/a.js\n```', []],
  ['a diff', 'src/a.js\n```diff\n-let b;\n+let a;\n```', []],
  [
    'elements',
    '<file path="src/a.js">\nlet a;\n</file>\n<file path="b.ts">\n```ts\nlet b;\n```\n</file>',
    [A, B],
  ],
  ['elements in a fence', '```xml\n<file path="src/a.js">\nlet a;\n</file>\n```', [A]],
  [
    'documents',
    '<document index="1">\n<source>src/a.js</source>\n<document_content>\nlet a;\n</document_content>\n</document>',
    [A],
  ],
  ['children', '<write_file>\n<path>b.ts</path>\n<content>\nlet b;\n</content>\n</write_file>', [B]],
  ['sections', '=== src/a.js ===\nlet a;\n\n=== b.ts ===\nlet b;\n=== END ===\nThat is all of it.', [A, B]],
  [
    'sections in a fence',
    '```\n--- src/a.js ---\nlet a;\n--- b.ts ---\nlet b;\n```\nThat is all of it.',
    [A, B],
  ],
  ['a fence cut off', 'src/a.js\n```js\nlet a;', [{ ...A, cut: true }]],
  ['an element cut off', '<file path="src/a.js">\nlet a;', [{ ...A, cut: true }]],
  ['CR LF', 'src/a.js\r\n```js\r\nlet a;\r\n```\r\n', [A]],
  [
    'Markdown with fences',
    'README.md\n```md\n# A\n```sh\nnpm i\n```\nEnd\n```',
    [{ ...A, paths: ['README.md'], text: '# A\n```sh\nnpm i\n```\nEnd\n' }],
  ],
])('whole files: %s', (_, answer, files) => {
  const read = readWhole(answer);
  expect(read.problems).toEqual([]);
  expect(
    read.files.map((file) =>
      file.action === 'whole' ? { paths: file.paths, text: file.text, cut: file.cut } : file,
    ),
  ).toEqual(files);
  expect(read.found).toBe(files.length > 0);
});

test.each([
  ['which file a sentence means', 'Move it from `src/a.js` to `b.ts`:\n```ts\nlet b;\n```'],
  ['where Markdown ends', 'README.md\n```md\n# A\n```\nnpm i\n```\nEnd\n```'],
  ['a fence within a fence', 'src/a.js\n```js\nlet a;\n\nb.ts\n```ts\nlet b;\n```'],
  ['where an element ends', '<file path="a.xml">\n<x>\n</file>\n</x>\n</file>'],
  ['where the last section ends', '=== src/a.js ===\nlet a;\n\nI hope that this helps you.'],
  ['an answer that was cut off', 'src/a.js\n```js\nlet a;\n```\nand\n```ts\nlet'],
])('what cannot be told is a problem: %s', (_, answer) => {
  expect(readWhole(answer).problems).toHaveLength(1);
});

test('hostile answers take linear time', () => {
  const many = 40_000;
  for (const piece of [
    '```\n',
    '~~~~ a.js\n',
    '<file path="a">\n',
    '</file>\n',
    '=== a.js ===\n',
    '[a](',
    '`a.js` ',
    ' *:',
    '// ',
  ])
    readWhole(`a.js\n${piece.repeat(many)}`);
}, 5000);
