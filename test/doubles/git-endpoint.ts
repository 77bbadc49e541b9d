import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runOrThrow } from '../../src/lib/process.ts';
import { scratchDir } from '../../src/lib/scratch.ts';

/** A bare repository behind git's own `http-backend`, as a forge has one, for those who know the token. */
export interface GitEndpoint {
  repository: string;
  /** Answers requests below `/acme/shop.git/`; false for others. */
  serve: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Answers the next requests instead. */
  override(answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | null): void;
  tip: (branch: string) => Promise<string | null>;
}

const PREFIX = '/acme/shop.git/';

export async function gitEndpoint(token: string): Promise<GitEndpoint> {
  const scratch = await scratchDir('endpoint');
  onTestFinished(() => rm(scratch, { recursive: true, force: true }));
  const repository = join(scratch, 'acme', 'shop.git');
  const env = { PATH: process.env['PATH']!, HOME: scratch, GIT_CONFIG_NOSYSTEM: '1' };
  await runOrThrow(['git', 'init', '-q', '--bare', '-b', 'main', repository], { env });
  await runOrThrow(['git', '--git-dir', repository, 'config', 'http.receivepack', 'true'], { env });
  let instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;
  return {
    repository,
    override: (answer) => void (instead = answer),
    async tip(branch) {
      const args = ['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`];
      const done = await runOrThrow(['git', '--git-dir', repository, ...args], { env });
      return done.stdout.toString('utf8').trim() || null;
    },
    serve(request, response) {
      const url = new URL(request.url ?? '/', 'http://double');
      if (!url.pathname.startsWith(PREFIX)) return false;
      if (instead?.(request, response) === true) return true;
      const [, sent = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
      if (Buffer.from(sent, 'base64').toString('utf8').split(':')[1] !== token) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('no such token');
        return true;
      }
      backend(scratch, url, request, response);
      return true;
    },
  };
}

/** CGI/1.1 (RFC 3875), as much of it as git needs. */
function backend(root: string, url: URL, request: IncomingMessage, response: ServerResponse): void {
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
  child.stdin.on('error', () => {});
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.on('close', () => {
    const all = Buffer.concat(parts);
    const gap = all.indexOf('\r\n\r\n');
    let status = 200;
    for (const line of all.subarray(0, gap).toString('latin1').split('\r\n')) {
      const [name = '', value = ''] = line.split(/: ?(.*)/s);
      if (name.toLowerCase() === 'status') status = Number(value.slice(0, 3));
      else response.setHeader(name, value);
    }
    response.writeHead(status).end(all.subarray(gap + 4));
  });
}
