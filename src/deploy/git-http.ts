import { spawn, type ChildProcess } from 'node:child_process';
import { dirname } from 'node:path';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { VouchError } from '../lib/errors.ts';
import type { Logger } from '../lib/log.ts';
import { killGroup } from '../lib/process.ts';
import { gitEnvironment, type Repositories } from './git.ts';
import { isAppName, printable } from './names.ts';
import type { HookServer, PushSteps } from './push-hook.ts';

export interface GitHttpOptions {
  repositories: Repositories;
  hooks: HookServer;
  log: Logger;
  /** Begins a push. `ended` is called once git has ended, however it did. */
  beginPush(app: string): { steps: PushSteps; ended: () => Promise<void> };
  /** Bytes of one push, unpacked from its transfer encoding. Default 512 MiB. */
  maxBytes?: number;
  /** Programs at once; more get 503. Default 16. */
  maxPrograms?: number;
  /** Milliseconds without a byte from the client after which its upload is given up. Default 60 s. */
  idleMs?: number;
}

type Service = 'git-upload-pack' | 'git-receive-pack';

/** Serves git's smart HTTP protocol (gitprotocol-http(5)) for one app by running git itself. */
export function createGitHttp(
  options: GitHttpOptions,
): (request: Request, app: string, path: string) => Promise<Response> {
  const { repositories } = options;
  let programs = 0;
  return async (request, named, path) => {
    // As people are used to from elsewhere: `/git/shop.git`.
    const app = named.replace(/\.git$/, '');
    if (!isAppName(app) || !(await repositories.exists(app))) {
      const create = isAppName(app) ? `; create it with \`vouch apps create ${app}\`` : '';
      return plain(404, `no app called ${printable(app)}${create}`);
    }
    if (programs >= (options.maxPrograms ?? 16))
      return plain(503, 'too many git requests at once; try again in a moment', { 'retry-after': '2' });
    const begin = (): (() => void) => {
      programs += 1;
      return () => {
        programs -= 1;
      };
    };
    if (request.method === 'GET' && path === 'info/refs') return advertise(request, app, options, begin());
    if (request.method === 'POST' && (path === 'git-upload-pack' || path === 'git-receive-pack'))
      return exchange(request, app, path, options, begin());
    return plain(404, 'only git speaks to this address: git clone, git fetch, git push');
  };
}

async function advertise(
  request: Request,
  app: string,
  options: GitHttpOptions,
  ended: () => void,
): Promise<Response> {
  const service = new URL(request.url).searchParams.get('service');
  if (!isService(service)) {
    ended();
    return plain(403, 'only smart HTTP is served: use git 1.6.6 or newer');
  }
  const child = startGit(app, service, ['--http-backend-info-refs'], request, options, {});
  child.stdin!.end();
  child.once('close', ended);
  const banner = `# service=${service}\n`;
  const head = Buffer.from(`${(banner.length + 4).toString(16).padStart(4, '0')}${banner}0000`);
  return new Response(outputOf(child, 'kill', head), {
    headers: { ...NO_CACHE, 'content-type': `application/x-${service}-advertisement` },
  });
}

async function exchange(
  request: Request,
  app: string,
  service: Service,
  options: GitHttpOptions,
  ended: () => void,
): Promise<Response> {
  if (request.headers.get('content-type') !== `application/x-${service}-request`) {
    ended();
    return plain(415, `content-type must be application/x-${service}-request`);
  }
  const push = service === 'git-receive-pack' ? options.beginPush(app) : undefined;
  const registered = push && options.hooks.register(push.steps);
  const child = startGit(app, service, [], request, options, registered?.env ?? {});
  child.once('close', () => {
    ended();
    registered?.release();
    push
      ?.ended()
      .catch((error: unknown) => options.log.error({ err: error, app }, 'push: could not be settled'));
  });
  void feed(request, child, options);
  // A push that has been received is carried to its end, also when the pusher has gone: the outcome is recorded.
  return new Response(outputOf(child, push ? 'drain' : 'kill'), {
    headers: { ...NO_CACHE, 'content-type': `application/x-${service}-result` },
  });
}

function startGit(
  app: string,
  service: Service,
  flags: string[],
  request: Request,
  options: GitHttpOptions,
  env: Record<string, string>,
): ChildProcess {
  const path = options.repositories.pathOf(app);
  const settings = {
    'safe.directory': path,
    'core.hooksPath': options.hooks.folder,
    'core.logAllRefUpdates': 'true',
    'receive.fsckObjects': 'true',
    'receive.fsck.zeroPaddedFilemode': 'warn',
    'receive.fsck.missingSpaceBeforeDate': 'warn',
    'receive.fsck.badTimezone': 'warn',
    'receive.maxInputSize': String(options.maxBytes ?? DEFAULT_MAX_BYTES),
    'receive.denyDeleteCurrent': 'true',
    'transfer.hideRefs': 'refs/vouch',
    'gc.autoDetach': 'false',
    'http.receivepack': 'true',
  };
  const config = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const protocol = request.headers.get('git-protocol') ?? '';
  const base = gitEnvironment(env);
  // A server that is killed takes its git along: a push must not go on once nobody can tell what became of it.
  const bound = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', 'git'] : ['git'];
  const [program, ...args] = [...bound, ...config, service.slice(4), '--stateless-rpc', ...flags, path];
  const child = spawn(program!, args, {
    env: {
      ...base,
      // The hooks are node programs, whatever node the machine has on its path.
      PATH: `${dirname(process.execPath)}:${base['PATH'] ?? '/usr/bin:/bin'}`,
      ...(/^[a-z0-9=:.-]{1,200}$/.test(protocol) && service === 'git-upload-pack'
        ? { GIT_PROTOCOL: protocol }
        : {}),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.on('error', (error) => options.log.error({ err: error }, 'git cannot be started'));
  child.stdin!.on('error', () => {}); // git may answer before it has read everything
  let said = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    if (said.length < 4000) said += chunk.toString('utf8');
  });
  child.once('close', (code) => {
    if (code !== 0) options.log.warn({ app, service, code, said: said.trim() }, 'git ended with an error');
  });
  return child;
}

/** Hands the request's body to git, unpacked and bounded; a client that stalls, breaks off or sends too much ends it. */
async function feed(request: Request, child: ChildProcess, options: GitHttpOptions): Promise<void> {
  const stdin = child.stdin!;
  if (!request.body) {
    stdin.end();
    return;
  }
  const body = Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]);
  const encoding = request.headers.get('content-encoding');
  const bound = bounded(options.maxBytes ?? DEFAULT_MAX_BYTES, options.idleMs ?? 60_000);
  try {
    if (encoding === 'gzip' || encoding === 'x-gzip') await pipeline(body, createGunzip(), bound, stdin);
    else await pipeline(body, bound, stdin);
  } catch (error) {
    // Git ending first is not a failure of the client: its answer, already on the way, says why.
    if (child.exitCode !== null || child.signalCode !== null) return;
    options.log.warn({ err: error }, 'git: upload broken off');
    if (error instanceof VouchError || bound.brokenOff) killGroup(child.pid, 'SIGTERM');
  }
}

class Bound extends Transform {
  brokenOff = true;
  readonly #maxBytes: number;
  readonly #idleMs: number;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(maxBytes: number, idleMs: number) {
    super();
    this.#maxBytes = maxBytes;
    this.#idleMs = idleMs;
    this.#restart();
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.destroy(new VouchError('unavailable', 'the client sent nothing for too long'));
    }, this.#idleMs);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#restart();
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes)
      done(new VouchError('usage', `the push is larger than ${this.#maxBytes} bytes`));
    else done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    this.brokenOff = false;
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }
}

function bounded(maxBytes: number, idleMs: number): Bound {
  return new Bound(maxBytes, idleMs);
}

/** The program's output as a web stream. A reader that leaves ends the program, or lets it run on unheard. */
function outputOf(child: ChildProcess, onLeave: 'kill' | 'drain', head?: Buffer): ReadableStream<Uint8Array> {
  const stdout = child.stdout!;
  let open = true;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (head) controller.enqueue(head);
        stdout.on('data', (chunk: Buffer) => {
          if (!open) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) stdout.pause();
        });
        child.once('close', () => {
          if (open) controller.close();
          open = false;
        });
      },
      pull() {
        stdout.resume();
      },
      cancel() {
        open = false;
        stdout.resume();
        if (onLeave === 'kill') killGroup(child.pid);
      },
    },
    { highWaterMark: 256 * 1024, size: (chunk) => chunk.byteLength },
  );
}

const DEFAULT_MAX_BYTES = 512 * 1024 * 1024;

const NO_CACHE = {
  expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
  pragma: 'no-cache',
  'cache-control': 'no-cache, max-age=0, must-revalidate',
};

function isService(name: string | null): name is Service {
  return name === 'git-upload-pack' || name === 'git-receive-pack';
}

/** Git shows a plain text body of an error to its user. */
function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  });
}
