import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Json } from '../../src/lib/json.ts';

/** What a double was sent. */
export interface Received {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Json;
}

/** An answer: JSON by default; `text` sends bytes as they are, `hang` never answers, `cut` closes in the middle. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  json?: Json;
  text?: string;
  hang?: boolean;
  cut?: boolean;
}

/** A real HTTP server on a free local port, answered by `answer`; closed with all its connections after the test. */
export async function httpDouble(
  answer: (request: Received) => Reply | Promise<Reply>,
  /** Is asked first, with the request as it comes; true: it answers. */
  raw: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    if (raw(request, response)) return;
    void read(request).then(async (body) => {
      const url = new URL(request.url ?? '/', 'http://double');
      const { method = 'GET', headers } = request;
      const one = { method, path: decodeURIComponent(url.pathname), query: url.searchParams, headers, body };
      received.push(one);
      send(response, await answer(one));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

async function read(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? null : (JSON.parse(text) as Json);
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.hang === true) return;
  const text = reply.text ?? JSON.stringify(reply.json ?? null);
  const type = reply.text === undefined ? 'application/json' : 'text/html';
  response.writeHead(reply.status ?? 200, { 'content-type': type, ...reply.headers });
  if (reply.cut === true) {
    response.write(text.slice(0, text.length / 2));
    setImmediate(() => response.destroy());
  } else response.end(text);
}

/** A text of a JSON body; '' for anything else. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
