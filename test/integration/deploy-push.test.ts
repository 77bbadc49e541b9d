import { existsSync } from 'node:fs';
import { rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scratchDir } from '../../src/lib/scratch.ts';
import { needs } from '../needs.ts';
import {
  ask,
  commit,
  git,
  makeRepository,
  sandboxState,
  startServer,
  wordApp,
  writeFiles,
  type Running,
} from './deploy-setup.ts';

const sandbox = await sandboxState();

needs(sandbox.ok, `git push: ${sandbox.missing}`)('git push', () => {
  let folder: string;
  let running: Running;
  beforeAll(async () => {
    folder = await scratchDir('deploy-push');
    running = await startServer(join(folder, 'data'));
  });
  afterAll(async () => {
    await running.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A new app with a repository of these files; not pushed yet. */
  async function newApp(name: string, files: Record<string, string>, settings = {}): Promise<string> {
    await running.deployer.createApp(name, settings);
    const source = join(folder, name);
    await makeRepository(source, files);
    await git(source, 'remote', 'add', 'vouch', running.remote(name));
    return source;
  }
  const push = async (source: string, ...args: string[]): Promise<{ code: number | null; said: string }> => {
    const result = await git(source, 'push', 'vouch', ...(args.length > 0 ? args : ['main']));
    return { code: result.code, said: result.stderr.toString('utf8') };
  };
  const headOf = async (app: string): Promise<string> =>
    (await git(folder, 'ls-remote', running.remote(app), 'refs/heads/main')).stdout
      .toString('utf8')
      .slice(0, 40);
  const commitOf = async (source: string): Promise<string> =>
    (await git(source, 'rev-parse', 'HEAD')).stdout.toString('utf8').trim();

  it('deploys, streams what happens, and answers through the router', async () => {
    const source = await newApp('word', wordApp('one'));
    const first = await push(source);
    expect(first.said).toContain('remote: building word v1');
    expect(first.said).toContain('v1 is healthy');
    expect(first.said).toContain('v1 is live at http://word.localhost:');
    expect(first.code).toBe(0);
    expect(await ask(running, 'word')).toEqual({ status: 200, text: 'one' });

    await commit(source, wordApp('two'), 'Second');
    const second = await push(source);
    expect(second.said).toContain('switched from v1 to v2');
    expect(await ask(running, 'word')).toEqual({ status: 200, text: 'two' });
    expect(await headOf('word')).toBe(await commitOf(source));
    const releases = await running.deployer.releases('word');
    expect(releases.map(({ number, status, subject }) => ({ number, status, subject }))).toEqual([
      { number: 2, status: 'ready', subject: 'Second' },
      { number: 1, status: 'ready', subject: 'First' },
    ]);

    await git(folder, 'clone', '-q', running.remote('word'), 'cloned');
    expect(await commitOf(join(folder, 'cloned'))).toBe(await commitOf(source));
  });

  it('says so when there is no such app', async () => {
    const source = join(folder, 'nobody');
    await makeRepository(source, wordApp('nobody'));
    const unknown = await git(source, 'push', running.remote('nobody'), 'main');
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr.toString()).toContain(
      'remote: no app called nobody; create it with `vouch apps create nobody`',
    );
    const hostile = await git(source, 'push', running.remote('..%2f..%2fx;id'), 'main');
    expect(hostile.stderr.toString()).toContain('no app called');
  });

  it('refuses a push that cannot be built, and nothing moves', async () => {
    const source = await newApp('broken', wordApp('fine'));
    await push(source);
    const before = await headOf('broken');
    await commit(
      source,
      { 'package.json': '{ "name": "broken", "engines": { "node": "<12" } }' },
      'Old node',
    );
    const old = await push(source);
    expect(old.code).not.toBe(0);
    expect(old.said).toMatch(/remote: error: package.json asks for Node.js <12 \(engines.node\)/);
    await commit(source, { 'package.json': '{' }, 'Not JSON');
    expect((await push(source)).said).toContain('package.json does not hold a JSON object');
    await git(source, 'rm', '-q', 'package.json');
    await commit(source, {}, 'None');
    expect((await push(source)).said).toContain('neither a package.json nor a Dockerfile');
    expect(await headOf('broken')).toBe(before);
    expect(await ask(running, 'broken')).toEqual({ status: 200, text: 'fine' });
    const newest = (await running.deployer.releases('broken'))[0];
    expect(newest).toMatchObject({ number: 4, status: 'failed' });
  });

  it('refuses a release that never gets healthy or ends at once; the old one goes on', async () => {
    const source = await newApp('sick', wordApp('well'));
    await push(source);
    await running.deployer.updateApp('sick', { healthTimeoutMs: 1_500 });
    const before = await headOf('sick');
    await commit(source, { 'server.js': 'console.log("thinking"); setInterval(() => {}, 1000);' }, 'Deaf');
    const deaf = await push(source);
    expect(deaf.code).not.toBe(0);
    expect(deaf.said).toContain('not healthy within 1.5 s: nothing listens on port');
    expect(deaf.said).toContain('thinking');
    expect(deaf.said).toContain('v1 goes on serving');
    await running.deployer.updateApp('sick', { healthTimeoutMs: 60_000 });
    await commit(source, { 'server.js': 'console.error("no database"); process.exit(3);' }, 'Dead');
    const dead = await push(source);
    expect(dead.said).toContain('it exited with status 3 before it was healthy');
    expect(dead.said).toContain('no database');
    await running.deployer.updateApp('sick', { healthTimeoutMs: 6_000 });
    await commit(
      source,
      {
        'server.js':
          "require('http').createServer((q, r) => r.writeHead(500).end()).listen(process.env.PORT)",
      },
      'Ill',
    );
    expect((await push(source)).said).toContain('answered 500');
    expect(await headOf('sick')).toBe(before);
    expect(await ask(running, 'sick')).toEqual({ status: 200, text: 'well' });
  });

  it('takes pushes to other branches without deploying them, and keeps the app’s branch', async () => {
    const source = await newApp('branchy', wordApp('main'));
    await push(source);
    await git(source, 'checkout', '-q', '-b', 'other');
    await commit(source, wordApp('other'), 'Other');
    const other = await push(source, 'other');
    expect(other.code).toBe(0);
    expect(other.said).not.toContain('building');
    expect(await ask(running, 'branchy')).toEqual({ status: 200, text: 'main' });
    expect((await push(source, ':main')).code).not.toBe(0);
    expect(await headOf('branchy')).toHaveLength(40);
    expect((await push(source, 'other:refs/vouch/releases/v9')).code).not.toBe(0);
  });

  it('lets the second of two pushes wait, and refuses it when the branch has moved', async () => {
    const source = await newApp('busy', wordApp('base'));
    await push(source);
    const slow = {
      ...wordApp('slow'),
      'package.json': JSON.stringify({ scripts: { start: 'node server.js', build: 'sleep 1.5' } }),
    };
    await git(folder, 'clone', '-q', running.remote('busy'), 'rival');
    const rival = join(folder, 'rival');
    await git(rival, 'remote', 'rename', 'origin', 'vouch');
    await commit(source, slow, 'Slow');
    await commit(rival, wordApp('rival'), 'Rival');
    const results = await Promise.all([push(source), push(rival)]);
    const codes = results.map(({ code }) => code);
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    const refused = results[codes.findIndex((code) => code !== 0)]!;
    expect(refused.said).toContain('waiting: busy is being changed by another push');
    expect(refused.said).toContain('main of busy moved while this push waited');
    const won = codes[0] === 0 ? 'slow' : 'rival';
    expect(await ask(running, 'busy')).toEqual({ status: 200, text: won });
  });

  it('refuses links out of the tree, hostile names, submodules and .git', async () => {
    const source = await newApp('hostile', wordApp('good'));
    await push(source);
    const before = await headOf('hostile');
    const attempt = async (prepare: () => Promise<void>): Promise<string> => {
      await git(source, 'reset', '-q', '--hard', before);
      await prepare();
      const { code, said } = await push(source);
      expect(code).not.toBe(0);
      return said;
    };
    expect(
      await attempt(async () => {
        await symlink('/etc/passwd', join(source, 'secrets'));
        await commit(source, {}, 'Link');
      }),
    ).toContain('secrets is a symbolic link that leaves the tree (to /etc/passwd)');
    expect(
      await attempt(async () => {
        await writeFiles(source, { 'sub/x': '' });
        await symlink('.', join(source, 'here'));
        await symlink('../here/..', join(source, 'sub/up'));
        await commit(source, {}, 'Links');
      }),
    ).toContain('sub/up is a symbolic link that leaves the tree');
    expect(
      await attempt(async () => {
        await writeFile(join(source, 'a\u001b[31mb'), '');
        await commit(source, {}, 'Name');
      }),
    ).toContain('a\\u001b[31mb has a control character in its name');
    expect(
      await attempt(async () => {
        await git(source, 'update-index', '--add', '--cacheinfo', `160000,${before},vendor/lib`);
        await git(source, 'commit', '-q', '-m', 'Submodule');
      }),
    ).toContain('vendor/lib is a submodule, and submodules are not fetched');
    expect(
      await attempt(async () => {
        const idOf = async (...args: string[]): Promise<string> =>
          (await git(source, ...args)).stdout.toString('utf8').trim();
        // Git itself makes no such tree, so its bytes are written by hand.
        const tree = async (mode: string, name: string, id: string): Promise<string> => {
          const bytes = Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')]);
          await writeFile(join(source, '.git/tree'), bytes);
          return idOf('hash-object', '-t', 'tree', '--literally', '-w', '.git/tree');
        };
        const inner = await tree('100644', 'config', await idOf('rev-parse', 'HEAD:server.js'));
        const outer = await tree('40000', '.git', inner);
        const made = await idOf('commit-tree', outer, '-p', before, '-m', 'Dot git');
        await git(source, 'update-ref', 'refs/heads/main', made);
      }),
    ).toMatch(/\.git/);
    expect(await headOf('hostile')).toBe(before);
  });

  it('speaks gzip and refuses what is not git', async () => {
    await newApp('wire', wordApp('wire'));
    await push(join(folder, 'wire'));
    const post = (
      headers: Record<string, string>,
      body: string | Uint8Array<ArrayBuffer>,
    ): Promise<Response> =>
      fetch(`${running.remote('wire')}/git-upload-pack`, { method: 'POST', headers, body });
    const type = { 'content-type': 'application/x-git-upload-pack-request', 'git-protocol': 'version=2' };
    const command = '0014command=ls-refs\n00010000';
    const zipped = new Uint8Array(gzipSync(command));
    expect(await (await post({ ...type, 'content-encoding': 'gzip' }, zipped)).text()).toContain(
      'refs/heads/main',
    );
    const hidden = await (await post(type, command)).text();
    expect(hidden).toContain('refs/heads/main');
    expect(hidden).not.toContain('refs/vouch');
    expect((await post({ 'content-type': 'text/plain' }, command)).status).toBe(415);
    expect((await fetch(`${running.remote('wire')}/info/refs?service=git-upload-archive`)).status).toBe(403);
    expect((await fetch(`${running.remote('wire')}/config`)).status).toBe(404);
    expect((await fetch(`${running.remote('wire')}/objects/../config`)).status).toBe(404);
  });

  it('takes file names with shell characters', async () => {
    const source = await newApp('names', {
      ...wordApp('named'),
      'a $(touch x); `id` "q" \'s\' | & > <.txt': 'x',
    });
    expect((await push(source)).code).toBe(0);
    const current = await running.deployer.current('names');
    expect(existsSync(join(current!.tree, 'a $(touch x); `id` "q" \'s\' | & > <.txt'))).toBe(true);
  });

  it('does not run install scripts of the app or its dependencies', async () => {
    const mark = '/build/ran';
    const script = `node -e "require('fs').writeFileSync('${mark}-' + process.env.npm_lifecycle_event, '')"`;
    const scripts = { preinstall: script, install: script, postinstall: script, prepare: script };
    const source = await newApp('scripts', {
      ...wordApp('safe'),
      'package.json': JSON.stringify({
        name: 'scripts',
        version: '1.0.0',
        scripts: { ...scripts, start: 'node server.js' },
        dependencies: { dep: 'file:dep' },
      }),
      'dep/package.json': JSON.stringify({ name: 'dep', version: '1.0.0', scripts }),
      '.npmrc': 'ignore-scripts=false\ngit=./evil\n',
    });
    const { code, said } = await push(source);
    expect(said).toContain('no package-lock.json');
    expect(code).toBe(0);
    const { tree } = (await running.deployer.current('scripts'))!;
    expect(existsSync(join(tree, 'node_modules/dep/package.json'))).toBe(true);
    for (const event of Object.keys(scripts)) expect(existsSync(join(tree, `ran-${event}`))).toBe(false);

    await running.deployer.updateApp('scripts', { installScripts: true });
    await commit(source, {}, 'Again');
    expect((await push(source)).code).toBe(0);
    const allowed = (await running.deployer.current('scripts'))!.tree;
    expect(existsSync(join(allowed, 'ran-postinstall'))).toBe(true);
  });
});
