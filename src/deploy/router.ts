import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { VouchError, systemCode } from '../lib/errors.ts';
import { forward } from './router-forward.ts';
import { say } from './router-say.ts';
import { upgrade } from './router-upgrade.ts';
import { createTarget, type Target } from './router-target.ts';

export interface RouterOptions {
  host?: string;
  port?: number;
  domain?: string;
  /** Requests in flight per app; more get 503. Default 2,000. */
  maxInFlight?: number;
  /** Milliseconds that an app may take to begin its answer. Default 300 s. */
  answerMs?: number;
}

/** What an app's host name leads to. */
interface Route {
  target: Target | undefined;
  hosts: string[];
  /** Why nothing runs, for the person who asks. */
  down: string;
}

/** The listener that all apps are reached through. */
export interface Router {
  readonly port: number;
  urlOf(app: string): string;
  /** Makes the app known, with its own host names; requests get 502 until `switchTo`. */
  add(app: string, hosts: readonly string[]): void;
  remove(app: string): void;
  /** Sends new requests to the deployment on this port from now on. Returns what they went to before. */
  switchTo(app: string, target: Target): Target | undefined;
  /** Nothing runs any more; `why` is shown. Only if `target` still is what requests go to. */
  takeDown(app: string, target: Target, why: string): void;
  targetOf(app: string): Target | undefined;
  /**
   * Headers that make one request of ours reach this deployment, through the router, before the switch; without a
   * target: whatever is switched to. The answer then names the deployment in `x-vouch-deployment`.
   */
  observation(target?: Target): Record<string, string>;
  createTarget(deployment: string, port: number): Target;
  close(): Promise<void>;
}

const OBSERVE = 'x-vouch-observe';

export async function openRouter(options: RouterOptions = {}): Promise<Router> {
  const domain = options.domain ?? 'localhost';
  const routes = new Map<string, Route>();
  const observed = new Map<string, Target>();
  const secret = randomBytes(18).toString('hex');
  const maxInFlight = options.maxInFlight ?? 2_000;
  const answerMs = options.answerMs ?? 300_000;

  const find = (request: IncomingMessage): { app: string; route: Route } | undefined => {
    const host = hostOf(request);
    if (host === undefined) return undefined;
    const suffix = `.${domain}`;
    const named = host.endsWith(suffix) ? host.slice(0, -suffix.length) : undefined;
    for (const [app, route] of routes) {
      if (app === named || route.hosts.includes(host)) return { app, route };
    }
    return undefined;
  };

  /** Takes the router's own header off; gives the deployment that it asks for. */
  const observation = (request: IncomingMessage): { asked: boolean; target: Target | undefined } => {
    const [given, deployment] = String(request.headers[OBSERVE] ?? '').split(' ');
    const asked = given === secret;
    return { asked, target: asked && deployment !== undefined ? observed.get(deployment) : undefined };
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const found = find(request);
    if (!found) return unknownHost(request, response, domain);
    const { asked, target: candidate } = observation(request);
    const pick = (): Target | undefined => candidate ?? found.route.target;
    const target = pick();
    if (!target) return say(response, 502, `${found.app}: ${found.route.down}`);
    if (target.inFlight >= maxInFlight)
      return say(response, 503, `${found.app} has ${maxInFlight} requests in flight`, { 'retry-after': '1' });
    forward(request, response, {
      pick,
      answerMs,
      app: found.app,
      drop: OBSERVE,
      ...(asked ? { name: true } : {}),
    });
  };

  const server = createServer({ keepAlive: true, maxHeaderSize: 64 * 1024 }, onRequest);
  // A client may keep its connection; a slow upload of a large body is fine as long as it moves.
  server.requestTimeout = 0;
  server.headersTimeout = 30_000;
  server.keepAliveTimeout = 65_000;
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const target = find(request)?.route.target;
    if (!target || target.inFlight >= maxInFlight)
      socket.end(
        `HTTP/1.1 ${target ? 503 : 502} Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
      );
    else upgrade(request, socket, head, target, OBSERVE);
  });
  server.on('connect', (_request, socket: Socket) => {
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  server.on('clientError', (error, socket) => {
    if (!socket.writable) return;
    const tooLarge = systemCode(error) === 'HPE_HEADER_OVERFLOW';
    socket.end(
      `HTTP/1.1 ${tooLarge ? 431 : 400} Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
    );
  });
  const port = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);

  return {
    port,
    urlOf: (app) => `http://${app}.${domain}:${port}`,
    add(app, hosts) {
      const known = routes.get(app);
      const lower = hosts.map((host) => host.toLowerCase());
      if (known) known.hosts = lower;
      else routes.set(app, { target: undefined, hosts: lower, down: 'nothing is deployed yet; git push it' });
    },
    remove(app) {
      routes.delete(app);
    },
    switchTo(app, target) {
      const route = routes.get(app);
      if (!route) throw new Error(`router: ${app} was never added`);
      const before = route.target;
      route.target = target;
      return before;
    },
    takeDown(app, target, why) {
      const route = routes.get(app);
      if (route?.target !== target) return;
      route.target = undefined;
      route.down = why;
    },
    targetOf: (app) => routes.get(app)?.target,
    observation: (target) => ({ [OBSERVE]: target ? `${secret} ${target.deployment}` : secret }),
    createTarget(deployment, targetPort) {
      const target = createTarget(deployment, targetPort, () => observed.delete(deployment));
      observed.set(deployment, target);
      return target;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      for (const target of observed.values()) target.close();
      await closed;
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const inUse = systemCode(error) === 'EADDRINUSE';
      reject(
        new VouchError(
          inUse ? 'conflict' : 'unavailable',
          `${host}:${port}, where the apps are served: ${inUse ? 'the port is in use' : error.message}`,
          {
            hint: 'give another with `vouch config set router.port N` or VOUCH_ROUTER_PORT, 0 for any',
            cause: error,
          },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** The host name asked for: lower case, without port and final dot. */
function hostOf(request: IncomingMessage): string | undefined {
  const text = request.headers.host?.toLowerCase();
  if (text === undefined || text.length > 260) return undefined;
  return text.replace(/:\d+$/, '').replace(/\.$/, '');
}

function unknownHost(request: IncomingMessage, response: ServerResponse, domain: string): void {
  const host = hostOf(request)?.replaceAll(/[^a-z0-9.:[\]-]/g, '?') ?? '(none)';
  say(
    response,
    404,
    `no app answers to the host ${host}; apps are at APP.${domain}, \`vouch apps\` lists them`,
  );
}
