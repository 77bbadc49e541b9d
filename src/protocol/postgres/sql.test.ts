import { describe, expect, it } from 'vitest';
import { isHousekeeping, pingOf, reportedSetting, writesSql } from './meaning.ts';
import { normaliseSql, splitStatements } from './sql.ts';

describe('text of statements', () => {
  it('is equal where only white space, comments and a last semicolon differ', () => {
    const same = [
      "SELECT a, b FROM t WHERE c = 'x  y' AND d IN (1, 2)",
      "SELECT a,b\n  FROM t -- why; not\n WHERE c = 'x  y' AND d IN ( 1,2 );",
      "/* trace /* nested */ 00-ab */ SELECT  a , b FROM t WHERE c = 'x  y' AND d IN (1,2) ; ",
    ];
    expect(new Set(same.map(normaliseSql)).size).toBe(1);
  });

  it('differs where anything that means something differs', () => {
    const all = [
      "SELECT 'a  b'",
      "SELECT 'a b'",
      'SELECT "a  b"',
      'SELECT "a b"',
      'SELECT $$a  b$$',
      'SELECT $$a b$$',
      "SELECT E'\\'--'",
      "SELECT '--'",
    ];
    expect(new Set(all.map(normaliseSql)).size).toBe(all.length);
  });

  it('splits only at semicolons between statements', () => {
    const statements = [
      "INSERT INTO t VALUES (';')",
      'SELECT $a$;$a$',
      "SELECT E'\\';' -- ;\n + 1",
      'SELECT ";" /* ; */',
    ];
    expect(splitStatements(`${statements.join(';\n')};; `)).toEqual(statements);
  });

  it('does not fail on text that never ends', () => {
    for (const sql of ["SELECT 'a", 'SELECT "', 'SELECT $x$ a', '/* a', "E'\\", '$', '$1$', '']) {
      expect(typeof normaliseSql(sql)).toBe('string');
    }
  });
});

describe('whether a statement writes', () => {
  it.each([
    ['SELECT * FROM t FOR UPDATE', false],
    ['select count(*) from t', false],
    ["SELECT 'DELETE FROM t'", false],
    ['(SELECT 1) UNION (SELECT 2)', false],
    ['WITH a AS (SELECT 1) SELECT * FROM a FOR NO KEY UPDATE', false],
    ['WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a', true],
    ['WITH a AS (SELECT 1) UPDATE t SET x = 1', true],
    ["SELECT nextval('s')", true],
    ['SELECT a INTO new FROM t', true],
    ['INSERT INTO t VALUES (1)', true],
    ['/* x */ update t set a = 1', true],
    ['CREATE INDEX i ON t (a)', true],
    ['COPY t FROM STDIN', true],
    ['COPY (SELECT a FROM t) TO STDOUT', false],
    ['EXPLAIN DELETE FROM t', false],
    ['EXPLAIN (ANALYZE, BUFFERS) DELETE FROM t', true],
    ['SELECT charge(1)', null],
    ['SELECT * FROM pg_advisory_lock(1)', null],
    ['SELECT now()', false],
    ['CALL p()', null],
    ['DO $$ BEGIN END $$', null],
    ['EXECUTE s(1)', null],
    ['BEGIN', false],
    ["PREPARE TRANSACTION 'x'", null],
    ['unknown statement "x"', null],
  ] as const)('%s: %s', (sql, expected) => {
    expect(writesSql(sql)).toBe(expected);
  });
});

describe('statements without data', () => {
  it.each([
    'BEGIN',
    'commit;',
    'ROLLBACK TO SAVEPOINT a',
    'SET x = 1',
    'SHOW TimeZone',
    '',
    '-- nothing',
    'SELECT 1',
    'select 1 as ok',
    'DISCARD ALL',
  ])('%s', (sql) => expect(isHousekeeping(sql)).toBe(true));
  it.each([
    'SELECT 1 + 1',
    'SELECT a',
    'SHOW work_mem',
    'SELECT 1 FROM t',
    "COMMIT PREPARED 'x'",
    'SELECT version()',
  ])('not %s', (sql) => expect(isHousekeeping(sql)).toBe(false));

  it('reads what pings and settings say', () => {
    expect(pingOf('SELECT 2 AS "Up"')).toEqual({ value: '2', column: 'Up' });
    expect(pingOf('select 1')).toEqual({ value: '1', column: '?column?' });
    expect(pingOf('select 1 OK')).toEqual({ value: '1', column: 'ok' });
    expect(reportedSetting("SET TIME ZONE 'Europe/Berlin'")).toEqual({
      name: 'TimeZone',
      value: 'Europe/Berlin',
    });
    expect(reportedSetting('set client_encoding to UTF8;')).toEqual({
      name: 'client_encoding',
      value: 'UTF8',
    });
    expect(reportedSetting('SET search_path = a')).toBeUndefined();
  });

  it.each([
    ["SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE", '<+00>-00'],
    ["SET TIME ZONE INTERVAL '-05:30' HOUR TO MINUTE", '<-05:30>+05:30'],
    ['SET TIME ZONE -5', '<-05>+05'],
    ["SET timezone = '5.5'", '<+05:30>-05:30'],
    ["SET TIME ZONE 'Etc/GMT+5'", 'Etc/GMT+5'],
  ])('knows the name of a zone that is an offset: %s', (sql, value) => {
    expect(reportedSetting(sql)).toEqual({ name: 'TimeZone', value });
  });
});
