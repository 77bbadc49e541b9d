import { requestOf, type Input, type Output, type Parts, type Used } from './routes.ts';

/** What the server refused, or why it could not be asked. `message` says what and where, `hint` what to do. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly hint: string | undefined;

  constructor(status: number, failure: { code: string; message: string; hint?: string | undefined }) {
    super(failure.message);
    this.name = 'ApiError';
    this.status = status;
    this.code = failure.code;
    this.hint = failure.hint;
  }
}

interface Watch {
  onProgress?: (line: string) => void;
  signal?: AbortSignal;
}

/** Asks one route. Streamed routes tell their progress and resolve with the result. Throws `ApiError`. */
export async function call<N extends Used>(name: N, input: Input<N>, watch: Watch = {}): Promise<Output<N>> {
  const { method, path, body } = requestOf(name, input as Parts);
  const response = await ask(path, { method, body, signal: watch.signal });
  const streamed = response.headers.get('content-type')?.startsWith('application/x-ndjson') ?? false;
  const value = streamed ? await readStream(response, watch) : parse(await response.text());
  if (value === undefined) throw notOurs(response.status);
  return value as Output<N>;
}

export async function signIn(token: string): Promise<void> {
  await ask('/api/session', { method: 'POST', body: JSON.stringify({ token }) });
}

export async function signOut(): Promise<void> {
  await ask('/api/session', { method: 'DELETE', body: null });
}

async function ask(
  path: string,
  { method, body, signal }: { method: string; body: string | null; signal?: AbortSignal | undefined },
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      body,
      headers: body === null ? {} : { 'content-type': 'application/json' },
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  throw refusal(response.status, parse(await response.text()));
}

type Line =
  | { progress: string }
  | { result: unknown }
  | { error: { code: string; message: string; hint?: string } };

async function readStream(response: Response, watch: Watch): Promise<unknown> {
  let outcome: Exclude<Line, { progress: string }> | undefined;
  let rest = '';
  const take = (text: string): void => {
    if (text === '') return;
    const line = parse(text) as Line | undefined;
    if (line === undefined) throw notOurs(response.status);
    if ('progress' in line) watch.onProgress?.(line.progress);
    else outcome = line;
  };
  try {
    const text = response.body!.pipeThrough(new TextDecoderStream());
    for await (const chunk of text) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    }
  } catch (error) {
    if (watch.signal?.aborted || error instanceof ApiError) throw error;
    throw unreachable();
  }
  take(rest);
  if (outcome === undefined) throw unreachable();
  if ('error' in outcome) throw new ApiError(response.status, outcome.error);
  return outcome.result;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(status: number, value: unknown): ApiError {
  const failure = (value as { error?: { code?: unknown; message?: unknown; hint?: unknown } } | undefined)
    ?.error;
  if (typeof failure?.code !== 'string' || typeof failure.message !== 'string') return notOurs(status);
  return new ApiError(status, {
    code: failure.code,
    message: failure.message,
    hint: typeof failure.hint === 'string' ? failure.hint : undefined,
  });
}

function notOurs(status: number): ApiError {
  return new ApiError(status, {
    code: 'unavailable',
    message: `status ${status}, and not an answer of Vouch: is something between this page and its server?`,
  });
}

function unreachable(): ApiError {
  return new ApiError(0, {
    code: 'unavailable',
    message: 'The server did not answer.',
    hint: 'look whether it runs: npx vouch serve',
  });
}
