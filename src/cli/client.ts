import { z } from 'zod';
import { EXIT_CODES, VouchError, messageOf, systemCode, type ErrorCode } from '../lib/errors.ts';
import { parseJson } from '../lib/json.ts';
import { lineSplitter } from '../lib/lines.ts';
import { API, type Input, type Output, type Route, type RouteName } from '../server/api.ts';
import { failureSchema, type Failure } from '../server/failure.ts';
import { SERVER_LOCK, readServerFile } from '../server/server-file.ts';
import { isLocked } from '../store/lock.ts';
import type { Io } from './session.ts';
import { plain } from './style.ts';

/** The API, typed by its contract. Throws the `VouchError` that the server answered. */
export interface Client {
  call<N extends RouteName>(name: N, input: Input<N>, watch?: Watch): Promise<Output<N>>;
  /** Where the server is; undefined when it is this process. */
  readonly url: string | undefined;
  close(): Promise<void>;
}

interface Watch {
  onProgress?: (line: string) => void;
  signal?: AbortSignal;
}

/** Sends one request, to a server or to the app in this process. */
export type Send = (request: Request) => Response | Promise<Response>;

/** A judgement of a large recording takes some; more is nonsense. */
const MAX_LINE = 256 * 1024 * 1024;

/**
 * The server that `VOUCH_URL` names (with `VOUCH_TOKEN`), else the one that runs on the data folder, else the same API
 * in this process.
 */
export async function connect(folder: string, io: Io): Promise<Client> {
  const url = io.env['VOUCH_URL'];
  if (url !== undefined && url !== '') {
    if (!URL.canParse(url)) throw new VouchError('usage', `VOUCH_URL: ${url}: not a URL`);
    const token = io.env['VOUCH_TOKEN'] ?? '';
    if (token === '') throw new VouchError('usage', 'VOUCH_TOKEN: a token for VOUCH_URL is needed');
    return createClient({ url, token, send: fetch });
  }
  const file = await readServerFile(folder).catch(() => undefined);
  if (file && isLocked(folder, SERVER_LOCK)) return createClient({ ...file, send: fetch });
  const { openHere } = await import('./here.ts');
  const { send, token, close } = await openHere(folder, io);
  return { ...createClient({ url: 'http://localhost', token, send }), url: undefined, close };
}

export function createClient(server: { url: string; token: string; send: Send }): Client {
  return {
    url: server.url,
    async call(name, input, watch = {}) {
      const route: Route = API[name];
      const response = await send(server, route, input as Parts, watch);
      const value = route.stream ? await readStream(response, watch) : await readAnswer(response);
      return route.response.parse(value) as Output<typeof name>;
    },
    close: async () => {},
  };
}

interface Parts {
  params?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
  body?: unknown;
}

async function send(
  server: { url: string; token: string; send: Send },
  route: Route,
  input: Parts,
  watch: Watch,
): Promise<Response> {
  const path = route.path.replace(/:([a-z]+)/g, (_, name: string) => {
    const value = input.params?.[name] ?? '';
    if (value === '') throw new VouchError('usage', `${name}: its name is missing`);
    // A URL takes these for a way through it, escaped or not.
    if (value === '.' || value === '..') throw new VouchError('not-found', `${name} ${value}: there is none`);
    return encodeURIComponent(value);
  });
  const url = new URL(path, server.url);
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const request = new Request(url, {
    method: route.method,
    headers: {
      authorization: `Bearer ${server.token}`,
      ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: input.body === undefined ? undefined : JSON.stringify(input.body),
    signal: watch.signal,
  });
  if (!request.headers.has('host')) request.headers.set('host', url.host);
  let response: Response;
  try {
    response = await server.send(request);
  } catch (error) {
    throw gone(server.url, error, watch);
  }
  if (!response.ok) throw refusal(await readAnswer(response));
  return response;
}

async function readAnswer(response: Response): Promise<unknown> {
  const text = await response.text();
  const value = parseJson(text);
  if (value === undefined) {
    throw new VouchError(
      'unavailable',
      `${response.url}: status ${response.status}, and not JSON: is that Vouch's server?`,
    );
  }
  return value;
}

const lineSchema = z.union([
  z.object({ progress: z.string() }),
  z.object({ result: z.unknown() }),
  failureSchema,
]);

/** Reads lines of progress, then the result. */
async function readStream(response: Response, watch: Watch): Promise<unknown> {
  let outcome: { result: unknown } | { error: Failure } | undefined;
  const lines = lineSplitter((line) => {
    if (line === '') return;
    const said = lineSchema.parse(parseJson(line));
    if ('progress' in said) watch.onProgress?.(plain(said.progress));
    else outcome = said;
  }, MAX_LINE);
  try {
    for await (const chunk of response.body ?? []) lines.push(chunk);
  } catch (error) {
    throw gone(response.url, error, watch);
  }
  lines.end();
  if (outcome === undefined) throw gone(response.url, new Error('the answer ended early'), watch);
  if ('error' in outcome) throw refusal({ error: outcome.error });
  return outcome.result;
}

/** The server's refusal as the error that it was there. */
function refusal(value: unknown): Error {
  const { error } = failureSchema.parse(value);
  if (!Object.hasOwn(EXIT_CODES, error.code)) return new Error(error.message);
  return new VouchError(error.code as ErrorCode, error.message, { hint: error.hint });
}

function gone(url: string, error: unknown, watch: Watch): Error {
  if (watch.signal?.aborted) return new VouchError('inconclusive', 'interrupted');
  if (error instanceof VouchError) return error;
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return new VouchError(
    'unavailable',
    `${url}: the server did not answer: ${systemCode(cause) ?? messageOf(cause)}`,
    {
      hint: 'look whether it runs: vouch serve',
      cause: error,
    },
  );
}
