import { expect, it } from 'vitest';
import { overlap, touches } from './touches.ts';

it.each([
  ['postgres', { sql: 'SELECT a FROM "Users" u JOIN shop.orders o ON o.u = u.id' }, ['users', 'shop.orders']],
  ['mysql', { sql: 'INSERT INTO `guests` (name)VALUES (?)' }, ['guests']],
  ['mysql', { sql: 'UPDATE `shop`.`rooms` SET a = ?' }, ['shop.rooms']],
  ['redis', { command: 'GET', args: ['a'] }, ['a']],
])('%s: what a call touches, by its text', (protocol, canonical, expected) => {
  expect([...(touches(protocol, canonical) ?? [])]).toEqual(expected);
});

it('what cannot be told overlaps with everything', () => {
  const rooms = touches('mysql', { sql: 'SELECT a FROM rooms' });
  expect(touches('mysql', { sql: 'CALL tidy()' })).toBeNull();
  expect(overlap(rooms, null)).toBe(true);
  expect(overlap(rooms, touches('mysql', { sql: 'DELETE FROM guests' }))).toBe(false);
});
