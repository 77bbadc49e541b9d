/** Capability flags of the handshake (MySQL documentation, "Capabilities Flags"). */
export const CAPABILITY = {
  /** Unset, it announces MariaDB's own capabilities. */
  longPassword: 1,
  connectWithDb: 1 << 3,
  compress: 1 << 5,
  protocol41: 1 << 9,
  ssl: 1 << 11,
  transactions: 1 << 13,
  secureConnection: 1 << 15,
  multiStatements: 1 << 16,
  multiResults: 1 << 17,
  psMultiResults: 1 << 18,
  pluginAuth: 1 << 19,
  connectAttributes: 1 << 20,
  pluginAuthLenenc: 1 << 21,
  sessionTrack: 1 << 23,
  deprecateEof: 1 << 24,
  optionalMetadata: 1 << 25,
  zstd: 1 << 26,
  queryAttributes: 1 << 27,
} as const;

/** MariaDB's capabilities, as in the last four reserved bytes (MariaDB documentation, "Connecting"). */
export const MARIADB_CAPABILITY = { bulk: 1 << 2, extendedMetadata: 1 << 3, bulkResults: 1 << 5 } as const;

/** Status flags of OK and EOF packets. */
export const STATUS = {
  inTransaction: 1,
  autocommit: 2,
  moreResults: 8,
  cursorExists: 0x40,
  noBackslashEscapes: 0x200,
  outParameters: 0x1000,
  sessionStateChanged: 0x4000,
} as const;

/** First bytes of commands. */
export const COMMAND = {
  quit: 0x01,
  initDb: 0x02,
  query: 0x03,
  fieldList: 0x04,
  statistics: 0x09,
  processInfo: 0x0a,
  processKill: 0x0c,
  debug: 0x0d,
  ping: 0x0e,
  changeUser: 0x11,
  binlogDump: 0x12,
  registerSlave: 0x15,
  prepare: 0x16,
  execute: 0x17,
  sendLongData: 0x18,
  closeStatement: 0x19,
  resetStatement: 0x1a,
  setOption: 0x1b,
  fetch: 0x1c,
  resetConnection: 0x1f,
  bulkExecute: 0xfa,
} as const;

export const COMMANDS: ReadonlySet<number> = new Set(Object.values(COMMAND));

/** Types of columns and parameters. */
export const TYPE = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  null: 6,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  newDate: 14,
  bit: 16,
  timestamp2: 17,
  datetime2: 18,
  time2: 19,
  json: 245,
  newDecimal: 246,
  varString: 253,
  string: 254,
} as const;

export const COLUMN_FLAG = { notNull: 1, unsigned: 32, zerofill: 64, binary: 128 } as const;

/** Collation "binary", and the one that all servers of today know for UTF-8. */
export const BINARY_CHARSET = 63;
export const UTF8MB4 = 45;
