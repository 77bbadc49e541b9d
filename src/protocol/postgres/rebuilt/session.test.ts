import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser, statementOf } from './parse.ts';
import { settingsAfter, startOf, type Settings } from './session.ts';

const start: Settings = { timeZone: 'UTC', odd: null };

beforeAll(() => loadParser());

describe('what a SET leaves of what is taken for granted', () => {
  const after = (sql: string): Settings | undefined => settingsAfter(start, start, statementOf(sql)!);

  it.each([
    ["SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE", '<+00>-00'],
    ["SET TIME ZONE INTERVAL '-03:30' HOUR TO MINUTE", '<-03:30>+03:30'],
    ['SET TIME ZONE 2', '<+02>-02'],
    ['SET TIME ZONE -5.5', '<-05:30>+05:30'],
    ["SET timezone TO 'Europe/Berlin'", 'Europe/Berlin'],
    ['SET TIME ZONE DEFAULT', 'UTC'],
  ])('%s', (sql, timeZone) => expect(after(sql)).toEqual({ timeZone, odd: null }));

  it.each([
    'SET search_path TO public',
    'SET search_path = "$user", public',
    'SET statement_timeout = 5000',
    'SET client_min_messages TO warning',
    'SET extra_float_digits = 3',
  ])('%s changes nothing', (sql) => expect(after(sql)).toEqual(start));

  it.each([
    'SET search_path TO tenant, public',
    'SET search_path TO public, tenant',
    "SET search_path TO 'tenant,public'",
    'SET LOCAL TIME ZONE 3',
    'SET extra_float_digits = 0',
    'SET row_security = off',
  ])('%s is not looked into', (sql) => expect(after(sql)?.odd).toEqual(expect.any(String)));
});

describe('how connections begin', () => {
  const begun = (given: Record<string, string>): Settings =>
    startOf({
      parameters: {},
      authentication: null,
      refused: null,
      statements: [],
      openings: [
        {
          database: 'shop',
          user: 'shop',
          given,
          reported: {
            client_encoding: 'UTF8',
            standard_conforming_strings: 'on',
            DateStyle: 'ISO, MDY',
            IntervalStyle: 'postgres',
            TimeZone: 'Europe/Berlin',
          },
        },
      ],
    });

  it.each([
    [{}],
    [{ application_name: 'shop', statement_timeout: '5000' }],
    [{ search_path: 'public' }],
    [{ options: '-c statement_timeout=5000 -c search_path="$user",public' }],
    [{ options: '--lock-timeout=100 -cjit=off' }],
  ])('%j is as usual', (given) => expect(begun(given)).toEqual({ timeZone: 'Europe/Berlin', odd: null }));

  it.each([
    [{ options: '-c search_path=none' }],
    [{ options: '-c statement_timeout=5000 -c row_security=off' }],
    [{ options: '-c' }],
    [{ extra_float_digits: '0' }],
    [{ replication: 'database' }],
  ])('%j is not', (given) => expect(begun(given).odd).toEqual(expect.any(String)));
});
