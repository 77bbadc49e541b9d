import { bytesToJson } from '../bytes.ts';
import type { Chunk, Decoded, Decoder, Side } from '../port.ts';
import type { RawBytes } from './messages.ts';

export const KEPT = 16 * 1024;

/** Counts a connection's bytes and keeps the first of each direction: one exchange for the whole connection. */
export function rawDecoder(): Decoder {
  const kept: Record<Side, Buffer[]> = { client: [], server: [] };
  const counts: Record<Side, number> = { client: 0, server: 0 };
  let startedAt: number | null = null;
  let lost = 0;
  let ended = false;
  const direction = (side: Side): RawBytes => ({
    bytes: counts[side],
    first: bytesToJson(Buffer.concat(kept[side])),
  });
  return {
    push(chunk: Chunk): Decoded[] {
      if (ended) return [];
      startedAt ??= chunk.at;
      lost += chunk.lost ?? 0;
      const room = KEPT - counts[chunk.side];
      if (room > 0) kept[chunk.side].push(Buffer.from(chunk.bytes.subarray(0, room)));
      counts[chunk.side] += chunk.bytes.length;
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
