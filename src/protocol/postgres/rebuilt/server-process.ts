/**
 * The process of a rebuilt PostgreSQL (see server.ts). Pieces of the protocol come on standard input, each after its length; each is answered
 * on standard output after its length, with a byte before it: 0 for the answer, 1 for the text of an error. First comes one that says that
 * it is ready. It ends with its input.
 */
import { PGlite } from '@electric-sql/pglite';
import { messageOf } from '../../../lib/errors.ts';
import { frame, readFrames } from './frames.ts';

const say = (kind: 0 | 1, bytes: Uint8Array): void =>
  void process.stdout.write(frame(Buffer.concat([Buffer.from([kind]), bytes])));

try {
  const db = await PGlite.create();
  say(0, Buffer.alloc(0));
  for await (const piece of readFrames(process.stdin)) {
    try {
      say(0, await db.execProtocolRaw(piece, { syncToFs: false }));
    } catch (error) {
      say(1, Buffer.from(messageOf(error)));
    }
  }
} catch (error) {
  say(1, Buffer.from(messageOf(error)));
}
process.exit();
