import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integer } from '../src/input.js';
import { percentOf, subtotalOf } from '../src/pricing.js';

test('a subtotal adds up prices by quantity', () => {
  assert.equal(subtotalOf([]), 0);
  assert.equal(
    subtotalOf([
      { price: 250, quantity: 2 },
      { price: 999, quantity: 1 },
    ]),
    1499,
  );
});

test('a percentage is rounded to whole cents', () => {
  assert.equal(percentOf(999, 10), 100);
  assert.equal(percentOf(0, 50), 0);
});

test('an integer is told from anything else', () => {
  assert.equal(integer('17'), 17);
  for (const value of ['0', '-1', '1.5', 'x', '', null, undefined, {}]) assert.equal(integer(value), null);
});
