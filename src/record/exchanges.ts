import type { Json } from '../lib/json.ts';
import type { Decoded, Exchange } from '../protocol/port.ts';
import { protocolByName, recognise } from '../protocol/registry.ts';
import { readConnections, type RecordedConnection, type Recording, type StdioChunk } from './connections.ts';

/** What is known of a connection that exchanges came from. */
export interface ConnectionFacts {
  pid: number;
  openedAt: number;
  closedAt: number | null;
  lostBytes: number;
}

/** A recording as exchanges. */
export interface RecordedExchanges {
  /** Inbound and outbound, by start time. */
  exchanges: Exchange[];
  connections: Record<string, ConnectionFacts>;
  /** By `host:port` of an outbound destination: what its decoders know of it (`Decoder.facts`). */
  facts: Record<string, Json>;
  /** Destinations and own ports whose bytes could not be decoded, and why. */
  undecoded: Record<string, string>;
  stdio: StdioChunk[];
  /** One line each; empty when all could be read. */
  damage: string[];
  /** Each destination once, with when it was tried in vain: a server may have gone down later, or have come back. */
  failedConnects: FailedConnects[];
}

interface FailedConnects {
  host: string;
  port: number;
  family: 4 | 6 | 'unix';
  /** Microseconds since 1970, in order; the last thousand. */
  at: number[];
}

export interface ExchangesOptions {
  /** Microseconds since 1970, inclusive. */
  from?: number;
  to?: number;
  /** Hand in the same one again and connections that did not change are not decoded again. */
  cache?: ExchangeCache;
}

/** Decoded connections by id: of those last decoded, as many as fit into its bounds. */
export class ExchangeCache {
  readonly #held = new Map<string, { mark: string; decoded: DecodedConnection; bytes: number }>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** `maxBytes`: of what the connections carried. */
  constructor(maxBytes = 64 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(connection: RecordedConnection): DecodedConnection | undefined {
    const held = this.#held.get(connection.id);
    return held?.mark === markOf(connection) ? held.decoded : undefined;
  }

  keep(connection: RecordedConnection, decoded: DecodedConnection): void {
    this.#drop(connection.id);
    const bytes = connection.chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    if (bytes > this.#maxBytes / 2) return;
    this.#held.set(connection.id, { mark: markOf(connection), decoded, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes || this.#held.size > MAX_CACHED)
      this.#drop(this.#held.keys().next().value!);
  }

  #drop(id: string): void {
    this.#bytes -= this.#held.get(id)?.bytes ?? 0;
    this.#held.delete(id);
  }
}

/** Equal for equal chunks: what is asked for may begin later than the connection, and it may have gone on. */
function markOf({ chunks, closedAt, lostBytes }: RecordedConnection): string {
  return [chunks.length, chunks[0]?.at, chunks.at(-1)?.at, closedAt, lostBytes].join();
}

interface DecodedConnection {
  protocol: string;
  exchanges: Exchange[];
  facts: Json;
  undecoded: string | null;
}

/**
 * Why an exchange has no response though nothing of it was lost. Inbound: the app closed the connection, or died. Outbound: the server
 * closed it, or the app had enough of waiting; not that the app died, for then nobody knows what it would have been answered.
 */
export const NO_ANSWER = 'the connection was closed without an answer';

const MAX_CACHED = 5000;
const MAX_FAILED = 1000;
const FIRST_BYTES = 4096;

/** The exchanges of a tap's folder. Damage and nonsense are reported, never thrown. */
export async function exchangesOf(
  folder: string,
  options: ExchangesOptions = {},
): Promise<RecordedExchanges> {
  const range = {
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.to === undefined ? {} : { to: options.to }),
  };
  return exchangesIn(await readConnections(folder, range), options.cache);
}

/** The exchanges of connections that were read. */
export function exchangesIn(recording: Recording, cache?: ExchangeCache): RecordedExchanges {
  const result: RecordedExchanges = {
    exchanges: [],
    connections: {},
    facts: {},
    undecoded: {},
    stdio: recording.stdio,
    damage: recording.damage,
    failedConnects: [],
  };
  const refused = new Map<string, FailedConnects>();
  const lastActs = lastActsOf(recording);
  for (const connection of recording.connections) {
    const { host, port } = destinationOf(connection);
    const key = destinationKey({ host, port });
    if (connection.failed !== null) {
      const failed = refused.get(key) ?? { host, port, family: familyOf(connection), at: [] };
      if (!refused.has(key)) result.failedConnects.push(failed);
      refused.set(key, failed);
      failed.at = [...failed.at, connection.openedAt].sort((a, b) => a - b).slice(-MAX_FAILED);
      continue;
    }
    const { pid, openedAt, closedAt, lostBytes } = connection;
    result.connections[connection.id] = { pid, openedAt, closedAt, lostBytes };
    const decoded = decodeCached(connection, cache);
    const livedOn = closedAt !== null && (lastActs.get(pid) ?? 0) > closedAt;
    result.exchanges.push(
      ...decoded.exchanges.map((one) => (livedOn ? unansweredBy(one, connection, closedAt) : one)),
    );
    if (decoded.undecoded !== null) result.undecoded[key] ??= decoded.undecoded;
    if (connection.direction === 'outbound' && decoded.facts !== null) {
      const older = result.facts[key];
      const protocol = protocolByName(decoded.protocol);
      result.facts[key] =
        older === undefined ? decoded.facts : (protocol?.mergeFacts?.(older, decoded.facts) ?? decoded.facts);
    }
  }
  result.exchanges.sort((a, b) => a.startedAt - b.startedAt);
  return result;
}

/** `host:port`, as slices name destinations. */
export function destinationKey(destination: { host: string; port: number }): string {
  return `${destination.host}:${destination.port}`;
}

function decodeCached(connection: RecordedConnection, cache: ExchangeCache | undefined): DecodedConnection {
  const held = cache?.get(connection);
  if (held !== undefined) return held;
  const decoded = decodeConnection(connection);
  cache?.keep(connection, decoded);
  return decoded;
}

/** Tells the protocol of one connection from its first bytes and decodes it. */
export function decodeConnection(connection: RecordedConnection): DecodedConnection {
  const none: DecodedConnection = { protocol: 'raw', exchanges: [], facts: null, undecoded: null };
  // Nothing was said: a pool's spare connection, a health probe.
  if (connection.chunks.every((chunk) => chunk.bytes.length === 0)) {
    return connection.lostBytes > 0
      ? { ...none, undecoded: `all of its ${connection.lostBytes} bytes were lost` }
      : none;
  }
  const { port } = destinationOf(connection);
  const protocol = recognise({
    client: firstBytes(connection, 'client'),
    server: firstBytes(connection, 'server'),
    port,
  });
  const decoder = protocol.decoder();
  const decoded: Decoded[] = [];
  for (const chunk of connection.chunks) decoded.push(...decoder.push(chunk));
  decoded.push(...decoder.end(connection.closedAt ?? connection.chunks.at(-1)!.at));
  const raw = protocol.name === 'raw' ? 'its protocol is not known: kept as raw bytes' : null;
  const failed =
    decoder.failed === null
      ? null
      : `${protocol.name}: ${decoder.failed.reason} (byte ${decoder.failed.offset})`;
  return {
    protocol: protocol.name,
    exchanges: decoded.map((one, index) => toExchange(one, index, connection, protocol.name)),
    facts: decoder.facts(),
    undecoded: failed ?? raw,
  };
}

function firstBytes(connection: RecordedConnection, side: 'client' | 'server'): Uint8Array {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (const chunk of connection.chunks) {
    if (chunk.side !== side) continue;
    // After a gap it is no longer the beginning; a datagram stands alone.
    if (pieces.length > 0 && ((chunk.lost ?? 0) > 0 || connection.transport === 'udp')) break;
    pieces.push(chunk.bytes);
    size += chunk.bytes.length;
    if (size >= FIRST_BYTES) break;
  }
  return Buffer.concat(pieces);
}

function toExchange(
  decoded: Decoded,
  index: number,
  connection: RecordedConnection,
  protocol: string,
): Exchange {
  return {
    version: 1,
    id: `${connection.id}.${index}`,
    connection: connection.id,
    protocol,
    direction: connection.direction,
    destination: destinationOf(connection),
    ...decoded,
    ...(connection.direction === 'inbound' && isUnanswered(decoded, connection)
      ? { incomplete: NO_ANSWER }
      : {}),
    // What passed in ways that show no bytes (sendfile, io_uring) leaves a hole that no counter tells the place of.
    ...(connection.unseen !== null && decoded.complete
      ? { complete: false, incomplete: connection.unseen }
      : {}),
  };
}

/** No response, and none that was lost on the way to us. */
function isUnanswered(exchange: Pick<Exchange, 'response'>, connection: RecordedConnection): boolean {
  const { closedAt, lostBytes, unseen } = connection;
  return exchange.response === null && closedAt !== null && lostBytes === 0 && unseen === null;
}

/** A call whose connection ended while the process that made it went on. */
function unansweredBy(exchange: Exchange, connection: RecordedConnection, closedAt: number): Exchange {
  return exchange.direction === 'outbound' && isUnanswered(exchange, connection)
    ? { ...exchange, endedAt: closedAt, incomplete: NO_ANSWER }
    : exchange;
}

/** By process: when it was last seen to read, write or connect. What a process that dies has open closes with it, after this. */
function lastActsOf(recording: Pick<Recording, 'connections' | 'stdio'>): Map<number, number> {
  const last = new Map<number, number>();
  const saw = (pid: number, at: number): void => void last.set(pid, Math.max(last.get(pid) ?? 0, at));
  for (const { pid, openedAt, chunks } of recording.connections) {
    saw(pid, openedAt);
    if (chunks.length > 0) saw(pid, chunks.at(-1)!.at);
  }
  for (const { pid, at } of recording.stdio) saw(pid, at);
  return last;
}

function destinationOf(connection: RecordedConnection): { host: string; port: number } {
  return connection.direction === 'inbound' ? connection.local : connection.remote;
}

function familyOf(connection: RecordedConnection): 4 | 6 | 'unix' {
  if (connection.transport === 'unix') return 'unix';
  return connection.remote.host.includes(':') ? 6 : 4;
}
