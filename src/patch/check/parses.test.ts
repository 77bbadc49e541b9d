import { expect, test } from 'vitest';
import { brokenBy, doesNotParse, syntaxError, syntaxOf } from './parses.ts';

/** Language, file name, a text that parses, the same made wrong, and what is said of it. */
const CASES: [language: string, path: string, good: string, bad: string, said: string][] = [
  [
    'Python',
    'a.py',
    'def f(x):\n    return (1,\n      2)\n',
    'def f(x):\n    return (1,\nclass A: pass\n',
    '3: unexpected `class`',
  ],
  [
    'Python',
    'a.pyi',
    'if x:\n    # why\n    y\n',
    'if x:\n    # why\ny\n',
    '1: an indented block is missing after this line',
  ],
  [
    'Python',
    'a.py',
    'if x:\n    y; z\n\tz\n'.replace('\t', '    '),
    'if x:\n    y; z\n     z\n',
    '3: unexpected indentation',
  ],
  [
    'Python',
    'a.py',
    'if x:\n    y\nelse: z\n',
    'def f():\n    if x:\n      y\n   else: z\n',
    '4: unexpected `else`',
  ],
  [
    'Python',
    'a.py',
    'try:\n  a\nexcept B:\n  c\n',
    'try:\n  a\nc\n',
    '1: `try` has neither `except` nor `finally`',
  ],
  ['Python', 'a.py', '@a\nclass B: pass\n', '@a\n  class B: pass\n', '2: unexpected indentation'],
  [
    'Go',
    'a.go',
    'package a\n\nfunc f() int {\n\treturn 1\n}\n',
    'package a\n\nfunc f() int {\n\treturn 1\n}\n}\n',
    '6: unexpected `}`',
  ],
  [
    'Rust',
    'a.rs',
    "fn f<'a>() {\n  let x = g(1);\n}\n",
    'fn f() {\n  let x = g(1;\n}\n',
    '2: `)` is missing',
  ],
  [
    'Java',
    'A.java',
    'class A {\n  int f() { return 1; }\n}\n',
    'class A {\n  int f() { return 1 }\n}\n',
    '2: `;` is missing',
  ],
  [
    'C',
    'a.c',
    'int main(void) {\n  if (x) { f("{"); /* } */ }\n}\n',
    'int main(void) {\n  if (x) { f("{");\n}\n',
    '1: `{` is not closed',
  ],
  [
    'C++',
    'a.cc',
    'template <class T> void f() { g<T>([] { return 1; }); }\n',
    'void f() {\n  g([);\n}\n',
    '2: unexpected `)` where `[` of line 2 is open',
  ],
  ['C#', 'A.cs', 'class A {\n  int F() => 1;\n}\n', 'class A {\n  int F() => 1\n}\n', '2: `;` is missing'],
  ['Ruby', 'Gemfile', 'def f(r)\n  r.end\nend\n', 'def f(r)\n  r.end\nend\nend\n', '4: unexpected `end`'],
  ['PHP', 'a.php', '<p><?php f([1]); ?></p>\n', '<?php\nf([1;\n', '2: unexpected `;`'],
  [
    'Bash',
    'a.sh',
    'for x in done; do\n  echo fi "$x"\ndone\n',
    'for x in a; do\n  echo fi "$x"\ndone\nfi\n',
    '4: unexpected `fi`',
  ],
  [
    'CSS',
    'a.css',
    'a { *zoom: 1; color: red }\n',
    'a { *zoom: 1;\nb { color: red }\n',
    '1: `{` is not closed',
  ],
  [
    'JavaScript',
    'a.jsx',
    'const a = <b>{c}</b>;\n',
    'const a = 1;\nconst b = (1;\n',
    '2: Expected `,` or `)` but found `;`',
  ],
  ['TypeScript', 'a.mts', 'const a: number = 1;\n', 'const a: number = ;\n', '1: Unexpected token'],
  ['JSON', 'a.json', '\uFEFF{"a": [1]}', '{\n "a": 1\n "b": 2\n}', '3: comma expected'],
  ['JSON', 'tsconfig.json', '{ /* why */ "a": [1,], }', '{ "a": [1,,] }', '1: value expected'],
  [
    'JSON',
    'a.json5',
    "// x\n{ a: 'b', }",
    "{ a: 'b'\n c: 1 }",
    '2: Expected `,` or `}` but found `Identifier`',
  ],
  [
    'YAML',
    'a.yml',
    'a: &x [1]\nb: *x\n---\nc: {d: !Ref e}\n',
    'a: 1\nb:\n  - c: 1\n    c: 2\n',
    '4: the key `c` is there twice',
  ],
  ['YAML', 'a.yaml', 'a: |\n  ]\n', 'a: 1\nb: [1\nc: 2\n', '3: Flow sequence in block collection must be'],
  [
    'TOML',
    'a.toml',
    '[a]\nx = 1979-05-27\n',
    '[a]\nx = 1\nx = 2\n',
    '3: trying to redefine an already defined table or value',
  ],
];

test.each(CASES)('%s: %s', async (language, path, good, bad, said) => {
  expect(syntaxOf(`src/${path}`)).toBe(language);
  expect(await syntaxError(path, good)).toBeNull();
  const error = await syntaxError(path, bad);
  expect(`${error?.line}: ${error?.message}`).toContain(said);
  expect(await brokenBy(path, good, bad)).toBe(
    `${path}:${error?.line}: does not parse after the change: ${error?.message}`,
  );
  expect(await brokenBy(path, bad, `${bad}\n`)).toBeNull();
  expect(await brokenBy(path, null, bad)).toBeNull();
  expect(await brokenBy(path, good, null)).toBeNull();
  expect(await doesNotParse(path, bad)).toBe(`${path}:${error?.line}: does not parse: ${error?.message}`);
  expect(await doesNotParse(path, good)).toBeNull();
});

test('what is plain JSON stays it, what had comments may have them', async () => {
  const [plain, commented] = ['{"a": 1}', '{"a": 1, // why\n}'];
  expect(await brokenBy('package.json', plain, commented)).toBe(
    'package.json:1: does not parse after the change: invalid comment token',
  );
  expect(await brokenBy('tsconfig.build.json', plain, commented)).toBeNull();
  expect(await brokenBy('odd.json', commented, commented.replace('1', '2'))).toBeNull();
  expect(await brokenBy('odd.json', commented, '{"a": 1, // why')).toContain('odd.json:1: does not parse');
});

test('a language that is not known has no mistakes, and a macro that C may have is none', async () => {
  expect(syntaxOf('README.md')).toBeNull();
  expect(await syntaxError('README.md', '{{{')).toBeNull();
  expect(
    await brokenBy('a.h', 'int f(void);\n', 'BEGIN_DECLS\nEXPORT int f(void) NOTHROW(1);\nEND_DECLS\n'),
  ).toBeNull();
});

const LANGUAGES = [...new Map(CASES.map((row) => [row[0], row])).values()];
test.each(LANGUAGES)(
  '%s nested as deep as can be is survived',
  { timeout: 60_000 },
  async (_, path, good) => {
    const lead = path.endsWith('.php') ? '<?php ' : path.endsWith('.toml') ? 'a=' : '';
    const [open, closed, blocks] = [
      '('.repeat(60_000),
      '['.repeat(60_000) + ']'.repeat(60_000),
      '{'.repeat(60_000),
    ];
    for (const text of [open, closed, blocks]) await syntaxError(path, lead + text);
    expect(await syntaxError(path, good)).toBeNull();
    expect((await syntaxError(path, CASES.find((row) => row[1] === path)![3]))?.message).toBeTruthy(); // still examined
  },
);
