import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { expect, it } from 'vitest';
import { findPostgres, startPostgres } from '../../src/eval/services/postgres.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { isRoot } from './server-setup.ts';
import { needs } from '../needs.ts';

async function rowsOf(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

needs(isRoot, 'root, to start a server as somebody else')('PostgreSQL for a scenario', () => {
  it.each(['system', 'npm'] as const)(
    'from %s: databases are filled, copied as they are, and gone with the server',
    async (from) => {
      const found = await findPostgres(from === 'npm' ? '/nonexistent' : undefined);
      expect(found?.from).toBe(from);
      const scratch = await scratchDir('postgres');
      const server = await startPostgres(join(scratch, 'postgres'), found);
      try {
        const { url } = await server.create('shop_db', 'CREATE TABLE t (a int); INSERT INTO t VALUES (1);');
        await rowsOf(url, 'INSERT INTO t VALUES (2)');
        const twin = await server.copy('shop_db_twin', 'shop_db');
        await rowsOf(url, 'DELETE FROM t');
        expect(await rowsOf(twin.url, 'SELECT a FROM t ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }]);
        await server.stop();
        await expect(rowsOf(url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      } finally {
        await server.stop();
        await rm(scratch, { recursive: true, force: true });
      }
    },
  );
});
