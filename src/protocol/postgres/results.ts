import { jsonToBytes } from '../bytes.ts';
import type { Column, PgResponse } from './messages.ts';
import { codeOf } from './sql.ts';
import * as wire from './wire.ts';

/** The data of COPY … TO STDOUT, a line a message as servers send text. */
export function copyOutMessages(copy: NonNullable<PgResponse['copyOut']>): Buffer {
  const formats = Array.from({ length: copy.columns }, () => wire.int16(copy.format));
  const messages = [wire.message('H', Buffer.from([copy.format]), copy.columns, ...formats)];
  const data = jsonToBytes(copy.data);
  for (let at = 0; at < data.length;) {
    const end = copy.format === 0 ? data.indexOf(10, at) + 1 || data.length : data.length;
    messages.push(wire.message('d', data.subarray(at, end)));
    at = end;
  }
  return Buffer.concat([...messages, wire.message('c')]);
}

export function copyDirection(sql: string): 'in' | 'out' | null {
  const code = codeOf(sql);
  if (!code.startsWith('COPY')) return null;
  return /\bFROM STDIN\b/.test(code) ? 'in' : /\bTO STDOUT\b/.test(code) ? 'out' : null;
}

/** Columns as recorded; where none were (the recorded client never asked), as text without a name of their own. */
export function columnsOf(response: PgResponse): Column[] {
  const bare = { name: '?column?', table: 0, attribute: 0, type: 25, size: -1, modifier: -1, format: 0 };
  return response.columns ?? (response.rows[0] ?? []).map(() => bare);
}

export function textColumns(columns: readonly Column[]): Column[] {
  return columns.map((column) => ({ ...column, format: 0 }));
}

/** The tag counts the rows of this Execute, which may differ from the recorded one's. */
export function tagFor(response: PgResponse, rows: number): string {
  const tag = response.tag ?? '';
  return /^(SELECT|FETCH) \d+$/.test(tag) && response.rows.length > 0
    ? tag.replace(/\d+$/, String(rows))
    : tag;
}
