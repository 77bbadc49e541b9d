import type { Json } from '../../../src/lib/json.ts';

/**
 * Recorded messages as a person reads them. Each protocol has its own JSON; what is not known here, or has another
 * form than expected, is shown as it is.
 */
export interface Readable {
  /** `POST /checkout`, `200 OK`, `SELECT 3`. */
  line: string;
  headers: readonly (readonly [string, string])[];
  /** What it carried, as text. */
  text: string | null;
  table: { columns: readonly string[]; rows: readonly (readonly string[])[]; more: number } | null;
  failed: boolean;
}

const MAX_TEXT = 20_000;
const MAX_ROWS = 20;
type Fields = Record<string, Json | undefined>;

export function readRequest(protocol: string, request: Json): Readable {
  const of = fields(request);
  if (protocol === 'http1' && typeof of['method'] === 'string') {
    return {
      ...NOTHING,
      line: `${of['method']} ${word(of['target'])}`,
      headers: headers(of['headers']),
      text: body(of['body']),
    };
  }
  if (typeof of['sql'] === 'string') {
    const params = Array.isArray(of['params']) ? of['params'] : [];
    const text = params.map((value, at) => `$${at + 1} = ${cell(value)}`).join('\n');
    return { ...NOTHING, line: of['sql'], text: text === '' ? null : cut(text) };
  }
  if (protocol === 'redis' && typeof of['command'] === 'string') {
    const args = Array.isArray(of['args']) ? of['args'].map(cell) : [];
    return { ...NOTHING, line: cut([of['command'], ...args].join(' ')) };
  }
  return { ...NOTHING, line: '', text: pretty(request) };
}

export function readResponse(protocol: string, response: Json | null): Readable {
  if (response === null) return { ...NOTHING, line: 'no answer', failed: true };
  const of = fields(response);
  if (protocol === 'http1' && typeof of['status'] === 'number') {
    return {
      ...NOTHING,
      line: `${of['status']} ${word(of['reason'])}`.trim(),
      headers: headers(of['headers']),
      text: body(of['body']),
      failed: of['status'] >= 500,
    };
  }
  if (Array.isArray(of['rows'])) {
    const error = fields(of['error'] ?? null);
    if (typeof error['message'] === 'string')
      return { ...NOTHING, line: `${word(error['code'])} ${error['message']}`, failed: true };
    const rows = of['rows'].slice(0, MAX_ROWS).map((row) => (Array.isArray(row) ? row.map(cell) : []));
    const columns = Array.isArray(of['columns'])
      ? of['columns'].map((column) => word(fields(column)['name']))
      : [];
    return {
      ...NOTHING,
      line: done(of),
      table: columns.length === 0 ? null : { columns, rows, more: of['rows'].length - rows.length },
    };
  }
  if (protocol === 'redis' && 'reply' in of) {
    const error = fields(of['reply'] ?? null)['error'];
    return { ...NOTHING, line: '', text: pretty(of['reply'] ?? null), failed: error !== undefined };
  }
  return { ...NOTHING, line: '', text: pretty(response) };
}

/** In a word or a number, for tables and bars: `200`, `2 rows`, `error 23505`. */
export function outcomeOf(protocol: string, response: Json | null): { word: string; failed: boolean } {
  if (response === null) return { word: 'no answer', failed: true };
  const of = fields(response);
  if (protocol === 'http1' && typeof of['status'] === 'number')
    return { word: String(of['status']), failed: of['status'] >= 500 };
  if (Array.isArray(of['rows'])) {
    const error = fields(of['error'] ?? null);
    if (typeof error['message'] === 'string') return { word: `error ${word(error['code'])}`, failed: true };
    const count = of['rows'].length;
    if (of['columns'] === null) return { word: done(of) || 'done', failed: false };
    return { word: count === 1 ? '1 row' : `${count} rows`, failed: false };
  }
  if (protocol === 'dns' && typeof of['rcode'] === 'string')
    return { word: of['rcode'], failed: of['rcode'] !== 'NOERROR' };
  if (protocol === 'redis' && fields(of['reply'] ?? null)['error'] !== undefined)
    return { word: 'error', failed: true };
  return { word: 'answered', failed: false };
}

/** What a statement did: `INSERT 0 1` in PostgreSQL's words, `2 rows changed` by MySQL's count. */
function done(of: Fields): string {
  if (typeof of['affectedRows'] !== 'number' || of['columns'] !== null) return word(of['tag']);
  return of['affectedRows'] === 1 ? '1 row changed' : `${of['affectedRows']} rows changed`;
}

/** The HTTP status of an inbound exchange's answer. */
export function statusOf(response: Json | null): number | null {
  const status = fields(response)['status'];
  return typeof status === 'number' ? status : null;
}

/** JSON set out over lines; anything else as it is. */
export function prettyText(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const NOTHING: Readable = { line: '', headers: [], text: null, table: null, failed: false };

function fields(value: Json | undefined): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** A word or a number of a message; nothing else is expected there. */
function word(value: Json | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function headers(value: Json | undefined): [string, string][] {
  if (!Array.isArray(value)) return [];
  return value.map((pair) => (Array.isArray(pair) ? [word(pair[0]), word(pair[1])] : ['', '']));
}

function body(value: Json | undefined): string | null {
  const of = fields(value);
  if (typeof of['text'] === 'string') return cut(prettyText(of['text']));
  if (typeof of['base64'] === 'string') return `${Math.floor((of['base64'].length * 3) / 4)} bytes, not text`;
  return null;
}

function cell(value: Json): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  return JSON.stringify(value).slice(0, 200);
}

function pretty(value: Json): string {
  return cut(JSON.stringify(value, null, 2));
}

function cut(text: string): string {
  return text.length > MAX_TEXT
    ? `${text.slice(0, MAX_TEXT)}\n… ${text.length - MAX_TEXT} more characters`
    : text;
}
