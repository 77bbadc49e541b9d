import { expect, it } from 'vitest';
import { contains } from './traffic.ts';

it.each([
  [{ a: 1, b: 2 }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [[{ a: 1, x: 0 }], [{ a: 1 }], true],
  [[1, 2], [1], false],
  [null, { a: 1 }, false],
  [{ a: null }, { a: null }, true],
  [{}, { a: null }, false],
  ['1', 1, false],
])('%j contains %j: %s', (value, wanted, expected) => {
  expect(contains(value, wanted)).toBe(expected);
});
