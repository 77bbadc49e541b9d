import { bytesToJson } from '../bytes.ts';
import type { Chunk, Decoded, Decoder, Side } from '../port.ts';
import type { RawBytes } from './messages.ts';

export const KEPT = 16 * 1024;

/** Counts a connection's bytes and keeps the first of each direction: one exchange for the whole connection. */
export function rawDecoder(): Decoder {
  const kept: Record<Side, Buffer> = { client: Buffer.alloc(0), server: Buffer.alloc(0) };
  const counts: Record<Side, number> = { client: 0, server: 0 };
  let startedAt: number | null = null;
  let lost = 0;
  let ended = false;
  const direction = (side: Side): RawBytes => ({ bytes: counts[side], first: bytesToJson(kept[side]) });
  return {
    push(chunk: Chunk): Decoded[] {
      if (ended) return [];
      startedAt ??= chunk.at;
      lost += chunk.lost ?? 0;
      counts[chunk.side] += chunk.bytes.length;
      const room = KEPT - kept[chunk.side].length;
      if (room > 0) kept[chunk.side] = Buffer.concat([kept[chunk.side], chunk.bytes.subarray(0, room)]);
      return [];
    },
    end(at: number): Decoded[] {
      if (ended || startedAt === null) return [];
      ended = true;
      const incomplete =
        lost > 0 ? `not decoded, and ${lost} bytes lost` : 'not decoded: the protocol is not known';
      const [request, response] = [direction('client'), direction('server')];
      const summary = `${request.bytes} bytes to the server, ${response.bytes} back`;
      return [{ startedAt, endedAt: at, request, response, summary, complete: false, incomplete }];
    },
    failed: null,
    facts: () => null,
  };
}
