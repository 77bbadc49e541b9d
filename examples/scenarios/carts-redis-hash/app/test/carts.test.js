const assert = require('node:assert/strict');
const { test } = require('node:test');
const { createCarts } = require('../lib/carts');

test('a cart comes back as it was saved', async () => {
  const hashes = new Map();
  const carts = createCarts({
    hSet: async (key, hash) => hashes.set(key, hash),
    hGetAll: async (key) => hashes.get(key) ?? {},
  });
  await carts.save('a', { owner: 'ada', items: ['cup'] });
  assert.deepEqual(await carts.load('a'), { owner: 'ada', items: ['cup'] });
});
