import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { VouchError, messageOf, systemCode } from '../lib/errors.ts';

export interface Listening {
  port: number;
  /** Takes no more requests, lets those under way end for `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>;
}

/** Opens the port. Throws `usage` or `conflict` with the address when that cannot be. */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  where: { host: string; port: number },
): Promise<Listening> {
  const server = createAdaptorServer({ fetch }) as Server;
  // A push of a large repository takes its time; a header does not.
  server.requestTimeout = 0;
  server.headersTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(explain(error, where)));
    server.listen(where.port, where.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function explain(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = systemCode(error);
  const at = `${host}:${port}`;
  if (code === 'EADDRINUSE') {
    return new VouchError('conflict', `${at}: the port is in use`, {
      hint: 'give another with --port N, or 0 for any',
      cause: error,
    });
  }
  if (code === 'EACCES') {
    return new VouchError('forbidden', `${at}: this user may not listen there`, {
      hint: 'give a port above 1023 with --port',
      cause: error,
    });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new VouchError('usage', `${at}: not an address of this machine`, {
      hint: 'give another with --host',
      cause: error,
    });
  }
  return new VouchError('unavailable', `${at}: cannot listen: ${messageOf(error)}`, { cause: error });
}
