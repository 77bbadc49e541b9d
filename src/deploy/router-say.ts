import type { ServerResponse } from 'node:http';

/** An answer of the router's own, as plain text. */
export function say(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
): void {
  const body = `${text}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'x-vouch-router': String(status),
    ...headers,
  });
  response.end(body);
}
