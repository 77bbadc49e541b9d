import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveWhole } from './whole.ts';

const FILE = `import { tax } from './tax.js';

export function total(order) {
  return order.items.length;
}

export function name(order) {
  const first = order.first;
  return first + order.last;
}

export function price(order) {
  return tax(order) + order.price;
}

export function date(order) {
  return new Date(order.date);
}
`;
const FIXED = FILE.replace('order.items.length', 'order.items?.length ?? 0');
const TABS = FILE.replaceAll('  ', '\t');
const PYTHON = `import os


def total(order):
    return len(order)


def name(order):
    return order.name


def path(order):
    return os.path.join(order.a, order.b)
`;

interface Given {
  path?: string;
  literal?: boolean;
  cut?: boolean;
}

const resolve = (
  before: string | null,
  text: string,
  { path = 'src/a.js', literal = false, cut = false }: Given = {},
) => resolveWhole(path, before, { text, literal, cut, label: 'file 1' });

const without = (text: string, from: string, to: string, mark: string): string =>
  text.slice(0, text.indexOf(from)) + mark + text.slice(text.indexOf(to));

test.each<[string, string | null, string, string, string[], Given?]>([
  ['a new file', null, 'let a;', 'let a;\n', []],
  ['a new file, its end as given', null, 'let a;', 'let a;', [], { literal: true }],
  ['a new file with its name', null, '// src/a.js\nlet a;\n', 'let a;\n', []],
  ["a new file with Python's dots", null, 'def a():\n    ...\n', 'def a():\n    ...\n', [], { path: 'a.py' }],
  ['an empty file', '', 'let a;', 'let a;\n', []],
  ['a change', FILE, FIXED, FIXED, []],
  ['no change', FILE, FILE, FILE, []],
  ['its name above it', FILE, `// src/a.js\n\n${FIXED}`, FIXED, []],
  ['its name, which the file has', `// a.js\n${FILE}`, `// a.js\n${FIXED}`, `// a.js\n${FIXED}`, []],
  ['CR LF', crlf(FILE), FIXED, crlf(FIXED), []],
  [
    'mixed line ends',
    'let a;\r\nlet b;\nlet c;\r\n',
    'let a;\nlet b;\nlet d;\nlet c;\n',
    'let a;\r\nlet b;\nlet d;\nlet c;\r\n',
    [],
  ],
  ['a byte order mark', `\ufeff${FILE}`, FIXED, `\ufeff${FIXED}`, []],
  ['no newline at the end', FILE.trimEnd(), FIXED, FIXED.trimEnd(), []],
  ['no newline at the end, but one given', FILE.trimEnd(), FIXED, FIXED, [], { literal: true }],
  ['blank lines around', `\n${FILE}\n\n`, FIXED, `\n${FIXED}\n\n`, []],
  ['trailing blanks added', FILE, FIXED.replaceAll(';\n', ';  \n'), FIXED, ['trailing-blanks']],
  [
    'trailing blanks taken',
    FILE.replaceAll('(order) {', '(order) { '),
    FIXED,
    FIXED.replaceAll('(order) {', '(order) { '),
    ['trailing-blanks'],
  ],
  ['spaces for tabs', TABS, FIXED, FIXED.replaceAll('  ', '\t'), ['indentation']],
  ['tabs for spaces', FILE, FIXED.replaceAll('  ', '\t'), FIXED, ['indentation']],
  [
    'a block indented',
    FILE,
    FIXED.replace('  const first = order.first;\n', '  if (order)\n    const first = order.first;\n'),
    FIXED.replace('  const first = order.first;\n', '  if (order)\n    const first = order.first;\n'),
    [],
  ],
  [
    'an import that is not used any more',
    FILE,
    FIXED.replace("import { tax } from './tax.js';\n\n", '').replace('tax(order) + ', ''),
    FIXED.replace("import { tax } from './tax.js';\n\n", '').replace('tax(order) + ', ''),
    [],
  ],
  [
    'an elision at the end',
    FILE,
    `${FIXED.slice(0, FIXED.indexOf('export function name'))}// ... rest of the code\n`,
    FIXED,
    ['elision'],
  ],
  [
    'an elision at the start',
    PYTHON,
    without(PYTHON, 'import os', 'def path', '# ... existing code ...\n\n').replace('.a,', '.c,'),
    PYTHON.replace('.a,', '.c,'),
    ['elision'],
    { path: 'a.py' },
  ],
  [
    'elisions around a function that changes',
    FILE,
    '// ... existing code ...\n\nexport function total(order) {\n  return order.items?.length ?? 0;\n}\n\n// ... existing code ...\n',
    FIXED,
    ['elision', 'elision'],
  ],
  [
    'the same in Python',
    PYTHON,
    '# ... existing code ...\n\ndef total(order):\n    return len(order.items)\n\n# ... existing code ...\n',
    PYTHON.replace('len(order)', 'len(order.items)'),
    ['elision', 'elision'],
    { path: 'a.py' },
  ],
  [
    'an elision within a function',
    FILE,
    FIXED.replace('  const first = order.first;\n', '  // ...\n'),
    FIXED,
    ['elision'],
  ],
  [
    'an elision and CR LF',
    crlf(FILE),
    without(FIXED, 'export function name', 'export function date', '// ... existing code ...\n\n'),
    crlf(FIXED),
    ['elision'],
  ],
  [
    'dots that the file has',
    `${PYTHON}\n\nclass A:\n    ...\n`,
    `${PYTHON}\n\nclass B:\n    ...\n`,
    `${PYTHON}\n\nclass B:\n    ...\n`,
    [],
    { path: 'a.py' },
  ],
  ['a tiny file', 'let a;\n', 'let b;\n', 'let b;\n', []],
  ['cut off at the end of the file', FILE, FIXED.trimEnd(), FIXED, [], { cut: true }],
])('%s', (_, before, text, after, faults, given) => {
  const resolved = resolve(before, text, given);
  expect(
    resolved.ok ? { after: resolved.after, faults: resolved.repairs.map((one) => one.fault) } : resolved,
  ).toEqual({ after, faults });
  // A second time it changes nothing, or cannot be told any more.
  const again = resolve(after, text, given);
  if (again.ok) expect(again.after).toBe(after);
});

test.each<[string, string | null, string, RegExp, Given?]>([
  ['a new file, cut off', null, 'let a;\n', /cut off after `let a;`/, { cut: true }],
  [
    'a new file with elisions',
    null,
    'let a;\n// ... existing code ...\n',
    /leaves out lines, but src\/a\.js is no file/,
  ],
  [
    'one function',
    FILE,
    'export function total(order) {\n  return 0;\n}\n',
    /looks like a part of src\/a\.js[^]*search\/replace/,
  ],
  [
    'the first half',
    FILE,
    FIXED.slice(0, FIXED.indexOf('export function price')),
    /nothing for lines 11-18 of 18/,
  ],
  [
    'all but the last function',
    FILE,
    FIXED.slice(0, FIXED.indexOf('export function date')),
    /cut off after `\}`/,
    { cut: true },
  ],
  [
    'without its import',
    FILE,
    FIXED.slice(FIXED.indexOf('export')),
    /leaves out lines 1-2 of src\/a\.js, but still uses `tax`/,
  ],
  ['without its comment', `// Copyright of the orders department\n${FILE}`, FIXED, /nothing for line 1 /],
  ['without its last statement', `${FILE}\nstart(total);\n`, FIXED, /nothing for lines 19-20 /],
  ['another file', FILE, 'let x;\n'.repeat(20), /less than half of its 18 lines/],
  [
    'cut off within',
    FILE,
    FIXED.slice(0, FIXED.indexOf('  return new Date')),
    /cut off after `export function date/,
    { cut: true },
  ],
  [
    'cut off where it looks like the end',
    FILE,
    `${FIXED.slice(0, FIXED.indexOf('export function date')).trimEnd()}\n`,
    /cut off|part/,
    { cut: true },
  ],
  [
    'an elision below a line that is not there',
    FILE,
    FIXED.replace('  const first = order.first;\n  return', '  const given = 1;\n  // ...\n  return'),
    /the line above it, `const given = 1;`, is not in src\/a\.js/,
  ],
  [
    'an elision above a line that fits twice',
    `${FILE}${FILE}`,
    '// ... existing code ...\nexport function date(order) {\n  return null;\n}\n',
    /below it, `export function date\(order\) \{`, fits 2 places/,
  ],
  [
    'dots that may be either',
    `${PYTHON}\n\nclass A:\n    ...\n`,
    without(`${PYTHON}\n\nclass A:\n    ...\n`, 'def name', 'class A', '    ...\n'),
    /open whether its `\.\.\.`|leaves out/,
    { path: 'a.py' },
  ],
  [
    'dots for one line',
    PYTHON,
    PYTHON.replace('return len(order)', '...'),
    /cannot tell whether `\.\.\.`/,
    { path: 'a.py' },
  ],
  ['only white space', FILE.replaceAll(';\n', '; \n'), FILE, /white space at line ends/],
])('refused: %s', (_, before, text, refusal, given) => {
  expect(resolve(before, text, given)).toEqual({
    ok: false,
    refusal: expect.stringMatching(refusal) as string,
  });
});

function crlf(text: string): string {
  return text.replaceAll('\n', '\r\n');
}

/** Blocks of code with lines that stand in many places, as in real files. */
const blocks = fc.array(
  fc.array(
    fc.constantFrom(
      '  run();',
      '  run(#);',
      '  let a = #;',
      '  if (a) {',
      '  }',
      '',
      '  return a;',
      '  a += 2;',
    ),
    {
      maxLength: 7,
    },
  ),
  { minLength: 4, maxLength: 14 },
);

function code(bodies: string[][]): string[] {
  const lines = bodies.flatMap((body, i) => [`function f${i}(a) {`, ...body, '}', '']).slice(0, -1);
  return lines.map((line, i) => line.replace('#', `${i}`));
}

test('an edit and an elision anywhere: the file that is meant, or a refusal', () => {
  let made = 0;
  fc.assert(
    fc.property(
      blocks,
      fc.nat(),
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.constantFrom('  run();', '  edited();', '}', '', '  return a;'), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.nat(),
      fc.integer({ min: 6, max: 30 }),
      (parts, where, gone, come, elided, length) => {
        const old = code(parts);
        const at = where % old.length;
        const meant = [...old.slice(0, at), ...come, ...old.slice(at + gone)];
        // The elision stands for lines that are the same on both sides, and a line that stands once is between it and
        // the edit: of two equal lines beside an elision nobody can tell which one was taken out or put in.
        const once = (line: string): boolean =>
          old.indexOf(line) !== -1 && old.indexOf(line) === old.lastIndexOf(line);
        const said = (from: number, to: number): boolean => meant.slice(from, Math.max(from, to)).some(once);
        const free: number[] = [];
        for (let i = 0; i + length <= meant.length; i++)
          if (said(i + length, at) || said(at + come.length, i)) free.push(i);
        const start = free.length === 0 ? -1 : free[elided % free.length]!;
        const text =
          start === -1
            ? meant
            : [...meant.slice(0, start), '// ... existing code ...', ...meant.slice(start + length)];
        const resolved = resolve(`${old.join('\n')}\n`, `${text.join('\n')}\n`);
        if (!resolved.ok) return;
        made++;
        const plain = (lines: string): string => lines.replace(/^\n+|\n+$/g, '');
        expect(plain(resolved.after)).toBe(plain(meant.join('\n')));
      },
    ),
    { numRuns: 3000 },
  );
  expect(made).toBeGreaterThan(500);
});

test('hostile texts take linear time', () => {
  const many = 60_000;
  const lines = (make: (i: number) => string): string =>
    Array.from({ length: many }, (_, i) => `${make(i)}\n`).join('');
  const numbers = lines((i) => `a${i}`);
  for (const text of [
    lines((i) => `b${i}`),
    lines((i) => `a${many - i}`),
    lines(() => '}'),
    lines((i) => (i % 2 === 0 ? '// ...' : `a${i}`)),
    lines((i) => (i % 300 === 0 ? '// ...' : '}')),
    '\t'.repeat(200_000),
  ]) {
    resolve(numbers, text);
    resolve(
      lines(() => '}'),
      text,
    );
  }
}, 10_000);
