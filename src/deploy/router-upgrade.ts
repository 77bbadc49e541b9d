import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Target } from './router-target.ts';

/** Hands an upgraded connection (a websocket) through to the app: its request as it came, then bytes both ways. */
export function upgrade(
  incoming: IncomingMessage,
  client: Socket,
  head: Buffer,
  target: Target,
  drop: string,
): void {
  const app = connect(target.port, '127.0.0.1');
  const leave = target.enter(() => app.destroy());
  let answered = false;
  client.setTimeout(0);
  client.setNoDelay(true);
  app.setNoDelay(true);
  app.once('connect', () => {
    app.write(requestText(incoming, drop));
    if (head.length > 0) app.write(head);
    app.pipe(client);
    client.pipe(app);
  });
  app.once('data', () => {
    answered = true;
  });
  app.on('error', () => {
    if (!answered && client.writable)
      client.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
  client.on('error', () => app.destroy());
  client.once('close', () => app.destroy());
  app.once('close', () => {
    leave();
    client.destroySoon();
  });
}

/** Header values were parsed by Node and hold no line ends. */
function requestText(incoming: IncomingMessage, drop: string): string {
  const lines = [`${incoming.method ?? 'GET'} ${incoming.url ?? '/'} HTTP/1.1`];
  for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
    const lower = incoming.rawHeaders[at]!.toLowerCase();
    if (lower !== drop && !lower.startsWith('x-forwarded-'))
      lines.push(`${incoming.rawHeaders[at]!}: ${incoming.rawHeaders[at + 1]!}`);
  }
  lines.push(`x-forwarded-for: ${incoming.socket.remoteAddress ?? ''}`);
  lines.push('x-forwarded-proto: http', `x-forwarded-host: ${incoming.headers.host ?? ''}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
