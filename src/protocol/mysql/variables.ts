import { COLUMN_FLAG, BINARY_CHARSET, TYPE, UTF8MB4 } from './flags.ts';
import type { Column, MyFacts } from './messages.ts';

/**
 * Variables of a session that say how it was set up. What they hold is no data, so that a mock server may answer for them
 * (as recorded, or else with these): unlike `@@last_insert_id` and the like, which tell what happened.
 */
const DEFAULTS: Readonly<Record<string, string>> = {
  auto_increment_increment: '1',
  auto_increment_offset: '1',
  autocommit: '1',
  character_set_client: 'utf8mb4',
  character_set_connection: 'utf8mb4',
  character_set_database: 'utf8mb4',
  character_set_results: 'utf8mb4',
  character_set_server: 'utf8mb4',
  collation_connection: 'utf8mb4_general_ci',
  collation_database: 'utf8mb4_general_ci',
  collation_server: 'utf8mb4_general_ci',
  default_storage_engine: 'InnoDB',
  foreign_key_checks: '1',
  group_concat_max_len: '1048576',
  init_connect: '',
  innodb_lock_wait_timeout: '50',
  interactive_timeout: '28800',
  license: 'GPL',
  lower_case_table_names: '0',
  max_allowed_packet: '16777216',
  max_statement_time: '0.000000',
  net_read_timeout: '30',
  net_write_timeout: '60',
  performance_schema: '0',
  query_cache_size: '0',
  query_cache_type: 'OFF',
  sql_auto_is_null: '0',
  sql_mode: 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION',
  sql_safe_updates: '0',
  sql_select_limit: '18446744073709551615',
  system_time_zone: 'UTC',
  time_zone: 'SYSTEM',
  transaction_isolation: 'REPEATABLE-READ',
  transaction_read_only: '0',
  tx_isolation: 'REPEATABLE-READ',
  tx_read_only: '0',
  unique_checks: '1',
  version: '8.0.36',
  version_comment: '',
  version_compile_machine: 'x86_64',
  version_compile_os: 'Linux',
  wait_timeout: '28800',
};

export function isVariable(name: string): boolean {
  return Object.hasOwn(DEFAULTS, name);
}

/** One thing that `SELECT 1, @@version AS v` asks for. */
export interface Item {
  /** The name of its column. */
  name: string;
  variable: string | null;
  number: string | null;
}

const ITEM =
  /^(?:(\d{1,9})|@@(?:(?:session|global|local)\s*\.\s*)?(\w+)|(version)\s*\(\s*\))(?:\s+(?:as\s+)?(?:`([^`]+)`|'([^']+)'|"([^"]+)"|(\w+)))?$/i;

/** Longer ones set up no session; it also bounds what matching costs. */
const MAX_LENGTH = 4000;

/** The items of a SELECT that asks for nothing but numbers and variables of the session; null for every other statement. */
export function selectedItems(sql: string): Item[] | null {
  if (sql.length > MAX_LENGTH) return null;
  const text = sql.trim().replace(/^\/\*(?![!M+])[^*]*\*\//, '');
  const list = /^\s*select\s+(.*)$/is.exec(text)?.[1];
  if (list === undefined) return null;
  const items: Item[] = [];
  for (const part of list
    .replace(/;$/, '')
    .trim()
    .replace(/\blimit\s+1$/i, '')
    .split(',')) {
    const named = part.trim();
    const match = ITEM.exec(named);
    if (!match) return null;
    const [, number, asked, version, ...aliases] = match;
    const variable = version ? 'version' : (asked?.toLowerCase() ?? null);
    if (variable !== null && !isVariable(variable)) return null;
    const alias = aliases.find((each) => each !== undefined);
    items.push({ name: alias ?? named, variable, number: number ?? null });
  }
  return items;
}

/** The variable that `SHOW VARIABLES LIKE 'name'` asks for; undefined for every other statement. */
export function shownVariable(sql: string): string | undefined {
  if (sql.length > MAX_LENGTH) return undefined;
  const match =
    /^\s*show\s+(?:(?:session|local|global)\s+)?variables\s+(?:like\s+|where\s+`?variable_name`?\s*=\s*)['"](\w+)['"]\s*;?\s*$/i.exec(
      sql,
    );
  const name = match?.[1]!.toLowerCase();
  return name !== undefined && isVariable(name) ? name : undefined;
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  names: ['character_set_client', 'character_set_connection', 'character_set_results'],
  'character set': ['character_set_client', 'character_set_results'],
};

/** What a SET changes of these variables, as far as it says so with plain values. */
export function assignments(sql: string): [string, string][] {
  const trimmed = sql.length > MAX_LENGTH ? '' : sql.trim().replace(/;$/, '').trim();
  const text = /^set\s+(.*)$/is.exec(trimmed)?.[1];
  if (text === undefined) return [];
  const names = /^(names|character set)\s+['"]?(\w+)['"]?(?:\s+collate\s+['"]?(\w+)['"]?)?$/i.exec(text);
  if (names) {
    const found = NAMES[names[1]!.toLowerCase()]!.map((name): [string, string] => [name, names[2]!]);
    return names[3] === undefined ? found : [...found, ['collation_connection', names[3]]];
  }
  const level = /^session\s+transaction\s+isolation\s+level\s+(.+)$/i.exec(text)?.[1];
  if (level !== undefined) {
    const value = level.toUpperCase().replace(/\s+/g, '-');
    return [
      ['transaction_isolation', value],
      ['tx_isolation', value],
    ];
  }
  const found: [string, string][] = [];
  const each =
    /(?:^|,)\s*(?:@@)?(?:(?:session|local)\s*[.\s]\s*)?(\w+)\s*:?=\s*('(?:[^'\\]|'')*'|"[^"\\]*"|[\w.+-]+)\s*(?=,|$)/gi;
  for (const [, name = '', value = ''] of text.matchAll(each)) {
    if (!isVariable(name.toLowerCase())) continue;
    const plain = value.replace(/^(['"])(.*)\1$/s, '$2').replaceAll("''", "'");
    found.push([
      name.toLowerCase(),
      /^(on|true)$/i.test(plain) ? '1' : /^(off|false)$/i.test(plain) ? '0' : plain,
    ]);
  }
  return found;
}

/** The variables of one session of a mock server. */
export class Variables {
  readonly #facts: MyFacts['variables'];
  readonly #version: string;
  readonly #set = new Map<string, string>();

  constructor(facts: MyFacts | null) {
    this.#facts = facts?.variables ?? {};
    // MariaDB puts this before its version for the sake of old clients.
    this.#version = (facts?.serverVersion ?? DEFAULTS['version']!).replace(/^5\.5\.5-/, '');
  }

  reset(): void {
    this.#set.clear();
  }

  set(name: string, value: string): void {
    this.#set.set(name, value);
  }

  value(name: string): string | null {
    const own = this.#set.get(name) ?? this.#facts[name];
    if (typeof own === 'string') return own;
    if (own) return own.value;
    return name === 'version' ? this.#version : (DEFAULTS[name] ?? null);
  }

  /** The column of a variable: as it was recorded, or else a number where it looks like one. */
  column(item: Item): Column {
    const recorded = item.variable === null ? null : this.#facts[item.variable]?.column;
    if (recorded) return { ...recorded, name: item.name };
    const value = item.number ?? (item.variable === null ? null : this.value(item.variable));
    const isNumber = /^\d+$/.test(value ?? '');
    const wide = item.variable !== null;
    return plainColumn(item.name, isNumber ? (wide ? TYPE.longlong : TYPE.long) : TYPE.varString);
  }
}

export function plainColumn(name: string, type: number): Column {
  const isText = type === TYPE.varString;
  return {
    schema: '',
    table: '',
    orgTable: '',
    name,
    orgName: '',
    charset: isText ? UTF8MB4 : BINARY_CHARSET,
    length: isText ? 1024 : 21,
    type,
    flags: isText ? 0 : COLUMN_FLAG.notNull | COLUMN_FLAG.binary,
    decimals: isText ? 39 : 0,
    extended: null,
  };
}
