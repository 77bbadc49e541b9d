import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runOrThrow } from '../../src/lib/process.ts';
import { scratchDir } from '../../src/lib/scratch.ts';

/** Answers a request in the endpoint's place, where it answers true. */
type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A bare repository behind git's own `http-backend`, as a forge has one, for those who know the token. */
export interface GitEndpoint {
  repository: string;
  /** Answers requests below `/acme/shop.git/`; false for others. */
  serve: Answer;
  /** Answers the next requests instead. */
  override(answer: Answer | null): void;
  /** Called when a push has come in and before it is looked at, or after it was done and before that is said. */
  onPush(when: 'before' | 'after', then: (response: ServerResponse) => unknown): void;
  /** Refuses pushes, as a forge does for protected branches. */
  protect(): Promise<void>;
  git: (...args: string[]) => Promise<string>;
  tip: (branch: string) => Promise<string | null>;
}

const PREFIX = '/acme/shop.git/';

export async function gitEndpoint(token: string, format = 'sha1'): Promise<GitEndpoint> {
  const scratch = await scratchDir('endpoint');
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const repository = join(scratch, 'acme', 'shop.git');
  const env = { PATH: process.env['PATH']!, HOME: scratch, GIT_CONFIG_NOSYSTEM: '1' };
  const git = async (...args: string[]): Promise<string> =>
    (await runOrThrow(['git', '--git-dir', repository, ...args], { env })).stdout.toString('utf8').trim();
  await mkdir(join(scratch, 'acme'));
  await git('init', '-q', '--bare', '-b', 'main', `--object-format=${format}`);
  await git('config', 'http.receivepack', 'true');
  let instead: Answer | null = null;
  const hooks: Partial<Record<'before' | 'after', (response: ServerResponse) => unknown>> = {};
  const answer = async (url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const push = request.method === 'POST' && url.pathname.endsWith('/git-receive-pack');
    if (push) await hooks.before?.(response);
    if (response.destroyed) return;
    const made = await backend(scratch, url, request, response);
    if (push) await hooks.after?.(response);
    sendCgi(response, made);
  };
  return {
    repository,
    git,
    override: (next) => void (instead = next),
    onPush: (when, then) => void (hooks[when] = then),
    async protect() {
      const said = 'error: GH006: Protected branch update failed';
      await writeFile(join(repository, 'hooks/pre-receive'), `#!/bin/sh\necho '${said}' >&2\nexit 1\n`, {
        mode: 0o755,
      });
    },
    tip: async (branch) =>
      (await git('for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`)) || null,
    serve(request, response) {
      const url = new URL(request.url ?? '/', 'http://double');
      if (!url.pathname.startsWith(PREFIX)) return false;
      if (instead?.(request, response) === true) return true;
      if (tokenIn(request) !== token)
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('no such token');
      else void answer(url, request, response);
      return true;
    },
  };
}

function tokenIn({ headers: { authorization = '' } }: IncomingMessage): string | undefined {
  const [, scheme, sent = ''] = /^(Basic|Bearer) (.+)$/.exec(authorization) ?? [];
  return scheme === 'Basic' ? Buffer.from(sent, 'base64').toString('utf8').split(':')[1] : sent;
}

/** CGI/1.1 (RFC 3875), as much of it as git needs. */
async function backend(
  root: string,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Buffer> {
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH']!,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_NOSYSTEM: '1',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      HTTP_GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REMOTE_USER: 'vouch',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  response.on('close', () => child.kill()); // nobody waits for it any more
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  await once(child, 'close');
  return Buffer.concat(parts);
}

function sendCgi(response: ServerResponse, all: Buffer): void {
  if (response.destroyed) return;
  const gap = all.indexOf('\r\n\r\n');
  let status = 200;
  for (const line of all.subarray(0, gap).toString('latin1').split('\r\n')) {
    const [name = '', value = ''] = line.split(/: ?(.*)/s);
    if (name.toLowerCase() === 'status') status = Number(value.slice(0, 3));
    else if (name !== '') response.setHeader(name, value);
  }
  response.writeHead(status).end(all.subarray(gap + 4));
}
