import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keysIn, otherNames } from './other-names.ts';

const BEFORE = `const label = gift ? customer.nickname.trim() : customer.name.trim();
log(customer.id, order.title);
`;

let tree: string;
beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'vouch-names-'));
  await writeFile(join(tree, 'a.js'), BEFORE);
});
afterAll(() => rm(tree, { recursive: true, force: true }));

const tried = async (from: string, to: string, known: string[] = []): Promise<string[]> =>
  (await otherNames(tree, { 'a.js': BEFORE.replace(from, to) }, new Set(known))).map(
    ({ changes }) => changes['a.js']!.split('\n')[0]!,
  );

describe('another name than the one that a patch chose', () => {
  it('is tried where it is nearer to what was written, in that place and no other', async () => {
    expect(await tried('customer.nickname', 'customer.name', ['nick', 'id'])).toEqual([
      'const label = gift ? customer.nick.trim() : customer.name.trim();',
    ]);
  });

  it('is not tried where the patch chose the nearest', async () => {
    expect(await tried('customer.nickname', 'customer.nick', ['nick', 'name'])).toEqual([]);
    expect(await tried('customer.nickname', 'customer.nick_name', ['nick', 'name'])).toEqual([]);
  });

  it('is any that the code reads of the object, where the chosen one is like nothing', async () => {
    expect((await tried('customer.nickname', 'customer.id', ['name'])).length).toBeGreaterThan(0);
  });

  it('is none of another object, nor where a name was added', async () => {
    expect(await tried('customer.nickname', 'order.title')).toEqual([]);
    expect(await tried('customer.nickname', '(customer.nickname ?? customer.name)')).toEqual([]);
  });
});

it('knows the names of members and columns, also in the text of a body', () => {
  const rows = { columns: [{ name: 'shelf_mark', type: 25 }], rows: [['K1']] };
  const body = { body: { text: '{"title":"Atlas","of":[{"year":1900}]}' } };
  expect([...keysIn([rows, body, null, 'text'])]).toEqual(
    expect.arrayContaining(['shelf_mark', 'title', 'year']),
  );
});
