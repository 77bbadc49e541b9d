import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRouter, type Router } from './router.ts';
import type { Target } from './router-target.ts';

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  raw: string[];
  text: string;
}

describe('router', () => {
  let router: Router;
  let closing: (() => Promise<void>)[];
  beforeEach(async () => {
    closing = [];
    router = await openRouter({ maxInFlight: 20 });
    router.add('shop', ['Shop.Example.org']);
  });
  afterEach(async () => {
    await router.close();
    for (const close of closing) await close();
  });

  async function listen(server: Server | TcpServer): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(
      () =>
        new Promise((resolve) => {
          server.close(() => resolve());
          if ('closeAllConnections' in server) server.closeAllConnections();
        }),
    );
    return (server.address() as AddressInfo).port;
  }
  async function serve(listener: RequestListener): Promise<Target> {
    const target = router.createTarget(`dep_${closing.length}`, await listen(createServer(listener)));
    router.switchTo('shop', target);
    return target;
  }
  /** A server that sees bytes only; `onData` is called with everything that one connection has sent so far. */
  async function serveRaw(
    onData: (socket: Socket, all: string, connection: number) => void,
  ): Promise<Target> {
    let connections = 0;
    const sockets = new Set<Socket>();
    const port = await listen(
      createTcp((socket) => {
        const mine = ++connections;
        let all = '';
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('data', (chunk) => onData(socket, (all += chunk.toString('latin1')), mine));
      }),
    );
    closing.unshift(() => {
      for (const socket of sockets) socket.destroy();
      return Promise.resolve();
    });
    const target = router.createTarget(`dep_${closing.length}`, port);
    router.switchTo('shop', target);
    return target;
  }
  function ask(
    options: {
      host?: string;
      method?: string;
      path?: string;
      headers?: Record<string, string | string[]>;
      body?: string;
    } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          port: router.port,
          host: '127.0.0.1',
          method: options.method ?? 'GET',
          path: options.path ?? '/',
          agent: false,
          headers: { host: options.host ?? 'shop.localhost', ...options.headers },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              raw: response.rawHeaders,
              text,
            }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(options.body);
    });
  }

  it('knows apps by host name, in any case, with and without port', async () => {
    await serve((_, response) => response.end('here'));
    for (const host of ['shop.localhost', 'SHOP.localhost:8080', 'shop.localhost.', 'shop.example.org'])
      expect((await ask({ host })).text).toBe('here');
    for (const host of ['localhost', 'other.localhost', 'shop.localhost.evil.org', 'x.shop.localhost'])
      expect((await ask({ host })).status).toBe(404);
  });

  it('hands on headers as they are, and none that belong to a connection or to itself', async () => {
    let seen: IncomingMessage | undefined;
    await serve((incoming, response) => {
      seen = incoming;
      response.writeHead(201, [
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'X-One',
        '1',
        'Connection',
        'x-hop',
        'X-Hop',
        'h',
      ]);
      response.end();
    });
    const answer = await ask({
      headers: {
        cookie: 'c=3',
        connection: 'x-secret-hop',
        'x-secret-hop': 'h',
        te: 'trailers',
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-host': 'forged',
        'x-vouch-observe': 'guess',
      },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(answer.headers['x-hop']).toBeUndefined();
    expect(answer.headers['x-vouch-deployment']).toBeUndefined();
    expect(seen!.headers).toMatchObject({
      host: 'shop.localhost',
      cookie: 'c=3',
      'x-forwarded-for': '10.0.0.1, 127.0.0.1',
      'x-forwarded-host': 'shop.localhost',
      'x-forwarded-proto': 'http',
    });
    for (const name of ['x-secret-hop', 'te', 'x-vouch-observe']) expect(seen!.headers[name]).toBeUndefined();
  });

  it('keeps what a method or status says about bodies', async () => {
    await serve((incoming, response) => {
      if (incoming.url === '/304') response.writeHead(304, { etag: '"x"' }).end();
      else if (incoming.url === '/204') response.writeHead(204).end();
      else {
        response.writeHead(200, { 'content-length': '5' });
        response.end(incoming.method === 'HEAD' ? undefined : 'hello');
      }
    });
    expect(await ask({ method: 'HEAD' })).toMatchObject({
      status: 200,
      text: '',
      headers: { 'content-length': '5' },
    });
    expect(await ask({ path: '/304' })).toMatchObject({ status: 304, text: '' });
    expect(await ask({ path: '/204' })).toMatchObject({ status: 204, text: '' });
  });

  it('streams: the first part arrives while the app still writes', async () => {
    let finish = (): void => {};
    await serve((_, response) => {
      response.write('first');
      finish = () => response.end('last');
    });
    const text = await new Promise<string>((resolve, reject) => {
      request({ port: router.port, headers: { host: 'shop.localhost' }, agent: false }, (response) => {
        let all = '';
        response.on('data', (chunk: Buffer) => {
          all += chunk.toString('utf8');
          if (all === 'first') finish();
        });
        response.on('end', () => resolve(all));
      })
        .on('error', reject)
        .end();
    });
    expect(text).toBe('firstlast');
  });

  it('repeats a GET once when an idle connection was just closed', async () => {
    const seen: number[] = [];
    await serveRaw((socket, all, connection) => {
      const count = all.split('\r\n\r\n').length - 1;
      seen.push(connection);
      // The second request on a connection meets a server that closes it.
      if (count === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      else socket.destroy();
    });
    expect((await ask()).text).toBe('ok');
    expect((await ask()).text).toBe('ok');
    expect(seen).toEqual([1, 1, 2]);
  });

  it('never repeats a POST that the app may have seen', async () => {
    let requests = 0;
    await serveRaw((socket) => {
      requests += 1;
      socket.destroy();
    });
    const answer = await ask({ method: 'POST', body: 'pay', headers: { 'content-length': '3' } });
    expect(answer.status).toBe(502);
    expect(answer.text).toContain('closed the connection without an answer');
    expect(requests).toBe(1);
  });

  it('sends to the new release what the old one would not take any more', async () => {
    const gone = createServer();
    const port = await listen(gone);
    await new Promise<void>((resolve) => gone.close(() => resolve()));
    closing.pop();
    const old = router.createTarget('dep_old', port);
    router.switchTo('shop', old);
    expect((await ask({ method: 'POST', body: 'x' })).text).toContain('the app does not listen');
    const fresh = await serve((incoming, response) => incoming.pipe(response));
    router.switchTo('shop', old);
    // Picked before the switch, refused, and picked again after it.
    const enter = old.enter.bind(old);
    Object.assign(old, {
      enter: (abort: () => void) => {
        router.switchTo('shop', fresh);
        return enter(abort);
      },
    });
    expect(await ask({ method: 'POST', body: 'kept whole' })).toMatchObject({
      status: 200,
      text: 'kept whole',
    });
    expect(old.inFlight).toBe(0);
  });

  it('does not repeat a GET that may have killed the app', async () => {
    let requests = 0;
    await serveRaw((socket) => {
      requests += 1;
      socket.destroy();
    });
    expect((await ask()).status).toBe(502);
    expect(requests).toBe(1);
  });

  it('lets the client see that an answer broke off', async () => {
    await serveRaw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'));
    await expect(ask()).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });

  it('drains: waits for what is in flight, and breaks off what does not end', async () => {
    let finish = (): void => {};
    const arrived = Promise.withResolvers<void>();
    const target = await serve((_, response) => {
      finish = () => response.end('done');
      arrived.resolve();
    });
    const asked = ask();
    await arrived.promise;
    expect(target.inFlight).toBe(1);
    expect(await target.drain(1)).toBe(false);
    const drained = target.drain(10_000);
    finish();
    expect((await asked).text).toBe('done');
    expect(await drained).toBe(true);

    const again = ask();
    const caught = again.catch((error: unknown) => error);
    while (target.inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    target.close();
    expect(await caught).toMatchObject({ status: 502 });
    expect(target.inFlight).toBe(0);
  });

  it('ends the app’s side when the client leaves', async () => {
    const left = Promise.withResolvers<void>();
    const target = await serve((incoming) => incoming.on('close', () => left.resolve()));
    const sent = request({ port: router.port, headers: { host: 'shop.localhost' }, agent: false });
    sent.on('error', () => {});
    sent.end();
    while (target.inFlight === 0) await new Promise((resolve) => setImmediate(resolve));
    sent.destroy();
    await left.promise;
    while (target.inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('bounds the requests in flight', async () => {
    const held: (() => void)[] = [];
    const target = await serve((_, response) => held.push(() => response.end()));
    const asked = Array.from({ length: 20 }, () => ask());
    while (target.inFlight < 20) await new Promise((resolve) => setImmediate(resolve));
    expect(await ask()).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    while (held.length < 20) await new Promise((resolve) => setImmediate(resolve));
    for (const release of held) release();
    for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
  });

  it('shows one request of ours a release before the switch', async () => {
    const candidate = await serve((_, response) => response.end('new'));
    await serve((_, response) => response.end('old'));
    const seen = await ask({ headers: router.observation(candidate) });
    expect(seen).toMatchObject({ text: 'new', headers: { 'x-vouch-deployment': candidate.deployment } });
    expect((await ask()).text).toBe('old');
  });

  it('says that its port is in use', async () => {
    await expect(openRouter({ port: router.port })).rejects.toMatchObject({ code: 'conflict' });
  });
});
