import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import mariadb from 'mariadb';
import mysqlCallback from 'mysql2';
import mysqlClient, { type FieldPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findMysql, startMysql, type MysqlServer } from '../../src/eval/services/mysql.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { canonicalJson } from '../../src/lib/json.ts';
import { binaryRow } from '../../src/protocol/mysql/rows.ts';
import { myFactsSchema, myRequestSchema, myResponseSchema } from '../../src/protocol/mysql/messages.ts';
import { mysql } from '../../src/protocol/mysql/mysql.ts';
import type { Decoded } from '../../src/protocol/port.ts';
import { needs } from '../needs.ts';
import { decodeConnections, startMock, startRelay, type Relay } from './protocol-setup.ts';

const SCHEMA = `
CREATE TABLE guests (id int unsigned AUTO_INCREMENT PRIMARY KEY, name varchar(80) NOT NULL, price decimal(10,2), added datetime(3), data json, photo blob, UNIQUE (name));
INSERT INTO guests (name, price, added, data, photo) VALUES
  ('Café guest', 9.50, '2024-05-01 10:00:00.250', '{"k":[1,2]}', x'00ff01'), ('Ann', NULL, NULL, NULL, NULL), ('Bob', 12, '2024-05-02', '{}', '');
DELIMITER //
CREATE PROCEDURE both_of(IN wanted int) BEGIN SELECT name FROM guests WHERE id = wanted; SELECT count(*) AS n FROM guests; END//
DELIMITER ;
`;

let folder: string;
let server: MysqlServer;
let realPort: number;

const credentials = (port: number) => ({
  host: '127.0.0.1',
  port,
  user: 'vouch',
  password: 'vouch',
  database: 'shop',
});

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: mysqlClient.QueryError & { sqlState?: string }) => [
      error.code,
      error.errno,
      error.sqlState,
      error.message,
    ],
  );

/** Ordinary work of an ordinary program; its result must be the same at the real server and at the mock. */
async function program(port: number): Promise<unknown> {
  const said: unknown[] = [];
  const note = ([rows, fields]: [unknown, FieldPacket[] | FieldPacket[][] | undefined]): number =>
    said.push([
      rows,
      fields
        ?.flat()
        .map(
          (field) =>
            field && [field.name, field.orgName, field.table, field.type, field.flags, field.decimals],
        ),
    ]);
  const client = await mysqlClient.createConnection(credentials(port));
  note(await client.query('SELECT id, name, price, added, data, photo FROM guests ORDER BY id'));
  note(await client.query('SELECT * FROM guests WHERE id = ? AND name <> ?', [1, 'it\'s \\ "x"']));
  note(await client.query('SELECT * FROM guests WHERE id = 99'));
  for (const id of [1, 2, 3])
    note(await client.execute('SELECT name, price, added FROM guests WHERE id = ? AND name <> ?', [id, 'x']));
  note(
    await client.execute('SELECT ? AS n, ? AS nothing, ? AS bytes, ? AS day', [
      1.5,
      null,
      Buffer.from([0, 255]),
      new Date('2024-05-01T10:00:00.25Z'),
    ]),
  );
  await client.beginTransaction();
  note(await client.query('INSERT INTO guests (name, price) VALUES (?, ?)', ['New', '1.25']));
  said.push(await errorOf(client.query('INSERT INTO guests (name) VALUES (?)', ['New'])));
  await client.rollback();
  await client.beginTransaction();
  note(await client.execute("UPDATE guests SET price = 2 WHERE name = 'Bob'"));
  note(await client.execute('UPDATE guests SET price = ? WHERE id < 3', [3]));
  await client.commit();
  said.push(await errorOf(client.query('SELEC nothing')));
  said.push(await errorOf(client.query('SELECT * FROM nowhere')));
  said.push(await errorOf(client.execute('SELECT missing FROM guests WHERE id = ?', [1])));
  said.push(await errorOf(client.query('')));
  note(await client.query('CALL both_of(2)'));
  note(await client.query('SELECT @@version AS v, @@max_allowed_packet, @@autocommit'));
  said.push((await client.query("SHOW VARIABLES LIKE 'lower_case_table_names'"))[0]);
  note(await client.query('SET SESSION sql_mode = "TRADITIONAL", time_zone = "+00:00"'));
  note(await client.query('SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci'));
  note(await client.query('SET autocommit = 0'));
  note(await client.query('SET autocommit = 1'));
  note(await client.query('SELECT 1'));
  note(await client.query('SELECT @@time_zone'));
  await client.ping();
  await client.query('CREATE DATABASE IF NOT EXISTS annex');
  note(await client.query('USE annex'));
  said.push(await errorOf(client.query('SELECT name FROM guests')));
  await client.changeUser({ user: 'vouch', password: 'vouch', database: 'shop' });
  note(await client.execute('SELECT count(*) AS n FROM guests'));
  await client.query('DROP DATABASE annex');
  await client.end();

  const many = mysqlCallback.createConnection({ ...credentials(port), multipleStatements: true });
  said.push(
    await new Promise((resolve, reject) => {
      many.query(
        "SELECT 1 AS one; SELECT name FROM guests WHERE id = 2; SELECT 'a;b' AS text",
        (error, rows) => (error ? reject(error) : resolve(rows)),
      );
    }),
  );
  said.push(
    await new Promise((resolve) => {
      many.query('SELECT 2 AS two; SELECT * FROM nowhere; SELECT 3', (error) => resolve(error?.message));
    }),
  );
  await new Promise<void>((resolve) => many.end(() => resolve()));

  const pool = mysqlClient.createPool({ ...credentials(port), connectionLimit: 5 });
  said.push(
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const [rows] = await (i % 2 === 0
          ? pool.execute('SELECT name, ? AS n FROM guests WHERE id = ?', [i, (i % 3) + 1])
          : pool.query('SELECT name, ? AS n FROM guests WHERE id = ?', [i, (i % 3) + 1]));
        return rows;
      }),
    ),
  );
  await pool.end();
  return said;
}

/** The same for another client, which sends several commands at once and knows MariaDB's own ways. */
async function otherProgram(port: number): Promise<unknown> {
  const said: unknown[] = [];
  const plain = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)),
    );
  const client = await mariadb.createConnection({ ...credentials(port), multipleStatements: true });
  said.push(plain(await client.query('SELECT id, name, price, added, data FROM guests ORDER BY id')));
  for (const id of [1, 2, 1])
    said.push(plain(await client.execute('SELECT * FROM guests WHERE id = ? AND name <> ?', [id, 'x'])));
  said.push(
    await errorOf(client.execute('SELECT nothing FROM guests WHERE id = ?', [1])).then(
      (e) => (e as unknown[])[1],
    ),
  );
  said.push(
    plain(
      await client.batch('INSERT INTO guests (name, price) VALUES (?, ?)', [
        ['Cleo', 1],
        ['Dan', null],
        ['Eve', 2.5],
      ]),
    ),
  );
  said.push(
    plain(
      await Promise.all([1, 2, 3].map((id) => client.query('SELECT name FROM guests WHERE id = ?', [id]))),
    ),
  );
  said.push(
    plain(
      await client.execute('INSERT INTO guests (name, photo) VALUES (?, ?)', [
        'Fay',
        Buffer.alloc(40_000, 7),
      ]),
    ),
  );
  said.push(plain(await client.query("DELETE FROM guests WHERE name IN ('Cleo', 'Dan', 'Eve', 'Fay')")));
  await client.reset();
  await client.ping();
  await client.end();
  return said;
}

async function recorded(work: (port: number) => Promise<unknown>): Promise<{
  relay: Relay;
  said: unknown;
  exchanges: Decoded[];
  facts: ReturnType<typeof decodeConnections>['facts'];
}> {
  const relay = await startRelay(realPort);
  const said = await work(relay.port);
  await relay.close();
  return { relay, said, ...decodeConnections(mysql, relay) };
}

needs((await findMysql()) !== null, 'MariaDB: apt-get install mariadb-server')(
  'MySQL, recorded and replayed',
  () => {
    let recording: Awaited<ReturnType<typeof recorded>>;

    beforeAll(async () => {
      folder = await scratchDir('protocol-mysql');
      server = await startMysql(join(folder, 'mysql'));
      const { url } = await server.create('shop', SCHEMA);
      realPort = Number(new URL(url).port);
      recording = await recorded(program);
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });

    it('decodes everything that was said, complete', () => {
      const { exchanges, facts } = recording;
      expect(exchanges.filter(({ complete }) => !complete)).toEqual([]);
      expect(myFactsSchema.parse(facts)).toMatchObject({
        authentication: 'mysql_native_password',
        serverVersion: expect.stringContaining('MariaDB'),
        variables: { lower_case_table_names: { value: '0' } },
      });
      const inserts = exchanges.filter(({ summary }) => summary.startsWith('INSERT'));
      expect(inserts.map(({ response }) => myResponseSchema.parse(response).error?.code ?? 'fine')).toEqual([
        'fine',
        1062,
      ]);
      expect(mysql.canonical(inserts[0]!.request)).toEqual({
        sql: 'INSERT INTO guests (name,price)VALUES (?,?)',
        params: ['New', '1.25'],
      });
      const refused = exchanges.find(({ summary }) => summary.startsWith('prepare SELECT missing'));
      expect(myResponseSchema.parse(refused?.response).error).toMatchObject({ code: 1054, state: '42S22' });
      const call = exchanges.find(({ summary }) => summary.startsWith('CALL'));
      expect(myResponseSchema.parse(call?.response).more.map(({ rows }) => rows)).toEqual([[['3']], []]);
      const elsewhere = exchanges.find(({ summary }) => summary === 'SELECT name FROM guests');
      expect(myRequestSchema.parse(elsewhere?.request).database).toBe('annex');
    });

    it('gives the same program the same results from the mock', async () => {
      const mock = await startMock(mysql, recording.exchanges, recording.facts);
      try {
        expect(await program(mock.port)).toEqual(recording.said);
        expect(mock.missed).toEqual([]);
      } finally {
        await mock.close();
      }
    });

    it('does so for a client that sends several commands at once', async () => {
      const { said, exchanges, facts } = await recorded(otherProgram);
      expect(exchanges.filter(({ complete }) => !complete)).toEqual([]);
      const mock = await startMock(mysql, exchanges, facts);
      try {
        expect(await otherProgram(mock.port)).toEqual(said);
        expect(mock.missed).toEqual([]);
      } finally {
        await mock.close();
      }
    });

    it('reads and writes binary values as the text that the server has for them', async () => {
      const values = `SELECT 1 AS a, -7 AS b, 18446744073709551615 AS c, 1.50 AS d, 0.1e0 AS e, 1e300 AS f, -2.5e0 AS g, 1e15 AS h, 1e16 AS i, 123456789012345e3 AS j,
      1e-7 AS k, 0.000012e0 AS l, 1e-15 AS m, 1.25e-16 AS n, CAST('2024-02-29' AS date) AS o, CAST('12:34:56.789' AS time(3)) AS p, CAST('-123:00:01' AS time) AS q,
      CAST('1999-12-31 23:59:59.999999' AS datetime(6)) AS r, CAST('2024-05-01' AS datetime) AS s, CAST('2024-05-01 10:00:00' AS datetime(2)) AS t,
      'té' AS u, x'00ff' AS v, NULL AS w, CAST(5 AS unsigned) AS x, b'101' AS y, true AS z, t.* FROM typed t`;
      const client = await mysqlClient.createConnection(credentials(realPort));
      await client.query(
        `CREATE TABLE typed (ti tinyint, si smallint unsigned, mi mediumint, bi bigint, zf int(6) zerofill, f float, f2 float(7,2), d2 double(9,3), y year, bt bit(10),
        e enum('a','b'), s set('x','y'), j json, zd date, c char(3), tx text)`,
      );
      await client.query("SET sql_mode = ''");
      await client.query(
        `INSERT INTO typed VALUES (-5, 65535, -8388608, -9223372036854775808, 42, 0.1, 1234.5, 1.5, 2024, b'1100000001', 'b', 'x,y', '[1]', '0000-00-00', 'ab', 'long'),
        (127, 0, 1, 1, 123456, 3.5e20, 0, 0, 0, 0, NULL, '', NULL, NULL, '', '')`,
      );
      await client.end();
      const { exchanges } = await recorded(async (port) => {
        const again = await mysqlClient.createConnection(credentials(port));
        await again.query(values);
        await again.execute(values);
        await again.query('DROP TABLE typed');
        await again.end();
      });
      const [text, binary] = exchanges.map(({ response }) => myResponseSchema.parse(response));
      expect(binary!.rows).toEqual(text!.rows);
      expect(text!.rows).toHaveLength(2);
      for (const row of binary!.rows) expect(typeof binaryRow(binary!.columns!, row)).toBe('object');
    });

    it('takes text and bound values for the same request, and numbers for no texts', async () => {
      const { exchanges } = await recorded(async (port) => {
        const client = await mysqlClient.createConnection(credentials(port));
        await client.query('SELECT name FROM guests WHERE id = ? AND name <> ?', [2, "it's"]);
        await client.execute('SELECT name  FROM guests WHERE id = ? AND name <> ?', [2, "it's"]);
        await client.execute('SELECT name FROM guests WHERE id = ? AND name <> ?', ['2', "it's"]);
        await client.end();
      });
      const [written, bound, asText] = exchanges.map(({ request }) =>
        canonicalJson(mysql.canonical(request)),
      );
      expect(bound).toBe(written);
      expect(asText).not.toBe(written);
    });

    it('joins packets of more than 16 MiB', async () => {
      const long = 'x'.repeat(17 * 1024 * 1024);
      const { exchanges, facts } = await recorded(async (port) => {
        const client = await mysqlClient.createConnection(credentials(port));
        await client.query('SET GLOBAL max_allowed_packet = 67108864');
        await client.end();
        const second = await mysqlClient.createConnection(credentials(port));
        const [rows] = await second.query(`SELECT length(?) AS n, repeat('y', ${long.length}) AS long_text`, [
          long,
        ]);
        expect((rows as { n: number }[])[0]!.n).toBe(long.length);
        await second.end();
      });
      const big = exchanges.filter(({ summary }) => summary.startsWith('SELECT length'));
      expect(big.map(({ complete }) => complete)).toEqual([true]);
      const mock = await startMock(mysql, exchanges, facts);
      const client = await mysqlClient.createConnection(credentials(mock.port));
      try {
        const [rows] = await client.query(`SELECT length(?) AS n, repeat('y', ${long.length}) AS long_text`, [
          long,
        ]);
        expect((rows as { long_text: string }[])[0]!.long_text).toHaveLength(long.length);
      } finally {
        await client.end();
        await mock.close();
      }
    });

    it('says what was not recorded as an error that the program sees', async () => {
      const mock = await startMock(mysql, recording.exchanges, recording.facts);
      const client = await mysqlClient.createConnection({
        host: '127.0.0.1',
        port: mock.port,
        user: 'anybody',
        password: 'any',
      });
      try {
        await expect(client.query('SELECT price FROM guests WHERE id = ?', [1])).rejects.toThrow(
          /vouch: .*never recorded/,
        );
        await expect(client.execute('SELECT price FROM guests WHERE id = ?', [1])).rejects.toThrow(
          /vouch: .*never recorded/,
        );
        await expect(client.query('SELECT 1 AS up')).resolves.toMatchObject([[{ up: 1 }], {}]);
        expect(mock.missed).toHaveLength(2);
      } finally {
        await client.end();
        await mock.close();
      }
    });
  },
);
