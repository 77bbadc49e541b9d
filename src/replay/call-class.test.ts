import { describe, expect, it } from 'vitest';
import { callAct, callClass, callForm, routeShape, withoutGenerated } from './call-class.ts';

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

describe('a call without its values', () => {
  const form = (sql: string, params: string[] = [], protocol = 'postgres'): unknown[] => {
    const { form, values } = callForm(protocol, { sql, params });
    return [form, (values as { literals?: unknown }).literals];
  };

  it('has the literals of a statement without parameters among its values', () => {
    expect(form("INSERT INTO a VALUES (12, 'it''s', NULL, -3.5, true)")).toEqual([
      'postgres INSERT INTO a VALUES (?, ?, ?, ?, ?)',
      ['12', "it''s", null, '-3.5', 'true'],
    ]);
    expect(form('SELECT "a1", t2.c3 FROM t2 WHERE b IS NOT NULL AND c IS NULL LIMIT 5')).toEqual([
      'postgres SELECT "a1", t2.c3 FROM t2 WHERE b IS NOT NULL AND c IS NULL LIMIT ?',
      ['5'],
    ]);
    expect(form(String.raw`INSERT INTO a VALUES ("x", 'it\'s')`, [], 'mysql')).toEqual([
      'mysql INSERT INTO a VALUES (?, ?)',
      ['x', String.raw`it\'s`],
    ]);
  });

  it('keeps the words of the code where values come beside the statement', () => {
    expect(form("INSERT INTO a VALUES ($1, 'lent')", ['1'])).toEqual([
      "postgres INSERT INTO a VALUES ($1, 'lent')",
      undefined,
    ]);
  });

  it('is the class of every other call', () => {
    const command = { command: 'GET', args: ['session:17'] };
    expect(callForm('redis', command)).toEqual({ form: callClass('redis', command), values: command });
  });

  it('is told in time that grows with the text', () => {
    const start = performance.now();
    for (const bomb of [
      "'".repeat(1e5),
      '1'.repeat(1e5),
      "''".repeat(1e5),
      '-1e'.repeat(5e4),
      '\\'.repeat(1e5),
    ])
      for (const protocol of ['postgres', 'mysql']) form(bomb, [], protocol);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});

it('what a call does to what is told whatever the words', () => {
  const act = (sql: string): string => callAct('postgres', { sql, params: [] });
  expect(act('insert into "orders" (a) values ($1)')).toBe(act('INSERT INTO orders(a, b) VALUES (1, 2)'));
  expect(act('UPDATE orders SET a = 1')).not.toBe(act('DELETE FROM orders'));
});
