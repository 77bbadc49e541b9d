import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { VouchError, messageOf } from '../lib/errors.ts';
import { lineSplitter } from '../lib/lines.ts';
import type { Logger } from '../lib/log.ts';
import { scratchDir } from '../lib/scratch.ts';
import { isCommit, terminalSafe } from './names.ts';
import type { ObjectSource } from './git.ts';
import type { HookReply, HookRequest } from './receive-hook.ts';

export interface RefUpdate {
  from: string;
  to: string;
  ref: string;
}

/** What one push does, told step by step by git's hooks. */
export interface PushSteps {
  /** Objects are in quarantine, no ref has moved. Throwing refuses the whole push; the message is shown. */
  beforeMove(updates: RefUpdate[], objects: ObjectSource, print: (line: string) => void): Promise<void>;
  /** All refs have moved. Throwing shows the message; the refs stay. */
  afterMove(updates: RefUpdate[], print: (line: string) => void): Promise<void>;
}

/** The server's end of git's hooks. */
export interface HookServer {
  /** Variables for git, and the folder for `core.hooksPath`. */
  readonly folder: string;
  /** Registers a push; its hooks name it by the variables returned. */
  register(steps: PushSteps): { env: Record<string, string>; release: () => void };
  close(): Promise<void>;
}

const MAX_REQUEST_BYTES = 8 * 1024 * 1024;

export async function openHookServer(log: Logger): Promise<HookServer> {
  // Below the system's folder for temporaries: the path of a unix socket is limited to 107 bytes.
  const folder = await scratchDir('hooks');
  const socketPath = join(folder, 'socket');
  const hooks = join(folder, 'hooks');
  await mkdir(hooks);
  for (const name of ['pre-receive', 'post-receive']) await writeLauncher(join(hooks, name));
  const pushes = new Map<string, PushSteps>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket, pushes, log);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  await chmod(socketPath, 0o600);
  return {
    folder: hooks,
    register(steps) {
      const token = randomBytes(24).toString('hex');
      pushes.set(token, steps);
      return {
        env: { VOUCH_HOOK_SOCKET: socketPath, VOUCH_HOOK_TOKEN: token },
        release: () => pushes.delete(token),
      };
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Git runs hooks as programs, and only if they are executable: so they are written, not taken from the checkout. */
async function writeLauncher(path: string): Promise<void> {
  const module = pathToFileURL(join(import.meta.dirname, 'receive-hook.ts')).href;
  const text = [
    '#!/usr/bin/env node',
    `import(${JSON.stringify(module)}).catch((error) => {`,
    '  console.error(String(error.message));',
    '  process.exitCode = 1;',
    '});',
    '',
  ].join('\n');
  await writeFile(path, text, { mode: 0o700 });
  await chmod(path, 0o700);
}

function serve(socket: Socket, pushes: ReadonlyMap<string, PushSteps>, log: Logger): void {
  let answered = false;
  const reply = (message: HookReply): void => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  };
  const splitter = lineSplitter((line) => {
    if (answered) return;
    answered = true;
    const print = (text: string): void => reply({ line: terminalSafe(text) });
    answer(line, pushes, print).then(
      () => reply({ done: 0 }),
      (error: unknown) => {
        if (!(error instanceof VouchError)) log.error({ err: error }, 'push: unexpected failure');
        for (const text of explain(error)) print(text);
        reply({ done: 1 });
      },
    );
  }, MAX_REQUEST_BYTES);
  socket.on('data', (chunk) => splitter.push(chunk));
}

async function answer(
  line: string,
  pushes: ReadonlyMap<string, PushSteps>,
  print: (line: string) => void,
): Promise<void> {
  const request = JSON.parse(line) as HookRequest;
  const steps = pushes.get(request.token);
  if (!steps) throw new VouchError('unavailable', 'this push is not known to the server any more');
  const updates = request.updates.map(parseUpdate);
  if (request.hook === 'pre-receive') await steps.beforeMove(updates, request.objects, print);
  else if (request.hook === 'post-receive') await steps.afterMove(updates, print);
  else throw new VouchError('usage', `no hook ${request.hook}`);
}

function parseUpdate(line: string): RefUpdate {
  const [from, to, ...rest] = line.split(' ');
  if (from === undefined || to === undefined || !isCommit(from) || !isCommit(to))
    throw new VouchError('usage', 'git sent an update that cannot be read');
  return { from, to, ref: rest.join(' ') };
}

/** An error for a person at a terminal. */
function explain(error: unknown): string[] {
  if (error instanceof VouchError) {
    return [
      ...`error: ${error.message}`.split('\n'),
      ...(error.hint === undefined ? [] : [`hint: ${error.hint}`]),
    ];
  }
  return [`error: a defect of Vouch: ${messageOf(error)}`];
}
