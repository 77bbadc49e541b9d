import { expect, it } from 'vitest';
import { callClass, routeShape, withoutGenerated } from './call-class.ts';

it.each([
  ['postgres', { sql: 'SELECT 1 WHERE a = $1', params: ['7'] }, 'postgres SELECT 1 WHERE a = $1'],
  ['redis', { command: 'SET', args: ['weather:rome', '{}'], db: 0 }, 'redis SET weather:*'],
  ['redis', { command: 'GET', args: ['user17'], db: 0 }, 'redis GET user*'],
  ['http1', { method: 'GET', host: 'rates', path: '/rates/17' }, 'http1 GET rates/rates/:id'],
  ['raw', { bytes: 1, at: 2 }, 'raw at,bytes'],
])('of %s leaves the data out', (protocol, canonical, expected) => {
  expect(callClass(protocol, canonical)).toBe(expected);
});

it('generated parts of a text are replaced, words and small numbers are not', () => {
  expect(
    withoutGenerated('order 6f9619ff-8b86-d011-b42d-00cf4fc964ff at 2026-01-02T03:04:05Z, 12 items'),
  ).toBe('order … at …, 12 items');
});

it('a route keeps the words of its path', () => {
  expect(routeShape('/users/17/orders')).toBe('/users/:id/orders');
});
