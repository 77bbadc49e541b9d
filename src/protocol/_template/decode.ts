import type { Json } from '../../lib/json.ts';
import { oneLine } from '../bytes.ts';
import { conversation, type Talk } from '../conversation.ts';
import type { Decoded, Decoder } from '../port.ts';
import { Nonsense, type Reading, type Source } from '../source.ts';
import type { LineRequest, LineResponse } from './messages.ts';

/** Every frame has a limit, and so has every queue: input is hostile. */
const MAX_LINE = 8 * 1024;
const MAX_PIPELINED = 1000;

export function linesDecoder(): Decoder {
  return conversation(new LinesTalk());
}

/** Reads a line for a decoder or a mock server; undefined at the end. Anything but printable text is nonsense. */
export function* readLine(source: Source): Reading<string | undefined> {
  const line = yield* source.line(MAX_LINE);
  if (line !== undefined && /[^\x20-\x7e]/.test(line)) throw new Nonsense('not a line of printable text');
  return line;
}

class LinesTalk implements Talk {
  #pending: { request: LineRequest; startedAt: number }[] = [];
  #finished: Decoded[] = [];

  /** Straight code over bytes that come in pieces: `yield*` waits for more. */
  *client(source: Source): Reading<void> {
    for (;;) {
      if (!(yield* source.need(1))) return;
      const startedAt = source.timeAt(0);
      const line = yield* readLine(source);
      if (line === undefined) return;
      if (!line.startsWith('ECHO ')) throw new Nonsense('not a request');
      if (this.#pending.length >= MAX_PIPELINED) throw new Nonsense('too many requests without an answer');
      this.#pending.push({ request: { line: line.slice(5) }, startedAt });
    }
  }

  *server(source: Source): Reading<void> {
    for (;;) {
      const line = yield* readLine(source);
      if (line === undefined) return;
      // The two directions share what they know; whoever comes too early waits.
      while (this.#pending.length === 0) {
        if (source.ended) return;
        yield;
      }
      const { request, startedAt } = this.#pending.shift()!;
      const response: LineResponse = { ok: !line.startsWith('!'), line: line.replace(/^!/, '') };
      this.#emit(request, response, startedAt, source.lastTime, null);
    }
  }

  finished(): Decoded[] {
    return this.#finished.splice(0);
  }

  abandon(reason: string): void {
    for (const { request, startedAt } of this.#pending.splice(0))
      this.#emit(request, null, startedAt, null, reason);
  }

  resumes(client: Buffer): boolean | null {
    const text = client.toString('latin1', 0, 5);
    return text === 'ECHO ' ? true : 'ECHO '.startsWith(text) ? null : false;
  }

  facts(): Json {
    return null;
  }

  #emit(
    request: LineRequest,
    response: LineResponse | null,
    startedAt: number,
    endedAt: number | null,
    incomplete: string | null,
  ): void {
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

export function summaryOf({ line }: LineRequest): string {
  return oneLine(`ECHO ${line}`);
}
