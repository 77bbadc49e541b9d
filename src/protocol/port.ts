import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { Json } from '../lib/json.ts';

/** Which end of a connection sent something: the one that connected, or the one that accepted. */
export type Side = 'client' | 'server';

/** A piece of one direction of a connection, in order. */
export interface Chunk {
  side: Side;
  /** When it was read or written, microseconds since 1970. */
  at: number;
  bytes: Uint8Array;
  /** Bytes of this direction that were lost just before this piece. */
  lost?: number;
}

const json = z.json();

/**
 * One request and its response on one connection: the unit that is recorded, matched and replayed. `request` and
 * `response` are the protocol's own JSON (each protocol folder documents its shape in `messages.ts`); bodies in them
 * are `{ "base64": … }` or `{ "text": … }`.
 */
export const exchangeSchema = z.object({
  version: z.literal(1),
  /** `CONNECTION.N`, N counted from 0. Unique in a recording. */
  id: z.string(),
  connection: z.string(),
  protocol: z.string(),
  /** Seen from the app: did it accept the connection, or open it? */
  direction: z.enum(['inbound', 'outbound']),
  /** The serving end. A unix socket has its path as host and port 0. */
  destination: z.object({ host: z.string(), port: z.number() }),
  /** First byte of the request, last byte of the response; microseconds since 1970. */
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  request: json,
  response: json.nullable(),
  /** One line for people: `GET /products/1`, `SELECT …`. */
  summary: z.string(),
  /** False when bytes of it were lost or cut, or the connection ended in the middle. */
  complete: z.boolean(),
  incomplete: z.string().nullable(),
});
export type Exchange = z.infer<typeof exchangeSchema>;

/** What a decoder yields; the recorder adds the ids and ends. */
export type Decoded = Pick<
  Exchange,
  'startedAt' | 'endedAt' | 'request' | 'response' | 'summary' | 'complete' | 'incomplete'
>;

/**
 * Incremental and pure. Memory is bounded: a frame longer than the decoder's limit, or nonsense, makes it give up on
 * this connection (`failed`), after which it ignores what it is given. It never throws on input.
 */
export interface Decoder {
  push(chunk: Chunk): Decoded[];
  /** The connection ended (or the recording did): what was under way comes out, incomplete where it is. */
  end(at: number): Decoded[];
  readonly failed: { offset: number; reason: string } | null;
  /** Connection state worth knowing for replay, such as server version or parameters; null if none. */
  facts(): Json;
}

export type Answer =
  | { found: true; response: Json }
  /** `reason` is put into the protocol's own error message, so that the app's log shows it. */
  | { found: false; reason: string };

/** Supplies a mock server with data. Implemented by `replay`, which matches against the recording. */
export interface Answers {
  answer(request: Json): Answer | Promise<Answer>;
  /** Told of what `serve` answered by itself and what an open transaction depends on, in the connection's order. */
  answeredItself?(request: Json): void;
  /** Facts of a recorded connection to this destination (`Decoder.facts`), or null. */
  facts: Json;
}

export interface Sent {
  response: Json | null;
  failure: 'timeout' | 'closed' | 'refused' | null;
}

/** Something that was so when a rebuilt state answered, and the recorded exchange that showed it; null: the run itself did it. */
export interface Assumption {
  what: string;
  exchange: string | null;
}

/** What a rebuilt state says to a call that was never recorded. */
export type Told =
  /** `anyOrder`: the real one might give the same rows in another order. */
  | { dared: true; response: Json; assumptions: Assumption[]; anyOrder?: boolean }
  /** `reason` names what would have to be known. */
  | { dared: false; reason: string };

/** One run's server, as of a moment. Things happen to it one after the other. */
export interface RebuiltState {
  /** A call of the run that the recording answered: its effect is taken over, and its answer checked. */
  follow(connection: string, request: Json, response: Json): Promise<void>;
  /** What `serve` answered by itself on a connection: where transactions begin and end. */
  session(connection: string, request: Json): Promise<void>;
  ask(connection: string, request: Json): Promise<Told>;
}

/** All that is known of one server that keeps state. */
export interface RecordedState {
  /** Without a gap. */
  exchanges: readonly Exchange[];
  /** `Decoder.facts` of the connections to it, merged; null: none were told. */
  facts: Json | null;
  schema: KeptSchema | null;
}

/** What `SchemaReader.read` read of a server; `takenAt`: when, microseconds since 1970. */
export interface KeptSchema {
  value: Json;
  takenAt: number;
}

/** A server's state rebuilt from what was recorded of it, on a real server of that kind that nobody else uses. */
export interface Rebuilt {
  /** As it was at a moment (microseconds since 1970). There is one state at a time: the one before ends. */
  at(moment: number): Promise<RebuiltState>;
  close(): Promise<void>;
}

/** Reads of a real server what rebuilding it takes: its catalog, never a row. */
export interface SchemaReader {
  /** Where a connection string leads; null for one of another kind. */
  place(connection: string): { host: string; port: number } | null;
  /** Bounded in time; throws what the server or the network says. */
  read(connection: string): Promise<Json>;
  /** What exchanges show of the schema, as much as it takes to say whether it is another by now. Small. */
  shown(exchanges: readonly Exchange[]): Json;
  /** Whether a schema may still be that of what was shown. */
  holds(schema: KeptSchema, shown: Json): boolean;
}

export interface Protocol {
  readonly name: string;
  /** 0 … 1: how sure it is that a connection that began so speaks this protocol. `port` is the server's, a hint only. */
  recognise(first: { client: Uint8Array; server: Uint8Array; port: number }): number;
  decoder(): Decoder;
  /** What is known of a destination from the facts of two connections to it; without this, the newer ones stand. */
  mergeFacts?(older: Json, newer: Json): Json;
  /** A value such that two requests that mean the same to the server are deeply equal. */
  canonical(request: Json): Json;
  /** Whether the request changes state at the other end; null where that cannot be told. */
  writes(request: Json): boolean | null;
  /** A response as the value that is compared: status, headers that matter, body by its type. */
  comparable(response: Json): Json;
  summary(request: Json): string;
  /**
   * Whether an exchange carries no data of its own: pings, SET, BEGIN, HELLO. `serve` answers these by the protocol's
   * semantics without asking `answers`, and matching leaves them out.
   */
  housekeeping(request: Json): boolean;
  /**
   * Whether an answer says nothing but in what state its connection was (a transaction that has failed). `serve` gives such answers by
   * itself, and those recorded are no answers for another connection.
   */
  ofConnection?(response: Json): boolean;
  /**
   * Speaks the server's end on `socket` until it closes: any start-up, any authentication, any number of connections,
   * statements prepared afresh; asks `answers` for the data. Resolves when the connection is over; never rejects on
   * what the client sends.
   */
  serve(socket: Duplex, answers: Answers): Promise<void>;
  /**
   * Speaks the client's end: sends one recorded request on a new connection and reads its answer. For protocols that apps
   * serve. `failure` says why there is no response; never rejects.
   */
  send?(target: { host: string; port: number }, request: Json, timeoutMs: number): Promise<Sent>;
  /**
   * For servers that keep state: rebuilds it from what was recorded with one of them. Throws `missing-part` where this machine has
   * no such server or a schema is needed, and `inconclusive` where what was recorded cannot be put together.
   */
  rebuild?(recorded: RecordedState): Promise<Rebuilt>;
  /** For servers with a schema. */
  schema?: SchemaReader;
  /** For protocols over datagrams: the reply to one, or null for none. */
  serveDatagram?(datagram: Uint8Array, answers: Answers): Promise<Uint8Array | null>;
}
