import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueLabel } from './due.js';

test('labels say when an invoice is due', () => {
  assert.equal(dueLabel({ paid: true, due_in_days: -3 }), 'paid');
  assert.equal(dueLabel({ paid: false, due_in_days: -3 }), 'overdue');
  assert.equal(dueLabel({ paid: false, due_in_days: 0 }), 'due today');
  assert.equal(dueLabel({ paid: false, due_in_days: 9 }), 'due in 9 days');
});
