import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, type Case } from '../engines/template/fixture.ts';
import { faultOf } from './fault.ts';
import { hunksOf, locate, locateIn, type Location } from './locate.ts';
import { matchPath, singular } from './routes.ts';
import { SourceTree } from './tree.ts';

function found(test: Case): Location[] {
  return locateIn(contextOf(test), new SourceTree(test.files));
}

function subjectOf(test: Case): string | undefined {
  const [first] = found(test);
  return first?.subject ? first.source.slice(first.subject) : undefined;
}

describe('the value that a message speaks of', () => {
  const at = (text: string, mark: string, error: string, type = 'TypeError'): string | undefined =>
    subjectOf({ files: { 'a.ts': text }, error, type, frames: [['a.ts', mark]] });

  it.each([
    [
      'const x = row.coupon.percent;',
      'coupon.|percent',
      "Cannot read properties of null (reading 'percent')",
      'row.coupon',
    ],
    [
      "const x = row.coupon['percent'];",
      "coupon|['percent']",
      "Cannot read properties of null (reading 'percent')",
      'row.coupon',
    ],
    [
      'const x = rows[0]!.id as string;',
      ']!.|id',
      "Cannot read properties of undefined (reading 'id')",
      'rows[0]!',
    ],
    ['row.a.b = 1;', 'b |= 1', "Cannot set properties of undefined (setting 'b')", 'row.a'],
    [
      'const { a, b } = load();',
      '{ |a, b',
      "Cannot destructure property 'a' of 'load(...)' as it is undefined.",
      'load()',
    ],
    [
      'const x = list.items.filter(Boolean);',
      'items.|filter',
      'list.items.filter is not a function',
      'list.items',
    ],
    ['for (const x of row.items) use(x);', 'row.|items', 'row.items is not iterable', 'row.items'],
    ['const y = [...row.items];', 'row.|items', 'row.items is not iterable', 'row.items'],
    [
      'const y = Object.keys(row.items);',
      'Object.|keys',
      'Cannot convert undefined or null to object',
      'row.items',
    ],
    ['const y = JSON.parse(text);', 'JSON.|parse', 'Unexpected end of JSON input', 'text'],
    ['const y = total(cart) + misspelt;', '|misspelt', 'misspelt is not defined', 'misspelt'],
  ])('%s', (text, mark, error, expected) => {
    expect(at(text, mark, error)).toBe(expected);
  });
});

describe('locations', () => {
  const files = {
    'src/a.js': 'export const pick = (row) => row.name;\n',
    'src/b.js':
      "import { pick } from './a.js';\nexport async function show(req, res) {\n  const row = await find(req.params.id);\n  res.json({ name: pick(row) });\n}\n",
    'node_modules/x/i.js': 'x',
  };

  it('follow the stack, and leave out what is not the app', () => {
    const context = contextOf({
      files,
      error: "Cannot read properties of undefined (reading 'name')",
      frames: [
        ['src/a.js', 'row.|name'],
        ['src/b.js', '|pick(row)'],
      ],
    });
    context.error.frames.splice(1, 0, {
      function: 'run',
      file: 'node_modules/x/i.js',
      line: 1,
      column: 1,
      inApp: false,
    });
    const locations = locateIn(context, new SourceTree(files));
    expect(locations.map((each) => each.source.file)).toEqual(['src/a.js', 'src/b.js']);
    expect(locations[1]!.handler?.response).toBe('res');
  });

  it('start at the innermost cause', () => {
    const context = contextOf({
      files,
      error: 'cannot show',
      type: 'Error',
      frames: [['src/b.js', '|pick(row)']],
    });
    context.error.causes.push({
      type: 'TypeError',
      message: "Cannot read properties of undefined (reading 'name')",
      frames: [{ function: 'pick', file: 'src/a.js', line: 1, column: 34, inApp: true }],
    });
    expect(locateIn(context, new SourceTree(files))[0]!.source.file).toBe('src/a.js');
  });

  it('find the handler of the route where there is no stack', () => {
    const app = {
      'routes.js':
        "router.get('/orders/:id', async (ctx) => {\n  ctx.body = await db.order(ctx.params.id);\n});\nrouter.post('/orders', create);\nasync function create(ctx) {\n  ctx.status = 201;\n}\n",
    };
    const [first] = found({
      files: app,
      error: 'HTTP 500',
      type: 'HTTP 500',
      detector: 'server-error',
      request: { method: 'POST', target: '/api/orders?x=1' },
    });
    expect(first?.by).toBe('route');
    expect(first?.source.slice(first.node)).toContain('ctx.status = 201');
  });

  it('find the branch of a server without a router', () => {
    const app = {
      's.js':
        "const http = require('http');\nhttp.createServer((req, res) => {\n  if (req.method === 'GET' && req.url.startsWith('/health')) return res.end('ok');\n  if (req.method === 'GET' && req.url.startsWith('/users')) {\n    res.end(String(users.length));\n  }\n});\n",
    };
    const [first] = found({
      files: app,
      error: 'HTTP 500',
      type: 'HTTP 500',
      request: { method: 'GET', target: '/users' },
    });
    expect(first?.source.slice(first.node)).toMatch(
      /^if \(req.method === 'GET' && req.url.startsWith\('\/users'\)/,
    );
  });

  it('fall back on the lines that the suspect commit changed', () => {
    const diff =
      'diff --git a/src/a.js b/src/a.js\n--- a/src/a.js\n+++ b/src/a.js\n@@ -1 +1 @@\n-export const pick = (row) => row?.name;\n+export const pick = (row) => row.name;\n';
    const [first] = found({
      files,
      error: 'exit',
      type: 'Exit',
      suspect: { sha: 'abc', subject: 's', diff },
    });
    expect(first).toMatchObject({ by: 'commit', line: 1 });
  });

  it('are none for what fits nowhere', () => {
    expect(found({ files, error: 'x is not defined', frames: [] })).toEqual([]);
  });
});

describe('what a message says', () => {
  it.each([
    ['connect ECONNREFUSED 127.0.0.1:5432', 'environment'],
    ['ENOSPC: no space left on device, write', 'environment'],
    ['password authentication failed for user "app"', 'environment'],
    ["Cannot read properties of null (reading 'x')", 'nullish-read'],
    ['invalid input syntax for type integer: "abc"', 'sql'],
    ['something of the app itself', 'other'],
  ])('%s', (message, kind) => {
    expect(faultOf({ type: 'Error', message }).kind).toBe(kind);
  });
});

describe('a tree', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'vouch-locate-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('leaves out links, dependencies, bundles and large files, and does not parse nesting beyond reason or what is no code', async () => {
    await mkdir(join(root, 'app/node_modules/x'), { recursive: true });
    let n = 0;
    const write = (file: string, text: string): Promise<void> => writeFile(join(root, file), text);
    await write('secret.js', 'export const secret = 1;\n');
    await write('app/a.js', 'export const a = 1;\n');
    await write('app/broken.js', 'export const = ;\n');
    await write('app/node_modules/x/i.js', 'x\n');
    await write('app/bundle.js', `var a=1;${'b(a);'.repeat(2000)}`);
    await write('app/deep.js', `${'['.repeat(100_000)}${']'.repeat(100_000)}\n`.replaceAll('[[[[', '[[[[\n'));
    await write(
      'app/long.js',
      'export const b = [1, 2, 3].map((x) => x + 1);\n'.repeat(400).replaceAll(/ b =/g, () => ` b${n++} =`),
    );
    await write('app/large.js', `// ${'x\n// '.repeat(400_000)}`);
    await symlink(join(root, 'secret.js'), join(root, 'app/link.js'));
    await symlink(root, join(root, 'app/up'));
    const tree = await SourceTree.load(join(root, 'app'));
    expect(tree.files).toEqual(['a.js', 'broken.js', 'deep.js', 'long.js']);
    expect(tree.source('broken.js')).toBeUndefined();
    expect(tree.source('deep.js')).toBeUndefined();
    expect(tree.source('long.js')).toBeDefined();
    expect(tree.resolve('a.js', '../secret.js')).toBeUndefined();
  });

  it('that is not there is an error that says so', async () => {
    const context = { ...contextOf({ files: {}, error: 'x' }), tree: join(root, 'nothing') };
    await expect(locate(context)).rejects.toThrow(/cannot be read/);
  });
});

describe('pieces', () => {
  it('match paths by their literals', () => {
    expect(matchPath('/users/:id', '/users/7')).toBeGreaterThan(matchPath('/:a/:b', '/users/7'));
    expect(matchPath('/users', '/api/users')).toBeGreaterThan(0);
    expect(matchPath('/users/:id', '/users')).toBe(0);
  });

  it('make words singular', () => {
    expect(['users', 'categories', 'boxes', 'address', 'status', 'x'].map(singular)).toEqual([
      'user',
      'category',
      'box',
      'address',
      'status',
      'x',
    ]);
  });

  it('read hunks, and nothing from what is no diff', () => {
    expect(hunksOf('not a diff\n@@ nothing')).toEqual([]);
    expect(hunksOf('--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n')).toEqual([
      { file: 'x', start: 1, firstChanged: 2, before: ['a', 'b'], after: ['a', 'c'] },
    ]);
  });
});
