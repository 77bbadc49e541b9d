import { createSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { systemCode } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import type { Answer, Protocol } from '../../protocol/port.ts';
import { delayed } from './delayed.ts';
import { destinationName, type Active, type Matched, type Matcher } from '../matching.ts';
import type { FromWorker, ReplayPlan } from '../plan.ts';
import type { HostState } from './rebuilt.ts';

interface Options {
  plan: ReplayPlan;
  sockets: Record<string, string>;
  matcher: Matcher;
  protocolOf: (name: string) => Protocol;
  active: () => Active;
  host: HostState;
  onCall: (matched: Matched) => void;
  /** A mock that fails is a defect of ours: the replay says nothing. */
  onDefect: (error: unknown) => void;
}

export interface Mocks {
  listening: Extract<FromWorker, { type: 'listening' }>;
  /** From now on just these destinations (see `destinationName`) refuse connections; those that they have are ended. */
  refuse(destinations: readonly string[]): Promise<void>;
}

/** Above what the kernel gives to outgoing connections (a new network namespace has its default): nobody else can have it. */
const FIRST_PORT = 61_000;
const LAST_PORT = 65_535;

type Where = { host: string; port: number } | { path: string; readableAll: true; writableAll: true };

/** One listener a recorded destination, one that refuses everything else, and one for names. All on loopback. */
export async function startMocks(options: Options): Promise<Mocks> {
  const ports: Mocks['listening']['ports'] = [];
  const doors = new Map<string, Door>();
  let turning: Promise<void> = Promise.resolve();
  const nextPort = portsBut(options.plan.app.port);
  for (const destination of options.plan.destinations) {
    const door = new Door((socket) => serve(options, destination, socket));
    doors.set(destinationName(destination), door);
    if (destination.port === 0) {
      const path = options.sockets[destination.host];
      if (path !== undefined) await door.open({ path, readableAll: true, writableAll: true });
      continue;
    }
    const localPort = nextPort();
    await openOnLoopback(door, localPort);
    ports.push({ host: destination.host, port: destination.port, localPort });
  }
  const catchAllPort = nextPort();
  await openOnLoopback(new Door((socket) => void socket.resetAndDestroy()), catchAllPort);
  return {
    listening: { type: 'listening', ports, catchAllPort, dnsPort: await startNames(options) },
    refuse(destinations) {
      const turned = turning.then(async () => {
        for (const [name, door] of doors) {
          if (destinations.includes(name)) door.close();
          else await door.reopen();
        }
      });
      turning = turned.catch(() => {}); // whoever asked is told
      return turned;
    },
  };
}

function portsBut(taken: number): () => number {
  let port = FIRST_PORT;
  return () => {
    if (port === taken) port++;
    if (port > LAST_PORT) throw new Error('more destinations than ports');
    return port++;
  };
}

let connections = 0;

/** Plays a destination's server on one connection. */
function serve(options: Options, destination: ReplayPlan['destinations'][number], socket: Socket): void {
  const protocol = options.protocolOf(destination.protocol);
  const held = delayed(socket);
  const name = destinationName(destination);
  const connection = String(connections++);
  const answer = async (request: Json): Promise<Answer> => {
    const found = options.matcher.match(name, protocol, request, options.active());
    const matched = await options.host.settle(name, connection, found);
    options.onCall(matched);
    const { latencyUs } = matched;
    if (matched.answer.found && matched.answer.response === null) held.hold(silenceMs(latencyUs ?? 0));
    else if (options.plan.schedule === 'recorded') held.hold((latencyUs ?? 0) / 1000);
    return matched.answer;
  };
  protocol
    .serve(held.stream, {
      answer,
      facts: destination.facts,
      answeredItself(request) {
        const { underWay, answered } = options.active();
        options.host.session(name, connection, underWay[0] ?? answered.at(-1) ?? null, request);
      },
    })
    .catch(options.onDefect)
    .finally(() => held.stream.destroy());
}

/**
 * A connection that ended without an answer: who ended it was not seen. If the app had enough of waiting, it will again before this is
 * over; if the server closed it, it closes again.
 */
function silenceMs(recordedUs: number): number {
  return (recordedUs / 1000) * 1.2 + 50;
}

/** Something that is listened on, and can be shut and opened again in the same places. */
class Door {
  readonly #accept: (socket: Socket) => void;
  readonly #connections = new Set<Socket>();
  readonly #places = new Set<Where>();
  readonly #servers: Server[] = [];

  constructor(accept: (socket: Socket) => void) {
    this.#accept = accept;
  }

  async open(place: Where): Promise<void> {
    this.#servers.push(await listen((socket) => this.#take(socket), place));
    this.#places.add(place);
  }

  /** The kernel refuses what comes; whoever was connected sees the end. */
  close(): void {
    for (const server of this.#servers.splice(0)) server.close();
    for (const socket of this.#connections) socket.destroy();
  }

  async reopen(): Promise<void> {
    if (this.#servers.length > 0) return;
    for (const place of this.#places) await this.open(place);
  }

  #take(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    this.#accept(socket);
  }
}

/** A machine without IPv6 has only the one address. */
async function openOnLoopback(door: Door, port: number): Promise<void> {
  await door.open({ host: '127.0.0.1', port });
  try {
    await door.open({ host: '::1', port });
  } catch (error) {
    if (!['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(systemCode(error) ?? '')) throw error;
  }
}

function listen(accept: (socket: Socket) => void, where: Where): Promise<Server> {
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
    reply?.then((bytes) => bytes && socket.send(bytes, from.port, from.address)).catch(options.onDefect);
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  return socket.address().port;
}
