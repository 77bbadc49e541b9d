import type { Json } from '../../lib/json.ts';
import { oneLine } from '../bytes.ts';
import { conversation, type Talk } from '../conversation.ts';
import type { Decoded, Decoder } from '../port.ts';
import { Nonsense, type Reading, type Source } from '../source.ts';
import { headerOf, type HttpRequest, type HttpResponse } from './messages.ts';
import * as read from './read.ts';

const MAX_PIPELINED = 1000;

interface Pending {
  head: read.RequestHead;
  request: HttpRequest;
  requestDone: boolean;
  response: HttpResponse | null;
  responseDone: boolean;
  endedAt: number | null;
  incomplete: string | null;
}

export function httpDecoder(): Decoder {
  return conversation(new HttpTalk());
}

export function summaryOf(request: { method: string; target: string }): string {
  return oneLine(`${request.method} ${request.target}`);
}

class HttpTalk implements Talk {
  /** In the order of the requests: those that wait for their response, after those that wait for nothing but order. */
  #pending: Pending[] = [];
  #finished: Decoded[] = [];

  *client(source: Source): Reading<void> {
    for (;;) {
      const head = yield* read.readRequestHead(source);
      if (head === undefined) return;
      if (this.#pending.length >= MAX_PIPELINED)
        throw new Nonsense(`more than ${MAX_PIPELINED} requests without an answer`);
      const { method, target, version, headers } = head;
      const pending: Pending = {
        head,
        request: { method, target, version, headers, body: null, encoding: null, trailers: [] },
        requestDone: false,
        response: null,
        responseDone: false,
        endedAt: null,
        incomplete: null,
      };
      this.#pending.push(pending);
      const body = yield* read.readBody(source, read.requestFraming(head), this.#room(pending));
      Object.assign(pending.request, read.storedBody(body, headers), { trailers: body.trailers });
      pending.incomplete ??= body.incomplete;
      pending.requestDone = true;
      this.#settle();
      // After these the client may speak something else, which only the answer tells.
      const mayLeave = method === 'CONNECT' || headerOf(head, 'upgrade') !== undefined;
      while (mayLeave && !pending.responseDone && !source.ended) yield;
    }
  }

  *server(source: Source): Reading<void> {
    for (;;) {
      let pending = this.#next();
      while (pending === undefined) {
        if (source.ended) return;
        yield;
        pending = this.#next();
      }
      const head = yield* read.readResponseHead(source);
      if (head === undefined) return;
      if (head.status < 200 && head.status !== 101) continue; // an interim response
      const framing = read.responseFraming(head, pending.head.method);
      const { status, reason, headers } = head;
      pending.response = {
        status,
        reason,
        headers,
        body: null,
        encoding: null,
        trailers: [],
        truncated: true,
      };
      pending.endedAt = head.endedAt;
      const body = yield* read.readBody(source, framing, this.#room(pending));
      if (status === 408 && head.startedAt < pending.head.startedAt) {
        pending.response = null; // an idle connection was ended; the request crossed with it
        pending.endedAt = null;
        continue;
      }
      Object.assign(pending.response, read.storedBody(body, headers), { trailers: body.trailers });
      pending.response.truncated = body.incomplete !== null;
      if (body.endedAt !== 0) pending.endedAt = body.endedAt;
      pending.incomplete ??= body.incomplete;
      pending.responseDone = true;
      this.#settle();
      if (status === 101)
        throw new Nonsense(`switched to ${headerOf(head, 'upgrade') ?? 'another protocol'}`);
      if (pending.head.method === 'CONNECT' && status < 300) throw new Nonsense('switched to a tunnel');
    }
  }

  finished(): Decoded[] {
    return this.#finished.splice(0);
  }

  abandon(reason: string): void {
    for (const pending of this.#pending.splice(0)) {
      const done = pending.requestDone && pending.responseDone;
      this.#emit(pending, pending.incomplete ?? (done ? null : reason));
    }
  }

  resumes(client: Buffer): boolean | null {
    return looksLikeRequest(client);
  }

  facts(): Json {
    return null;
  }

  #next(): Pending | undefined {
    return this.#pending.find((pending) => !pending.responseDone);
  }

  /** Bytes that a body may have: several exchanges that wait share one limit, which a large request's own answer is not held to. */
  #room(own: Pending): number {
    let held = 0;
    for (const pending of this.#pending) {
      if (pending === own) continue;
      for (const body of [pending.request.body, pending.response?.body]) {
        if (body) held += 'text' in body ? body.text.length : (body.base64.length * 3) / 4;
      }
    }
    return Math.max(0, read.MAX_BODY - held);
  }

  #settle(): void {
    while (this.#pending[0]?.requestDone === true && this.#pending[0].responseDone) {
      const pending = this.#pending.shift()!;
      this.#emit(pending, pending.incomplete);
    }
  }

  #emit(pending: Pending, incomplete: string | null): void {
    this.#finished.push({
      startedAt: pending.head.startedAt,
      endedAt: pending.endedAt,
      request: pending.request,
      response: pending.response,
      summary: summaryOf(pending.request),
      complete: incomplete === null,
      incomplete,
    });
  }
}

/** Whether bytes begin a request of HTTP/1; null: too few to tell. */
export function looksLikeRequest(bytes: Buffer): boolean | null {
  const text = bytes.toString('latin1', 0, 48);
  const match = /^([A-Z][A-Z-]{1,19})( (\/|\*|https?:\/\/|[\w.-]+:\d)?)?/.exec(text);
  if (!match) return text.length < 2 && /^[A-Z]?$/.test(text) ? null : false;
  if (match[3] !== undefined) return true;
  if (match[2] !== undefined)
    return text.length - match[0].length > 24 ? false : text.length < 48 ? null : false;
  return match[0].length === text.length && text.length < 20 ? null : false;
}
