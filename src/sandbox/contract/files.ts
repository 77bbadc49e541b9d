import { createServer } from 'node:net';
import { chmod, chown, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SANDBOX_USER, type Sandbox } from '../port.ts';
import { answer, ran, specOf, treeOf } from './harness.ts';

const LIST = `
const fs = require('fs');
const walk = (dir) => fs.readdirSync(dir, { withFileTypes: true }).flatMap((e) => e.isDirectory() ? walk(dir + '/' + e.name) : [dir + '/' + e.name]);
const files = Object.fromEntries(walk('.').filter((p) => p !== './main.js').map((p) => [p.slice(2), fs.readFileSync(p, 'utf8')]));
console.log(JSON.stringify({ cwd: process.cwd(), file: __filename, files }));
`;

export function files(sandbox: Sandbox): void {
  test('the tree is at /app, and is where the program runs', async () => {
    const tree = await treeOf({ 'main.js': LIST, 'lib/a.txt': 'a' });
    expect(await answer(sandbox, '', { tree })).toEqual({
      cwd: '/app',
      file: '/app/main.js',
      files: { 'lib/a.txt': 'a' },
    });
  });

  test('changed files are seen by the run only: replaced, new, removed, whole folders', async () => {
    const tree = await treeOf({
      'main.js': LIST,
      'a.txt': 'old',
      'b/c.txt': 'c',
      'b/d.txt': 'd',
      'e/f.txt': 'f',
      'e/g/h.txt': 'h',
      'i.txt': 'i',
    });
    const odd = 'odd \'"$(id) `x`;\n,:\\.txt';
    const changes = {
      'a.txt': 'new',
      'b/c.txt': null,
      e: null,
      'e/g/new.txt': Buffer.from('n'),
      'i.txt': null,
      'i.txt/was-a-file.txt': 'w',
      'x/y/z.txt': 'z',
      'not-there.txt': null,
      [odd]: 'odd',
    };
    const got = (await answer(sandbox, '', { tree, changes })) as { files: unknown };
    expect(got.files).toEqual({
      'a.txt': 'new',
      'b/d.txt': 'd',
      'e/g/new.txt': 'n',
      'i.txt/was-a-file.txt': 'w',
      'x/y/z.txt': 'z',
      [odd]: 'odd',
    });
    expect(await readFile(join(tree, 'a.txt'), 'utf8')).toBe('old');
    expect((await readdir(tree)).sort()).toEqual(['a.txt', 'b', 'e', 'i.txt', 'main.js']);
  });

  test('a tree whose path has special characters', async () => {
    const tree = join(dirname(await treeOf({})), 'odd, tree: \\ "x" #\n');
    await mkdir(tree);
    await writeFile(join(tree, 'main.js'), LIST);
    expect(await answer(sandbox, '', { tree, changes: { a: 'b' } })).toMatchObject({ files: { a: 'b' } });
  });

  test('the tree cannot be written to, /tmp can', async () => {
    const script = `
      const fs = require('fs');
      const tried = (f) => { try { f(); return 'ok'; } catch (e) { return e.code; } };
      console.log(JSON.stringify([
        tried(() => fs.writeFileSync('/app/new.txt', '')), tried(() => fs.appendFileSync('/app/main.js', '')),
        tried(() => fs.writeFileSync('/etc/x', '')), tried(() => fs.writeFileSync('/usr/x', '')),
        tried(() => fs.writeFileSync('/tmp/x', 'x')), tried(() => fs.writeFileSync(process.env.HOME + '/y', 'y')),
      ]));`;
    const got = (await answer(sandbox, script)) as string[];
    expect(got.slice(0, 4).every((code) => code === 'EROFS' || code === 'EACCES')).toBe(true);
    expect(got.slice(4)).toEqual(['ok', 'ok']);
  });

  test('a writable tree is written to a layer that is thrown away', async () => {
    const script = `
      const fs = require('fs');
      fs.writeFileSync('new.txt', 'n'); fs.writeFileSync('a/old.txt', 'changed'); fs.rmSync('b', { recursive: true }); fs.mkdirSync('a/c');
      console.log(JSON.stringify([fs.readdirSync('.').sort(), fs.readdirSync('a').sort(), fs.readFileSync('a/old.txt', 'utf8'), fs.readFileSync('a/kept.txt', 'utf8')]));`;
    const tree = await treeOf({
      'main.js': script,
      'a/old.txt': 'old',
      'a/kept.txt': 'kept',
      'b/x.txt': 'x',
    });
    const got = await answer(sandbox, '', { tree, writable: true, changes: { 'a/by-change.txt': 'c' } });
    expect(got).toEqual([
      ['a', 'main.js', 'new.txt'],
      ['by-change.txt', 'c', 'kept.txt', 'old.txt'],
      'changed',
      'kept',
    ]);
    expect(await readFile(join(tree, 'a/old.txt'), 'utf8')).toBe('old');
    expect((await readdir(tree)).sort()).toEqual(['a', 'b', 'main.js']);
  });

  test('links out of the tree lead to nothing of the host', async () => {
    const script = `
      const fs = require('fs');
      const read = (p) => { try { return fs.readFileSync(p, 'utf8'); } catch (e) { return e.code; } };
      console.log(JSON.stringify(['absolute', 'relative', 'shadow', 'folder/secret.txt'].map(read)));`;
    const tree = await treeOf({ 'main.js': script });
    const secret = join(dirname(tree), 'secret.txt');
    await writeFile(secret, 'SECRET', { mode: 0o644 });
    await symlink(secret, join(tree, 'absolute'));
    await symlink('../secret.txt', join(tree, 'relative'));
    await symlink('/etc/shadow', join(tree, 'shadow'));
    await symlink(dirname(tree), join(tree, 'folder'));
    expect(await answer(sandbox, '', { tree })).toEqual(['ENOENT', 'ENOENT', 'ENOENT', 'ENOENT']);
    // Nor is the host written to through them.
    expect(await answer(sandbox, '', { tree, changes: { 'folder/secret.txt': 'mine' } })).toEqual([
      'ENOENT',
      'ENOENT',
      'ENOENT',
      'mine',
    ]);
    expect(await readFile(secret, 'utf8')).toBe('SECRET');
  });

  test('folders, files and sockets of the host that are shown', async () => {
    const script = `
      const fs = require('fs'), net = require('net');
      const tried = (f) => { try { f(); return 'ok'; } catch (e) { return e.code; } };
      const out = [fs.readFileSync('/srv/data/a.txt', 'utf8'), tried(() => fs.writeFileSync('/srv/data/b.txt', '')), fs.readFileSync('/tmp/one.txt', 'utf8'), tried(() => fs.writeFileSync('/srv/out/b.txt', 'B'))];
      net.connect('/tmp/.s.test').on('data', (d) => { out.push(String(d)); console.log(JSON.stringify(out)); process.exit(); });`;
    const tree = await treeOf({ 'main.js': script });
    const host = join(dirname(tree), 'host');
    await mkdir(join(host, 'out'), { recursive: true });
    await chown(join(host, 'out'), SANDBOX_USER, SANDBOX_USER);
    await writeFile(join(host, 'a.txt'), 'A');
    const server = createServer((socket) => socket.end('hello')).listen(join(host, 'socket'));
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    await chmod(join(host, 'socket'), 0o777);
    const binds = {
      '/srv/data': host,
      '/srv/out': { path: join(host, 'out'), writable: true },
      '/tmp/one.txt': join(host, 'a.txt'),
      '/tmp/.s.test': join(host, 'socket'),
    };
    expect(await answer(sandbox, '', { tree, binds })).toEqual(['A', 'EROFS', 'A', 'ok', 'hello']);
    expect(await readFile(join(host, 'out/b.txt'), 'utf8')).toBe('B');
  });

  test.each(['../x', '/x', 'a/../../x', '', '.', 'a/', '..', 'a\0b'])(
    'the changed path %j is refused',
    async (path) => {
      const tree = await treeOf({ 'main.js': '' });
      await expect(sandbox.prepare(specOf(tree, { changes: { [path]: 'x' } }))).rejects.toMatchObject({
        code: 'usage',
      });
    },
  );

  test.each(['/app/x', '/usr/x', '/proc/1', '/', 'x', '/srv/../etc', '/etc/passwd'])(
    'nothing is shown at %j',
    async (target) => {
      const tree = await treeOf({ 'main.js': '' });
      await expect(sandbox.prepare(specOf(tree, { binds: { [target]: '/tmp' } }))).rejects.toMatchObject({
        code: 'usage',
      });
    },
  );

  test('a tree that is not there', async () => {
    await expect(sandbox.prepare(specOf('/nowhere/at/all'))).rejects.toMatchObject({ code: 'not-found' });
  });

  test('a program that is not there ends with 127, as in a shell', async () => {
    const { exit, stderr } = await ran(sandbox, specOf(await treeOf({}), { argv: ['no-such-program'] }));
    expect(exit).toEqual({ code: 127, signal: null, outOfMemory: false });
    expect(stderr).toContain('no-such-program');
  });
}
