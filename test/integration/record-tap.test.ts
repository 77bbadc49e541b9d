import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cgroupLayout, createCgroup } from '../../src/lib/cgroup.ts';
import { run, runOrThrow } from '../../src/lib/process.ts';
import { needs } from '../needs.ts';
import { CANNOT_RECORD, Stage, bytesOf, withPort } from './record-setup.ts';

/** An HTTP server that answers with what it was sent, and its sum; large answers come chunked. */
const HTTP_SERVER = `
  const server = require('node:http').createServer(async (req, res) => {
    const hash = require('node:crypto').createHash('sha256');
    for await (const chunk of req) hash.update(chunk);
    const sum = hash.digest('hex');
    for (let i = 0; i < 3; i++) res.write(req.method + ' ' + req.url + ' ' + sum + ' ' + i + '\\n');
    res.end();
  });
  server.listen(0, process.argv[1] ?? '127.0.0.1', () => console.log('READY ' + server.address().port));
`;

/** Writes everything, then resolves with all that came until the other end closed. */
async function exchange(socket: Socket, bytes: Buffer | string): Promise<Buffer> {
  const parts: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => parts.push(chunk));
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(parts);
}

async function listen(server: Server, ...where: [number, string] | [string]): Promise<number> {
  server.listen(...(where as [number, string]));
  await once(server, 'listening');
  const address = server.address() as AddressInfo | string;
  return typeof address === 'string' ? 0 : address.port;
}

needs(CANNOT_RECORD === '', CANNOT_RECORD)('the tap', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await Stage.open();
  });
  afterEach(async () => {
    await stage.finish();
  });

  it('records an HTTP server: kept alive, pipelined and chunked, to the byte', async () => {
    await stage.tap();
    const app = await stage.node(HTTP_SERVER);
    const port = Number((await app.says('READY'))[0]);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const own = socket.localPort!;
    const requests =
      'GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n' +
      'POST /third HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
    const answers = await exchange(socket, requests);
    const recording = await stage.read();
    const connection = withPort(recording, own);
    expect(connection).toMatchObject({
      direction: 'inbound',
      transport: 'tcp',
      pid: app.child.pid,
      local: { host: '127.0.0.1', port },
      remote: { host: '127.0.0.1', port: own },
      lostBytes: 0,
      incomplete: null,
      failed: null,
    });
    expect(bytesOf(connection, 'client').toString()).toBe(requests);
    expect(bytesOf(connection, 'server').toString()).toBe(answers.toString());
    expect(answers.toString()).toContain('POST /third');
    expect(connection.closedAt).toBeGreaterThanOrEqual(connection.openedAt);
    const times = connection.chunks.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.abs(connection.openedAt / 1000 - Date.now())).toBeLessThan(60_000);
    expect(recording.damage).toEqual([]);
    expect(recording.stdio.map(({ bytes }) => Buffer.from(bytes).toString())).toContain(`READY ${port}\n`);
  });

  it('records a body of 50 MB to the byte', async () => {
    await stage.tap();
    const app = await stage.node(HTTP_SERVER);
    const port = Number((await app.says('READY'))[0]);
    const body = randomBytes(50 * 1024 * 1024);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const own = socket.localPort!;
    const head = `POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(socket, Buffer.concat([Buffer.from(head), body]));
    const sum = createHash('sha256').update(body).digest('hex');
    expect(answer.toString()).toContain(sum);
    const connection = withPort(await stage.read(), own);
    expect(connection.lostBytes).toBe(0);
    const seen = bytesOf(connection, 'client').subarray(head.length);
    expect(createHash('sha256').update(seen).digest('hex')).toBe(sum);
  });

  it('records every call that a socket is read and written with', async () => {
    const program = join(stage.dir, 'calls');
    const built = await run(['clang', '-O1', '-o', program, join(import.meta.dirname, 'record-calls.c')]);
    expect(built.stderr.toString()).toBe('');
    const file = join(stage.dir, 'file');
    await writeFile(file, Buffer.alloc(1000, 'f'));
    const answer = randomBytes(4096);
    const received: Buffer[] = [];
    const server = createServer((socket) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        received.push(chunk);
        text += chunk.toString('latin1');
        if (text.includes('go\n')) {
          text = '';
          socket.write(answer);
        }
      });
      socket.on('end', () => socket.end('bye'));
    });
    const port = await listen(server, 0, '127.0.0.1');
    await stage.tap();
    const app = await stage.run([program, String(port), file]);
    expect(await app.exited).toBe(0);
    server.close();
    const connection = withPort(await stage.read(), port);
    expect(connection).toMatchObject({ direction: 'outbound', remote: { host: '127.0.0.1', port } });
    // What was peeked at is there once; what sendfile sent is a gap of just that size at its place.
    expect(bytesOf(connection, 'server').equals(Buffer.concat([answer, Buffer.from('bye')]))).toBe(true);
    const sent = Buffer.concat(received);
    const end = sent.length - 'after\n'.length;
    const captured = Buffer.concat([sent.subarray(0, end - 1000), sent.subarray(end)]);
    expect(bytesOf(connection, 'client').equals(captured)).toBe(true);
    expect(connection.chunks.findLast(({ side }) => side === 'client')).toMatchObject({ lost: 1000 });
    expect(connection.lostBytes).toBe(1000);
    expect(connection.incomplete).toContain('sendfile');
    expect(connection.closedAt).not.toBeNull();
  });

  it('says of a connection that io_uring was used on it', async () => {
    const program = join(stage.dir, 'calls');
    await runOrThrow(['clang', '-O1', '-o', program, join(import.meta.dirname, 'record-calls.c')]);
    const server = createServer((socket) => socket.resume());
    const port = await listen(server, 0, '127.0.0.1');
    await stage.tap();
    const app = await stage.run([program, String(port), 'uring']);
    expect(await app.exited).toBe(0);
    server.close();
    const connection = withPort(await stage.read(), port);
    expect(bytesOf(connection, 'client').toString()).toBe('seen\n');
    expect(connection.unseen).toContain('io_uring');
    expect(connection.incomplete).toContain('io_uring');
  });

  it('follows a connection that was open before the tap, either way round', async () => {
    const upstream = createServer((socket) => socket.on('data', (chunk: Buffer) => socket.write(chunk)));
    const upstreamPort = await listen(upstream, 0, '127.0.0.1');
    const app = await stage.node(`
      const net = require('node:net');
      const out = net.connect(${upstreamPort}, '127.0.0.1');
      net.createServer((s) => s.on('data', (d) => { out.write(d); out.once('data', (back) => s.write('<' + back + '>')); }))
        .listen(0, '127.0.0.1', function () { console.log('READY ' + this.address().port); });
    `);
    const port = Number((await app.says('READY'))[0]);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const ask = async (text: string): Promise<string> => {
      socket.write(text);
      return String((await once(socket, 'data'))[0]);
    };
    expect(await ask('before')).toBe('<before>');
    await stage.tap();
    expect(await ask('after')).toBe('<after>');
    const recording = await stage.read();
    const inbound = withPort(recording, port);
    expect(inbound).toMatchObject({ direction: 'inbound', remote: { port: socket.localPort }, lostBytes: 0 });
    expect(inbound.incomplete).toContain('open before');
    expect(bytesOf(inbound, 'client').toString()).toBe('after');
    expect(bytesOf(inbound, 'server').toString()).toBe('<after>');
    const outbound = withPort(recording, upstreamPort);
    expect(outbound).toMatchObject({
      direction: 'outbound',
      remote: { host: '127.0.0.1', port: upstreamPort },
    });
    expect(bytesOf(outbound, 'client').toString()).toBe('after');
    socket.destroy();
    upstream.close();
  });

  it('records unix sockets, IPv6 and datagrams', async () => {
    const path = join(stage.dir, 'neighbour.sock');
    const answer = (socket: Socket): unknown =>
      socket.once('data', (chunk: Buffer) => socket.end(`<${chunk.toString()}>`));
    const [unix, six] = [createServer(answer), createServer(answer)];
    await listen(unix, path);
    const sixPort = await listen(six, 0, '::1');
    const datagrams = createSocket('udp4', (message, peer) =>
      datagrams.send(`<${message.toString()}>`, peer.port, peer.address),
    );
    datagrams.bind(0, '127.0.0.1');
    await once(datagrams, 'listening');
    const udpPort = datagrams.address().port;
    await stage.tap();
    const app = await stage.node(`
      const net = require('node:net'), once = require('node:events').once;
      (async () => {
        for (const to of [${JSON.stringify(path)}, { host: '::1', port: ${sixPort} }]) {
          const s = net.connect(to); s.end('hello'); s.resume(); await once(s, 'close');
        }
        const u = require('node:dgram').createSocket('udp4');
        u.send('question', ${udpPort}, '127.0.0.1');
        await once(u, 'message'); u.close();
        console.log('READY');
      })();
    `);
    await app.says('READY');
    expect(await app.exited).toBe(0);
    const { connections } = await stage.read();
    const of = (remote: object): unknown =>
      connections.find((c) => JSON.stringify(c.remote) === JSON.stringify(remote));
    for (const [remote, transport, sent] of [
      [{ host: path, port: 0 }, 'unix', 'hello'],
      [{ host: '::1', port: sixPort }, 'tcp', 'hello'],
      [{ host: '127.0.0.1', port: udpPort }, 'udp', 'question'],
    ] as const) {
      const connection = of(remote) as (typeof connections)[number];
      expect(connection).toMatchObject({ direction: 'outbound', transport, lostBytes: 0, incomplete: null });
      expect(bytesOf(connection, 'client').toString()).toBe(sent);
      expect(bytesOf(connection, 'server').toString()).toBe(`<${sent}>`);
      expect(connection.closedAt).not.toBeNull();
    }
    unix.close();
    six.close();
    datagrams.close();
  });

  it('records a connection that was refused, with its error', async () => {
    const taken = createServer();
    const port = await listen(taken, 0, '127.0.0.1');
    taken.close();
    await once(taken, 'close');
    await stage.tap();
    const app = await stage.node(`
      require('node:net').connect(${port}, '127.0.0.1').on('error', (e) => console.log('READY ' + e.code));
    `);
    expect(await app.says('READY')).toEqual(['ECONNREFUSED']);
    const connection = withPort(await stage.read(), port);
    expect(connection).toMatchObject({
      direction: 'outbound',
      failed: 111,
      chunks: [],
      remote: { host: '127.0.0.1', port },
    });
    expect(connection.closedAt).not.toBeNull();
  });

  it('follows a cluster: connections that one process accepts and another serves, in a child cgroup', async () => {
    const layout = await cgroupLayout();
    const child = await createCgroup(layout!, `${stage.cgroup.path.split('/').at(-1)}/inner`);
    await stage.tap({ descendants: true });
    const program = join(stage.dir, 'cluster.cjs');
    await writeFile(
      program,
      `const cluster = require('node:cluster');
       if (cluster.isPrimary) {
         const worker = cluster.fork();
         worker.on('message', (port) => console.log('READY ' + port + ' ' + worker.process.pid));
       } else {
         const server = require('node:http').createServer((req, res) => res.end('by ' + process.pid));
         server.listen(0, '127.0.0.1', () => process.send(server.address().port));
       }`,
    );
    const app = await stage.run([process.execPath, program], { cgroup: child });
    const [port, worker] = (await app.says('READY')).map(Number);
    const socket = connect(port!, '127.0.0.1');
    await once(socket, 'connect');
    const own = socket.localPort!;
    const answer = await exchange(socket, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer.toString()).toContain(`by ${worker}`);
    const recording = await stage.read();
    const connection = withPort(recording, own);
    expect(connection).toMatchObject({ direction: 'inbound', local: { port }, incomplete: null });
    expect(bytesOf(connection, 'server').equals(answer)).toBe(true);
    // The processes' own channel is a pair of sockets without names, and not a neighbour.
    expect(recording.connections.filter(({ transport }) => transport === 'unix')).toEqual([]);
  });

  it('watches nobody else', async () => {
    await stage.tap();
    const server = createServer((socket) => socket.end('not for the tap'));
    const port = await listen(server, 0, '127.0.0.1');
    await exchange(connect(port, '127.0.0.1'), 'x');
    server.close();
    expect((await stage.read()).connections).toEqual([]);
    expect(await stage.started.agent.flush(stage.cgroup.id)).toEqual({
      events: 0,
      bytes: 0,
      lostBytes: 0,
      connections: 0,
    });
  });

  it('keeps to its bytes on disk, and each segment can be read without the older ones', async () => {
    await stage.tap({ maxBytes: 2 * 1024 * 1024 });
    const app = await stage.node(`
      const server = require('node:net').createServer((s) => { s.on('data', (d) => s.write(d)); s.on('end', () => s.end()); });
      server.listen(0, '127.0.0.1', () => console.log('READY ' + server.address().port));
    `);
    const port = Number((await app.says('READY'))[0]);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const own = socket.localPort!;
    const sent = randomBytes(8 * 1024 * 1024);
    const back = exchange(socket, sent);
    socket.end();
    expect((await back).equals(sent)).toBe(true);
    const connection = withPort(await stage.read(), own);
    expect(connection).toMatchObject({ direction: 'inbound', local: { port }, lostBytes: 0 });
    expect(connection.incomplete).toContain('beginning');
    const kept = bytesOf(connection, 'server');
    expect(kept.length).toBeLessThan(2 * 1024 * 1024);
    expect(kept.length).toBeGreaterThan(100_000);
    expect(sent.subarray(sent.length - kept.length).equals(kept)).toBe(true);
  });
});
