/**
 * The hook that git runs inside a push, as `pre-receive` and as `post-receive`. It knows nothing: it hands what git told
 * it to the server, over the unix socket, and prints what comes back, which git relays to the pusher as `remote: …`.
 * If the server is gone the answer is no.
 */
import { connect } from 'node:net';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';

const QUARANTINE = [
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_QUARANTINE_PATH',
] as const;

/** From the hook, one line of JSON. `objects` holds git's variables of those names. */
export interface HookRequest {
  token: string;
  hook: string;
  /** `OLD NEW REF` lines. */
  updates: string[];
  objects: Record<string, string>;
}

/** To the hook, one line of JSON each; `done` is the last and holds the exit status. */
export type HookReply = { line: string } | { done: 0 | 1 };

const MAX_INPUT_BYTES = 4 * 1024 * 1024;

async function runHook(name: string): Promise<number> {
  const socketPath = process.env['VOUCH_HOOK_SOCKET'];
  const token = process.env['VOUCH_HOOK_TOKEN'];
  if (socketPath === undefined || token === undefined) {
    process.stderr.write('this repository takes pushes through the server of Vouch only\n');
    return 1;
  }
  const objects: Record<string, string> = {};
  for (const key of QUARANTINE) {
    const value = process.env[key];
    if (value !== undefined) objects[key] = value;
  }
  const request: HookRequest = { token, hook: basename(name), updates: await readUpdates(), objects };
  const socket = connect(socketPath);
  let status: number | undefined;
  const lost = new Promise<void>((resolve) => {
    socket.once('error', () => resolve());
    socket.once('close', () => resolve());
  });
  socket.write(`${JSON.stringify(request)}\n`);
  const lines = createInterface({ input: socket });
  lines.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    lines.on('line', (text) => {
      const reply = JSON.parse(text) as HookReply;
      if ('line' in reply) process.stdout.write(`${reply.line}\n`);
      else {
        status = reply.done;
        resolve();
      }
    });
  });
  await Promise.race([ended, lost]);
  socket.destroy();
  if (status === undefined) process.stdout.write('the server stopped in the middle of this push\n');
  return status ?? 1;
}

async function readUpdates(): Promise<string[]> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.length > MAX_INPUT_BYTES) throw new Error('too many refs in one push');
  }
  return text.split('\n').filter((line) => line !== '');
}

process.exitCode = await runHook(process.argv[1] ?? '');
