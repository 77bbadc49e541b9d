/** The thread of a rebuilt PostgreSQL (see server.ts): bytes of the protocol in, bytes out, in order. */
import { parentPort } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { messageOf } from '../../../lib/errors.ts';

/** Null: it is ready. */
export type Said = { bytes: Uint8Array | null } | { error: string };

const say = (said: Said): void => parentPort!.postMessage(said);

const starting = PGlite.create();
starting.then(
  () => say({ bytes: null }),
  (error: unknown) => say({ error: messageOf(error) }),
);
parentPort!.on('message', (bytes: Uint8Array) => {
  void starting
    .then((db) => db.execProtocolRaw(bytes, { syncToFs: false }))
    .then(
      (answer) => say({ bytes: answer }),
      (error: unknown) => say({ error: messageOf(error) }),
    );
});
