import type { Duplex } from 'node:stream';
import { bytesToJson } from '../bytes.ts';
import { Peer } from '../peer.ts';
import type { Answers } from '../port.ts';
import type { Reading, Source } from '../source.ts';
import { KEPT } from './decode.ts';

/**
 * Nothing can be answered here. The call is reported to `answers` (so that it counts as unanswered) with the client's
 * first bytes, and the connection is ended: a client that gets an end fails at once instead of waiting.
 */
export async function serveRaw(socket: Duplex, answers: Answers): Promise<void> {
  const peer = new Peer(socket);
  const first = await peer.read(firstBytes);
  if (first.length > 0) await answers.answer({ bytes: first.length, first: bytesToJson(first) });
  peer.destroy();
}

function* firstBytes(source: Source): Reading<Buffer> {
  yield* source.need(1);
  return Buffer.from(source.view().subarray(0, KEPT));
}
