import { describe, expect, it } from 'vitest';
import { checkPolicy } from './policy.ts';
import { sameCode } from './normalise.ts';
import { parseBounded } from './parser.ts';
import { parseCode } from './syntax.ts';

// More than any stack has room for, and quick to tell.
const N = 60_000;
const r = (text: string): string => text.repeat(N);

/** Each of these ended the process when the parser was given it. */
const DEEP: Record<string, string> = {
  brackets: `x = ${r('[')}${r(']')}`,
  parentheses: `x = ${r('(')}1${r(')')}`,
  'parentheses, one a line': `x = ${r('(\n')}1${r(')\n')}`,
  blocks: `${r('{')}${r('}')}`,
  functions: `${r('function f() { g(); ')}${r('}')}`,
  negations: `x = ${r('!')}1`,
  conditions: `x = ${r('a ? b : ')}c`,
  'conditions of objects': `x = ${r('{} ? {} : ')}{}`,
  assignments: `${r('a = ')}1`,
  'else if': `if (a) {} ${r('else if (a) {} ')}`,
  'if after if': `${r('if (a)\n')} b;`,
  loops: `${r('for (;;) ')};`,
  arrows: `x = ${r('a => ')}1`,
  sums: `x = ${r('a + ')}a`,
  templates: `x = ${r('`${')}1${r('}`')}`,
  'tagged templates': `x = a${r('``')}`,
  labels: `${Array.from({ length: N }, (_, i) => `l${i}:`).join('\n')};`,
  await: `x = ${r('await ')}a`,
  new: `x = ${r('new ')}a`,
  classes: `class A ${r('extends class ')} extends B ${r('{}')}`,
  'behind a string that never ends': `x = '\n${r('(')}`,
  'behind what looks like a regular expression': `x = (a) / 2; y = '/'; ${r('[')}${r(']')}`,
};
const DEEP_TYPES: Record<string, string> = {
  generics: `type X = ${r('A<1, ')}B${r('>')}`,
  keyof: `type X = ${r('keyof ')}A`,
  arrays: `type X = a${r('[]')}`,
  namespaces: `namespace a${r('.a')} {}`,
  conditional: `type X = ${r('a extends b ? c : ')}d`,
};

describe('what is nested too deep', () => {
  it.each(Object.entries(DEEP))('is not parsed: %s', (_, text) => {
    expect(parseBounded('a.js', text)).toHaveProperty('tooDeep', true);
    expect(parseBounded('a.ts', text)).toHaveProperty('tooDeep', true);
    expect(parseCode('a.tsx', text).ok).toBe(false);
  });

  it.each(Object.entries(DEEP_TYPES))('is not parsed: types, %s', (_, text) => {
    expect(parseBounded('a.ts', text)).toHaveProperty('tooDeep', true);
  });

  it('is not parsed: JSX', () => {
    expect(parseBounded('a.jsx', `x = ${r("<a>it's ")}${r('</a>')}`)).toHaveProperty('tooDeep', true);
  });

  it('is said with its line, by the policy too', async () => {
    const text = `const a = 1;\n\nconst b = ${r('[')}${r(']')};\n`;
    expect(parseCode('a.js', text)).toEqual({
      ok: false,
      line: 3,
      message: 'it is nested too deep to be examined',
    });
    expect(await checkPolicy(import.meta.dirname, { 'new.js': text })).toContainEqual(
      expect.stringMatching(/^new\.js:3: .*nested too deep/),
    );
    expect(sameCode(text, `${text}\n`, 'a.js')).toBe(true);
  });
});

describe('what is long but not deep', () => {
  it.each([
    ['a list', `const a = [${r('1, ')}];`],
    ['a table', `const a = {${r("'k': { v: [1, 2], w: f(1) }, ")}};`],
    ['statements', r('a(b);\n')],
    ['functions without semicolons', r('function f() {\n  return { a }\n}\n')],
    ['methods', `class A {${r('m() { if (a) { return 1 } }\n')}}`],
    ['a text full of brackets', `const a = '${r('([{<')}';`.replaceAll('([{<', '([{<>}])')],
    ['a comment full of brackets', `/* ${r('(((')} */ const a = 1;`],
  ])('is parsed: %s', (_, text) => {
    const parsed = parseBounded('a.js', text);
    expect('tooDeep' in parsed ? parsed : parsed.errors).toEqual([]);
  });
});
