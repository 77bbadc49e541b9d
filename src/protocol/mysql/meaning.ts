import { remembered } from '../sql.ts';
import { codeOf } from './sql.ts';
import { selectedItems, shownVariable } from './variables.ts';

const WRITES =
  /^(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|TRUNCATE|RENAME|GRANT|REVOKE|LOAD|IMPORT|OPTIMIZE|REPAIR|FLUSH|PURGE|INSTALL|UNINSTALL|SET (PASSWORD|GLOBAL|PERSIST|PERSIST_ONLY|DEFAULT ROLE)|SET @@(GLOBAL|PERSIST)) ?\b/;
const READS =
  /^(SELECT|VALUES|TABLE|SHOW|DESCRIBE|DESC|EXPLAIN|HELP|CHECK|CHECKSUM|ANALYZE TABLE|LOCK|UNLOCK|HANDLER|\()/;
/** Functions that are often selected without a table and change nothing. */
const HARMLESS =
  /^SELECT (NOW|VERSION|DATABASE|SCHEMA|USER|CURRENT_\w+|CONNECTION_ID|LAST_INSERT_ID|FOUND_ROWS|ROW_COUNT|COUNT|COALESCE|IFNULL|IF|NULLIF|EXISTS|JSON\w*|MD5|SHA\d?|LENGTH|CHAR_LENGTH|LOWER|UPPER|CONCAT\w*|SUM|MIN|MAX|AVG|GREATEST|LEAST|ROUND|FLOOR|CEIL|FORMAT|CAST|CONVERT|DATE\w*|TIME\w*|UNIX_TIMESTAMP|UTC_\w+|EXTRACT|UUID|UUID_SHORT|RAND|INET\w*|HEX|UNHEX|BIN_TO_UUID|UUID_TO_BIN|GROUP_CONCAT|DISTINCT|SLEEP) ?\(/;
const SESSION =
  /^(BEGIN( WORK)?$|START TRANSACTION\b|COMMIT\b|ROLLBACK\b|SAVEPOINT\b|RELEASE SAVEPOINT\b|SET\b(?! (PASSWORD|GLOBAL|PERSIST|PERSIST_ONLY|DEFAULT ROLE)\b| @@(GLOBAL|PERSIST))|USE\b)/;

/** The code without the marks of `/*! … *\/`, the inside of which the server runs. */
function keywordsOf(sql: string): string {
  return codeOf(sql)
    .replace(/\/\*M?!\d*|\/\*\+[^*]*\*\/|\*\//g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * Whether a statement changes data, by its keywords; null where only the server could tell (CALL, DO, EXECUTE, a function of
 * the user's own).
 */
export const writesSql: (sql: string) => boolean | null = remembered((sql) => judge(keywordsOf(sql)));

function judge(code: string): boolean | null {
  if (code === '' || isSession(code)) return false;
  if (WRITES.test(code)) return true;
  const analyzed = /^(?:EXPLAIN ANALYZE|ANALYZE)(?: FORMAT ?= ?\S+)? (?!TABLE\b|LOCAL TABLE\b)(.*)$/s.exec(
    code,
  );
  if (analyzed) return judge(analyzed[1]!);
  if (code.startsWith('WITH')) {
    return /\b(UPDATE|DELETE|INSERT|REPLACE)\b(?! ?\()/.test(code.replace(/\bFOR UPDATE\b/g, ' '));
  }
  if (!READS.test(code)) return null;
  if (/\bINTO (OUTFILE|DUMPFILE)\b|\bNEXT ?VAL ?\(|\bNEXT VALUE FOR\b|\bSETVAL ?\(/.test(code)) return true;
  // A function call with no table: `SELECT charge_customer(1)`.
  const calls = /^SELECT [\w.'`]+ ?\(/.test(code) && !HARMLESS.test(code);
  return calls && !/\bFROM\b/.test(code) ? null : false;
}

function isSession(code: string): boolean {
  return SESSION.test(code);
}

/** What a mock server answers by itself: no answer to these holds data. */
export const isHousekeeping: (sql: string) => boolean = remembered((sql) => {
  const code = keywordsOf(sql);
  return code === '' || isSession(code) || selectedItems(sql) !== null || shownVariable(sql) !== undefined;
});

/** First keyword, and whether the statement ends the transaction that it finds, as changes of tables do. */
export function commitsImplicitly(sql: string): boolean {
  return /^(CREATE (?!TEMPORARY)|ALTER|DROP (?!TEMPORARY)|TRUNCATE|RENAME|GRANT|REVOKE|LOCK TABLES|ANALYZE TABLE|OPTIMIZE)/.test(
    keywordsOf(sql),
  );
}

export { keywordsOf };
