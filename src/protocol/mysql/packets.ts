import { Nonsense } from '../source.ts';
import { STATUS } from './flags.ts';
import type { Column, MyError } from './messages.ts';
import { Fields, int16, int32, size, string } from './wire.ts';

/** The packets that both ends of a result consist of: OK, ERR, EOF and column definitions. */
export interface Ok {
  affectedRows: number;
  insertId: string;
  status: number;
  warnings: number;
  info: string;
}

export function isErr(body: Buffer): boolean {
  return body[0] === 0xff;
}

/** The old end of columns or rows, always five bytes. */
export function isEof(body: Buffer): boolean {
  return body[0] === 0xfe && body.length === 5;
}

/** What ends rows, old or new; a row that begins with this byte holds a text of more than 16 MiB. */
export function endsRows(body: Buffer, length: number): boolean {
  return body[0] === 0xfe && length < 0xff_ffff;
}

/**
 * OK, also in the place of EOF. `tracks`: its text has its length before it, and changes of the session behind it, as a
 * capability of the connection; null where nobody saw whether both ends have it.
 */
export function readOk(body: Buffer, tracks: boolean | null): Ok {
  const fields = new Fields(body);
  fields.byte();
  const affectedRows = Number(fields.size());
  const insertId = String(fields.size());
  const status = fields.int16();
  const warnings = fields.int16();
  const changed = (status & STATUS.sessionStateChanged) !== 0;
  const tracked = tracks ?? (changed || (fields.left > 0 && fields.peek() === fields.left - 1));
  const text = tracked && fields.left > 0 ? fields.string() : fields.rest();
  return { affectedRows, insertId, status, warnings, info: text.toString('utf8') };
}

export function readEof(body: Buffer): { warnings: number; status: number } {
  const fields = new Fields(body.subarray(1));
  return { warnings: fields.int16(), status: fields.int16() };
}

/** MariaDB reports progress as an error with code 0xffff, to clients that ask for it. */
export function isProgress(body: Buffer): boolean {
  return body.length > 3 && body[0] === 0xff && body[1] === 0xff && body[2] === 0xff;
}

export function readErr(body: Buffer): MyError {
  const fields = new Fields(body);
  fields.byte();
  const code = fields.int16();
  let state = '';
  if (fields.peek() === 0x23) {
    fields.byte();
    state = fields.bytes(5).toString('latin1');
  }
  return { code, state, message: fields.rest().toString('utf8') };
}

const FIXED = 12;

export function readColumn(body: Buffer): Column {
  const fields = new Fields(body);
  const text = (): string => fields.string().toString('utf8');
  if (text() !== 'def') throw new Nonsense('not the definition of a column');
  const [schema, table, orgTable, name, orgName] = [text(), text(), text(), text(), text()];
  const extended = fields.left > FIXED + 1 ? fields.string().toString('base64') : null;
  if (fields.byte() !== FIXED) throw new Nonsense('not the definition of a column');
  return {
    schema,
    table,
    orgTable,
    name,
    orgName,
    charset: fields.int16(),
    length: fields.int32(),
    type: fields.byte(),
    flags: fields.int16(),
    decimals: fields.byte(),
    extended,
  };
}

/** `extended`: the client wants MariaDB's extended type information. */
export function columnPacket(column: Column, extended: boolean): Buffer {
  return Buffer.concat([
    string('def'),
    string(column.schema),
    string(column.table),
    string(column.orgTable),
    string(column.name),
    string(column.orgName),
    ...(extended ? [string(Buffer.from(column.extended ?? '', 'base64'))] : []),
    Buffer.from([FIXED]),
    int16(column.charset),
    int32(column.length),
    Buffer.from([column.type & 0xff]),
    int16(column.flags),
    Buffer.from([column.decimals & 0xff, 0, 0]),
  ]);
}

/** Changes of the session that an OK tells of. */
export interface Changes {
  variables: readonly (readonly [string, string])[];
  database: string | null;
}

/** `end`: OK in the place of EOF. `changes`: for clients that want to know them; null for others. */
export function okPacket(parts: Ok, changes: Changes | null, end = false): Buffer {
  const { affectedRows, insertId, warnings, info } = parts;
  const changed = changes === null ? [] : changesOf(changes);
  const flag = changed.length > 0 ? STATUS.sessionStateChanged : 0;
  const plain = changes === null ? Buffer.from(info, 'utf8') : string(info);
  return Buffer.concat([
    Buffer.from([end ? 0xfe : 0]),
    size(affectedRows),
    size(BigInt(insertId)),
    int16((parts.status & ~STATUS.sessionStateChanged) | flag),
    int16(warnings),
    info === '' && changed.length === 0 ? Buffer.alloc(0) : plain,
    ...(changed.length > 0 ? [string(Buffer.concat(changed))] : []),
  ]);
}

function changesOf({ variables, database }: Changes): Buffer[] {
  const change = (type: number, ...texts: string[]): Buffer =>
    Buffer.concat([Buffer.from([type]), string(Buffer.concat(texts.map(string)))]);
  const found = variables.map(([name, value]) => change(0, name, value));
  return database === null ? found : [...found, change(1, database)];
}

export function eofPacket(warnings: number, status: number): Buffer {
  return Buffer.concat([Buffer.from([0xfe]), int16(warnings), int16(status & ~STATUS.sessionStateChanged)]);
}

export function errPacket({ code, state, message }: MyError): Buffer {
  const sqlState = state === '' ? '' : `#${state.padEnd(5, '0').slice(0, 5)}`;
  return Buffer.concat([
    Buffer.from([0xff]),
    int16(code),
    Buffer.from(sqlState, 'latin1'),
    Buffer.from(message, 'utf8'),
  ]);
}
