import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findPostgres, startPostgres, type PostgresServer } from '../../src/eval/services/postgres.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { Peer } from '../../src/protocol/peer.ts';
import * as wire from '../../src/protocol/postgres/wire.ts';
import { postgres } from '../../src/protocol/postgres/postgres.ts';
import { decodeBinary, encodeBinary } from '../../src/protocol/postgres/types.ts';
import { pgRequestSchema, pgResponseSchema, type Column } from '../../src/protocol/postgres/messages.ts';
import type { Decoded } from '../../src/protocol/port.ts';
import { needs } from '../needs.ts';
import { decodeConnections, startMock, startRelay, type Relay } from './protocol-setup.ts';

const SCHEMA = `
CREATE TABLE products (id serial PRIMARY KEY, name text NOT NULL, price numeric(10,2), tags text[], added timestamptz, data jsonb);
INSERT INTO products (name, price, tags, added, data) VALUES
  ('Café cup', 9.50, '{a,"b c"}', '2024-05-01 10:00:00+00', '{"k":[1,2]}'),
  ('Plate', NULL, NULL, '2024-05-02 11:30:00.25+00', NULL), ('Bowl', 12.00, '{}', NULL, '{}');
CREATE ROLE shop LOGIN PASSWORD 'secret';
GRANT ALL ON ALL TABLES IN SCHEMA public TO shop;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO shop;
`;

let folder: string;
let server: PostgresServer;
let realPort: number;

/** The first row of a statement in the given format (0 text, 1 binary), and its columns, as the real server sends them. */
async function rowAs(format: number, sql: string): Promise<{ columns: Column[]; row: (Buffer | null)[] }> {
  const peer = new Peer(connect({ host: '127.0.0.1', port: realPort }));
  const start = Buffer.concat([
    wire.int32(196608),
    Buffer.from('user\0vouch\0database\0shop\0TimeZone\0UTC\0\0'),
  ]);
  const bind = wire.message('B', '', '', 0, 0, 1, format);
  const asked = [wire.message('P', '', sql, 0), bind, wire.message('D', Buffer.from('P'), '')];
  await peer.write(
    Buffer.concat([
      wire.int32(start.length + 4),
      start,
      ...asked,
      wire.message('E', '', wire.int32(0)),
      wire.message('S'),
    ]),
  );
  let columns: Column[] = [];
  for (;;) {
    const message = await peer.read((source) => wire.readMessage(source, 'RSKZ12TDCENn'));
    if (message === undefined || message.type === 'E') throw new Error(message?.body.toString('latin1'));
    if (message.type === 'T') columns = wire.readColumns(message.body);
    if (message.type !== 'D') continue;
    peer.destroy();
    const fields = new wire.Fields(message.body);
    return { columns, row: fields.list(() => fields.value()) };
  }
}

/** Ordinary work of an ordinary program; its result must be the same at the real server and at the mock. */
async function program(port: number): Promise<unknown> {
  const said: unknown[] = [];
  const note = (result: pg.QueryResult): number =>
    said.push([
      result.command,
      result.rowCount,
      result.rows,
      result.fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
    ]);
  const failure = async (work: Promise<unknown>): Promise<void> => {
    const error = await work.then(
      () => null,
      (reason: pg.DatabaseError) => [
        reason.code,
        reason.message,
        reason.severity,
        reason.detail,
        reason.position,
      ],
    );
    said.push(error);
  };
  const options = { host: '127.0.0.1', port, user: 'shop', password: 'secret', database: 'shop' };
  const client = new pg.Client({ ...options, application_name: 'program' });
  await client.connect();
  note(await client.query('SELECT id, name, price, tags, added, data FROM products ORDER BY id'));
  note(await client.query('SELECT * FROM products WHERE id = $1', [1]));
  note(await client.query('SELECT * FROM products WHERE id = $1', [2]));
  note(await client.query('SELECT * FROM products WHERE id = $1', [99]));
  for (const id of [1, 2, 3]) {
    note(
      await client.query({
        name: 'by-id',
        text: 'SELECT name FROM products WHERE id = $1 AND name <> $2',
        values: [id, 'x'],
      }),
    );
  }
  const binary: pg.QueryConfig & { binary: boolean } = {
    text: 'SELECT id, price, added FROM products WHERE price > $1',
    values: ['1'],
    binary: true,
  };
  note(await client.query(binary as pg.QueryConfig));
  note(
    await client.query({
      text: 'SELECT $1::bytea AS b, $2::int[] AS list',
      values: [Buffer.from([0, 255, 1]), [1, 2]],
    }),
  );
  const many = await client.query(
    "SELECT 1 AS one; SELECT name FROM products WHERE id = 2; SELECT 'a;b' AS text",
  );
  for (const result of many as unknown as pg.QueryResult[]) note(result);

  note(await client.query('BEGIN'));
  note(
    await client.query('INSERT INTO products (name, price) VALUES ($1, $2) RETURNING id', ['New', '1.25']),
  );
  await failure(client.query('INSERT INTO products (id, name) VALUES (1, $1)', ['Twice']));
  await failure(client.query('SELECT 7 * 6 AS answer'));
  note(await client.query('ROLLBACK'));
  note(await client.query('BEGIN'));
  note(await client.query('SAVEPOINT a'));
  await failure(client.query('SELECT 1/0'));
  note(await client.query('ROLLBACK TO SAVEPOINT a'));
  note(await client.query("UPDATE products SET price = 2 WHERE name = 'Bowl'"));
  note(await client.query('COMMIT'));
  await failure(client.query('SELEC nothing'));
  await failure(client.query('SELECT * FROM nowhere WHERE id = $1', [1]));
  await failure(client.query({ name: 'bad', text: 'SELECT missing FROM products' }));
  note(await client.query('SET statement_timeout = 1000'));
  note(await client.query('SHOW server_version'));
  note(await client.query(''));
  note(
    await client.query('WITH gone AS (DELETE FROM products WHERE id = 2 RETURNING id) SELECT * FROM gone'),
  );
  await client.query('LISTEN something');
  const notices: unknown[] = [];
  client.on('notice', (notice) => notices.push(notice.message));
  await client.query("DO $$ BEGIN RAISE NOTICE 'take; care'; END $$");
  said.push(notices);
  await client.end();

  const pool = new pg.Pool({ ...options, max: 10 });
  const names = await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      pool
        .query('SELECT name, $2::int AS n FROM products WHERE id = $1', [(i % 3) + 1, i])
        .then(({ rows }) => rows as unknown),
    ),
  );
  said.push(names);
  await pool.end();
  return said;
}

async function recorded(): Promise<{
  relay: Relay;
  said: unknown;
  exchanges: Decoded[];
  facts: ReturnType<typeof decodeConnections>['facts'];
}> {
  const relay = await startRelay(realPort);
  const said = await program(relay.port);
  await relay.close();
  return { relay, said, ...decodeConnections(postgres, relay) };
}

needs((await findPostgres()) !== null, 'PostgreSQL: apt-get install postgresql')(
  'PostgreSQL, recorded and replayed',
  () => {
    let recording: Awaited<ReturnType<typeof recorded>>;

    beforeAll(async () => {
      folder = await scratchDir('protocol-pg');
      server = await startPostgres(join(folder, 'pg'));
      const { url } = await server.create('shop', SCHEMA);
      realPort = Number(new URL(url).port);
      const hba = join(folder, 'pg', 'data', 'pg_hba.conf');
      await writeFile(hba, `host all shop 127.0.0.1/32 scram-sha-256\n${await readFile(hba, 'utf8')}`);
      const admin = new pg.Client({ connectionString: url });
      await admin.connect();
      await admin.query('SELECT pg_reload_conf()');
      await admin.end();
      recording = await recorded();
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('decodes everything that was said, complete', () => {
      const { exchanges, facts } = recording;
      expect(exchanges.filter(({ complete }) => !complete)).toEqual([]);
      expect(facts).toMatchObject({
        authentication: 'scram-sha-256',
        parameters: { client_encoding: 'UTF8' },
      });
      const inserts = exchanges.filter(({ summary }) => summary.startsWith('INSERT'));
      expect(inserts.map(({ response }) => pgResponseSchema.parse(response).error?.code ?? 'fine')).toEqual([
        'fine',
        '23505',
      ]);
      expect(pgRequestSchema.parse(inserts[0]!.request).params).toEqual(['New', '1.25']);
      expect(pgResponseSchema.parse(inserts[0]!.response).columns![0]).toMatchObject({
        name: 'id',
        attribute: 1,
        type: 23,
      });
      const passwords = JSON.stringify(exchanges) + JSON.stringify(facts);
      expect(passwords).not.toContain('secret');
    });

    it('reads binary values as the text that they are', () => {
      const binary = recording.exchanges.find(({ summary }) => summary.startsWith('SELECT id, price, added'));
      expect(pgRequestSchema.parse(binary!.request).resultFormats).toEqual([1]);
      expect(pgResponseSchema.parse(binary!.response).rows).toEqual([
        ['1', '9.50', '2024-05-01 10:00:00+00'],
        ['3', '12.00', null],
      ]);
    });

    it('gives the same program the same results from the mock', async () => {
      const mock = await startMock(postgres, recording.exchanges, recording.facts);
      try {
        expect(await program(mock.port)).toEqual(recording.said);
        expect(mock.missed).toEqual([]);
      } finally {
        await mock.close();
      }
    });

    it('reads and writes binary values as the server itself does', async () => {
      const values = `SELECT true, '\\x00ff'::bytea, 'c'::"char", 'n'::name, 9e15::int8, -7::int2, 42::int4, 'té'::text, 3000000000::oid,
      '{"a": 1}'::json, 0.1::float4, 1e300::float8, -2.5::float8, 'b'::char(3), 'v'::varchar, '2024-02-29'::date, '12:34:56.789'::time,
      '1999-12-31 23:59:59.999999'::timestamp, '2024-05-01 10:00:00+00'::timestamptz, 'infinity'::timestamptz, -1234567.8900::numeric,
      0::numeric, 0.00001234::numeric, 1e20::numeric, 'NaN'::numeric, '00112233-4455-6677-8899-aabbccddeeff'::uuid, '[1, 2]'::jsonb,
      '{1,NULL}'::int4[], '{"a b",c,""}'::text[], '{}'::int8[], '{1.5,2}'::numeric[], 'NaN'::float8, '-Infinity'::float4, 9e15::float8, 123456789012345::float8,
      1e15::float8, 1234567::float4, 123456::float4, 1.5e-5::float8, 0.00012::float8, 1e-7::float4, 'infinity'::date, '-0'::float8`;
      const [text, binary] = [await rowAs(0, values), await rowAs(1, values)];
      for (const [index, { type }] of text.columns.entries()) {
        const asText = text.row[index]!.toString('utf8');
        const asBytes = binary.row[index]!;
        expect([type, decodeBinary(type, asBytes)]).toEqual([type, asText]);
        expect([type, asText, encodeBinary(type, asText)?.toString('hex')]).toEqual([
          type,
          asText,
          asBytes.toString('hex'),
        ]);
      }
    });

    it('says what was not recorded as an error that the program sees', async () => {
      const mock = await startMock(postgres, recording.exchanges, recording.facts);
      const client = new pg.Client({ host: '127.0.0.1', port: mock.port, user: 'anybody', database: 'any' });
      try {
        await client.connect();
        await expect(client.query('SELECT price FROM products WHERE id = $1', [1])).rejects.toThrow(
          /vouch: .*never recorded/,
        );
        await expect(client.query('SELECT 1 AS up')).resolves.toMatchObject({ rows: [{ up: 1 }] });
        expect(mock.missed).toHaveLength(1);
      } finally {
        await client.end();
        await mock.close();
      }
    });
  },
);
