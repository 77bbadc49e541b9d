import { readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DeploymentExit } from '../../src/deploy/facade.ts';
import { scratchDir } from '../../src/lib/scratch.ts';
import { needs } from '../needs.ts';
import { ask, askUntil, sandboxState, startServer, writeFiles, type Running } from './deploy-setup.ts';

const sandbox = await sandboxState();
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

needs(sandbox.ok, `abuse: ${sandbox.missing}`)('an app that misbehaves', () => {
  let folder: string;
  let running: Running;
  const exits: DeploymentExit[] = [];
  const cgroups = new Map<string, string>();
  const shouted = Promise.withResolvers<void>();
  beforeAll(async () => {
    folder = await scratchDir('deploy-abuse');
    running = await startServer(join(folder, 'data'), {
      hooks: {
        onPrepared: ({ deployment, cgroupPath }) => {
          cgroups.set(deployment.app, cgroupPath);
          return Promise.resolve();
        },
        onExit: (exit) => exits.push(exit),
        onOutput: ({ line }) => {
          if (line === 'that was it') shouted.resolve();
        },
      },
    });
  });
  afterAll(async () => {
    await running.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function deploy(app: string, body: string, settings = {}): Promise<void> {
    await running.deployer.createApp(app, settings);
    const source = join(folder, 'sources', app);
    const server = `require('node:http').createServer((request, response) => {\n${body}\nresponse.end('fine');\n}).listen(process.env.PORT);`;
    await writeFiles(source, {
      'package.json': JSON.stringify({ scripts: { start: 'node server.js' } }),
      'server.js': server,
    });
    await running.deployer.deployTree(app, source);
  }

  it('prints 100 MB: the logs stay small, our memory too, and the app goes on', async () => {
    const line = `${'y'.repeat(1023)}\\n`;
    await deploy(
      'loud',
      `if (request.url === '/shout') { for (let n = 0; n < 100; n++) process.stdout.write('${line}'.repeat(1024)); console.log('that was it'); }`,
    );
    // Garbage is taken away before each look, so that only what is really kept counts.
    const used = (): number => {
      collectGarbage();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = used();
    let most = before;
    const looking = setInterval(() => (most = Math.max(most, used())), 100);
    expect(await ask(running, 'loud', '/shout')).toEqual({ status: 200, text: 'fine' });
    await shouted.promise;
    clearInterval(looking);
    const [last] = await running.deployer.logs('loud', { lines: 1 });
    expect(last?.line).toBe('that was it');
    const logs = join(folder, 'data/deploy/logs/loud');
    const bytes = readdirSync(logs).reduce((sum, name) => sum + statSync(join(logs, name)).size, 0);
    expect(bytes).toBeLessThan(40 * 1024 * 1024);
    expect(most - before).toBeLessThan(50 * 1024 * 1024);
    expect(await ask(running, 'loud')).toEqual({ status: 200, text: 'fine' });
  });

  it('forks without end: it is contained, others are served, and it can be replaced', async () => {
    await deploy('quiet', '');
    await deploy(
      'forks',
      `if (request.url === '/fork') { const { spawn } = require('node:child_process');
       setInterval(() => { try { for (let n = 0; n < 50; n++) spawn('sleep', ['1000']).on('error', () => {}); } catch {} }, 20); }`,
      { processes: 60 },
    );
    await ask(running, 'forks', '/fork');
    const count = (): number =>
      readFileSync(join(cgroups.get('forks')!, 'cgroup.procs'), 'latin1').split('\n').length - 1;
    while (count() < 30) expect(await ask(running, 'quiet')).toEqual({ status: 200, text: 'fine' });
    expect(count()).toBeLessThan(80);
    expect(await ask(running, 'quiet')).toEqual({ status: 200, text: 'fine' });
    const stuck = cgroups.get('forks')!;
    await running.deployer.destroyApp('forks');
    expect(() => statSync(stuck)).toThrow();
    expect((await ask(running, 'forks')).status).toBe(404);
  });

  it('takes memory without end: it is killed for it, said so, and started again', async () => {
    await deploy(
      'greedy',
      `if (request.url === '/eat') { const all = []; setInterval(() => all.push(Buffer.alloc(16 << 20, 1)), 5); return; }`,
      { memoryBytes: 128 * 1024 * 1024 },
    );
    expect((await ask(running, 'greedy', '/eat')).status).toBe(502);
    await askUntil(running, 'greedy', ({ status }) => status === 200);
    expect(exits.find(({ deployment }) => deployment.app === 'greedy')).toMatchObject({ outOfMemory: true });
    const said = (await running.deployer.logs('greedy', { lines: 20 })).map(({ line }) => line).join('\n');
    expect(said).toContain('it was killed because it reached its memory limit; starting it again');
  });

  it('ignores SIGTERM, and is ended all the same', async () => {
    await deploy('stubborn', "process.on('SIGTERM', () => {});");
    await running.deployer.destroyApp('stubborn');
    expect(() => statSync(cgroups.get('stubborn')!)).toThrow();
  });
});
