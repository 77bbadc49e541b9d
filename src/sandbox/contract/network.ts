import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Sandbox } from '../port.ts';
import { answer, firstLine, prepared, specOf, treeOf } from './harness.ts';

const TRY = `
const net = require('net');
const tried = (port, host) => new Promise((resolve) => {
  const socket = net.connect({ port, host, timeout: 3000 });
  socket.on('data', (data) => { socket.destroy(); resolve(String(data)); });
  socket.on('error', (error) => resolve(error.code));
  socket.on('timeout', () => { socket.destroy(); resolve('timeout'); });
});
`;

async function hostServer(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).end('host')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export function network(sandbox: Sandbox): void {
  test('none: no way out, not even to the host, but loopback works', async () => {
    const port = await hostServer();
    const script = `${TRY}
      const server = net.createServer((s) => s.end('own')).listen(0, '127.0.0.1', async () => {
        const own = await tried(server.address().port, '127.0.0.1');
        const out = [await tried(80, '192.0.2.1'), await tried(80, '2001:db8::1'), await tried(${port}, '127.0.0.1')];
        console.log(JSON.stringify([own, ...out]));
        process.exit();
      });`;
    const [own, ...out] = (await answer(sandbox, script)) as string[];
    expect(own).toBe('own');
    expect(out.slice(0, 2).every((code) => code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL')).toBe(true);
    expect(out[2]).toBe('ECONNREFUSED');
  });

  test('none: a host process that entered before the start is reached on loopback', async () => {
    const script = `${TRY} tried(7777, '127.0.0.1').then((said) => { console.log(said); });`;
    const place = await prepared(sandbox, specOf(await treeOf({ 'main.js': script })));
    const listen = `require('net').createServer((s) => s.end('worker')).listen(7777, '127.0.0.1', () => console.log('listening'))`;
    const [program, ...args] = place.enterNetwork([process.execPath, '-e', listen]);
    const worker = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = once(worker, 'exit');
    onTestFinished(async () => {
      worker.kill('SIGKILL');
      await gone;
    });
    expect(await firstLine(worker.stdout)).toBe('listening');
    const running = await place.start();
    expect(await firstLine(running.stdout)).toBe('worker');
  });

  test('host: the network of the machine', async () => {
    const port = await hostServer();
    const got = await answer(
      sandbox,
      `${TRY} tried(${port}, '127.0.0.1').then((said) => console.log(JSON.stringify(said)));`,
      { network: 'host' },
    );
    expect(got).toBe('host');
  });

  test('host: nothing to enter', async () => {
    const place = await prepared(sandbox, specOf(await treeOf({}), { network: 'host' }));
    expect(place.enterNetwork(['a', 'b'])).toEqual(['a', 'b']);
  });
}
