import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeploymentExit, PreparedDeployment } from '../../src/deploy/facade.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { needs } from '../needs.ts';
import {
  ask,
  askUntil,
  sandboxState,
  startServer,
  wordApp,
  writeFiles,
  type Asked,
  type Running,
} from './deploy-setup.ts';

const sandbox = await sandboxState();

needs(sandbox.ok, `rollouts: ${sandbox.missing}`)('a release in production', () => {
  let folder: string;
  let running: Running;
  const prepared: PreparedDeployment[] = [];
  const exits: DeploymentExit[] = [];
  beforeAll(async () => {
    folder = await scratchDir('deploy-rollout');
    running = await startServer(join(folder, 'data'), {
      restart: { crashes: 3, firstPauseMs: 10 },
      keepReleases: 3,
      hooks: {
        onPrepared: (one) => {
          prepared.push(one);
          return Promise.resolve();
        },
        onExit: (exit) => exits.push(exit),
      },
    });
  });
  afterAll(async () => {
    await running.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function deploy(app: string, files: Record<string, string>, settings = {}): Promise<void> {
    await running.deployer.ensureApp(app, settings);
    const source = join(folder, 'sources', app);
    await writeFiles(source, files);
    await running.deployer.deployTree(app, source);
  }

  it('fails no request under constant load while it is deployed, rolled back and given a new environment', async () => {
    await deploy('load', wordApp('one'));
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const results: Asked[] = [];
    const failures: string[] = [];
    let stop = false;
    const client = async (number: number): Promise<void> => {
      for (let count = 0; !stop; count++) {
        const body = number % 2 === 0 ? undefined : `body ${number} ${count} ${'x'.repeat(2000)}`;
        const path = count % 10 === 9 ? '/slow' : '/';
        try {
          const asked = await ask(running, 'load', path, { body, agent: number < 4 ? agent : undefined });
          results.push(asked);
          const right = path === '/slow' ? 'slow' : (body ?? /^(one|two)$/);
          if (
            asked.status !== 200 ||
            (typeof right === 'string' ? asked.text !== right : !right.test(asked.text))
          )
            failures.push(`${asked.status} ${asked.text.slice(0, 200)}`);
        } catch (error) {
          failures.push(String(error));
        }
      }
    };
    const clients = Array.from({ length: 8 }, (_, number) => client(number));
    await deploy('load', wordApp('two'));
    expect((await ask(running, 'load')).text).toBe('two');
    const back = await running.deployer.rollback('load');
    expect(back.release.number).toBe(1);
    expect((await ask(running, 'load')).text).toBe('one');
    await running.deployer.setEnv('load', { SECRET: 'sesame' });
    expect((await ask(running, 'load', '/secret')).text).toBe('sesame');
    await running.deployer.rollback('load', 'v2');
    stop = true;
    await Promise.all(clients);
    agent.destroy();
    expect(failures).toEqual([]);
    expect(results.length).toBeGreaterThan(100);
  });

  it('goes back to what ran before, and further back the next time', async () => {
    for (const word of ['a', 'b', 'c']) await deploy('steps', wordApp(word));
    const { deployer } = running;
    expect((await deployer.rollback('steps')).release.number).toBe(2);
    expect((await deployer.rollback('steps')).release.number).toBe(1);
    await expect(deployer.rollback('steps')).rejects.toMatchObject({ code: 'conflict' });
    await expect(deployer.rollback('steps', 'v9')).rejects.toMatchObject({ code: 'not-found' });
    await deploy('steps', wordApp('d'));
    expect((await deployer.rollback('steps')).release.number).toBe(1);
    expect((await ask(running, 'steps')).text).toBe('a');
  });

  it('removes the trees of old releases, and builds one again that is wanted', async () => {
    for (const word of ['a', 'b', 'c', 'd', 'e']) await deploy('many', wordApp(word));
    const { deployer } = running;
    const oldest = (await deployer.releases('many')).at(-1)!;
    expect(oldest).toMatchObject({ number: 1, status: 'removed' });
    expect(existsSync(join(folder, 'data/deploy/releases/many', oldest.id))).toBe(false);
    expect((await deployer.rollback('many', 'v1')).release.number).toBe(1);
    expect((await ask(running, 'many')).text).toBe('a');
    expect(existsSync(await deployer.treeOf(await deployer.release('many', 'v5')))).toBe(true);
  });

  it('starts a crashed app again in a fresh cgroup that the hook saw first, and gives up a crash loop', async () => {
    const files = {
      ...wordApp('x'),
      'server.js': [
        "require('node:http').createServer((request, response) => {",
        "  if (request.url === '/crash') { console.error('going down'); process.exit(7); }",
        "  response.end('up ' + process.pid);",
        '}).listen(process.env.PORT);',
      ].join('\n'),
    };
    await deploy('crashy', files);
    const mine = (): PreparedDeployment[] => prepared.filter(({ deployment }) => deployment.app === 'crashy');
    expect(mine()).toHaveLength(1);
    const crash = (): Promise<void> => ask(running, 'crashy', '/crash').then(() => {});
    await crash();
    await askUntil(running, 'crashy', ({ status }) => status === 200);
    expect(mine().map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set(mine().map(({ cgroupId }) => cgroupId)).size).toBe(2);
    const exit = exits.find(({ deployment }) => deployment.app === 'crashy');
    expect(exit).toMatchObject({ code: 7, asked: false, lastLines: ['going down'] });
    await crash();
    await askUntil(running, 'crashy', ({ status }) => status === 200);
    await crash();
    const down = await askUntil(running, 'crashy', ({ text }) => text.includes('crash loop'));
    expect(down.status).toBe(502);
    expect(down.text).toContain('v1 is down: crash loop: it exited with status 7');
    expect((await running.deployer.deployments('crashy'))[0]).toMatchObject({ state: 'crash-loop' });
    await deploy('crashy', wordApp('mended'));
    expect((await ask(running, 'crashy')).text).toBe('mended');
  });

  it('passes bodies of 50 MB, upgrades and unknown hosts', async () => {
    await deploy('proxy', {
      ...wordApp('x'),
      'server.js': [
        "const server = require('node:http').createServer((request, response) => request.pipe(response));",
        "server.on('upgrade', (request, socket, head) => {",
        "  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nupgrade: echo\\r\\nconnection: upgrade\\r\\n\\r\\n');",
        '  socket.write(head);',
        '  socket.pipe(socket);',
        '});',
        'server.listen(process.env.PORT);',
      ].join('\n'),
    });
    const body = Buffer.alloc(50 * 1024 * 1024, 'vouch');
    const echoed = await ask(running, 'proxy', '/', { body });
    expect(echoed.text.length).toBe(body.length);

    const socket = connect(running.deployer.routerPort, '127.0.0.1');
    socket.write(
      'GET /ws HTTP/1.1\r\nhost: proxy.localhost\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\nfirst words',
    );
    let heard = '';
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1');
        if (heard.includes('first words')) resolve();
      });
    });
    expect(heard).toContain('101 Switching Protocols');
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.end();
    await closed;

    const unknown = await ask(running, 'nothing-here');
    expect(unknown.status).toBe(404);
    expect(unknown.text).toContain('no app answers to the host nothing-here.localhost');
    await running.deployer.createApp('empty');
    expect(await ask(running, 'empty')).toMatchObject({
      status: 502,
      text: expect.stringContaining('nothing is deployed'),
    });
  });
});
