import { spawn, type ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { scratchDir } from '../../src/lib/scratch.ts';
import { needs } from '../needs.ts';
import { ask, commit, git, makeRepository, sandboxState, startServer, wordApp } from './deploy-setup.ts';

const sandbox = await sandboxState();

/** Each test kills a real server process at another moment of a push, and looks at what the next one makes of it. */
needs(sandbox.ok, `killed servers: ${sandbox.missing}`)('a server killed in the middle of a push', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  beforeAll(async () => {
    folder = await scratchDir('deploy-killed');
  });
  afterEach(() => {
    child?.kill('SIGKILL');
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function startChild(data: string): Promise<(app: string) => string> {
    const started = spawn(process.execPath, [join(import.meta.dirname, 'deploy-child.ts'), data], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: started.stdout }).once('line', resolve);
      started.once('exit', (code) => reject(new Error(`the child ended with ${code}`)));
    });
    const { remote } = JSON.parse(line) as { remote: string };
    return (app) => remote.replace('APP', app);
  }
  async function kill(): Promise<void> {
    const ended = new Promise<void>((resolve) => child!.once('exit', () => resolve()));
    child!.kill('SIGKILL');
    await ended;
  }
  /** Pushes, and kills the server as soon as the pusher is told `word`. Returns what the pusher saw. */
  async function pushAndKill(source: string, remote: string, word: string): Promise<string> {
    const ended = new Promise<void>((resolve) => child!.once('exit', () => resolve()));
    const said = await new Promise<string>((resolve) => {
      const push = spawn('git', ['push', remote, 'main'], {
        cwd: source,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      push.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        if (said.includes(word)) child!.kill('SIGKILL');
      });
      push.on('close', () => resolve(said));
    });
    expect(said).toContain(word);
    await ended;
    return said;
  }
  async function makeApp(name: string): Promise<{ data: string; source: string }> {
    const data = join(folder, name);
    const source = join(folder, `${name}-source`);
    const first = await startServer(data);
    await first.deployer.createApp('word');
    await makeRepository(source, wordApp('one'));
    expect((await git(source, 'push', first.remote('word'), 'main')).code).toBe(0);
    await first.close();
    return { data, source };
  }
  const slow = (word: string): Record<string, string> => ({
    ...wordApp(word),
    'package.json': JSON.stringify({
      scripts: { start: 'node server.js', build: 'echo compiling && sleep 20' },
    }),
  });

  it('while it builds: the branch and the old release stay, and the push can be repeated', async () => {
    const { data, source } = await makeApp('building');
    const remote = await startChild(data);
    await commit(source, slow('two'), 'Slow');
    const said = await pushAndKill(source, remote('word'), 'compiling');
    expect(said).not.toContain('is live');

    const again = await startServer(data);
    try {
      expect((await ask(again, 'word')).text).toBe('one');
      const head = await git(folder, 'ls-remote', again.remote('word'), 'refs/heads/main');
      const first = await git(source, 'rev-parse', 'HEAD~1');
      expect(head.stdout.toString().slice(0, 40)).toBe(first.stdout.toString().trim());
      const [failed] = await again.deployer.releases('word');
      expect(failed).toMatchObject({
        number: 2,
        status: 'failed',
        error: expect.stringContaining('server was stopped'),
      });
      await commit(source, wordApp('two'), 'Quick');
      expect((await git(source, 'push', again.remote('word'), 'main')).code).toBe(0);
      expect((await ask(again, 'word')).text).toBe('two');
    } finally {
      await again.close();
    }
  });

  it('at any later moment: branch, release and what is served agree', async ({ onTestFailed }) => {
    const steps: string[] = [];
    onTestFailed(() => void process.stderr.write(`${steps.join('\n')}\n`));
    const { data, source } = await makeApp('later');
    let served = 'one';
    for (const [word, moment] of [
      ['two', 'starting v'],
      ['three', 'is healthy'],
      ['four', 'switched from'],
      ['five', 'is live at'],
    ] as const) {
      const remote = await startChild(data);
      await commit(source, wordApp(word), word);
      steps.push(`up, to be killed at: ${moment}`);
      await pushAndKill(source, remote('word'), moment);
      steps.push('killed');
      const again = await startServer(data);
      try {
        const head = (await git(folder, 'ls-remote', again.remote('word'), 'refs/heads/main')).stdout
          .toString()
          .slice(0, 40);
        steps.push('up again');
        const current = (await again.deployer.current('word'))!;
        expect(current.release).toMatchObject({ commit: head, status: 'ready' });
        const { text } = await ask(again, 'word');
        expect([served, word]).toContain(text);
        expect(text).toBe(current.release.subject === 'First' ? 'one' : current.release.subject);
        // What the pusher was told is kept.
        if (moment === 'is live at') expect(text).toBe(word);
        served = text;
        const open = (await again.deployer.deployments('word')).filter(({ endedAt }) => endedAt === null);
        expect(open.map(({ id }) => id)).toEqual([current.deployment.id]);
      } finally {
        await again.close();
      }
    }
  });

  it('lets nobody else run the apps of its folder, and gives the folder up when it is killed', async () => {
    const data = join(folder, 'taken');
    await startChild(data);
    await expect(startServer(data)).rejects.toMatchObject({ code: 'conflict' });
    await kill();
    await (await startServer(data)).close();
  });
});
