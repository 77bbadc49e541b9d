import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { ask, waitHealthy } from './health.ts';

const open: { close(): void }[] = [];

afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(server);
  return (server.address() as AddressInfo).port;
}

const app = (listener: RequestListener) => {
  const server = createServer(listener);
  open.push({ close: () => server.closeAllConnections() });
  return listening(server);
};

const never = new Promise<string>(() => {});

describe('an app that does not get healthy', () => {
  test('what it answered is said, also when the last request had no time left for an answer', async () => {
    let asked = 0;
    const port = await app((_request, response) => {
      if (++asked === 1) response.writeHead(500).end();
    });
    await expect(waitHealthy({ port, path: '/up', timeoutMs: 900, exited: never })).rejects.toThrow(
      'not healthy within 0.9 s: GET /up answered 500',
    );
    expect(asked).toBeGreaterThan(1);
  });

  test('that it stopped answering is said when it was waited for', async () => {
    let asked = 0;
    const port = await app((_request, response) => {
      if (++asked === 1) response.writeHead(500).end();
    });
    await expect(waitHealthy({ port, path: '/up', timeoutMs: 2_500, exited: never })).rejects.toThrow(
      /GET \/up was not answered within \d+ ms/,
    );
  });

  test('nothing but silence is said as such', async () => {
    const port = await app(() => {});
    await expect(waitHealthy({ port, path: '/up', timeoutMs: 100, exited: never })).rejects.toThrow(
      'GET /up was not answered within 100 ms',
    );
  });
});

test('a head that never ends is waited for no longer than silence', async () => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 200 OK\r\n');
    const drip = setInterval(() => socket.write('a'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  await expect(ask(await listening(server), '/', {}, 200)).rejects.toThrow('was not answered within 200 ms');
});
