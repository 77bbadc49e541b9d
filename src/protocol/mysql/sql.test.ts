import { describe, expect, it } from 'vitest';
import { isHousekeeping, writesSql } from './meaning.ts';
import { liftLiterals, normaliseSql, placeholders, statementsOf, usedDatabase } from './sql.ts';
import { assignments, selectedItems, shownVariable } from './variables.ts';

describe('text of statements', () => {
  it('is equal where only white space, comments and a last semicolon differ', () => {
    const same = [
      "SELECT a, b FROM t WHERE c = 'x  y' AND d IN (1, 2)",
      "SELECT a,b\n  FROM t -- why; not\n WHERE c = 'x  y' AND d IN ( 1,2 );",
      "/* trace */ SELECT  a , b FROM t # end\n WHERE c = 'x  y' AND d IN (1,2) ; ",
    ];
    expect(new Set(same.map(normaliseSql)).size).toBe(1);
  });

  it('differs where anything that means something differs', () => {
    const all = [
      "SELECT 'a  b'",
      "SELECT 'a b'",
      'SELECT `a  b`',
      'SELECT `a b`',
      "SELECT '\\'--'",
      "SELECT '--'",
      'SELECT 5--3',
      'SELECT 5 -- 3',
      'SELECT /*! 5 */ 3',
      'SELECT /*  5 */ 3',
      'SELECT COUNT (*)',
      'SELECT COUNT(*)',
    ];
    expect(new Set(all.map(normaliseSql)).size).toBe(all.length);
  });

  it('splits only at semicolons between statements, and never inside of routines', () => {
    const statements = ['INSERT INTO t VALUES (\';\', "\\";")', 'SELECT `;` # ;\n + 1', 'SELECT 2 /* ; */'];
    expect(statementsOf(`${statements.join(';\n')};; `)).toEqual(statements);
    const routine = 'CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END';
    expect(statementsOf(routine)).toEqual([routine]);
    expect(statementsOf('CALL p(); SELECT 1')).toHaveLength(1);
    expect(statementsOf('SELECT 1;')).toEqual(['SELECT 1;']);
  });

  it('counts placeholders outside of quotes', () => {
    expect(placeholders('SELECT \'?\', `?`, "?", ? /* ? */ FROM t WHERE a = ? -- ?')).toBe(2);
  });

  it('takes values out of the text', () => {
    expect(liftLiterals("SELECT a1 FROM t WHERE b = 'it''s \\n' AND c IN (1, 2.5) LIMIT 10")).toEqual({
      sql: 'SELECT a1 FROM t WHERE b = ? AND c IN (?,?)LIMIT ?',
      values: ["it's \n", 1, 2.5, 10],
    });
    // What is a number to JavaScript and not the same text, or has an introducer, stays.
    const kept = "SELECT 1.50,0x1F,X'00',_utf8'a',18446744073709551615,1e5,`a 1`,@1";
    expect(liftLiterals(kept)).toEqual({ sql: kept, values: [] });
    expect(liftLiterals("SELECT ? , 'a'")).toEqual({ sql: "SELECT ?,'a'", values: [] });
  });

  it('does not fail on text that never ends, and takes no time over hostile text', () => {
    for (const sql of ["SELECT 'a", 'SELECT "', 'SELECT `', '/* a', "'\\", '#', '']) {
      expect(typeof normaliseSql(sql)).toBe('string');
      expect(liftLiterals(sql)).toMatchObject({ values: [] });
    }
    const began = performance.now();
    for (const piece of [';', ' ', 'CREATE ', 'select ', "x'", '_', '1', '((', '-- ']) {
      const sql = `SELECT ${piece.repeat(100_000)}x`;
      liftLiterals(sql);
      statementsOf(sql);
      writesSql(sql);
      isHousekeeping(sql);
      assignments(`set ${sql}`);
      usedDatabase(`use ${sql}`);
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe('whether a statement writes', () => {
  it.each([
    ['SELECT * FROM t FOR UPDATE', false],
    ["SELECT 'DELETE FROM t'", false],
    ['(SELECT 1) UNION (SELECT 2)', false],
    ['WITH a AS (SELECT 1) SELECT * FROM a', false],
    ['WITH a AS (SELECT 1) DELETE FROM t', true],
    ['REPLACE INTO t VALUES (1)', true],
    ['/* x */ update t set a = 1', true],
    ['/*!40101 INSERT INTO t VALUES (1) */', true],
    ["SELECT a FROM t INTO OUTFILE '/tmp/a'", true],
    ['SELECT NEXT VALUE FOR s', true],
    ["LOAD DATA INFILE 'x' INTO TABLE t", true],
    ['EXPLAIN DELETE FROM t', false],
    ['ANALYZE FORMAT=JSON DELETE FROM t', true],
    ['SHOW TABLES', false],
    ['SET GLOBAL read_only = 1', true],
    ['SET @a = 1', false],
    ['SELECT charge(1)', null],
    ['SELECT LAST_INSERT_ID()', false],
    ['CALL p()', null],
    ['DO SLEEP(1)', null],
    ['BEGIN', false],
    ['unknown statement 3', null],
  ] as const)('%s: %s', (sql, expected) => {
    expect(writesSql(sql)).toBe(expected);
  });
});

describe('statements without data', () => {
  it.each([
    'BEGIN',
    'start transaction read only',
    'commit;',
    'ROLLBACK TO SAVEPOINT a',
    "SET NAMES 'utf8mb4'",
    'USE `shop`',
    '-- nothing',
    'SELECT 1',
    'select 1 as ok',
    'SELECT VERSION() AS `version`',
    '/* jdbc */SELECT  @@session.auto_increment_increment AS a, @@tx_isolation AS b',
    'SELECT @@version_comment LIMIT 1',
    "SHOW VARIABLES LIKE 'sql_mode'",
  ])('%s', (sql) => expect(isHousekeeping(sql)).toBe(true));
  it.each([
    'SELECT 1 + 1',
    'SELECT @@last_insert_id',
    'SELECT @@version, a FROM t',
    'SELECT 1 FROM t',
    'SHOW VARIABLES',
    'SET PASSWORD = PASSWORD("x")',
    'SET GLOBAL a = 1',
    'BEGIN NOT ATOMIC SELECT 1; END',
  ])('not %s', (sql) => expect(isHousekeeping(sql)).toBe(false));

  it('reads what they ask for and set', () => {
    expect(selectedItems('SELECT 2 AS `Up`, @@Version v')).toEqual([
      { name: 'Up', variable: null, number: '2' },
      { name: 'v', variable: 'version', number: null },
    ]);
    expect(shownVariable('show session variables where variable_name = "time_zone"')).toBe('time_zone');
    expect(assignments("SET NAMES utf8mb4 COLLATE 'utf8mb4_bin'").map(([name]) => name)).toEqual([
      'character_set_client',
      'character_set_connection',
      'character_set_results',
      'collation_connection',
    ]);
    expect(assignments("SET SESSION sql_mode = 'A,B', @@session.autocommit = OFF, @x = 1")).toEqual([
      ['sql_mode', 'A,B'],
      ['autocommit', '0'],
    ]);
    expect(usedDatabase(' use `a``b` ;')).toBe('a`b');
    expect(usedDatabase('USE INDEX (a)')).toBeNull();
  });
});
