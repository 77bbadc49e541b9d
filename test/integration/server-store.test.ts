import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { needs } from '../needs.ts';
import { environment, finish, isRoot } from './server-setup.ts';

const STORE = fileURLToPath(new URL('../../src/store', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-store-int-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a piece of code in a process of its own; `data` is the data folder. */
async function inProcess(name: string, code: string): ReturnType<typeof finish> {
  const path = join(folder, `${name}.ts`);
  await writeFile(
    path,
    `import { openStore } from '${STORE}/store.ts';
     import { MIGRATIONS } from '${STORE}/migrations/registry.ts';
     import { createProposal } from '${STORE}/../proposal/proposals.ts';
     import { decide } from '${STORE}/../proposal/decisions.ts';
     const data = ${JSON.stringify(join(folder, 'data'))};
     ${code}`,
  );
  return finish([process.execPath, path], { env: environment() });
}

describe('a data folder that several processes use', () => {
  it('is whole after a migration that was killed in the middle', async () => {
    await (await openStore(join(folder, 'data'))).close();
    const killed = await inProcess(
      'killed',
      `await openStore(data, [...MIGRATIONS, { number: MIGRATIONS.length + 1, name: 'half', async up(db) {
         await db.schema.createTable('half').addColumn('id', 'text').execute();
         process.kill(process.pid, 'SIGKILL');
         await new Promise(() => setInterval(() => {}, 1000));
       } }]);`,
    );
    expect(killed.signal).toBe('SIGKILL');
    const store = await openStore(join(folder, 'data'));
    await store.db.insertInto('apps').values({ name: 'shop', createdAt: 1 }).execute();
    await store.close();
    const again = await inProcess(
      'again',
      `const store = await openStore(data, [...MIGRATIONS, { number: MIGRATIONS.length + 1, name: 'half', up: (db) =>
         db.schema.createTable('half').addColumn('id', 'text').execute() }]);
       console.log(JSON.stringify(await store.db.selectFrom('apps').select('name').execute()));`,
    );
    expect(again).toMatchObject({ code: 0, out: '[{"name":"shop"}]\n' });
  });

  it('is made once by processes that start at the same moment', async () => {
    const all = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        inProcess(`start${n}`, `await (await openStore(data)).close(); console.log('ok');`),
      ),
    );
    for (const one of all) expect(one).toMatchObject({ code: 0, out: 'ok\n', err: '' });
  });

  it('loses nothing of what they write at the same moment', async () => {
    const writer = (n: number): ReturnType<typeof finish> =>
      inProcess(
        `writer${n}`,
        `const store = await openStore(data);
         for (let i = 0; i < 100; i++) {
           await store.db.transaction().execute(async (tx) => {
             const row = await tx.selectFrom('settings').select('value').where('key', '=', 'n').executeTakeFirst();
             const value = String(Number(row?.value ?? 0) + 1);
             await tx.insertInto('settings').values({ key: 'n', value }).onConflict((c) => c.column('key').doUpdateSet({ value })).execute();
           });
           await store.blobs.put('shared ' + i);
         }
         await store.close();`,
      );
    await (await openStore(join(folder, 'data'))).close();
    for (const one of await Promise.all([writer(1), writer(2), writer(3)]))
      expect(one).toMatchObject({ code: 0, err: '' });
    const store = await openStore(join(folder, 'data'));
    const row = await store.db
      .selectFrom('settings')
      .select('value')
      .where('key', '=', 'n')
      .executeTakeFirst();
    await store.close();
    expect(row?.value).toBe('300');
  });

  it('keeps a decision whose process is killed right after the answer', async () => {
    const killed = await inProcess(
      'decided',
      `const store = await openStore(data);
       const { id } = await createProposal(store, { desk: 'fix', subject: 'inc_1', app: null, engine: 'manual', title: 'T',
         why: 'W', kind: 'mitigation', patch: 'diff', trace: null });
       const decision = await decide(store, { proposal: id, decision: 'accept', by: 'Ada', why: null });
       process.stdout.write(JSON.stringify(decision), () => process.kill(process.pid, 'SIGKILL'));
       await new Promise(() => setInterval(() => {}, 1000));`,
    );
    expect(killed.signal).toBe('SIGKILL');
    const store = await openStore(join(folder, 'data'));
    expect(await store.db.selectFrom('decisions').selectAll().execute()).toEqual([JSON.parse(killed.out)]);
    expect(await store.db.selectFrom('audit').select('action').execute()).toEqual([
      { action: 'proposal.accept' },
    ]);
    await store.close();
  });
});

needs(isRoot, 'a small file system needs root')('a disk that is full', () => {
  it('is told in one line, and nothing that was written is lost', async () => {
    // In a mount namespace of its own: nothing stays mounted.
    const script = join(folder, 'full.ts');
    await writeFile(
      script,
      `import { openStore } from '${STORE}/store.ts';
       import { randomBytes } from 'node:crypto';
       const store = await openStore('/mnt/data');
       await store.db.insertInto('settings').values({ key: 'first', value: 'kept' }).execute();
       const said = [];
       for (const write of [
         () => store.db.insertInto('settings').values({ key: 'big', value: 'x'.repeat(4_000_000) }).execute(),
         () => store.blobs.put(randomBytes(4_000_000)),
       ]) await write().catch((error) => said.push([error.code, error.message]));
       const rows = await store.db.selectFrom('settings').select('key').execute();
       console.log(JSON.stringify({ said, rows }));`,
    );
    const mount = 'mount -t tmpfs -o size=2m none /mnt && exec "$0" "$1"';
    const { code, out, err } = await finish([
      'unshare',
      '--mount',
      'sh',
      '-c',
      mount,
      process.execPath,
      script,
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const { said, rows } = JSON.parse(out) as { said: [string, string][]; rows: object[] };
    expect(rows).toEqual([{ key: 'first' }]);
    expect(said).toHaveLength(2);
    for (const [kind, message] of said) {
      expect(kind).toBe('unavailable');
      expect(message).toMatch(/^\/mnt\/data[^\n]*: the disk is full$/);
    }
  });
});
