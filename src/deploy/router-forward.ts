import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { systemCode } from '../lib/errors.ts';
import { say } from './router-say.ts';
import type { Target } from './router-target.ts';

export interface ForwardOptions {
  app: string;
  /** What the app's requests go to at this moment; asked again for the one retry. */
  pick: () => Target | undefined;
  answerMs: number;
  /** A header of the router's own, never handed on. */
  drop: string;
  /** Name the deployment in the answer. */
  name?: boolean;
}

/** RFC 9110, 7.6.1, and those that older software uses as such. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110, 9.2.2: sending one of these twice is as good as once. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** A connection for one request only: see `send`. */
const FRESH = new Agent({ keepAlive: false });

/**
 * Hands a request to the app and its answer back, both as streams. It is sent a second time, once, where that is safe:
 * nothing was sent yet, or the method is idempotent and the app had closed the idle connection that it was sent on.
 */
export function forward(incoming: IncomingMessage, outgoing: ServerResponse, options: ForwardOptions): void {
  let retried = false;
  const attempt = (target: Target | undefined): void => {
    if (!target) {
      say(outgoing, 502, `${options.app}: nothing runs at the moment`);
      return;
    }
    send(incoming, outgoing, target, options, (error, safe) => {
      if (outgoing.destroyed) return;
      if (outgoing.headersSent) {
        // Half an answer cannot be taken back: the client must see that it broke off.
        outgoing.destroy();
        return;
      }
      if (safe && !retried) {
        retried = true;
        attempt(options.pick());
        return;
      }
      say(outgoing, error.timedOut ? 504 : 502, `${options.app}: ${error.text}`, { connection: 'close' });
    });
  };
  attempt(options.pick());
}

interface Failure {
  text: string;
  timedOut: boolean;
}

function send(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: Target,
  options: ForwardOptions,
  onFailure: (failure: Failure, safeToRepeat: boolean) => void,
): void {
  const method = incoming.method ?? 'GET';
  const idempotent = IDEMPOTENT.has(method);
  const hasBody =
    incoming.headers['content-length'] !== undefined || incoming.headers['transfer-encoding'] !== undefined;
  // An app closes an idle connection when it likes; a request that is just then sent on it is lost, and must not be
  // repeated unless it is idempotent. So the others get a connection of their own.
  const upstream = httpRequest({
    host: '127.0.0.1',
    port: target.port,
    method,
    path: incoming.url,
    agent: idempotent && !hasBody ? target.agent : FRESH,
    headers: requestHeaders(incoming, options.drop),
  });
  let bodySent = false;
  let over = false;
  let closed = false;
  const leave = target.enter(() => {
    closed = true;
    upstream.destroy(new Error('the release was replaced while it worked on this request'));
  });
  const end = (): void => {
    over = true;
    clearTimeout(timer);
    outgoing.off('close', abandon);
    leave();
  };
  const fail = (failure: Failure, connected: boolean): void => {
    if (over) return;
    end();
    // On a fresh connection the app did get the request, and may have died of it: once is enough.
    const unseen = !connected || (upstream.reusedSocket && idempotent);
    onFailure(failure, unseen && !bodySent && (!closed || options.pick() !== target));
  };
  // The client went away, or has its whole answer.
  const abandon = (): void => {
    if (over) return;
    end();
    upstream.destroy();
  };
  const timer = setTimeout(() => {
    fail({ text: `no answer within ${options.answerMs / 1000} s`, timedOut: true }, true);
    upstream.destroy();
  }, options.answerMs);
  let connected = false;
  outgoing.once('close', abandon);
  upstream.on('error', (error) => fail({ text: describe(error), timedOut: false }, connected));
  upstream.on('response', (answer) => {
    clearTimeout(timer);
    relay(answer, outgoing, method, options.name === true ? target.deployment : undefined, end, (error) =>
      fail({ text: describe(error), timedOut: false }, true),
    );
  });
  onceConnected(upstream, () => {
    connected = true;
    if (over) return;
    if (!hasBody) {
      upstream.end();
      return;
    }
    bodySent = true;
    incoming.pipe(upstream);
    incoming.once('error', () => upstream.destroy());
  });
}

function onceConnected(upstream: ClientRequest, begin: () => void): void {
  upstream.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', begin);
    else begin();
  });
}

function relay(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  method: string,
  deployment: string | undefined,
  end: () => void,
  fail: (error: Error) => void,
): void {
  const headers = keptHeaders(answer);
  if (deployment !== undefined) headers.push('x-vouch-deployment', deployment);
  try {
    outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, headers);
  } catch (error) {
    // A status or header that may not be sent on.
    answer.destroy();
    fail(error as Error);
    return;
  }
  answer.on('error', fail);
  answer.on('aborted', () => fail(new Error('the app broke off its answer')));
  answer.on('end', () => {
    const trailers = Object.entries(answer.trailers);
    if (trailers.length > 0 && method !== 'HEAD')
      outgoing.addTrailers(trailers.map(([name, value]): [string, string] => [name, value ?? '']));
    end();
    outgoing.end();
  });
  answer.pipe(outgoing, { end: false });
}

function requestHeaders(incoming: IncomingMessage, drop: string): string[] {
  const headers = keptHeaders(
    incoming,
    (name) => name === drop || name === 'expect' || name.startsWith('x-forwarded-'),
  );
  const before = incoming.headers['x-forwarded-for'];
  const client = incoming.socket.remoteAddress ?? '';
  headers.push('x-forwarded-for', before === undefined ? client : `${String(before)}, ${client}`);
  headers.push('x-forwarded-proto', 'http', 'x-forwarded-host', incoming.headers.host ?? '');
  if (incoming.headers['transfer-encoding'] !== undefined) headers.push('transfer-encoding', 'chunked');
  return headers;
}

/** Names and values as they came, in turn, without those that belong to one connection. */
function keptHeaders(message: IncomingMessage, alsoDrop: (name: string) => boolean = () => false): string[] {
  const named = String(message.headers.connection ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  const kept: string[] = [];
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    const name = message.rawHeaders[at]!;
    const lower = name.toLowerCase();
    if (HOP_BY_HOP.has(lower) || (named.includes(lower) && lower !== 'host') || alsoDrop(lower)) continue;
    kept.push(name, message.rawHeaders[at + 1]!);
  }
  return kept;
}

function describe(error: Error): string {
  const code = systemCode(error);
  if (code === 'ECONNREFUSED') return 'the app does not listen; it may be starting again (see `vouch logs`)';
  if (code === 'ECONNRESET' || error.message === 'socket hang up')
    return 'the app closed the connection without an answer (see `vouch logs`)';
  return error.message;
}
