import { createSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import type { Answer, Protocol } from '../../protocol/port.ts';
import { delayed } from './delayed.ts';
import { destinationName, type Matched, type Matcher } from '../matching.ts';
import type { FromWorker, ReplayPlan } from '../plan.ts';

type Listening = Extract<FromWorker, { type: 'listening' }>;

interface Options {
  plan: ReplayPlan;
  sockets: Record<string, string>;
  matcher: Matcher;
  protocolOf: (name: string) => Protocol;
  /** Ids of the requests under way. */
  active: () => readonly string[];
  onCall: (matched: Matched) => void;
}

/** One listener a recorded destination, one that refuses everything else, and one for names. All on loopback. */
export async function startMocks(options: Options): Promise<Listening> {
  const ports: Listening['ports'] = [];

  for (const destination of options.plan.destinations) {
    const protocol = options.protocolOf(destination.protocol);
    const name = destinationName(destination);
    const accept = (socket: Socket): void => {
      socket.on('error', () => socket.destroy());
      const held = options.plan.schedule === 'recorded' ? delayed(socket) : null;
      const answer = (request: Parameters<typeof protocol.canonical>[0]): Answer => {
        const matched = options.matcher.match(name, protocol, request, options.active());
        options.onCall(matched);
        held?.hold(matched.latencyUs / 1000);
        return matched.answer;
      };
      void protocol
        .serve(held?.stream ?? socket, { answer, facts: destination.facts })
        .finally(() => socket.destroy());
    };
    if (destination.port === 0) {
      const path = options.sockets[destination.host];
      if (path !== undefined) await listen(accept, { path });
      continue;
    }
    const localPort = await listenBoth(accept);
    ports.push({ host: destination.host, port: destination.port, localPort });
  }

  const catchAllPort = await listenBoth((socket) => socket.resetAndDestroy());
  return { type: 'listening', ports, catchAllPort, dnsPort: await startNames(options) };
}

/** Listens on one port of both loopback addresses, since a program may have been redirected from either family. */
async function listenBoth(accept: (socket: Socket) => void): Promise<number> {
  const four = await listen(accept, { host: '127.0.0.1', port: 0 });
  const address = four.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await listen(accept, { host: '::1', port });
  return port;
}

function listen(
  accept: (socket: Socket) => void,
  where: { host: string; port: number } | { path: string },
): Promise<Server> {
  const server = createServer({ noDelay: true }, accept);
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(where, () => resolve(server));
  });
}

/** Answers datagrams to any port 53 from the recording. */
async function startNames(options: Options): Promise<number> {
  const dns = options.protocolOf('dns');
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const reply = dns.serveDatagram?.(message, {
      facts: null,
      answer(request) {
        const matched = options.matcher.match('dns', dns, request, options.active());
        options.onCall(matched);
        return matched.answer;
      },
    });
    if (reply) socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  return socket.address().port;
}
