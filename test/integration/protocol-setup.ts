import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Json } from '../../src/lib/json.ts';
import { answersFrom } from '../../src/protocol/contract.ts';
import type { Chunk, Decoded, Protocol } from '../../src/protocol/port.ts';

/** A TCP relay that writes down what it passes on, one list of chunks a connection: a recorder without a kernel. */
export interface Relay {
  port: number;
  connections: Chunk[][];
  close(): Promise<void>;
}

export async function startRelay(to: number): Promise<Relay> {
  const connections: Chunk[][] = [];
  const open = new Set<Socket>();
  const now = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
  const server = createServer({ noDelay: true }, (near) => {
    const chunks: Chunk[] = [];
    connections.push(chunks);
    const far = connect({ host: '127.0.0.1', port: to, noDelay: true });
    for (const [from, other, side] of [
      [near, far, 'client'],
      [far, near, 'server'],
    ] as const) {
      open.add(from);
      from.on('data', (bytes: Buffer) => {
        chunks.push({ side, at: now(), bytes: Buffer.from(bytes) });
        other.write(bytes);
      });
      from.on('end', () => other.end());
      from.on('error', () => other.destroy());
      from.on('close', () => {
        open.delete(from);
        other.destroy();
      });
    }
  });
  return { port: await listen(server), connections, close: () => closeAll(server, open) };
}

/** What was recorded, decoded. Fails on a connection that the decoder gave up on. */
export function decodeConnections(protocol: Protocol, relay: Relay): { exchanges: Decoded[]; facts: Json } {
  const exchanges: Decoded[] = [];
  let facts: Json = null;
  for (const chunks of relay.connections) {
    const decoder = protocol.decoder();
    for (const chunk of chunks) exchanges.push(...decoder.push(chunk));
    exchanges.push(...decoder.end(chunks.at(-1)?.at ?? 0));
    if (decoder.failed) throw new Error(`gave up at ${decoder.failed.offset}: ${decoder.failed.reason}`);
    const found = decoder.facts();
    if (found !== null) facts = facts === null ? found : (protocol.mergeFacts?.(facts, found) ?? found);
  }
  return { exchanges: exchanges.sort((a, b) => a.startedAt - b.startedAt), facts };
}

export interface Mock {
  port: number;
  /** Requests that nothing recorded answers. */
  missed: Json[];
  close(): Promise<void>;
}

/** A mock server that answers from what was recorded; its own port may be a part of that. */
export async function startMock(
  protocol: Protocol,
  exchanges: readonly Decoded[] | ((port: number) => readonly Decoded[]),
  facts: Json,
): Promise<Mock> {
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true });
  const port = await listen(server);
  const answers = answersFrom(protocol, typeof exchanges === 'function' ? exchanges(port) : exchanges, facts);
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    void protocol.serve(socket, answers);
  });
  return { port, missed: answers.missed, close: () => closeAll(server, open) };
}

export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function closeAll(server: Server, open: Set<Socket>): Promise<void> {
  for (const socket of open) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
