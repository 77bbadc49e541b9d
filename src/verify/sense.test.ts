import { expect, it } from 'vitest';
import type { Json } from '../lib/json.ts';
import { leftoverIn, nullsOf } from './sense.ts';

it.each([
  ['B-undefined1', true],
  ['cart:undefined', true],
  ['NaN', true],
  ['total NaN.', true],
  ['[object Object]', true],
  ['Nancy', false],
  ['banana', false],
  [null, false],
])('%s is the leftover of a missing value: %s', (text, is) => {
  expect(leftoverIn({ params: ['1', text] }, [{ params: ['1', 'k1'] }]) !== null).toBe(is);
});

it('a leftover that others have as well is none', () => {
  expect(leftoverIn(['undefined'], [['is undefined behaviour']])).toBeNull();
});

it('tells where a value is null that others always have', () => {
  const others: Json[] = [
    { a: 1, b: null },
    { a: 2, b: 3, c: null },
  ];
  expect(nullsOf({ a: null, b: null, c: null }, others)).toEqual(['a']);
  expect(nullsOf({ a: null }, [])).toEqual([]);
});
