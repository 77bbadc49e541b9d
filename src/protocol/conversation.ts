import { messageOf } from '../lib/errors.ts';
import type { Json } from '../lib/json.ts';
import { asBuffer } from './bytes.ts';
import type { Chunk, Decoded, Decoder, Side } from './port.ts';
import { LostTrack, Nonsense, Source, type Reading } from './source.ts';

/**
 * What a protocol with one client and one server has to supply for a decoder: a reader for each direction. Both share
 * what they know through the object itself. A reader that waits for the other direction yields.
 */
export interface Talk {
  client(source: Source): Reading<void>;
  server(source: Source): Reading<void>;
  /** The server greets the client, so that its bytes may be the beginning. */
  readonly serverFirst?: boolean;
  /** Exchanges that are finished since the last call, in the order of their requests. */
  finished(): Decoded[];
  /** Gives up on everything under way: it is to be among `finished` as incomplete for this reason. */
  abandon(reason: string, at: number): void;
  /**
   * Whether the client's bytes may begin a request when the server's last ones were these: asked where decoding has to
   * start afresh after a gap, or began in mid-connection. Null: more bytes are needed (never beyond 64).
   */
  resumes(client: Buffer, serverTail: Buffer): boolean | null;
  facts(): Json;
}

const TAIL = 16;
/** Bytes that may wait for the other direction. Far more than any pipeline holds. */
const MAX_WAITING = 72 * 1024 * 1024;

/**
 * Runs a talk's two readers over chunks as a `Decoder`. After bytes were lost that a reader could not step over, it
 * waits for the next turn (the client speaks after the server) that looks like the beginning of a request; without
 * a turn nobody could say which response belongs to which request.
 */
export function conversation(talk: Talk): Decoder {
  const sources = { client: new Source(), server: new Source() };
  let readers = start();
  let failed: Decoder['failed'] = null;
  let began = false;
  let ended = false;
  let lastAt = 0;
  /** Set while decoding waits for a turn; `serverSpoke` when the next client byte is one. */
  let waiting: { serverSpoke: boolean; tail: Buffer } | null = null;

  function start(): Record<Side, Reading<void>> {
    return { client: talk.client(sources.client), server: talk.server(sources.server) };
  }

  function giveUp(side: Side, reason: string): void {
    failed = { offset: sources[side].offset, reason: `${side}: ${reason}` };
    talk.abandon(reason, lastAt);
    sources.client.clear();
    sources.server.clear();
  }

  /** Runs both readers until neither gets further: each may wait for what the other finds. */
  function advance(): void {
    for (let moved = true; moved && failed === null;) {
      moved = false;
      for (const side of ['client', 'server'] as const) {
        const source = sources[side];
        const before = source.offset;
        try {
          readers[side].next();
        } catch (error) {
          if (error instanceof LostTrack) {
            loseTrack(error.message);
            return;
          }
          giveUp(side, error instanceof Nonsense ? error.message : `internal error: ${messageOf(error)}`);
          return;
        }
        if (source.offset !== before) moved = true;
        if (source.length > MAX_WAITING) giveUp(side, 'too many bytes without an answer from the other side');
      }
    }
  }

  /** A whole further turn is waited for: what was lost may have been a request whose response is still to come. */
  function loseTrack(reason: string): void {
    talk.abandon(reason, lastAt);
    sources.client.clear();
    sources.server.clear();
    readers = start();
    waiting = { serverSpoke: false, tail: Buffer.alloc(0) };
  }

  /** True once decoding may go on with what is in the client's source. */
  function findTurn(chunk: Chunk, bytes: Buffer): boolean {
    if (chunk.side === 'server') {
      sources.client.clear();
      waiting!.serverSpoke = true;
      waiting!.tail = Buffer.concat([waiting!.tail, bytes.subarray(-TAIL)]).subarray(-TAIL);
      sources.server.discard(bytes.length);
      return false;
    }
    if (!waiting!.serverSpoke) {
      sources.client.discard(bytes.length);
      return false;
    }
    sources.client.append(bytes, chunk.at);
    const resumes = talk.resumes(sources.client.view(), waiting!.tail);
    if (resumes === false) {
      sources.client.clear();
      waiting!.serverSpoke = false;
    }
    return resumes === true;
  }

  return {
    push(chunk) {
      if (failed !== null || ended || (chunk.bytes.length === 0 && (chunk.lost ?? 0) === 0)) return [];
      const bytes = asBuffer(chunk.bytes);
      lastAt = chunk.at;
      const lost = chunk.lost ?? 0;
      if (!began) {
        began = true;
        // Where the client speaks first, the recording began in mid-connection otherwise.
        if (chunk.side === 'server' && talk.serverFirst !== true)
          waiting = { serverSpoke: true, tail: Buffer.alloc(0) };
      }
      if (lost > 0) {
        const source = sources[chunk.side];
        if (waiting !== null) {
          source.discard(lost);
          if (chunk.side === 'client') waiting.serverSpoke = false;
          talk.abandon(`${lost} bytes lost (${chunk.side})`, chunk.at);
        } else if (!source.stepOver(lost)) {
          loseTrack(`${lost} bytes lost (${chunk.side})`);
          source.discard(lost);
        }
      }
      if (bytes.length === 0) {
        if (waiting === null) advance();
      } else if (waiting === null) {
        sources[chunk.side].append(bytes, chunk.at);
        advance();
      } else if (findTurn(chunk, bytes)) {
        waiting = null;
        advance();
      }
      return talk.finished();
    },
    end(at) {
      if (failed !== null || ended) return [];
      ended = true;
      lastAt = at;
      if (waiting === null) {
        sources.client.end();
        sources.server.end();
        advance();
      }
      talk.abandon('the connection or the recording ended', at);
      return talk.finished();
    },
    get failed() {
      return failed;
    },
    facts: () => talk.facts(),
  };
}
