import { mkdir, writeFile } from 'node:fs/promises';
import { request, type Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serve, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { createDeployer } from '../../src/deploy/deployer.ts';
import type { Deployer, DeployerOptions } from '../../src/deploy/facade.ts';
import { createReleaseStore } from '../../src/deploy/store.ts';
import { createLogger } from '../../src/lib/log.ts';
import { baseEnvironment, run, type RunResult } from '../../src/lib/process.ts';
import { sandboxes } from '../../src/sandbox/registry.ts';
import { openStore, type Store } from '../../src/store/store.ts';

export interface Running {
  deployer: Deployer;
  store: Store;
  /** Where to push an app. */
  remote(app: string): string;
  close(): Promise<void>;
}

/** A deployer over a real store and sandbox, with a git server in front of it. */
export async function startServer(folder: string, options: Partial<DeployerOptions> = {}): Promise<Running> {
  const store = await openStore(folder);
  const deployer = await createDeployer({
    folder: join(folder, 'deploy'),
    store: createReleaseStore(store.db),
    sandbox: sandboxes().local,
    log: createLogger('error', 'test'),
    ...options,
  });
  await deployer.start();
  const web = new Hono();
  web.all('/git/:app/*', (c) => {
    const app = c.req.param('app');
    return deployer.gitHttp(c.req.raw, app, c.req.path.slice(`/git/${app}/`.length));
  });
  const server = await new Promise<ServerType>((resolve) => {
    const made = serve({ fetch: web.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(made));
  });
  const { port } = server.address() as AddressInfo;
  return {
    deployer,
    store,
    remote: (app) => `http://127.0.0.1:${port}/git/${app}`,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await deployer.stop();
      await store.close();
    },
  };
}

export async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** Git as a developer has it, without this machine's settings. */
export function git(folder: string, ...args: string[]): Promise<RunResult> {
  return run(['git', ...args], {
    cwd: folder,
    timeoutMs: 120_000,
    env: {
      ...baseEnvironment(),
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.org',
      GIT_COMMITTER_NAME: 'Ada',
      GIT_COMMITTER_EMAIL: 'ada@example.org',
    },
  });
}

/** Makes a repository of `files` in `folder`, with one commit on `main`. */
export async function makeRepository(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  await git(folder, 'init', '-q', '-b', 'main');
  await commit(folder, files, 'First');
}

export async function commit(folder: string, files: Record<string, string>, message: string): Promise<void> {
  await writeFiles(folder, files);
  await git(folder, 'add', '-A');
  await git(folder, 'commit', '-q', '--allow-empty', '-m', message);
}

/** An app without dependencies that answers with `word`. */
export function wordApp(word: string): Record<string, string> {
  return {
    'package.json': JSON.stringify({ name: 'word', scripts: { start: 'node server.js' } }),
    'server.js': [
      "const { createServer } = require('node:http');",
      'createServer((request, response) => {',
      "  if (request.url === '/secret') return response.end(process.env.SECRET ?? 'none');",
      "  if (request.url === '/slow') return setTimeout(() => response.end('slow'), 400);",
      "  if (request.method === 'POST') return request.pipe(response);",
      `  response.end(${JSON.stringify(word)});`,
      `}).listen(process.env.PORT, () => console.log('listening as ${word}'));`,
      '',
    ].join('\n'),
  };
}

export interface Asked {
  status: number;
  text: string;
}

/** Asks an app through the router, on a connection of its own unless an agent is given. */
export function ask(
  running: Running,
  app: string,
  path = '/',
  options: { method?: string; body?: string | Buffer; headers?: Record<string, string>; agent?: Agent } = {},
): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: running.deployer.routerPort,
        path,
        method: options.method ?? (options.body === undefined ? 'GET' : 'POST'),
        agent: options.agent ?? false,
        headers: { host: `${app}.localhost`, ...options.headers },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

/** Asks until `done` says so; the test's own time limit is the bound. */
export async function askUntil(
  running: Running,
  app: string,
  done: (asked: Asked) => boolean,
  path = '/',
): Promise<Asked> {
  for (;;) {
    const asked = await ask(running, app, path);
    if (done(asked)) return asked;
    await delay(20);
  }
}

/** Whether apps can run here, for `needs`. */
export async function sandboxState(): Promise<{ ok: boolean; missing: string }> {
  const state = await sandboxes().local.available();
  return state.ok ? { ok: true, missing: '' } : { ok: false, missing: `${state.reason}; ${state.mend}` };
}
