import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Migration } from './migrate.ts';
import { MIGRATIONS } from './migrations/registry.ts';
import { openStore, type Store } from './store.ts';

let folder: string;
const opened: Store[] = [];

async function open(at = folder, migrations?: readonly Migration[]): Promise<Store> {
  const store = await openStore(at, migrations);
  opened.push(store);
  return store;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-store-test-'));
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await rm(folder, { recursive: true, force: true });
});

const added: Migration = {
  number: MIGRATIONS.length + 1,
  name: 'added',
  up: (db) => db.schema.createTable('added').addColumn('id', 'text').execute(),
};

describe('openStore', () => {
  it('makes the folder and its parents, for the owner only', async () => {
    const deep = join(folder, 'a', 'b');
    await open(deep);
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
    expect((await stat(join(deep, 'vouch.db'))).mode & 0o777).toBe(0o600);
  });

  it('keeps what was written when it is opened again', async () => {
    const first = await open();
    await first.db.insertInto('apps').values({ name: 'shop', createdAt: 1 }).execute();
    const second = await open();
    expect(await second.db.selectFrom('apps').select('name').execute()).toEqual([{ name: 'shop' }]);
  });

  it('runs a new migration once, whoever opens first', async () => {
    await open();
    const both = await Promise.all([
      open(folder, [...MIGRATIONS, added]),
      open(folder, [...MIGRATIONS, added]),
    ]);
    for (const store of both) await store.db.selectFrom('apps').selectAll().execute();
    const applied = new SqliteDatabase(join(folder, 'vouch.db'))
      .prepare('select name from migrations')
      .pluck()
      .all();
    expect(applied).toEqual([...MIGRATIONS.map(({ name }) => name), 'added']);
  });

  it('takes back a migration that failed in the middle, and does it again the next time', async () => {
    const breaks: Migration = {
      ...added,
      async up(db) {
        await added.up(db);
        throw new Error('power cut');
      },
    };
    await expect(open(folder, [...MIGRATIONS, breaks])).rejects.toThrow('power cut');
    await expect(open(folder, [...MIGRATIONS, added])).resolves.toBeDefined();
  });

  it('refuses a database of a newer version', async () => {
    await open(folder, [...MIGRATIONS, added]);
    await expect(open()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/newer version.*added/),
    });
  });

  it('has migrations without gaps', () => {
    expect(MIGRATIONS.map(({ number }) => number)).toEqual(MIGRATIONS.map((_, i) => i + 1));
  });

  it('refuses a file that is not a database', async () => {
    await writeFile(join(folder, 'vouch.db'), 'x'.repeat(5000));
    await expect(open()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('damaged'),
    });
  });

  it("refuses somebody else's database", async () => {
    const other = new SqliteDatabase(join(folder, 'vouch.db'));
    other.exec('create table theirs (id)');
    other.close();
    await expect(open()).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('theirs') });
  });

  it('refuses a folder in place of the database', async () => {
    await mkdir(join(folder, 'vouch.db'));
    await expect(open()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('vouch.db'),
    });
  });

  it.each([
    ['a file', () => '/etc/passwd'],
    ['below a file', () => '/etc/passwd/x/y'],
    ['below /proc, where nothing can be made', () => '/proc/x'],
  ])('refuses %s as data folder, in one line that names it', async (_, at) => {
    const error: unknown = await open(at()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'usage', hint: expect.stringContaining('--data') });
    expect((error as Error).message).toContain(at());
    expect((error as Error).message).not.toContain('\n');
  });
});

describe('db', () => {
  it('lets transactions of one process take turns', async () => {
    const { db } = await open();
    await db.insertInto('settings').values({ key: 'n', value: '0' }).execute();
    const increment = (): Promise<void> =>
      db.transaction().execute(async (tx) => {
        const { value } = await tx
          .selectFrom('settings')
          .select('value')
          .where('key', '=', 'n')
          .executeTakeFirstOrThrow();
        await tx
          .updateTable('settings')
          .set({ value: String(Number(value) + 1) })
          .where('key', '=', 'n')
          .execute();
      });
    await Promise.all(Array.from({ length: 50 }, increment));
    expect(await db.selectFrom('settings').select('value').execute()).toEqual([{ value: '50' }]);
  });

  it('lets transactions of several connections read and then write', async () => {
    const [a, b] = await Promise.all([open(), open()]);
    await a.db.insertInto('settings').values({ key: 'n', value: '0' }).execute();
    const increment = ({ db }: Store): Promise<void> =>
      db.transaction().execute(async (tx) => {
        const { value } = await tx
          .selectFrom('settings')
          .select('value')
          .where('key', '=', 'n')
          .executeTakeFirstOrThrow();
        await tx
          .updateTable('settings')
          .set({ value: String(Number(value) + 1) })
          .where('key', '=', 'n')
          .execute();
      });
    for (let i = 0; i < 10; i++) for (const store of [a, b]) await increment(store);
    expect(await b.db.selectFrom('settings').select('value').execute()).toEqual([{ value: '20' }]);
  });

  it('enforces references', async () => {
    const { db } = await open();
    const orphan = {
      id: 'dec_1',
      proposal: 'prp_none',
      decision: 'accept' as const,
      by: 'Ada',
      why: null,
      at: 1,
    };
    await expect(db.insertInto('decisions').values(orphan).execute()).rejects.toThrow(/FOREIGN KEY/);
  });

  it('says that the disk is full in the middle of a transaction, and goes on when it no longer is', async () => {
    const { db } = await open();
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
    await sql`pragma max_page_count = ${sql.lit(rows[0]!.page_count + 2)}`.execute(db);
    const write = (value: string): Promise<void> =>
      db.transaction().execute(async (tx) => {
        await tx.insertInto('settings').values({ key: 'small', value: 'x' }).execute();
        await tx.insertInto('settings').values({ key: 'large', value }).execute();
      });
    await expect(write('x'.repeat(1_000_000))).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/vouch\.db: the disk is full$/),
    });
    expect(await db.selectFrom('settings').selectAll().execute()).toEqual([]);
    await write('y');
    expect(await db.selectFrom('settings').selectAll().execute()).toHaveLength(2);
  });
});
