import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSchemaKeeper, keepSchemas, schemasOf } from '../../src/desks/fix/schemas.ts';
import { startPostgres, type PostgresServer } from '../../src/eval/services/postgres.ts';
import { createLogger } from '../../src/lib/log.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import type { Exchange } from '../../src/protocol/port.ts';
import { catalog } from '../../src/protocol/postgres/catalog.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { exchange } from '../fixtures/recordings.ts';
import { needs } from '../needs.ts';
import { isRoot } from './server-setup.ts';

let folder: string;
let server: PostgresServer;
let store: Store;
const log = createLogger('silent');

beforeAll(async () => {
  folder = await scratchDir('schemas');
  server = await startPostgres(join(folder, 'postgres'));
  store = await openStore(join(folder, 'data'));
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const SAID = { columns: null, rows: [], tag: null, error: null, transaction: 'I', notices: [] };

const SCHEMA = `
CREATE TYPE mood AS ENUM ('calm', 'loud');
CREATE TABLE owners (id serial PRIMARY KEY, email text NOT NULL UNIQUE, mood mood DEFAULT 'calm');
CREATE TABLE pets (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner int NOT NULL REFERENCES owners(id), weight numeric(6,2) CHECK (weight > 0));
CREATE VIEW loud AS SELECT * FROM owners WHERE mood = 'loud';
CREATE FUNCTION secret() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watch BEFORE INSERT ON owners FOR EACH ROW EXECUTE FUNCTION secret();
INSERT INTO owners (email) VALUES ('a-row-that-nobody-may-read@example.org');
`;

needs(isRoot, 'root, to start a server as somebody else')('the schemas of what an app is given', () => {
  it('are kept with the release, by address, and hold no row', async () => {
    const { url } = await server.create('pets_db', SCHEMA);
    await keepSchemas(store, 'rel_1', { DATABASE_URL: url, OTHER: 'http://127.0.0.1:1', EMPTY: '' }, log);
    const kept = await schemasOf(store, 'rel_1');
    const { port } = new URL(url);
    expect([...kept.keys()]).toEqual([`127.0.0.1:${port}`]);
    const [schema] = [...kept.values()].map(({ value }) => value);
    const text = JSON.stringify(schema);
    expect(text).not.toContain('a-row-that-nobody-may-read');
    expect(schema).toMatchObject({
      version: 1,
      tables: expect.arrayContaining([
        expect.objectContaining({ name: 'owners', oddToWrite: 'it has a trigger' }),
        expect.objectContaining({
          name: 'owners',
          indexes: expect.arrayContaining([expect.stringContaining('(email)')]) as string[],
        }),
        expect.objectContaining({ name: 'pets', foreign: [expect.objectContaining({ columns: [2] })] }),
      ]),
      enums: [expect.objectContaining({ labels: ['calm', 'loud'] })],
      views: [expect.objectContaining({ name: 'loud' })],
      functions: [
        { schema: 'public', name: 'secret', definition: expect.stringContaining('RETURN NEW') as string },
      ],
    });
    expect(await schemasOf(store, 'rel_2')).toEqual(new Map());
  });

  it('are read anew for another release, after the schema has changed', async () => {
    const { url } = await server.create('changing_db', 'CREATE TABLE one (id int PRIMARY KEY)');
    await keepSchemas(store, 'rel_3', { DATABASE_URL: url }, log);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('ALTER TABLE one ADD COLUMN more text');
    await client.end();
    await keepSchemas(store, 'rel_4', { DATABASE_URL: url }, log);
    const columns = async (release: string): Promise<string> =>
      JSON.stringify([...(await schemasOf(store, release)).values()]);
    expect(await columns('rel_3')).not.toContain('"more"');
    expect(await columns('rel_4')).toContain('"more"');
  });

  it('are read again when a recording shows that they have changed since, and only then', async () => {
    const { url } = await server.create('migrating_db', 'CREATE TABLE old (id int PRIMARY KEY)');
    let now = Date.now();
    const keeper = createSchemaKeeper(store, log, () => now);
    await keeper.production('rel_6', { DATABASE_URL: url });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('CREATE TABLE fresh (id int PRIMARY KEY)');
    const oid = (await client.query<{ oid: number }>("SELECT 'fresh'::regclass::oid AS oid")).rows[0]!.oid;
    await client.end();
    const place = `127.0.0.1:${new URL(url).port}`;
    const tables = async (): Promise<string> =>
      JSON.stringify([...(await schemasOf(store, 'rel_6')).values()]);
    const after = (Date.now() + 10) * 1000;
    const statement = (response: object): Exchange =>
      exchange({
        protocol: 'postgres',
        request: {},
        response: { ...SAID, ...response },
        startedAt: after,
        endedAt: after,
      });
    const column = { name: 'id', table: oid, attribute: 1, type: 23, size: 4, modifier: -1, format: 0 };

    now += 5_000;
    await keeper.seen('rel_6', { [place]: catalog.shown([statement({ tag: 'SELECT 0' })]) });
    expect(await tables()).not.toContain('fresh');
    await keeper.seen('rel_6', {
      [place]: catalog.shown([statement({ tag: 'SELECT 0', columns: [column] })]),
    });
    expect(await tables()).toContain('fresh');
    const [kept] = (await schemasOf(store, 'rel_6')).values();
    expect(catalog.holds(kept!, catalog.shown([statement({ columns: [column] })]))).toBe(true);
    const changed = catalog.shown([statement({ tag: 'ALTER TABLE' })]);
    expect(catalog.holds({ ...kept!, takenAt: after - 1 }, changed)).toBe(false);
    expect(catalog.holds({ ...kept!, takenAt: after + 1 }, changed)).toBe(true);
  });

  it('that cannot be read are said by the name of their variable, never with their password', async () => {
    const said: unknown[] = [];
    const listening = { ...log, warn: (...line: unknown[]) => void said.push(line) } as typeof log;
    await keepSchemas(store, 'rel_5', { DATABASE_URL: 'postgres://u:s3cret@127.0.0.1:1/none' }, listening);
    expect(await schemasOf(store, 'rel_5')).toEqual(new Map());
    expect(JSON.stringify(said)).toContain('DATABASE_URL');
    expect(JSON.stringify(said)).not.toContain('s3cret');
  });
});
