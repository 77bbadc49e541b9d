import { expect, it } from 'vitest';
import { oddities, sameShape } from './shape.ts';

const order = { id: 1, total: 9.5, items: [{ sku: 'a', n: 1 }], note: null };

it('finds nothing odd in an answer like the others', () => {
  expect(oddities({ id: 7, total: 0, items: [{ sku: 'b', n: 2 }], note: null }, [order])).toEqual([]);
});

it.each([
  ['a missing member', { id: 1, items: [{ sku: 'a', n: 1 }], note: null }, 'total is missing'],
  ['null where there was a number', { ...order, total: null }, 'total is null, elsewhere number'],
  ['another kind', { ...order, total: '9.5' }, 'total is text, elsewhere number'],
  ['an empty list', { ...order, items: [] }, 'items is empty list, elsewhere list'],
  ['an unknown member', { ...order, error: 'x' }, 'error is in no other answer'],
  ['an empty body', null, 'the body is null, elsewhere object'],
])('finds %s odd', (_name, value, said) => {
  expect(oddities(value, [order])).toContain(said);
});

it('takes a value for better than the blank that all others had, and not the other way round', () => {
  expect(oddities({ ...order, note: 'hi' }, [order])).toEqual([]);
  expect(oddities({ ...order, items: [{ sku: 'a', n: 1 }] }, [{ ...order, items: [] }])).not.toContain(
    'items is list, elsewhere empty list',
  );
  expect(oddities({ ...order, note: null }, [{ ...order, note: 'hi' }])).toHaveLength(1);
});

it('accepts what any of several answers has', () => {
  expect(oddities({ ...order, note: 'hi' }, [order, { ...order, note: 'ho' }])).toEqual([]);
});

it('compares two error bodies by their members', () => {
  expect(sameShape({ error: 'no such cart' }, { error: 'no such product' })).toBe(true);
  expect(sameShape({ error: 'x' }, { message: 'x' })).toBe(false);
});
