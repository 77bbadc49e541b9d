import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decisionsOf } from './decisions.ts';

let tree: string;
const CODE = 'const of = async (x) => (x.vip ? await load(x.id) : { a: 1 });\nexport default of;\n';

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'decisions-'));
  await writeFile(join(tree, 'a.js'), CODE);
});
afterAll(() => rm(tree, { recursive: true, force: true }));

const after = (from: string, to: string): ReturnType<typeof decisionsOf> =>
  decisionsOf(tree, { 'a.js': CODE.replace(from, to) });

it.each([
  ['x.id', 'x.key'],
  ['await load', 'load'],
  ['load(', 'loadAll('],
  ['{ a: 1 }', '{ b: 1 }'],
])('a patch that puts %s right with %s decides nothing', async (from, to) => {
  expect(await after(from, to)).toEqual({ adds: false, leavesOut: false });
});

it.each([
  ['x.id', 'x.id ?? 0'],
  ['x.id', 'x?.id'],
  ['{ a: 1 }', 'x.b || { a: 1 }'],
  ['(x)', '(x = {})'],
  ['load(x.id)', 'load(x.id).catch(() => null)'],
  ['export default', 'if (of) 1;\nexport default'],
])('%s → %s brings in a decision', async (from, to) => {
  expect(await after(from, to)).toMatchObject({ adds: true });
});

it.each([
  ['x.vip ? await load(x.id) : { a: 1 }', '{ a: 1 }'],
  ['await load(x.id)', 'x.id'],
])('%s → %s leaves something out', async (from, to) => {
  expect(await after(from, to)).toMatchObject({ leavesOut: true });
});

it('what is no code, or does not parse, may do anything', async () => {
  const anything = { adds: true, leavesOut: true };
  expect(await decisionsOf(tree, { 'a.sql': 'SELECT 1' })).toEqual(anything);
  expect(await decisionsOf(tree, { 'a.js': null })).toEqual(anything);
  expect(await after('const of', 'const const')).toEqual(anything);
});
