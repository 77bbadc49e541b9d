const assert = require('node:assert/strict');
const { test } = require('node:test');
const { createPages } = require('../lib/pages');

test('a page comes back as it was saved, and its visits count up', async () => {
  const keys = new Map();
  const pages = createPages({
    set: async (key, value) => keys.set(key, value),
    get: async (key) => keys.get(key) ?? null,
    incr: async (key) => {
      keys.set(key, String(Number(keys.get(key) ?? 0) + 1));
      return Number(keys.get(key));
    },
  });
  await pages.save('a', { title: 'A', labels: ['x'] });
  assert.deepEqual(await pages.load('a'), { title: 'A', labels: ['x'] });
  assert.equal(await pages.count('a'), 1);
  assert.equal(await pages.visits('a'), 1);
});
