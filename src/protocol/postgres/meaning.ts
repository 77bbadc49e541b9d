import { remembered } from '../sql.ts';
import { codeOf } from './sql.ts';

const WRITES =
  /^(INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|COMMENT|REFRESH|REINDEX|VACUUM|CLUSTER|IMPORT|NOTIFY|SECURITY|REASSIGN)\b/;
const READS =
  /^(SELECT|VALUES|TABLE|SHOW|FETCH|MOVE|DECLARE|CLOSE|LISTEN|UNLISTEN|LOCK|ANALYZE|CHECKPOINT|LOAD|\()/;
/** Functions of PostgreSQL that change something. */
const VOLATILE =
  /\b(NEXTVAL|SETVAL|LO_CREATE|LO_IMPORT|LO_UNLINK|LO_PUT|PG_NOTIFY|DBLINK_EXEC|SET_CONFIG)\s*\(/;
/** Functions that are often selected without a table and change nothing. */
const HARMLESS =
  /^SELECT (NOW|VERSION|COUNT|COALESCE|CURRENT_\w+|EXISTS|PG_\w+|TO_\w+|GENERATE_SERIES|JSON\w*|MD5|LENGTH|LOWER|UPPER|CONCAT|ARRAY_\w+|UUID_GENERATE_V4|GEN_RANDOM_UUID|RANDOM|EXTRACT|DATE_\w+|TXID_CURRENT|LASTVAL|CURRVAL|UNNEST|SUM|MIN|MAX|AVG|GREATEST|LEAST|ROUND|FORMAT|CAST|ROW|NULLIF)\s*\(/;

/**
 * Whether a statement changes data, by its keywords; null where only the server's catalog could tell (CALL, DO,
 * EXECUTE, a function of the user's own).
 */
export const writesSql: (sql: string) => boolean | null = remembered((sql) => judge(codeOf(sql)));

function judge(code: string): boolean | null {
  if (code === '' || isSession(code)) return false;
  if (WRITES.test(code)) return true;
  if (code.startsWith('EXPLAIN')) {
    const analyze = /^EXPLAIN (?:ANALYZE\b(?: VERBOSE\b)?|\([^)]*\bANALYZE\b[^)]*\)) ?(.*)$/s.exec(code);
    return analyze ? judge(analyze[1]!) : false;
  }
  if (code.startsWith('COPY'))
    return /\bFROM\b/.test(code.replace(/^COPY ?\([\s\S]*\) ?TO\b/, 'TO')) ? true : false;
  if (code.startsWith('WITH')) {
    if (/\b(INSERT INTO|DELETE FROM|MERGE INTO)\b/.test(code) || /(?<!FOR )(?<!NO KEY )\bUPDATE\b/.test(code))
      return true;
    return VOLATILE.test(code);
  }
  if (!READS.test(code)) return null;
  if (VOLATILE.test(code) || /^SELECT\b[^(]*?\bINTO (?!STRICT)/.test(code)) return true;
  // A function call with no table: `SELECT charge_customer(1)`.
  const calls = /^SELECT (?:\* FROM )?[\w.']+ ?\(/.test(code) && !HARMLESS.test(code);
  return calls ? null : false;
}

const SESSION =
  /^(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE|SET|RESET|DISCARD|DEALLOCATE|LISTEN|UNLISTEN)\b/;

function isSession(code: string): boolean {
  return SESSION.test(code) && !/^(COMMIT|ROLLBACK) PREPARED\b/.test(code);
}

/** What a mock server answers by itself: no answer to these holds data. */
export function isHousekeeping(sql: string): boolean {
  const code = codeOf(sql);
  return code === '' || isSession(code) || PING.test(code) || shownParameter(sql) !== undefined;
}

const PING = /^SELECT (\d{1,9})( AS \w+| AS ''| \w+)?$/;

/** `SELECT 1`, `SELECT 1 AS ok`: the number and the name of its column. */
export function pingOf(sql: string): { value: string; column: string } | undefined {
  if (!PING.test(codeOf(sql))) return undefined;
  const match = /select\s+(\d+)\s*(?:as\s+)?("([^"]+)"|\w+)?/i.exec(sql);
  if (!match) return undefined;
  return { value: match[1]!, column: match[3] ?? match[2]?.toLowerCase() ?? '?column?' };
}

/** Parameters that every server reports at start-up, so that SHOW of them holds no data. */
const SHOWN: Readonly<Record<string, string>> = {
  server_version: 'server_version',
  server_encoding: 'server_encoding',
  client_encoding: 'client_encoding',
  datestyle: 'DateStyle',
  timezone: 'TimeZone',
  'time zone': 'TimeZone',
  intervalstyle: 'IntervalStyle',
  integer_datetimes: 'integer_datetimes',
  standard_conforming_strings: 'standard_conforming_strings',
  application_name: 'application_name',
  is_superuser: 'is_superuser',
  session_authorization: 'session_authorization',
};

/** The ParameterStatus name that a SHOW asks for, if it is one of those; undefined for everything else. */
export function shownParameter(sql: string): string | undefined {
  const name = /^SHOW (\w+(?: ZONE)?)$/.exec(codeOf(sql))?.[1]?.toLowerCase();
  return name === undefined ? undefined : SHOWN[name];
}

/** The parameter that a SET changes and its value, if the server reports changes of it to the client. */
export function reportedSetting(sql: string): { name: string; value: string } | undefined {
  const match = /^\s*set\s+(?:session\s+|local\s+)?(time\s+zone|\w+)\s*(?:=|\bto\b|\s)\s*(.+?)[;\s]*$/is.exec(
    sql,
  );
  const name = match ? SHOWN[match[1]!.toLowerCase().replace(/\s+/, ' ')] : undefined;
  if (name === undefined) return undefined;
  const given = match![2]!.replace(/^interval\s+('[^']*')\s*(?:hour\s+to\s+minute)?$/i, '$1');
  const value = given.replace(/^'([\s\S]*)'$/, '$1').replace(/''/g, "'");
  return { name, value: name === 'TimeZone' ? (fixedZone(value) ?? value) : value };
}

/**
 * PostgreSQL's own name for a zone that is given as hours (`-3`, `5.5`) or as an interval (`+05:30`); undefined for every other. See
 * `pg_tzset_offset` in its source: west is positive there.
 */
export function fixedZone(text: string): string | undefined {
  const match = /^\s*(?<sign>[+-]?)(?<hours>\d{1,2})(?::(?<minutes>\d{2})|(?<part>\.\d{1,4}))?\s*$/.exec(
    text,
  )?.groups;
  if (!match) return undefined;
  const minutes =
    Number(match.hours) * 60 + Number(match.minutes ?? 0) + Math.round(Number(match.part ?? 0) * 60);
  const two = (n: number): string => String(n).padStart(2, '0');
  const far =
    minutes % 60 === 0 ? two(minutes / 60) : `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  return match.sign === '-' && minutes > 0 ? `<-${far}>+${far}` : `<+${far}>-${far}`;
}
