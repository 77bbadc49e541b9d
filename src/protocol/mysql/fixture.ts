import { chunksOf, type Fixture } from '../contract.ts';
import { CAPABILITY, COMMAND, STATUS, TYPE } from './flags.ts';
import { greetingPacket } from './handshake.ts';
import type { Column } from './messages.ts';
import { mysql } from './mysql.ts';
import { columnPacket, eofPacket, errPacket, okPacket } from './packets.ts';
import { textRow } from './rows.ts';
import { plainColumn } from './variables.ts';
import { int16, int32, packets, size, string } from './wire.ts';

export const OLD = 0x01ff_f79f & ~CAPABILITY.deprecateEof & ~CAPABILITY.sessionTrack;
export const NEW = 0x01ff_f79f;
export const IDLE = STATUS.autocommit;
const WORKING = STATUS.autocommit | STATUS.inTransaction;

/** Bodies as packets, numbered from `first` on. */
export function said(first: number, ...bodies: Buffer[]): Buffer {
  return Buffer.concat(bodies.map((body, index) => packets(body, first + index).bytes));
}

export function asked(command: number, ...parts: (Buffer | string)[]): Buffer {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  return said(0, Buffer.concat([Buffer.from([command]), ...bytes]));
}

export const query = (sql: string): Buffer => asked(COMMAND.query, sql);

export function greeting(capabilities: number, version: string): Buffer {
  return said(0, greetingPacket(version, 45, { capabilities, mariadb: 0 }, Buffer.alloc(20, 'abcdefgh')));
}

export function login(capabilities: number): Buffer {
  const head = Buffer.concat([int32(capabilities), int32(0), Buffer.from([45]), Buffer.alloc(23)]);
  const proof = Buffer.concat([Buffer.from('ann\0'), string(Buffer.alloc(20, 7))]);
  return said(1, Buffer.concat([head, proof, Buffer.from('shop\0mysql_native_password\0')]));
}

export function ok(status: number, affectedRows = 0, insertId = '0', info = ''): Buffer {
  return okPacket({ affectedRows, insertId, warnings: 0, status, info }, null);
}

/** The end of rows where both ends have done away with EOF. */
export function end(status: number): Buffer {
  return okPacket({ affectedRows: 0, insertId: '0', warnings: 0, status, info: '' }, null, true);
}

export const id: Column = {
  ...plainColumn('id', TYPE.long),
  schema: 'shop',
  table: 'p',
  orgTable: 'products',
};
export const name: Column = {
  ...plainColumn('name', TYPE.varString),
  schema: 'shop',
  table: 'p',
  orgName: 'name',
};
const at: Column = { ...plainColumn('at', TYPE.datetime), decimals: 0 };
export const column = (of: Column): Buffer => columnPacket(of, false);

/** COM_STMT_EXECUTE with types: no flags, once, NULL bits, "types follow". */
export function execute(statement: number, nulls: number, types: number[], ...values: Buffer[]): Buffer {
  const head = [int32(statement), Buffer.from([0]), int32(1)];
  const bound = types.length === 0 ? [] : [Buffer.from([nulls, 1]), ...types.map(int16)];
  return asked(COMMAND.execute, ...head, ...bound, ...values);
}

export function prepared(statement: number, columns: number, params: number): Buffer {
  return Buffer.concat([
    Buffer.from([0]),
    int32(statement),
    int16(columns),
    int16(params),
    Buffer.from([0, 0, 0]),
  ]);
}

const double = Buffer.alloc(8);
double.writeDoubleLE(17);
export const question = column(plainColumn('?', TYPE.varString));
const noon = Buffer.from([7, 0xe8, 7, 5, 1, 12, 0, 0]);
const missing = errPacket({ code: 1146, state: '42S02', message: "Table 'shop.nowhere' doesn't exist" });

export const mysqlFixture: Fixture = {
  protocol: mysql,
  served: true,
  decoded: true,
  conversations: [
    {
      name: 'queries, several statements, errors, transactions, the old ends of results',
      exchanges: 9,
      chunks: chunksOf(
        ['server', greeting(OLD, '8.0.36')],
        ['client', login(OLD)],
        ['server', said(2, Buffer.from('\xfemysql_clear_password\0abc', 'latin1'))],
        ['client', said(3, Buffer.from('secret\0'))],
        ['server', said(4, ok(IDLE))],
        ['client', query('SELECT id, name FROM products -- all of them')],
        [
          'server',
          said(
            1,
            size(2),
            column(id),
            column(name),
            eofPacket(0, IDLE),
            textRow(['1', 'Café']),
            textRow(['2', null]),
            eofPacket(0, IDLE),
          ),
        ],
        ['client', asked(COMMAND.ping)],
        ['server', said(1, ok(IDLE))],
        ['client', query("BEGIN; INSERT INTO t VALUES (';'); SELECT id FROM t WHERE false")],
        ['server', said(1, ok(WORKING | STATUS.moreResults), ok(WORKING | STATUS.moreResults, 1, '9'))],
        ['server', said(3, size(1), column(id), eofPacket(0, WORKING), eofPacket(0, WORKING))],
        ['client', query('SELECT * FROM nowhere')],
        ['server', said(1, missing)],
        ['client', query('COMMIT')],
        ['server', said(1, ok(IDLE))],
        ['client', query('CALL both()')],
        ['server', said(1, size(1), column(id), eofPacket(0, IDLE), textRow(['3']))],
        ['server', said(5, eofPacket(0, IDLE | STATUS.moreResults), ok(IDLE, 2))],
        ['client', query('SELECT @@version_comment LIMIT 1')],
        [
          'server',
          said(
            1,
            size(1),
            column(plainColumn('@@version_comment', TYPE.varString)),
            eofPacket(0, IDLE),
            textRow(['Source']),
            eofPacket(0, IDLE),
          ),
        ],
        ['client', query("UPDATE t SET a = 'x' WHERE id = 4")],
        ['server', said(1, ok(IDLE, 1, '0', 'Rows matched: 1  Changed: 1  Warnings: 0'))],
        ['client', asked(COMMAND.quit)],
      ),
    },
    {
      name: 'prepared statements, values in pieces, the new ends of results',
      exchanges: 6,
      chunks: chunksOf(
        ['server', greeting(NEW, '5.5.5-10.11.6-MariaDB')],
        ['client', login(NEW)],
        ['server', said(2, ok(IDLE))],
        ['client', asked(COMMAND.prepare, 'SELECT id, at FROM t WHERE id = ? AND name = ?')],
        ['server', said(1, prepared(1, 2, 2), question, question, column(id), column(at))],
        ['client', execute(1, 0, [TYPE.double, TYPE.varString], double, string('ann'))],
        [
          'server',
          said(
            1,
            size(2),
            column(id),
            column(at),
            Buffer.concat([Buffer.from([0, 0]), int32(17), noon]),
            Buffer.concat([Buffer.from([0, 0b1000]), int32(18)]),
            end(IDLE),
          ),
        ],
        ['client', execute(1, 2, [TYPE.long, TYPE.null], int32(18))],
        ['server', said(1, size(2), column(id), column(at), end(IDLE))],
        ['client', asked(COMMAND.prepare, 'SELECT nothing')],
        ['server', said(1, errPacket({ code: 1054, state: '42S22', message: "Unknown column 'nothing'" }))],
        ['client', asked(COMMAND.prepare, 'INSERT INTO files VALUES (?)')],
        ['server', said(1, prepared(2, 0, 1), question)],
        ['client', asked(COMMAND.sendLongData, int32(2), int16(0), 'first,')],
        ['client', asked(COMMAND.sendLongData, int32(2), int16(0), 'second')],
        ['client', execute(2, 0, [TYPE.varString])],
        ['server', said(1, ok(IDLE, 1, '300'))],
        ['client', Buffer.concat([asked(COMMAND.closeStatement, int32(2)), query('SELECT name FROM t')])],
        ['server', said(1, size(1), column(name), textRow([{ base64: '/w==' }]), end(IDLE))],
        ['client', asked(COMMAND.resetConnection)],
        ['server', said(1, ok(IDLE))],
        ['client', Buffer.concat([query('DELETE FROM t')])],
        ['server', said(1, ok(IDLE, 300))],
      ),
    },
  ],
  hostile: [
    { name: 'another protocol', chunks: chunksOf(['client', 'GET / HTTP/1.1\r\n\r\n']) },
    {
      name: 'encryption',
      chunks: chunksOf(
        ['server', greeting(NEW | CAPABILITY.ssl, '8.0.36')],
        [
          'client',
          login(NEW | CAPABILITY.ssl)
            .subarray(0, 36)
            .fill(32, 0, 1),
        ],
      ),
    },
    {
      name: 'compression',
      chunks: chunksOf(
        ['server', greeting(NEW | CAPABILITY.compress, '8.0.36')],
        ['client', login(NEW | CAPABILITY.compress)],
      ),
    },
    {
      name: 'no command',
      chunks: chunksOf(
        ['server', greeting(NEW, '8.0.36')],
        ['client', login(NEW)],
        ['server', said(2, ok(IDLE))],
        ['client', said(0, Buffer.from([0x77, 1, 2]))],
      ),
    },
    {
      name: 'a row longer than its packet',
      chunks: chunksOf(
        ['server', greeting(NEW, '8.0.36')],
        ['client', login(NEW)],
        ['server', said(2, ok(IDLE))],
        ['client', query('SELECT 2 FROM t')],
        ['server', said(1, size(1), column(name), Buffer.from([0xfd, 0xff, 0xff, 0xff, 1]))],
      ),
    },
    {
      name: 'an answer out of order',
      chunks: chunksOf(
        ['server', greeting(NEW, '8.0.36')],
        ['client', login(NEW)],
        ['server', said(2, ok(IDLE))],
        ['client', query('SELECT 2 FROM t')],
        ['server', said(7, ok(IDLE))],
      ),
    },
  ],
};
