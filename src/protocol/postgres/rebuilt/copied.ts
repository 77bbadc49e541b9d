import type { CopyStmt } from 'libpg-query';
import { jsonToBytes } from '../../bytes.ts';
import { defaults, nameOf } from './effects-insert.ts';
import { idOf, type Lesson } from './lessons.ts';
import { texts } from './parse.ts';
import type { Table, TableColumn } from './schema.ts';
import { cell, rowKey, type State } from './state.ts';
import { stored, typedOf, type Stored } from './values.ts';
import type { Write } from './write.ts';

const MAX_ROWS = 20_000;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Takes over a COPY … FROM STDIN. Rows that cannot be read are rows without a name. */
export function afterCopy(state: State, table: Table, copy: CopyStmt, write: Write, certain: boolean): void {
  const rows = copiedIn(state, table, copy, write);
  const count = /^COPY (\d+)$/.exec(write.response?.tag ?? '')?.[1];
  if (!rows || Number(count) !== rows.length) return state.unnamedRow(table, new Map());
  for (const cells of rows) {
    const id = nameOf(state, table, cells);
    const known = new Map(
      [...cells].map(([number, { value, loose }]) => [number, cell(value, write.source, loose)]),
    );
    if (id === undefined) {
      state.unnamedRow(table, known);
      continue;
    }
    const before = state.row(table, id);
    if (certain && before?.exists === 'yes')
      return state.distrust(table, `${table.name}: a row was put in that was there`);
    state.setRow(table, id, { exists: certain ? 'yes' : 'maybe', cells: known, ...write.source });
  }
}

function copiedIn(
  state: State,
  table: Table,
  copy: CopyStmt,
  { request }: Write,
): Map<number, Stored>[] | undefined {
  const columns = columnsOf(table, copy);
  const given = request.copy && jsonToBytes(request.copy.first);
  if (!columns || !given || given.length !== request.copy!.bytes) return undefined;
  const names = columns.map(({ number }) => number);
  return linesOf(given, columns.length)?.map((values) => {
    const cells = new Map<number, Stored>(defaults(state, table, names));
    for (const [i, column] of columns.entries()) {
      const value = stored(typedOf(state.schema, column), values[i]!);
      if (value) cells.set(column.number, value);
    }
    return cells;
  });
}

/** What a COPY … TO STDOUT of a table shows: all of its rows. */
export function copiedOut(
  state: State,
  table: Table,
  copy: CopyStmt,
  { response }: Write,
): Lesson | undefined {
  const columns = columnsOf(table, copy);
  const key = rowKey(state.schema, table);
  const out = response?.copyOut;
  const lines =
    columns && key && out?.format === 0 ? linesOf(jsonToBytes(out.data), columns.length) : undefined;
  if (!lines) return undefined;
  const rows: Lesson['rows'] = new Map();
  for (const values of lines) {
    const cells = new Map(columns!.map(({ number }, i) => [number, values[i]!]));
    const id = idOf(state.schema, table, key!.columns, cells);
    if (id === undefined) return undefined;
    rows.set(id, cells);
  }
  return rows.size === lines.length ? { table, rows, complete: [] } : undefined;
}

/** Of a COPY in its usual form; undefined for any other. */
function columnsOf(table: Table, { attlist, options, whereClause }: CopyStmt): TableColumn[] | undefined {
  if ((options ?? []).length > 0 || whereClause) return undefined;
  if (!attlist) return table.columns.filter(({ generated }) => !generated);
  const found = attlist.map((node) => table.columns.find(({ name }) => name === texts([node])[0]));
  return found.every((column) => column !== undefined) ? found : undefined;
}

/** PostgreSQL's documentation of COPY, "Text Format". Undefined where it is not that, or too much. */
function linesOf(bytes: Buffer, columns: number): (string | null)[][] | undefined {
  const text = bytes.toString('utf8');
  if (text.includes('�')) return undefined;
  const lines: (string | null)[][] = [];
  let [line, field]: [(string | null)[], string] = [[], ''];
  let isNull = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '\t' || letter === '\n') {
      if (letter === '\n' && line.length === 0 && field === '.' && text[at - 2] === '\\') break;
      line.push(isNull ? null : field);
      [field, isNull] = ['', false];
      if (letter === '\t') continue;
      if (line.length !== columns || lines.length >= MAX_ROWS) return undefined;
      lines.push(line);
      line = [];
    } else if (letter !== '\\') {
      // Another way to end lines, or a value beside \N.
      if (letter === '\r' || isNull) return undefined;
      field += letter;
    } else {
      const next = text[++at] ?? '';
      if (/[0-7x]/.test(next)) return undefined;
      if (next === 'N') isNull = field === '';
      else field += ESCAPES[next] ?? next;
    }
  }
  return line.length === 0 && field === '' ? lines : undefined;
}
