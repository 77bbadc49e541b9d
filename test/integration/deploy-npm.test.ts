import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runOrThrow } from '../../src/lib/process.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { needs } from '../needs.ts';
import { ask, sandboxState, startServer, writeFiles, type Running } from './deploy-setup.ts';

const sandbox = await sandboxState();

needs(sandbox.ok, `npm builds: ${sandbox.missing}`)('an app with dependencies', () => {
  let folder: string;
  let running: Running;
  let registry: Server;
  let asked: string[] = [];
  let integrity: string;
  let base: string;

  beforeAll(async () => {
    folder = await scratchDir('deploy-npm');
    // A registry of one package, whose install script would leave a mark.
    await writeFiles(join(folder, 'made/package'), {
      'package.json': JSON.stringify({
        name: 'greeter',
        version: '1.2.3',
        bin: { greet: 'greet.js' },
        scripts: { postinstall: 'touch /build/node_modules/greeter/ran' },
      }),
      'index.js': "module.exports = () => 'hello from greeter';",
      'greet.js': "#!/usr/bin/env node\nrequire('fs').writeFileSync('built.txt', require('greeter')());",
    });
    const tarball = join(folder, 'greeter.tgz');
    await runOrThrow(['tar', '-czf', tarball, '-C', join(folder, 'made'), 'package']);
    const bytes = await readFile(tarball);
    integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    registry = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url?.endsWith('.tgz')) response.end(bytes);
      else {
        const version = {
          name: 'greeter',
          version: '1.2.3',
          bin: { greet: 'greet.js' },
          hasInstallScript: true,
          dist: { tarball: `${base}/greeter/-/greeter-1.2.3.tgz`, integrity },
        };
        response.setHeader('content-type', 'application/json');
        response.end(
          JSON.stringify({
            name: 'greeter',
            'dist-tags': { latest: '1.2.3' },
            versions: { '1.2.3': version },
          }),
        );
      }
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
    running = await startServer(join(folder, 'data'));
  });
  afterAll(async () => {
    await running.close();
    await new Promise<void>((resolve) => {
      registry.close(() => resolve());
      registry.closeAllConnections();
    });
    await rm(folder, { recursive: true, force: true });
  });

  function files(more: Record<string, unknown> = {}): Record<string, string> {
    const manifest = {
      name: 'greets',
      version: '1.0.0',
      scripts: { start: 'node server.js' },
      dependencies: { greeter: '^1.0.0' },
      ...more,
    };
    return {
      'package.json': JSON.stringify(manifest),
      '.npmrc': `registry=${base}/\n`,
      'package-lock.json': JSON.stringify({
        name: 'greets',
        version: '1.0.0',
        lockfileVersion: 3,
        requires: true,
        packages: {
          '': { name: 'greets', version: '1.0.0', dependencies: { greeter: '^1.0.0' } },
          'node_modules/greeter': {
            version: '1.2.3',
            resolved: `${base}/greeter/-/greeter-1.2.3.tgz`,
            integrity,
            hasInstallScript: true,
            bin: { greet: 'greet.js' },
          },
        },
      }),
      'server.js':
        "require('http').createServer((q, r) => r.end(require('greeter')())).listen(process.env.PORT)",
    };
  }
  const deploy = async (
    app: string,
    content: Record<string, string>,
  ): Promise<{ said: string[]; tree: string }> => {
    await running.deployer.ensureApp(app);
    await writeFiles(join(folder, 'sources', app), content);
    const said: string[] = [];
    await running.deployer.deployTree(app, join(folder, 'sources', app), {
      onOutput: (line) => said.push(line),
    });
    return { said, tree: (await running.deployer.current(app))!.tree };
  };

  it('is installed from its lock file once, without scripts, and the install is reused', async () => {
    const first = await deploy('greets', files());
    expect(first.said.join('\n')).toContain('dependencies installed from package-lock.json');
    expect(await ask(running, 'greets')).toEqual({ status: 200, text: 'hello from greeter' });
    expect(existsSync(join(first.tree, 'node_modules/greeter/ran'))).toBe(false);
    expect(asked.some((url) => url.endsWith('.tgz'))).toBe(true);
    asked = [];
    const second = await deploy('greets', { ...files(), 'README.md': 'changed' });
    expect(second.said.join('\n')).toContain('dependencies reused');
    expect(asked).toEqual([]);
    const file = (tree: string): number => statSync(join(tree, 'node_modules/greeter/index.js')).ino;
    expect(file(second.tree)).toBe(file(first.tree));
    expect(await ask(running, 'greets')).toEqual({ status: 200, text: 'hello from greeter' });
  });

  it('runs its build script in a sandbox, on copies, without our environment', async () => {
    process.env['VOUCH_TEST_SECRET'] = 'do not tell';
    const script = 'greet && env > env.txt && echo // changed >> node_modules/greeter/index.js && echo out';
    await running.deployer.createApp('builds');
    await running.deployer.setEnv('builds', { TOKEN: 'hidden-from-builds' });
    const built = await deploy('builds', files({ scripts: { start: 'node server.js', build: script } }));
    delete process.env['VOUCH_TEST_SECRET'];
    expect(built.said).toContain('out');
    expect(await readFile(join(built.tree, 'built.txt'), 'utf8')).toBe('hello from greeter');
    const env = await readFile(join(built.tree, 'env.txt'), 'utf8');
    expect(env).not.toContain('do not tell');
    expect(env).not.toContain('hidden-from-builds');
    const other = (await running.deployer.current('greets'))!.tree;
    expect(await readFile(join(other, 'node_modules/greeter/index.js'), 'utf8')).not.toContain('changed');
  });

  it('refuses a lock file that does not fit, and a dependency outside of the app', async () => {
    await expect(deploy('misfit', files({ dependencies: { greeter: '^2.0.0' } }))).rejects.toMatchObject({
      code: 'no',
      message: expect.stringContaining('npm ci failed'),
    });
    const outside = {
      ...files({ dependencies: { passwords: 'file:/etc/ssl' } }),
      'package-lock.json': JSON.stringify({
        lockfileVersion: 3,
        packages: {
          '': { dependencies: { passwords: 'file:/etc/ssl' } },
          'node_modules/passwords': { resolved: '../etc/ssl', link: true },
          '../etc/ssl': {},
        },
      }),
    };
    await expect(deploy('outside', outside)).rejects.toMatchObject({ name: 'VouchError' });
    expect((await running.deployer.releases('outside'))[0]).toMatchObject({ status: 'failed' });
  });

  it('starts through a shell what only a shell can start', async () => {
    await deploy(
      'shelled',
      files({ scripts: { prestart: 'test -d node_modules', start: 'WORD="a b" node server.js' } }),
    );
    expect((await ask(running, 'shelled')).text).toBe('hello from greeter');
    expect((await running.deployer.current('shelled'))!.launch.argv[0]).toBe('sh');
  });
});
