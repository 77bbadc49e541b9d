import { messageOf } from '../../lib/errors.ts';
import type { Json } from '../../lib/json.ts';
import { asBuffer } from '../bytes.ts';
import { conversation, type Talk } from '../conversation.ts';
import type { Decoded, Decoder, Side } from '../port.ts';
import { LostTrack, Nonsense, type Reading, type Source } from '../source.ts';
import type { DnsRequest, DnsResponse } from './messages.ts';
import { readQuery, readResponse } from './wire.ts';

const MAX_PENDING = 1000;

/**
 * Over TCP a stream of messages with their length before them; over UDP each chunk is a datagram, which is one message.
 * Told apart by the first chunk: a length that is that of the chunk, or no whole message at all, means a stream.
 */
export function dnsDecoder(): Decoder {
  let chosen: Decoder | null = null;
  return {
    push(chunk) {
      if (chunk.bytes.length === 0 && chosen === null) return [];
      chosen ??= isDatagram(asBuffer(chunk.bytes), chunk.side) ? datagrams() : conversation(new DnsTalk());
      return chosen.push(chunk);
    },
    end: (at) => chosen?.end(at) ?? [],
    get failed() {
      return chosen?.failed ?? null;
    },
    facts: () => null,
  };
}

export function isDatagram(bytes: Buffer, side: Side): boolean {
  if (bytes.length < 12 || bytes.readUInt16BE(0) === bytes.length - 2) return false;
  try {
    if (side === 'client') readQuery(bytes);
    else readResponse(bytes);
    return true;
  } catch (error) {
    if (error instanceof Nonsense) return false;
    throw error;
  }
}

function datagrams(): Decoder {
  const talk = new DnsTalk();
  let failed: Decoder['failed'] = null;
  let offset = 0;
  return {
    push({ side, bytes, at }) {
      if (failed !== null || bytes.length === 0) return [];
      try {
        talk.take(side, asBuffer(bytes), at, at);
      } catch (error) {
        const reason = error instanceof Nonsense ? error.message : `internal error: ${messageOf(error)}`;
        failed = { offset, reason: `${side}: ${reason}` };
        talk.abandon(reason);
      }
      offset += bytes.length;
      return talk.finished();
    },
    end() {
      if (failed === null) talk.abandon('the connection or the recording ended');
      return talk.finished();
    },
    get failed() {
      return failed;
    },
    facts: () => null,
  };
}

interface Pending {
  id: number;
  request: DnsRequest;
  startedAt: number;
}

class DnsTalk implements Talk {
  #pending: Pending[] = [];
  #finished: Decoded[] = [];

  client(source: Source): Reading<void> {
    return this.#messages(source, 'client');
  }

  server(source: Source): Reading<void> {
    return this.#messages(source, 'server');
  }

  *#messages(source: Source, side: Side): Reading<void> {
    for (;;) {
      if (!(yield* source.need(2))) return;
      const startedAt = source.timeAt(0);
      const length = (yield* source.take(2))!.readUInt16BE(0);
      if (length < 12) throw new Nonsense('shorter than a header of DNS');
      const bulk = yield* source.bulk(length, length);
      if (bulk.missing > 0) return;
      if (bulk.lost > 0) throw new LostTrack(`${bulk.lost} bytes lost (${side})`);
      // A response may be seen before its query only if the query was lost; it then has nothing to belong to.
      this.take(side, bulk.bytes, startedAt, bulk.endedAt);
    }
  }

  /** One message. Responses come in any order and name their query by its id. */
  take(side: Side, bytes: Buffer, startedAt: number, endedAt: number): void {
    if (side === 'client') {
      const { id, question } = readQuery(bytes);
      if (this.#pending.length >= MAX_PENDING)
        throw new Nonsense(`more than ${MAX_PENDING} queries without an answer`);
      // The same id again is the same query, sent again because no answer came.
      this.#pending = this.#pending.filter(
        (pending) => pending.id !== id || !sameQuestion(pending.request, question),
      );
      this.#pending.push({ id, request: question, startedAt });
      return;
    }
    const { id, question, response } = readResponse(bytes);
    const at = this.#pending.findIndex(
      (pending) => pending.id === id && (question === null || sameQuestion(pending.request, question)),
    );
    if (at === -1) return;
    const [pending] = this.#pending.splice(at, 1);
    this.#emit(pending!, response, endedAt, null);
  }

  finished(): Decoded[] {
    return this.#finished.splice(0);
  }

  abandon(reason: string): void {
    for (const pending of this.#pending.splice(0)) this.#emit(pending, null, null, reason);
  }

  resumes(client: Buffer): boolean | null {
    if (client.length < 14) return null;
    return client.readUInt16BE(0) >= 12 && (client[4]! & 0xf8) === 0 && client.readUInt16BE(6) === 1;
  }

  facts(): Json {
    return null;
  }

  #emit(
    pending: Pending,
    response: DnsResponse | null,
    endedAt: number | null,
    incomplete: string | null,
  ): void {
    const { request, startedAt } = pending;
    const complete = incomplete === null;
    this.#finished.push({
      startedAt,
      endedAt,
      request,
      response,
      summary: summaryOf(request),
      complete,
      incomplete,
    });
  }
}

export function summaryOf({ type, name }: DnsRequest): string {
  return `${type} ${name}`;
}

function sameQuestion(a: DnsRequest, b: DnsRequest): boolean {
  return a.type === b.type && a.name.toLowerCase() === b.name.toLowerCase();
}
