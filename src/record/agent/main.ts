import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { VouchError, messageOf, systemCode } from '../../lib/errors.ts';
import { parseJson, type Json } from '../../lib/json.ts';
import { lineSplitter } from '../../lib/lines.ts';
import type { Logger } from '../../lib/log.ts';
import { run } from '../../lib/process.ts';
import { agentHealth } from './health.ts';
import { Session, dropOrphans, type Kept } from './session.ts';
import { TapEngine } from './tap.ts';
import { MAX_LINE, MAX_WAITING, requestSchema, type WireResponse } from './wire.ts';

const ORPHANS_MS = 5000;

export interface AgentOptions {
  /** A unix socket is made here, for the owner only unless there is a `group`. */
  socketPath: string;
  /**
   * Name or number of a group whose members may ask, too. They can record what any program of this machine sends and
   * receives: it is to be a group of the server's user only.
   */
  group?: string;
  logger: Logger;
  /** Ends the agent: everything is undone, the socket removed. */
  signal: AbortSignal;
  /** Called when clients can connect. */
  onReady?: () => void;
  /** Of the ring between kernel and agent. A power of two; default 64 MiB, less on a machine of less than 4 GiB. */
  ringBytes?: number;
}

/**
 * The privileged process. Serves `port.ts` over a unix socket until `signal`; resolves when everything is undone.
 * What a client asked for is undone when its connection ends, however it ended.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { socketPath, logger, signal } = options;
  const health = await agentHealth();
  if (!health.ok) {
    throw new VouchError('missing-part', health.reason ?? 'nothing can be recorded here', {
      hint: health.mend ?? undefined,
    });
  }
  const engine = new TapEngine(logger, { ringBytes: options.ringBytes });
  const kept: Kept = new Map();
  const clients = new Set<Socket>();
  const ending = new Set<Promise<void>>();
  const server = createServer((socket) => {
    clients.add(socket);
    const end = serveClient(socket, new Session(engine, kept), logger).finally(() => {
      clients.delete(socket);
      ending.delete(end);
    });
    ending.add(end);
  });
  const gid = options.group === undefined ? null : await groupId(options.group);
  await makeRoom(socketPath, gid);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new VouchError('unavailable', `${socketPath}: ${messageOf(error)}`, { cause: error }));
    });
    // Nobody else may connect between the socket's making and its chmod.
    const mask = process.umask(0o177);
    server.listen(socketPath, resolve);
    process.umask(mask);
  });
  if (gid !== null) await chown(socketPath, process.getuid!(), gid);
  await chmod(socketPath, gid === null ? 0o600 : 0o660);
  const orphans = setInterval(() => void dropOrphans(engine, kept), ORPHANS_MS);
  options.onReady?.();
  logger.info({ socketPath }, 'agent ready');
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(orphans);
  const closed = new Promise((resolve) => server.close(resolve));
  for (const client of clients) client.destroy();
  await Promise.all(ending);
  await closed;
  await engine.close();
  await rm(socketPath, { force: true });
}

/** Removes a socket that a dead agent left; one that answers is another agent's. */
async function makeRoom(socketPath: string, gid: number | null): Promise<void> {
  const folder = dirname(socketPath);
  const first = await mkdir(folder, { recursive: true, mode: gid === null ? 0o700 : 0o750 });
  for (
    let made = folder;
    first !== undefined && gid !== null && made.length >= first.length;
    made = dirname(made)
  )
    await chown(made, process.getuid!(), gid);
  const answer = await new Promise<string | undefined>((resolve) => {
    const probe = createConnection(socketPath, () => {
      probe.destroy();
      resolve('connected');
    });
    probe.on('error', (error) => resolve(systemCode(error)));
  });
  if (answer === 'connected')
    throw new VouchError('conflict', `${socketPath}: another agent is running there`);
  if (answer === 'ECONNREFUSED') await rm(socketPath, { force: true });
}

async function groupId(group: string): Promise<number> {
  const found = await run(['getent', 'group', '--', group]);
  const gid = Number(found.stdout.toString('utf8').split(':')[2]);
  if (found.code === 0 && Number.isInteger(gid)) return gid;
  throw new VouchError('usage', `${group}: there is no such group`, { hint: `groupadd --system ${group}` });
}

async function serveClient(socket: Socket, session: Session, logger: Logger): Promise<void> {
  let queue = Promise.resolve();
  let waiting = 0;
  const answer = (response: WireResponse): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(response)}\n`);
  };
  // One at a time and in order: a client's untap never overtakes its tap.
  const splitter = lineSplitter((line) => {
    if (++waiting > MAX_WAITING || Buffer.byteLength(line) >= MAX_LINE) {
      socket.destroy();
      return;
    }
    queue = queue.then(async () => {
      answer(await handleLine(line, session, logger));
      waiting--;
    });
  }, MAX_LINE);
  socket.on('data', (chunk) => splitter.push(chunk));
  await new Promise<void>((resolve) => {
    socket.on('error', () => {}); // its end follows
    socket.on('close', () => resolve());
  });
  await queue;
  await session.end();
}

async function handleLine(line: string, session: Session, logger: Logger): Promise<WireResponse> {
  const parsed = requestSchema.safeParse(parseJson(line));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const message = `not a request to the agent: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not JSON'}`;
    return { id: idOf(parseJson(line)), error: { code: 'usage', message } };
  }
  const { id, call } = parsed.data;
  try {
    return { id, result: await session.handle(call) };
  } catch (error) {
    if (error instanceof VouchError) {
      return { id, error: { code: error.code, message: error.message, hint: error.hint } };
    }
    logger.error({ err: error, method: call.method }, 'agent: unexpected failure');
    return { id, error: { code: 'unavailable', message: `${call.method}: ${messageOf(error)}` } };
  }
}

function idOf(value: Json | undefined): number | null {
  const id = value !== null && typeof value === 'object' && !Array.isArray(value) ? value.id : null;
  return typeof id === 'number' && Number.isInteger(id) ? id : null;
}
