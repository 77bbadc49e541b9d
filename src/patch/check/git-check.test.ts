import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diffOf } from '../diff.ts';
import type { FileChange } from '../from-answer.ts';
import { gitRefuses } from './git-check.ts';

type Side = [text: string, mode?: '100644' | '100755'] | null;

function change(path: string, before: Side, after: Side, from: string | null = null): FileChange {
  const file = (side: Side) =>
    side === null ? null : { text: side[0], mode: side[1] ?? ('100644' as const) };
  return { path, from, before: file(before), after: file(after) };
}

const TEN = Array.from({ length: 10 }, (_, i) => `line ${i}\n`).join('');
const EDITED = TEN.replace('line 4', 'four');

test.each<[string, FileChange[], string[]]>([
  ['an edit', [change('src/a.py', [TEN], [EDITED])], ['@@ -2,7 +2,7 @@', '100644\n---']],
  [
    'a new file',
    [change('a b.sh', null, [TEN, '100755'])],
    ['new file mode 100755\nindex 0000', '+++ b/a b.sh\t\n'],
  ],
  [
    'an empty new file',
    [change('a b', null, [''])],
    ['index 0000000000000000000000000000000000000000..e69de29bb2'],
  ],
  ['an empty file deleted', [change('a', [''], null)], ['deleted file mode 100644\n']],
  ['a file deleted', [change('a', ['x', '100755'], null)], ['deleted file mode 100755\n', '+++ /dev/null\n']],
  [
    'a pure rename',
    [change('b', [TEN], [TEN], 'ä')],
    ['similarity index 100%\nrename from "\\303\\244"\nrename to b\n'],
  ],
  [
    'a rename with hunks and a mode',
    [change('d/b', [TEN], [EDITED, '100755'], 'a')],
    ['old mode 100644\nnew mode 100755\nsimilarity index 90%\nrename from a\nrename to d/b\nindex '],
  ],
  [
    'a mode alone',
    [change('a b', ['x'], ['x', '100755'])],
    ['diff --git a/a b b/a b\nold mode 100644\nnew mode 100755\n'],
  ],
  ['a mode and a hunk', [change('a', ['x'], ['y', '100755'])], ['\\ No newline at end of file\n']],
  [
    'another file at the old name',
    [change('b', [TEN], [TEN], 'a'), change('a', null, ['new\n'])],
    ['new file'],
  ],
  ['a folder in place of a file', [change('a', ['x\n'], null), change('a/b', null, ['y\n'])], []],
  [
    'CR LF',
    [change('a.bat', [TEN.replaceAll('\n', '\r\n')], [EDITED.replaceAll('\n', '\r\n')])],
    ['+four\r\n'],
  ],
  [
    'attributes among the files',
    [
      change(
        '.gitattributes',
        ['* text eol=crlf\n'],
        ['* text=auto eol=crlf ident working-tree-encoding=UTF-16\n'],
      ),
      change('.gitignore', null, ['*\n']),
      change('d/a.txt', ['a $Id$\r\nb\n'], ['a $Id$\r\nc\r\n']),
    ],
    [],
  ],
  ['a line more of lines that are equal', [change('a', ['x\n'.repeat(9)], ['x\n'.repeat(10)])], []],
  ['a line less of lines that are equal', [change('a', ['x\n'.repeat(60)], ['x\n'.repeat(59)])], []],
  [
    'a place whose lines are there twice',
    [change('a', [`${TEN}${TEN}`], [`${TEN.replace('line 4\n', 'line 4\nmore\n')}${TEN}`])],
    ['@@ -1,15 +1,16 @@'],
  ],
  ['nothing', [change('a', ['x'], ['x'])], []],
])('git takes %s', async (_, changes, holds) => {
  const diff = diffOf(changes);
  for (const text of holds) expect(diff).toContain(text);
  expect(await gitRefuses(changes, diff)).toBeNull();
  expect(diffOf(changes.toReversed())).toBe(diff);
});

const EDIT = [change('a', [TEN], [EDITED])];
const AGAIN = '--- a/a\n+++ b/a\n@@ -4,3 +4,4 @@\n x\n x\n+x\n x\n';
test.each<[string, FileChange[], string, string]>([
  [
    'another text',
    EDIT,
    diffOf([change('a', [TEN], [EDITED.replace('four', 'fore')])]),
    'a differs in line 5',
  ],
  ['a text that does not fit', EDIT, diffOf([change('a', [EDITED], [TEN])]), 'error: patch failed: a:2'],
  ['another mode', EDIT, diffOf([change('a', [TEN], [EDITED, '100755'])]), 'a has mode 100755, not 100644'],
  ['the wrong old mode', EDIT, diffOf([change('a', [TEN, '100755'], [EDITED, '100755'])]), 'expected 100755'],
  ['one file more', EDIT, diffOf([...EDIT, change('b', null, ['x\n'])]), 'b is there'],
  ['one file less', [...EDIT, change('b', null, ['x\n'])], diffOf(EDIT), 'b is not there'],
  ['no diff', EDIT, '', 'a differs in line 5'],
  ['one that applies again', [change('a', ['x\n'.repeat(9)], ['x\n'.repeat(10)])], AGAIN, 'a second time'],
])('git refuses %s', async (_, changes, diff, reason) => {
  expect(await gitRefuses(changes, diff)).toContain(reason);
});

test('any change comes out of its diff as it went in', async () => {
  const line = fc.constantFrom(
    'a',
    'b',
    '',
    ' x',
    '-',
    '--- a',
    '+++ b',
    '@@ -1 +1 @@',
    'é',
    'cr\r',
    '\r',
    '\\',
    '\f',
  );
  const file = fc.record({
    text: fc
      .tuple(fc.array(line, { maxLength: 14 }), fc.constantFrom('', '\n'))
      .map(([lines, end]) => lines.join('\n') + end),
    mode: fc.constantFrom('100644' as const, '100755' as const),
  });
  const names = [
    'f',
    'dir/g.js',
    'with space.js',
    'ü.ts',
    '-dash',
    'b/x',
    'quo"te',
    '.gitignore',
    '.gitattributes',
  ];
  const changes = fc
    .tuple(
      fc.shuffledSubarray(names, { minLength: 2 }),
      fc.infiniteStream(fc.option(file)),
      fc.infiniteStream(fc.boolean()),
    )
    .map(([paths, files, renames]) => {
      const next = () => files.next().value;
      const made: FileChange[] = [];
      for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
        const [before, after] = [next(), next()];
        const from = before && after && renames.next().value ? (paths.pop() ?? null) : null;
        if (before || after) made.push({ path, from, before, after });
      }
      return made;
    });
  await fc.assert(
    fc.asyncProperty(changes, async (some) => {
      expect(await gitRefuses(some, diffOf(some))).toBeNull();
    }),
    { numRuns: 40 },
  );
});
