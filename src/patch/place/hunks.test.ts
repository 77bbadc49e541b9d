import { describe, expect, it } from 'vitest';
import type { Hunk, HunkLine } from '../intent.ts';
import { applyEdits } from './edits.ts';
import { placeHunks } from './hunks.ts';

/** A hunk from lines with their op in front; `at` is the line that it says it starts at. */
function hunk(text: string, at: number | null = null, label = 'hunk 1'): Hunk {
  const lines = text
    .split('\n')
    .map((line): HunkLine => ({ op: line[0] as HunkLine['op'], text: line.slice(1) }));
  return { label, readings: [{ lines, repairs: [] }], oldStart: at, newStart: null, counted: false };
}

/** A hunk whose header is right, as git writes it. */
function counted(text: string, at: number): Hunk {
  return { ...hunk(text, at), newStart: at, counted: true };
}

function result(file: string, ...hunks: Hunk[]): string {
  const placed = placeHunks('a.js', file, hunks, { asGiven: false });
  if ('refusals' in placed) return `refused: ${placed.refusals.join('\n')}`;
  return applyEdits(file, placed.edits);
}

function faults(file: string, ...hunks: Hunk[]): string[] {
  const placed = placeHunks('a.js', file, hunks, { asGiven: false });
  return 'refusals' in placed ? ['refused'] : placed.repairs.map((repair) => repair.fault);
}

const FILE = 'function a() {\n  one();\n\n  two();\n}\n\nfunction b() {\n  one();\n  three();\n}\n';
const TWINS = 'if (x) {\n  go();\n}\n'.repeat(3);

describe('one place', () => {
  it.each([
    ['exact', 'one\ntwo\n', ' one\n-two\n+2', 'one\n2\n'],
    ['line ends of the file', 'one\r\ntwo\r\n', ' one\n-two\n+2\n+3', 'one\r\n2\r\n3\r\n'],
    ['line ends of the answer', 'one\ntwo\n', ' one\r\n-two\r\n+2\r', 'one\n2\n'],
    ['trailing blanks of the file', 'one  \ntwo\n', ' one\n-two\n+2', 'one  \n2\n'],
    ['trailing blanks of the answer', 'one\ntwo\n', ' one  \n-two\n+2  ', 'one\n2\n'],
    [
      'all dedented',
      'f {\n    a;\n    b;\n}\n',
      ' a;\n-b;\n+c {\n+  d;\n+}',
      'f {\n    a;\n    c {\n      d;\n    }\n}\n',
    ],
    ['all indented', 'a;\nb;\n', '     a;\n-    b;\n+    c;', 'a;\nc;\n'],
    [
      'spaces for tabs',
      'f {\n\ta;\n\t\tb;\n}\n',
      '     a;\n-        b;\n+        c;\n+            d;',
      'f {\n\ta;\n\t\tc;\n\t\t\td;\n}\n',
    ],
    [
      'tabs for spaces',
      'f {\n  a;\n    b;\n}\n',
      ' \ta;\n-\t\tb;\n+\t\tc;\n+\t\t\td;',
      'f {\n  a;\n    c;\n      d;\n}\n',
    ],
    ['blank lines left out', 'a;\n\nb;\nc;\nd;\n', ' a;\n b;\n-c;\n+C;\n d;', 'a;\n\nb;\nC;\nd;\n'],
    [
      'blank lines left out, beside a block that brings its own',
      'a;\n\nb;\n',
      ' a;\n+\n+x;\n b;',
      'a;\n\nx;\n\nb;\n',
    ],
    ['blank lines too many', 'a;\nb;\nc;\n', ' a;\n \n-b;\n+B;\n \n c;', 'a;\nB;\nc;\n'],
    ['white space inside', 'x  =  1;\ny = 2;\n', ' x = 1;\n-y  = 2;\n+y = 3;', 'x  =  1;\ny = 3;\n'],
    ['no newline at the end', 'a\nb', ' a\n-b\n+c', 'a\nc'],
    ['new lines behind an end without newline', 'a\nb', ' a\n b\n+c', 'a\nb\nc'],
    ['into an empty file', '', '+a\n+b', 'a\nb\n'],
    ['a byte order mark', '\ufeffa\nb\n', ' a\n-b\n+c', '\ufeffa\nc\n'],
    ['elided', FILE, ' function b() {\n…\n-  three();\n+  four();', FILE.replace('three', 'four')],
    [
      'a context line at the edge differs',
      FILE,
      ' function bb() {\n   one();\n-  three();\n+  four();\n }',
      FILE.replace('three', 'four'),
    ],
  ])('%s', (_, file, text, expected) => {
    expect(result(file, hunk(text))).toBe(expected);
  });
});

describe('what is there already changes nothing', () => {
  it.each([
    ['a replacement', 'one\n2\n', ' one\n-two\n+2'],
    ['an insertion behind', 'one\ntwo\n', ' one\n+two'],
    ['an insertion before', 'zero\none\n', '+zero\n one'],
    ['a deletion', 'one\nthree\n', ' one\n-two\n three'],
  ])('%s', (_, file, text) => {
    expect(result(file, hunk(text))).toBe(file);
    expect(faults(file, hunk(text))).toContain('already-there');
  });
});

describe('a deletion whose lines are not there', () => {
  it.each([
    ['misquoted', 'a();\nlog("x");\nb();\nc();\n', ' a();\n-log(\\"x\\");\n c();'],
    ['at another place like it', 'a();\nbee();\nother();\nlog(1);\nbee();\n', ' a();\n-log(1);\n bee();'],
    ['with nothing below', 'a();\nb();\nc();\n', ' a();\n-log(1);'],
    ['of signs only', 'a();\nb();\n', ' a();\n-}\n b();'],
  ])('is not taken for done: %s', (_, file, text) => {
    expect(result(file, hunk(text))).toContain('refused');
  });
  it('is not half of an answer', () => {
    const file = 'a();\nb();\nlog(1);\nc();\nd();\n';
    expect(result(file, hunk(' c();\n-d();\n+e();'), hunk(' a();\n-log( 1 );\n b();'))).toContain('refused');
  });
});

describe('several equal places', () => {
  const go = ' if (x) {\n-  go();\n+  stop();\n }';
  it('are refused, with what stands around each', () => {
    const refused = result(TWINS, hunk(go));
    expect(refused).toContain('fit 3 places of a.js (lines 1, 4, 7)');
    expect(refused).toContain('lines 1-5, word for word');
  });
  it('are told apart by numbers that are right', () => {
    expect(result(TWINS, counted(go, 4))).toBe(
      'if (x) {\n  go();\n}\nif (x) {\n  stop();\n}\nif (x) {\n  go();\n}\n',
    );
  });
  it('are not told apart by a number between them', () => {
    expect(result(TWINS, hunk(go, 5))).toContain('refused');
  });
  it('are told apart by a number near one and far from the others', () => {
    const file = `if (x) {\n  go();\n}\n${'other();\n'.repeat(40)}if (x) {\n  go();\n}\n`;
    expect(result(file, hunk(go, 3))).toBe(file.replace('go', 'stop'));
    expect(faults(file, hunk(go, 3))).toContain('hunk-line');
    expect(result(file, hunk(go, 20))).toContain('refused');
    expect(result(file, hunk(go, 300))).toContain('refused');
  });
  it('change all when there are as many equal hunks', () => {
    expect(result(TWINS, hunk(go, null, '1'), hunk(go, null, '2'), hunk(go, null, '3'))).toBe(
      TWINS.replaceAll('go', 'stop'),
    );
  });
  it('a place whose result is elsewhere is not confused with it', () => {
    const file = 'if (x) {\n  stop();\n}\nif (x) {\n  go();\n}\n';
    expect(result(file, counted(go, 1))).toBe(file); // there already
    expect(result(file, counted(go, 4))).toBe(file.replace('go', 'stop'));
    expect(result(file, hunk(go))).toContain(
      'has its result at line 1, and at line 4 the lines that it changes',
    );
  });
});

describe('refused', () => {
  it.each([
    ['nowhere', FILE, ' function c() {\n-  four();\n+  five();', 'Looked for'],
    ['an indentation that maps in two ways', 'a\n  b\n    c\n', ' a\n-b\n-  c\n+d', 'its lines are not in'],
    ['new lines beside blank lines that are not shown', 'a;\n\nb;\n', ' a;\n+x;\n b;', 'blank lines there'],
    [
      'a replacement beside blank lines that are not shown',
      'a;\n\nb;\n\nc;\n',
      ' a;\n-b;\n+B;\n c;',
      'blank lines there',
    ],
    ['a place named by nothing', 'a;\n', '+x;', 'names no line'],
    [
      'context that differs where the new line goes',
      'a;\nb;\nc;\nd;\n',
      ' a;\n B;\n+x;\n c;\n d;',
      'its lines are not in',
    ],
    [
      'a removed line that differs',
      'a;\nb(1);\nc;\nd;\n',
      ' a;\n-b(2);\n+x;\n c;\n d;',
      'its lines are not in',
    ],
  ])('%s', (_, file, text, reason) => {
    expect(result(file, hunk(text))).toContain(reason);
  });
  it('shows the nearest real lines word for word', () => {
    expect(result(FILE, hunk(' function b() {\n-  tree();\n+  x();'))).toContain(
      'lines 7-8, word for word:\n```\nfunction b() {\n  one();\n```',
    );
  });
});
