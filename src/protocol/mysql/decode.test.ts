import { describe, expect, it } from 'vitest';
import { chunksOf, decodeAll } from '../contract.ts';
import type { Chunk, Decoded } from '../port.ts';
import {
  asked,
  column,
  end,
  execute,
  greeting,
  id,
  IDLE,
  login,
  name,
  NEW,
  ok,
  OLD,
  prepared,
  query,
  question,
  said,
} from './fixture.ts';
import { CAPABILITY, COMMAND, STATUS, TYPE } from './flags.ts';
import { myRequestSchema, myResponseSchema } from './messages.ts';
import { mysql } from './mysql.ts';
import { eofPacket, errPacket } from './packets.ts';
import { textRow } from './rows.ts';
import { int16, int32, size, string } from './wire.ts';

type Said = Parameters<typeof chunksOf>;

const open = (capabilities: number): Said => [
  ['server', greeting(capabilities, '8.0.36')],
  ['client', login(capabilities)],
  ['server', said(2, ok(IDLE))],
];

/** A result of one column. `eof`: its parts end as they used to. */
const answer = (value: string, eof: boolean): Buffer =>
  eof
    ? said(1, size(1), column(name), eofPacket(0, IDLE), textRow([value]), eofPacket(0, IDLE))
    : said(1, size(1), column(name), textRow([value]), end(IDLE));

const decode = (...talk: Said): ReturnType<typeof decodeAll> => decodeAll(mysql, chunksOf(...talk));
const brief = (exchanges: Decoded[]): unknown[] =>
  exchanges.map(({ summary, incomplete }) => [summary, incomplete]);

describe('a connection that was joined later', () => {
  it.each([true, false])('is read from its next command on (old ends of results: %s)', (eof) => {
    const { exchanges, failed } = decode(
      ['client', query('SELECT a FROM t')],
      ['server', answer('x', eof)],
      ['client', asked(COMMAND.prepare, 'SELECT id FROM t WHERE id = ?')],
      [
        'server',
        eof
          ? said(1, prepared(7, 1, 1), question, eofPacket(0, IDLE), column(id), eofPacket(0, IDLE))
          : said(1, prepared(7, 1, 1), question, column(id)),
      ],
      ['client', execute(7, 0, [TYPE.long], int32(5))],
      [
        'server',
        said(1, size(1), column(id), ...(eof ? [eofPacket(0, IDLE), eofPacket(0, IDLE)] : [end(IDLE)])),
      ],
      ['client', query('UPDATE t SET a = 1')],
      ['server', said(1, ok(IDLE, 1, '0', 'Rows matched: 1'))],
    );
    expect(failed).toBeNull();
    expect(brief(exchanges)).toEqual([
      ['SELECT a FROM t', null],
      ['SELECT id FROM t WHERE id = ?', null],
      ['UPDATE t SET a = 1', null],
    ]);
    expect(myRequestSchema.parse(exchanges[1]!.request).params).toEqual(['5']);
    expect(myResponseSchema.parse(exchanges[2]!.response).info).toBe('Rows matched: 1');
  });

  it('waits for a turn when an answer is under way', () => {
    const whole = chunksOf(
      ['server', answer('x', true).subarray(9)],
      ['client', query('SELECT 2 FROM t')],
      ['server', answer('y', true)],
      ['client', query('SELECT 3 FROM t')],
      ['server', answer('z', true)],
    );
    const { exchanges, failed } = decodeAll(mysql, whole);
    expect(failed).toBeNull();
    expect(brief(exchanges)).toEqual([['SELECT 3 FROM t', null]]);
  });

  it('says which statements were prepared before', () => {
    const { exchanges } = decode(
      ['client', execute(3, 0, [TYPE.long], int32(5))],
      ['server', said(1, ok(IDLE, 1))],
    );
    expect(brief(exchanges)).toEqual([
      ['unknown statement 3', 'statement 3 was prepared before the recording began'],
    ]);
  });
});

describe('what is not decoded', () => {
  it('says so of a connection', () => {
    const encrypted = decode(
      ['server', greeting(NEW | CAPABILITY.ssl, '8.0.36')],
      ['client', said(1, login(NEW | CAPABILITY.ssl).subarray(4, 36))],
    );
    expect(encrypted.failed).toContain('encrypted with TLS');
    const compressed = decode(...open(NEW | CAPABILITY.compress));
    expect(compressed.failed).toContain('compressed');
  });

  it('a file of the client makes its statement incomplete, and what follows is read', () => {
    const { exchanges, failed } = decode(
      ...open(NEW),
      ['client', query("LOAD DATA LOCAL INFILE 'a.csv' INTO TABLE t")],
      ['server', said(1, Buffer.from('\xfba.csv', 'latin1'))],
      ['client', said(2, Buffer.from('1\n2\n'), Buffer.alloc(0))],
      ['server', said(4, ok(IDLE, 2))],
      ['client', query('SELECT a FROM t')],
      ['server', answer('x', false)],
    );
    expect(failed).toBeNull();
    expect(exchanges.map(({ complete }) => complete)).toEqual([false, true]);
    expect(exchanges[0]!.incomplete).toContain('LOCAL INFILE');
  });

  it('rows that stay behind a cursor are missed, and what follows is read', () => {
    const { exchanges } = decode(
      ...open(OLD),
      ['client', asked(COMMAND.prepare, 'SELECT name FROM t')],
      ['server', said(1, prepared(1, 1, 0), column(name), eofPacket(0, IDLE))],
      ['client', asked(COMMAND.execute, int32(1), Buffer.from([1]), int32(1))],
      ['server', said(1, size(1), column(name), eofPacket(0, IDLE | STATUS.cursorExists))],
      ['client', asked(COMMAND.fetch, int32(1), int32(10))],
      ['server', said(1, Buffer.concat([Buffer.from([0, 0]), string('a')]), eofPacket(0, IDLE))],
      ['client', query('SELECT a FROM t')],
      ['server', answer('x', true)],
    );
    expect(exchanges.map(({ complete }) => complete)).toEqual([false, true]);
  });
});

it('reads query attributes over', () => {
  const capabilities = NEW | CAPABILITY.queryAttributes;
  const attribute = [Buffer.from([1, 1, 0, 1]), int16(TYPE.varString), string('trace'), string('00-ab')];
  const bound = [int32(1), Buffer.from([8]), int32(1), Buffer.from([2, 0, 1])];
  const types = [int16(TYPE.varString), string(''), int16(TYPE.varString), string('trace')];
  const { exchanges } = decode(
    ...open(capabilities),
    ['client', asked(COMMAND.query, ...attribute, 'SELECT a FROM t')],
    ['server', answer('x', false)],
    ['client', asked(COMMAND.query, Buffer.from([0, 1]), 'SELECT b FROM t')],
    ['server', answer('y', false)],
    ['client', asked(COMMAND.prepare, 'SELECT name FROM t WHERE id = ?')],
    ['server', said(1, prepared(1, 1, 1), question, column(name))],
    ['client', asked(COMMAND.execute, ...bound, ...types, string('7'), string('00-ab'))],
    ['server', said(1, size(1), column(name), end(IDLE))],
  );
  expect(brief(exchanges)).toEqual([
    ['SELECT a FROM t', null],
    ['SELECT b FROM t', null],
    ['SELECT name FROM t WHERE id = ?', null],
  ]);
  expect(myRequestSchema.parse(exchanges[2]!.request).params).toEqual(['7']);
});

it('several commands at once are answered in turn, and a failed preparation fails its execution', () => {
  const last = 0xffff_ffff;
  const gone = errPacket({ code: 1054, state: '42S22', message: 'Unknown column' });
  const { exchanges, failed } = decode(
    ...open(NEW),
    [
      'client',
      Buffer.concat([
        asked(COMMAND.prepare, 'SELECT name FROM t WHERE id = ?'),
        execute(last, 0, [TYPE.long], int32(4)),
        query('SELECT a FROM t'),
      ]),
    ],
    ['server', said(1, prepared(1, 1, 1), question, column(name))],
    ['server', said(1, size(1), column(name), end(IDLE))],
    ['server', answer('x', false)],
    ['client', Buffer.concat([asked(COMMAND.prepare, 'SELECT no'), execute(last, 0, [])])],
    ['server', Buffer.concat([said(1, gone), said(1, gone)])],
  );
  expect(failed).toBeNull();
  expect(brief(exchanges)).toEqual([
    ['SELECT name FROM t WHERE id = ?', null],
    ['SELECT a FROM t', null],
    ['prepare SELECT no', null],
  ]);
});

it('columns that MariaDB leaves out are those of the preparation', () => {
  const row = Buffer.concat([Buffer.from([0, 0]), int32(9)]);
  const { exchanges } = decode(
    ...open(NEW),
    ['client', asked(COMMAND.prepare, 'SELECT id FROM t')],
    ['server', said(1, prepared(1, 1, 0), column(id))],
    ['client', execute(1, 0, [])],
    ['server', said(1, Buffer.from([1, 0]), row, end(IDLE))],
  );
  expect(brief(exchanges)).toEqual([['SELECT id FROM t', null]]);
  expect(myResponseSchema.parse(exchanges[0]!.response).rows).toEqual([['9']]);
});

it('a default database that may have changed in lost bytes makes statements incomplete', () => {
  const gap = (chunk: Chunk): Chunk => ({ ...chunk, lost: 5 });
  const talk = chunksOf(
    ...open(NEW),
    ['client', query('USE other')],
    ['server', said(1, ok(IDLE))],
    ['client', query('SELECT a FROM t')],
    ['server', answer('x', false)],
    ['client', query('SELECT b FROM t')],
    ['server', answer('x', false)],
    ['client', query('SELECT c FROM t')],
    ['server', answer('x', false)],
    ['client', query('USE shop')],
    ['server', said(1, ok(IDLE))],
    ['client', query('SELECT d FROM t')],
    ['server', answer('x', false)],
  );
  const { exchanges } = decodeAll(
    mysql,
    talk.map((chunk, index) => (index === 7 ? gap(chunk) : chunk)),
  );
  const databases = exchanges.map(({ request, complete }) => [
    myRequestSchema.parse(request).database,
    complete,
  ]);
  expect(databases).toEqual([
    [null, true],
    ['other', true],
    ['other', false],
    [null, true],
    [null, true],
  ]);
});

it('an error that answers nothing ends nothing that was answered', () => {
  const { exchanges, failed } = decode(
    ...open(NEW),
    ['client', query('SELECT a FROM t')],
    ['server', answer('x', false)],
    ['server', said(0, errPacket({ code: 4031, state: 'HY000', message: 'inactive' }))],
    ['client', query('SELECT b FROM t')],
  );
  expect(failed).toBeNull();
  expect(exchanges.map(({ complete }) => complete)).toEqual([true, false]);
});
