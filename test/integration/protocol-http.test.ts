import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dns } from '../../src/protocol/dns/dns.ts';
import { sendRequest } from '../../src/protocol/http1/client.ts';
import { http1 } from '../../src/protocol/http1/http1.ts';
import { httpRequestSchema, httpResponseSchema } from '../../src/protocol/http1/messages.ts';
import type { Answers, Decoded } from '../../src/protocol/port.ts';
import { decodeConnections, listen, startMock, startRelay } from './protocol-setup.ts';

/** An ordinary server of Node's with the ways to answer that there are. */
function upstream(): Server {
  return createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      switch (incoming.url?.split('?')[0]) {
        case '/json':
          outgoing
            .setHeader('content-type', 'application/json')
            .end(JSON.stringify({ at: incoming.url, got: body.toString() }));
          break;
        case '/chunks':
          outgoing.write('one ');
          setImmediate(() => outgoing.end('two'));
          break;
        case '/zip':
          outgoing.setHeader('content-encoding', 'gzip').end(gzipSync('zipped text'));
          break;
        case '/bytes':
          outgoing.setHeader('content-type', 'application/octet-stream').end(Buffer.from([0, 255, 254, 10]));
          break;
        case '/none':
          outgoing.writeHead(204).end();
          break;
        case '/cookies':
          outgoing
            .setHeader('set-cookie', ['a=1; Path=/', 'b=2'])
            .writeHead(302, { location: '/json' })
            .end();
          break;
        case '/dies':
          incoming.socket.destroy();
          break;
        default:
          outgoing.writeHead(404).end('no such thing');
      }
    });
  });
}

async function program(port: number): Promise<unknown> {
  const base = `http://127.0.0.1:${port}`;
  const said: unknown[] = [];
  const get = async (path: string, init: RequestInit = {}): Promise<void> => {
    const response = await fetch(base + path, { redirect: 'manual', ...init }).catch(
      (error: Error) => error.message,
    );
    if (typeof response === 'string') said.push(response);
    else
      said.push([
        response.status,
        response.headers.get('content-type'),
        response.headers.getSetCookie(),
        Buffer.from(await response.arrayBuffer()).toString('hex'),
      ]);
  };
  for (const path of ['/json?b=2&a=1', '/chunks', '/zip', '/bytes', '/none', '/cookies', '/missing', '/dies'])
    await get(path);
  await get('/json', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"b": 1, "a": [2]}',
  });
  await get('/json', { method: 'PUT', body: new URLSearchParams({ x: '1', y: 'ä' }) });
  await get('/json', { method: 'HEAD' });
  await get('/json', {
    method: 'POST',
    duplex: 'half',
    body: new Blob(['streamed']).stream(),
  } as RequestInit);
  said.push(await continued(port));
  return said;
}

/** A request that waits for 100 Continue before it sends its body. */
function continued(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: '/json',
      method: 'POST',
      headers: { expect: '100-continue', 'content-length': 4 },
    });
    outgoing.on('continue', () => outgoing.end('wait'));
    outgoing.on('error', reject);
    outgoing.on('response', (response: IncomingMessage) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve([response.statusCode, text]));
    });
    outgoing.flushHeaders();
  });
}

/** An upload's boundary and the host's port differ from run to run; nothing else may. */
function forPort(exchanges: Decoded[], from: number, to: number): Decoded[] {
  return JSON.parse(
    JSON.stringify(exchanges).replaceAll(`127.0.0.1:${from}`, `127.0.0.1:${to}`),
  ) as Decoded[];
}

describe('HTTP/1, recorded and replayed', () => {
  const server = upstream();
  let port: number;
  let relayPort: number;
  let said: unknown;
  let exchanges: Decoded[];

  beforeAll(async () => {
    port = await listen(server);
    const relay = await startRelay(port);
    relayPort = relay.port;
    said = await program(relay.port);
    await relay.close();
    exchanges = decodeConnections(http1, relay).exchanges;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('decodes everything that was said', () => {
    const open = exchanges.filter(({ complete }) => !complete);
    expect(open.length).toBeGreaterThan(0); // fetch tries an idempotent request again
    expect(open.every(({ summary, response }) => summary === 'GET /dies' && response === null)).toBe(true);
    const zip = exchanges.find(({ summary }) => summary === 'GET /zip');
    expect(httpResponseSchema.parse(zip!.response)).toMatchObject({
      body: { text: 'zipped text' },
      encoding: 'gzip',
    });
    expect(exchanges.map(({ request: one }) => httpRequestSchema.parse(one).method)).toContain('HEAD');
  });

  it('gives the same program the same results from the mock', async () => {
    const replay = await startMock(http1, (own) => forPort(exchanges, relayPort, own), null);
    try {
      expect(await program(replay.port)).toEqual(JSON.parse(JSON.stringify(said)));
      expect(replay.missed).toEqual([]);
    } finally {
      await replay.close();
    }
  });

  it('sends recorded requests and reads what comes', async () => {
    for (const exchange of exchanges.filter(({ complete }) => complete)) {
      const sent = await sendRequest({ host: '127.0.0.1', port }, exchange.request, 5000);
      expect([exchange.summary, sent.failure]).toEqual([exchange.summary, null]);
      expect(http1.comparable(sent.response!)).toEqual(http1.comparable(exchange.response!));
    }
  });

  it('tells apart how a request can fail', async () => {
    const one = { method: 'GET', target: '/dies', headers: [], body: null };
    expect(await sendRequest({ host: '127.0.0.1', port }, one, 5000)).toEqual({
      response: null,
      failure: 'closed',
    });
    const silent = createServer(() => {});
    const silentPort = await listen(silent);
    expect(await sendRequest({ host: '127.0.0.1', port: silentPort }, one, 50)).toEqual({
      response: null,
      failure: 'timeout',
    });
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
    expect(await sendRequest({ host: '127.0.0.1', port: silentPort }, one, 5000)).toEqual({
      response: null,
      failure: 'refused',
    });
  });
});

describe('DNS', () => {
  it('answers a resolver by datagrams from the recording', async () => {
    const records = [
      { name: 'ups.test', type: 'CNAME', ttl: 5, data: 'real.test' },
      { name: 'real.test', type: 'A', ttl: 5, data: '10.1.2.3' },
    ];
    const response = { truncated: false, authority: [] };
    const answers: Answers = {
      facts: null,
      answer(question) {
        const key = JSON.stringify(dns.canonical(question));
        if (key === '{"name":"ups.test","type":"A"}')
          return { found: true, response: { ...response, rcode: 'NOERROR', answers: records } };
        if (key.includes('gone.test'))
          return { found: true, response: { ...response, rcode: 'NXDOMAIN', answers: [] } };
        return { found: false, reason: 'never recorded' };
      },
    };
    const decoder = dns.decoder();
    const decoded: Decoded[] = [];
    const socket = createSocket('udp4');
    const reply = async (message: Buffer, port: number, address: string): Promise<void> => {
      decoded.push(...decoder.push({ side: 'client', at: 1, bytes: message }));
      const bytes = (await dns.serveDatagram!(message, answers))!;
      decoded.push(...decoder.push({ side: 'server', at: 2, bytes }));
      socket.send(bytes, port, address);
    };
    socket.on('message', (message, from) => void reply(message, from.port, from.address));
    const port = await new Promise<number>((resolve) =>
      socket.bind(0, '127.0.0.1', () => resolve(socket.address().port)),
    );
    const resolver = new Resolver({ timeout: 2000, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
    try {
      expect(await resolver.resolve4('Ups.test')).toEqual(['10.1.2.3']);
      await expect(resolver.resolve4('gone.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
      await expect(resolver.resolve4('new.test')).rejects.toMatchObject({ code: 'ESERVFAIL' });
      expect(decoder.failed).toBeNull();
      expect(decoded.map(({ summary }) => summary.toLowerCase())).toEqual([
        'a ups.test',
        'a gone.test',
        'a new.test',
      ]);
      expect(dns.comparable(decoded[0]!.response!)).toMatchObject({
        rcode: 'NOERROR',
        answers: ['real.test A 10.1.2.3', 'ups.test CNAME real.test'],
      });
    } finally {
      socket.close();
    }
  });
});
