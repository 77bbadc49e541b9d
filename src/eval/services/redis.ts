import { copyFile, mkdir, readFile, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { VouchError } from '../../lib/errors.ts';
import { freePort, startListening, type Service } from './child.ts';

export interface RedisService extends Service {
  folder: string;
  port: number;
}

/** A private Redis server; `commands` is a text of commands, one a line, to fill it. */
export async function startRedis(folder: string, commands: string): Promise<RedisService> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const server = await startListening(
    'Redis',
    [
      'redis-server',
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
      '--daemonize',
      'no',
    ],
    port,
  ).catch((error: unknown) => {
    if (error instanceof VouchError && error.code === 'missing-part') {
      throw new VouchError('missing-part', 'redis-server: not on this machine', {
        hint: 'apt-get install redis-server',
      });
    }
    throw error;
  });
  const lines = commands.split('\n').map((line) => line.trim());
  for (const line of lines) if (line !== '' && !line.startsWith('#')) await command(port, line);
  return { url: `redis://127.0.0.1:${port}`, folder, port, stop: () => server.stop() };
}

/** A second server that holds what the first one holds now. */
export async function copyRedis(of: RedisService, folder: string): Promise<RedisService> {
  await command(of.port, 'SAVE');
  await mkdir(folder, { recursive: true });
  await copyFile(join(of.folder, 'dump.rdb'), join(folder, 'dump.rdb'));
  return startRedis(folder, '');
}

/** Sends one inline command and reads the first line of its answer. Throws `usage` on an error. */
async function command(port: number, line: string): Promise<void> {
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let said = '';
    socket.on('error', reject);
    socket.on('connect', () => socket.write(`${line}\r\n`));
    socket.on('data', (chunk) => {
      said += chunk.toString('utf8');
      if (!said.includes('\r\n')) return;
      socket.destroy();
      resolve(said);
    });
  });
  if (answer.startsWith('-')) throw new VouchError('usage', `redis: ${line}: ${answer.slice(1).trim()}`);
}

/** The text of an init file, or '' for none. */
export async function readInit(path: string | undefined): Promise<string> {
  if (path === undefined) return '';
  if (!(await stat(path).catch(() => null))) throw new VouchError('usage', `${path}: no such file`);
  return readFile(path, 'utf8');
}
