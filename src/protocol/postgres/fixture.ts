import { chunksOf, type Fixture } from '../contract.ts';
import type { Column } from './messages.ts';
import { postgres } from './postgres.ts';
import { pgError } from './semantics.ts';
import { columnsMessage, errorMessage, int16, int32, message, rowMessage } from './wire.ts';

const all = (...parts: Buffer[]): Buffer => Buffer.concat(parts);
const text = (value: string): Buffer => Buffer.from(value);
const int4 = (value: number): Buffer => int32(value);

function opening(...parameters: string[]): Buffer {
  const body = all(int32(196608), ...parameters.map((part) => text(`${part}\0`)), Buffer.from([0]));
  return all(int32(body.length + 4), body);
}

const ssl = all(int32(8), int32(80877103));
const ready = (status: string): Buffer => message('Z', text(status));
const sync = message('S');
const welcome = all(
  message('R', int32(0)),
  message('S', 'server_version', '15.18'),
  message('S', 'client_encoding', 'UTF8'),
  message('K', int32(7), int32(8)),
  ready('I'),
);
const id: Column = { name: 'id', table: 16390, attribute: 1, type: 23, size: 4, modifier: -1, format: 0 };
const name: Column = {
  name: 'name',
  table: 16390,
  attribute: 2,
  type: 25,
  size: -1,
  modifier: -1,
  format: 0,
};

function parse(named: string, sql: string, ...types: number[]): Buffer {
  return message('P', named, sql, types.length, ...types.map((type) => int32(type)));
}

/** Parameters in text, results in binary where `binary`. */
function bind(named: string, params: (string | null)[], binary: boolean): Buffer {
  const values = params.flatMap((param) =>
    param === null ? [int32(-1)] : [int32(Buffer.byteLength(param)), text(param)],
  );
  return message(
    'B',
    '',
    named,
    0,
    params.length,
    ...values,
    ...(binary ? [int16(1), int16(1)] : [int16(0)]),
  );
}

const execute = message('E', '', int32(0));

export const postgresFixture: Fixture = {
  protocol: postgres,
  served: true,
  decoded: true,
  conversations: [
    {
      name: 'simple queries, several statements, errors in a transaction',
      exchanges: 8,
      chunks: chunksOf(
        ['client', ssl],
        ['server', 'N'],
        ['client', opening('user', 'ann', 'database', 'shop')],
        ['server', welcome],
        ['client', message('Q', 'SELECT id, name FROM products -- all of them')],
        [
          'server',
          all(
            columnsMessage([id, name]),
            rowMessage([text('1'), text('Café')]),
            rowMessage([text('2'), null]),
          ),
        ],
        ['server', all(message('C', 'SELECT 2'), ready('I'))],
        ['client', message('Q', "BEGIN; INSERT INTO t VALUES (';'); SELECT id FROM t")],
        [
          'server',
          all(
            message('C', 'BEGIN'),
            message('C', 'INSERT 0 1'),
            columnsMessage([id]),
            rowMessage([text('9')]),
          ),
        ],
        ['server', all(message('C', 'SELECT 1'), ready('T'))],
        ['client', message('Q', 'SELECT broken')],
        ['server', all(errorMessage('E', pgError('42703', 'column "broken" does not exist')), ready('E'))],
        ['client', message('Q', 'SELECT 5 + 5')],
        [
          'server',
          all(
            errorMessage(
              'E',
              pgError(
                '25P02',
                'current transaction is aborted, commands ignored until end of transaction block',
              ),
            ),
            ready('E'),
          ),
        ],
        ['client', message('Q', 'ROLLBACK')],
        ['server', all(message('C', 'ROLLBACK'), ready('I'))],
        ['client', message('Q', '')],
        ['server', all(message('I'), ready('I'))],
        ['client', message('X')],
      ),
    },
    {
      name: 'prepared statements, pipelines, binary results, a description alone',
      exchanges: 6,
      chunks: chunksOf(
        ['client', opening('user', 'ann')],
        ['server', welcome],
        ['client', all(parse('s1', 'SELECT id FROM t WHERE name = $1'), message('D', text('S'), 's1'), sync)],
        ['server', all(message('1'), message('t', 1, int32(25)), columnsMessage([id]), ready('I'))],
        ['client', all(bind('s1', ['ann'], true), execute, sync)],
        ['server', all(message('2'), rowMessage([int4(17)]), message('C', 'SELECT 1'), ready('I'))],
        ['client', all(bind('s1', ['bob'], false), message('D', text('P'), ''), execute)],
        ['client', all(parse('', 'UPDATE t SET name = $1', 25), bind('', [null], false), execute, sync)],
        [
          'server',
          all(message('2'), columnsMessage([id]), rowMessage([text('18')]), message('C', 'SELECT 1')),
        ],
        ['server', all(message('1'), message('2'), message('C', 'UPDATE 3'), ready('I'))],
        ['client', all(parse('', 'SELEC 1'), bind('', [], false), execute, sync)],
        ['server', all(errorMessage('E', pgError('42601', 'syntax error')), ready('I'))],
        ['client', all(message('C', text('S'), 's1'), message('H'), sync)],
        ['server', all(message('3'), ready('I'))],
        [
          'client',
          all(parse('', 'SELECT name FROM t LIMIT 2'), bind('', [], false), message('E', '', int32(1)), sync),
        ],
        ['server', all(message('1'), message('2'), rowMessage([text('a')]), message('s'), ready('I'))],
      ),
    },
    {
      name: 'COPY both ways',
      exchanges: 2,
      chunks: chunksOf(
        ['client', opening('user', 'ann')],
        ['server', welcome],
        ['client', message('Q', 'COPY t FROM STDIN')],
        ['server', message('G', Buffer.from([0]), 1, int16(0))],
        ['client', all(message('d', text('one\n')), message('d', text('two\n')), message('c'))],
        ['server', all(message('C', 'COPY 2'), ready('I'))],
        ['client', message('Q', 'COPY t TO STDOUT')],
        [
          'server',
          all(
            message('H', Buffer.from([0]), 1, int16(0)),
            message('d', text('one\n')),
            message('d', text('two\n')),
          ),
        ],
        ['server', all(message('c'), message('C', 'COPY 2'), ready('I'))],
      ),
    },
  ],
  hostile: [
    { name: 'another protocol', chunks: chunksOf(['client', 'GET / HTTP/1.1\r\n\r\n']) },
    {
      name: 'a start-up without bounds',
      chunks: chunksOf(['client', all(int32(0x00ffffff), int32(196608))]),
    },
    { name: 'encryption', chunks: chunksOf(['client', ssl], ['server', 'S']) },
    {
      name: 'a message that claims 2 GB',
      chunks: chunksOf(
        ['client', opening('user', 'a')],
        ['server', welcome],
        ['client', Buffer.from('517fffffff', 'hex')],
      ),
    },
    {
      name: 'a row longer than its message',
      chunks: chunksOf(
        ['client', all(opening('user', 'a'), message('Q', 'SELECT 2'))],
        ['server', all(welcome, columnsMessage([id]), message('D', 1, int32(5000), text('x')))],
      ),
    },
    {
      name: 'a result that nobody asked for',
      chunks: chunksOf(
        ['client', opening('user', 'a')],
        ['server', all(welcome, message('C', 'SELECT 1'))],
        ['client', sync],
      ),
    },
  ],
};
