import type { Duplex } from 'node:stream';
import { Peer } from '../peer.ts';
import type { Answers } from '../port.ts';
import { Nonsense } from '../source.ts';
import { readLine } from './decode.ts';
import { lineResponseSchema } from './messages.ts';

/** The server's end: any number of requests, what is not recorded as the protocol's own error, an end for an end. */
export async function serveLines(socket: Duplex, answers: Answers): Promise<void> {
  const peer = new Peer(socket);
  try {
    while (!peer.closed) {
      const line = await peer.read(readLine);
      if (line === undefined) break;
      if (!line.startsWith('ECHO ')) throw new Nonsense('not a request');
      const answer = await answers.answer({ line: line.slice(5) });
      if (answer.found && answer.response === null) break; // the recorded connection ended here
      const response = answer.found
        ? lineResponseSchema.parse(answer.response)
        : { ok: false, line: `vouch: ${answer.reason}` };
      await peer.write(`${response.ok ? '' : '!'}${response.line}\n`);
    }
  } catch (error) {
    if (!(error instanceof Nonsense)) throw error;
    await peer.write(`!vouch: ${error.message}\n`);
  } finally {
    await peer.close();
  }
}
