const assert = require('node:assert/strict');
const { test } = require('node:test');
const { priceOf, taxOf } = require('./shipping');

test('tax goes by region, and by the default elsewhere', () => {
  assert.equal(taxOf({ region: 'ch' }), 8);
  assert.equal(taxOf({ region: 'no' }), 19);
});

test('a price goes by weight', () => {
  assert.deepEqual(priceOf({ region: 'de', grams: 900 }), { price: 490, currency: 'EUR' });
  assert.deepEqual(priceOf({ region: 'ch', grams: 1001 }), { price: 1890, currency: 'CHF' });
});
