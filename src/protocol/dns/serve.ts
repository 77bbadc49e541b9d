import type { Duplex } from 'node:stream';
import { Peer } from '../peer.ts';
import type { Answers } from '../port.ts';
import { Nonsense, type Reading, type Source } from '../source.ts';
import { dnsResponseSchema, type DnsResponse } from './messages.ts';
import * as wire from './wire.ts';

const SMALLEST = 512;

/**
 * The reply to a datagram; null for what is not a query, or where the recorded query got no answer. A name that was
 * recorded as missing is missing (NXDOMAIN); one that was never asked for is SERVFAIL, with the reason as an extended
 * error, since nobody knows whether it exists. What does not fit the client's datagram is cut, and asked for over TCP.
 */
export async function serveDnsDatagram(datagram: Uint8Array, answers: Answers): Promise<Uint8Array | null> {
  const query = queryOf(Buffer.from(datagram));
  if (query === null) return null;
  const reply = await answerTo(query, answers);
  if (reply === null) return null;
  if (reply.bytes.length <= Math.max(SMALLEST, query.edns?.size ?? SMALLEST)) return reply.bytes;
  return wire.cutResponse(query, reply.response);
}

/** The same over TCP, each message with its length before it. */
export async function serveDns(socket: Duplex, answers: Answers): Promise<void> {
  const peer = new Peer(socket);
  while (!peer.closed) {
    const message = await peer.read(readFramed);
    const query = message === undefined ? null : queryOf(message);
    if (query === null) break;
    const reply = await answerTo(query, answers);
    if (reply === null) break;
    await peer.write(Buffer.concat([wire.int16(reply.bytes.length), reply.bytes]));
  }
  await peer.close();
}

function queryOf(bytes: Buffer): wire.Query | null {
  try {
    return wire.readQuery(bytes);
  } catch (error) {
    if (error instanceof Nonsense) return null;
    throw error;
  }
}

async function answerTo(
  query: wire.Query,
  answers: Answers,
): Promise<{ bytes: Buffer; response: DnsResponse } | null> {
  const answer = await answers.answer(query.question);
  if (answer.found && answer.response === null) return null;
  const response: DnsResponse = answer.found
    ? { ...dnsResponseSchema.parse(answer.response), truncated: false }
    : { rcode: 'SERVFAIL', truncated: false, answers: [], authority: [] };
  const explanation = answer.found ? null : `vouch: ${answer.reason}`;
  return { bytes: wire.responseBytes(query, response, explanation), response };
}

function* readFramed(source: Source): Reading<Buffer | undefined> {
  const head = yield* source.take(2);
  return head === undefined ? undefined : yield* source.take(head.readUInt16BE(0));
}
