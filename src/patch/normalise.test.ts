import { expect, test } from 'vitest';
import { sameChanges, sameCode } from './normalise.ts';

test('comments, white space, quotes and parentheses do not make code differ', () => {
  const a = 'const x = (a ?? 0) // default\n';
  expect(sameCode(a, 'const x=a??0;')).toBe(true);
  expect(sameCode("f('x',)", 'f("x") /* y */')).toBe(true);
  expect(sameCode(a, 'const x = a || 0')).toBe(false);
  expect(sameCode('f(/a/)', 'f(/b/)')).toBe(false);
  expect(sameCode('f(`a  b`)', 'f(`a b`)')).toBe(false);
});

test('what does not parse is compared as text', () => {
  expect(sameCode('if (', ' if  (')).toBe(true);
  expect(sameCode('if (', 'if (x')).toBe(false);
  expect(sameCode('a  b', 'a b', 'x.html')).toBe(true);
});

test('changes are the same when every file is', () => {
  expect(sameChanges({ 'a.js': 'f( 1 )', 'b.js': null }, { 'b.js': null, 'a.js': 'f(1)' })).toBe(true);
  expect(sameChanges({ 'a.js': 'f(1)' }, { 'a.js': null })).toBe(false);
  expect(sameChanges({ 'a.js': 'f(1)' }, { 'b.js': 'f(1)' })).toBe(false);
});
