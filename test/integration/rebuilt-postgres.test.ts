import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findPostgres, startPostgres, type PostgresServer } from '../../src/eval/services/postgres.ts';
import type { Json } from '../../src/lib/json.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import type { Exchange, RecordedState, Told } from '../../src/protocol/port.ts';
import { postgres } from '../../src/protocol/postgres/postgres.ts';
import { Server } from '../../src/protocol/postgres/rebuilt/server.ts';
import { clock } from '../corpus/rebuilt/record.ts';
import { needs } from '../needs.ts';
import { startRelay } from './protocol-setup.ts';

let folder: string;
let server: PostgresServer;

beforeAll(async () => {
  folder = await scratchDir('rebuilt-port');
  server = await startPostgres(join(folder, 'pg'));
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What a client says to a database, as it is recorded. */
function record(url: string, statements: readonly string[]): Promise<RecordedState> {
  return recordOf(url, async (connectionString) => {
    const client = new pg.Client({ connectionString });
    await client.connect();
    for (const sql of statements) await client.query(sql);
    await client.end();
  });
}

async function recordOf(url: string, talk: (url: string) => Promise<void>): Promise<RecordedState> {
  const target = new URL(url);
  const relay = await startRelay(Number(target.port));
  target.port = String(relay.port);
  await talk(target.href);
  await relay.close();
  const decoder = postgres.decoder();
  const decoded = relay.connections[0]!.flatMap((chunk) => decoder.push(chunk));
  const exchanges = decoded.map((one, i): Exchange => ({
    version: 1,
    id: `c.${i}`,
    connection: 'c',
    protocol: 'postgres',
    direction: 'outbound',
    destination: { host: '10.0.0.1', port: 5432 },
    ...one,
  }));
  return { exchanges, facts: decoder.facts(), schema: null };
}

async function withSchema(url: string, recorded: RecordedState): Promise<RecordedState> {
  return { ...recorded, schema: { value: await postgres.schema!.read(url), takenAt: clock() } };
}

async function ask(recorded: RecordedState, moment: number, sql: string): Promise<Told> {
  const rebuilt = await postgres.rebuild!(recorded);
  try {
    const request: Json = { kind: 'simple', sql, params: [], paramTypes: [], resultFormats: [] };
    return await (await rebuilt.at(moment)).ask('new', request);
  } finally {
    await rebuilt.close();
  }
}

needs((await findPostgres()) !== null, 'PostgreSQL: apt-get install postgresql')(
  'a rebuilt PostgreSQL',
  () => {
    it('knows what an app put in after it made its tables, and not what was there before they were changed', async () => {
      const { url } = await server.create('starts', '');
      const made = await record(url, [
        'CREATE TABLE IF NOT EXISTS pets (id int PRIMARY KEY, name text)',
        "INSERT INTO pets VALUES (1, 'Rex')",
      ]);
      const recorded = await withSchema(url, made);
      const moment = clock();
      expect(await ask(recorded, moment, 'SELECT name FROM pets WHERE id = 1')).toMatchObject({
        dared: true,
        response: { rows: [['Rex']] },
        assumptions: expect.arrayContaining([
          expect.objectContaining({ what: 'pets(id=1)', exchange: 'c.1' }),
        ]),
      });
      const later = await record(url, ['ALTER TABLE pets ADD COLUMN age int']);
      const both = {
        ...recorded,
        exchanges: [...made.exchanges, ...later.exchanges.map((one) => ({ ...one, id: 'd.0' }))],
      };
      const reason = expect.stringContaining('ALTER TABLE');
      expect(await ask(both, clock(), 'SELECT name FROM pets WHERE id = 1')).toMatchObject({
        dared: false,
        reason,
      });
      const readAfter = await withSchema(url, both);
      expect(await ask(readAfter, moment, 'SELECT name FROM pets WHERE id = 1')).toMatchObject({
        dared: false,
        reason,
      });
      expect(await ask(readAfter, clock(), 'SELECT name FROM pets WHERE id = 1')).toMatchObject({
        dared: false,
        reason: expect.stringContaining('never seen'),
      });
    });

    it('reads what COPY brings and shows', async () => {
      const { url } = await server.create(
        'copies',
        'CREATE TABLE c (id int PRIMARY KEY, a text, b bool DEFAULT true)',
      );
      const psql = (connection: string, sql: string, input: string): Promise<void> =>
        new Promise((resolve, reject) => {
          const child = spawn('psql', [connection, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', sql], {
            stdio: ['pipe', 'ignore', 'inherit'],
          });
          child
            .on('error', reject)
            .on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`psql: ${code}`))));
          child.stdin.end(input);
        });
      const lines = ['1\tx\\ty\\\\z', '2\t\\N', '3\tschön'];
      const brought = await withSchema(
        url,
        await recordOf(url, (at) => psql(at, 'COPY c (id, a) FROM STDIN', `${lines.join('\n')}\n`)),
      );
      const answers = async (given: RecordedState, sql: string): Promise<unknown> => {
        const told = await ask(given, clock(), sql);
        return told.dared ? (told.response as { rows: unknown }).rows : told.reason;
      };
      expect(await answers(brought, 'SELECT id, a, b FROM c WHERE id IN (1, 2, 3) ORDER BY id')).toEqual([
        ['1', 'x\ty\\z', 't'],
        ['2', null, 't'],
        ['3', 'schön', 't'],
      ]);
      expect(await answers(brought, 'SELECT count(*) FROM c')).toContain('never seen');
      const shown = await withSchema(url, await recordOf(url, (at) => psql(at, 'COPY c TO STDOUT', '')));
      expect(await answers(shown, 'SELECT count(*), max(a) FROM c WHERE b')).toEqual([['3', 'x\ty\\z']]);
      const csv = await recordOf(url, (at) => psql(at, 'COPY c (id, a) FROM STDIN (FORMAT csv)', '4,w\n'));
      expect(await answers(await withSchema(url, csv), 'SELECT a FROM c WHERE id = 4')).toContain(
        'never seen',
      );
    });

    it('says what is missing where it cannot be put together', async () => {
      const { url } = await server.create('one_db', 'CREATE TABLE a (id int PRIMARY KEY)');
      const other = await server.create('other_db', 'CREATE TABLE a (id int PRIMARY KEY)');
      const recorded = await withSchema(url, await record(url, ['SELECT * FROM a']));
      await expect(postgres.rebuild!({ ...recorded, schema: null })).rejects.toThrow(
        'its schema was not read',
      );
      const facts = postgres.mergeFacts!(
        recorded.facts,
        (await record(other.url, ['SELECT * FROM a'])).facts,
      );
      await expect(postgres.rebuild!({ ...recorded, facts })).rejects.toThrow(
        'several of its databases: one_db, other_db',
      );
      await expect(postgres.rebuild!({ ...recorded, facts: null })).rejects.toThrow('was not seen');
    });

    it('ends a statement that takes for ever, and answers nothing after that', async () => {
      const rebuilt = await Server.open({ statementMs: 200 });
      expect((await rebuilt.must('SELECT 1')).rows).toEqual([['1']]);
      const began = performance.now();
      await expect(rebuilt.run('SELECT count(*) FROM generate_series(1, 1e12::bigint)')).rejects.toThrow(
        'no answer within 0.2 s',
      );
      expect(performance.now() - began).toBeLessThan(20_000);
      await expect(rebuilt.run('SELECT 1')).rejects.toThrow('no answer within 0.2 s');
      await rebuilt.close();
    });

    it('does not answer where connections mean something else than it takes for granted', async () => {
      const { url } = await server.create('odd_db', 'CREATE TABLE a (id int PRIMARY KEY)');
      const options = `${url}?options=${encodeURIComponent('-c search_path=none')}`;
      const recorded = await withSchema(url, await record(options, ['SELECT 1']));
      expect(await ask(recorded, clock(), 'SELECT id FROM a WHERE id = 1')).toMatchObject({
        dared: false,
        reason: expect.stringContaining('options'),
      });
    });
  },
);
