import assert from 'node:assert/strict';
import { test } from 'node:test';
import { priceOf } from './price.js';

test('every seventh night of a gold guest is free', () => {
  assert.equal(priceOf('80.00', 2, 'plain'), 16000);
  assert.equal(priceOf('120.50', 7, 'plain'), 84350);
  assert.equal(priceOf('120.50', 7, 'gold'), 72300);
});
