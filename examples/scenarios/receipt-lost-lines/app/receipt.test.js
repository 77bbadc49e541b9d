const assert = require('node:assert/strict');
const { test } = require('node:test');
const { renderReceipt } = require('./receipt');

test('a receipt adds up its lines', () => {
  const order = { code: 'A', customer: 'Ada', lines: [{ sku: 'x', quantity: 2, price: 150 }] };
  assert.deepEqual(renderReceipt(order), { order: 'A', customer: 'Ada', lines: [{ sku: 'x', amount: 300 }], total: 300 });
});
