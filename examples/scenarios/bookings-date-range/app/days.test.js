import assert from 'node:assert/strict';
import { test } from 'node:test';
import { day, isDay, nightsBetween } from './days.js';

test('days', () => {
  assert.ok(isDay('2026-01-31'));
  for (const bad of ['31.1.2026', '2026-13-01', 'soon', '', undefined, 20260131]) assert.ok(!isDay(bad));
  assert.equal(day(new Date('2026-01-31T12:00:00Z')), '2026-01-31');
  assert.equal(nightsBetween('2026-01-30', '2026-02-02'), 3);
});
