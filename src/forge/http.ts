import { messageOf, VouchError } from '../lib/errors.ts';
import { backoffMs, boundedFetch, causeOf, retryAfterMs, type HttpEffects } from '../lib/http-client.ts';

/** Longest wait before a request is sent again; a forge that asks for more is reported, not waited for. */
const MAX_WAIT_MS = 30_000;
const MAX_BYTES = 16 * 1024 * 1024;
const TRIES = 3;

/**
 * `fetch` for a forge's API: bounded in time and bytes, no redirects, and with another try for answers that say that
 * nothing was done (429, 503, GitHub's secondary limit), or for reads that failed.
 */
export function forgeFetch(forge: string, effects: HttpEffects, timeoutMs: number): typeof fetch {
  const once = boundedFetch(forge, MAX_BYTES, effects.fetch);
  return async (input, init) => {
    const read = (init?.method ?? 'GET').toUpperCase() === 'GET';
    for (let attempt = 1; ; attempt++) {
      const signal = AbortSignal.timeout(timeoutMs);
      let response: Response | undefined;
      let failure: unknown;
      try {
        response = await once(input, { ...init, signal });
      } catch (error) {
        failure = error;
      }
      const asked =
        response === undefined ? null : retryAfterMs(Object.fromEntries(response.headers), effects.now());
      const again =
        response === undefined
          ? read && !(failure instanceof VouchError)
          : isRefusal(response.status, asked) || (read && response.status >= 500);
      const wait = asked ?? backoffMs(attempt - 1, effects.random, 4000);
      if (!again || attempt === TRIES || wait > MAX_WAIT_MS) {
        if (response === undefined) throw translateFailure(forge, failure, timeoutMs);
        return response;
      }
      await response?.body?.cancel();
      await effects.sleep(wait);
    }
  };
}

function isRefusal(status: number, asked: number | null): boolean {
  return status === 429 || status === 503 || (status === 403 && asked !== null);
}

function translateFailure(forge: string, error: unknown, timeoutMs: number): VouchError {
  if (error instanceof VouchError) return error;
  const timedOut = causeOf(error, (one): one is Error => one instanceof Error && one.name === 'TimeoutError');
  const why = timedOut
    ? `no answer within ${timeoutMs / 1000} s`
    : messageOf(causeOf(error, isSystemError) ?? error);
  return new VouchError('unavailable', `${forge}: ${why}`, {
    cause: error,
    hint: 'try again; is the address right?',
  });
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error;
}

/** What a status means for us. `limited`: the answer carries a rate limit that is used up. */
export function statusError(
  forge: string,
  status: number,
  message: string,
  options: { limited?: boolean; cause?: unknown } = {},
): VouchError {
  const said = `${forge}: HTTP ${status}: ${message.replace(/\s+/g, ' ').slice(0, 400)}`;
  const make = (code: VouchError['code'], hint?: string): VouchError =>
    new VouchError(code, said, { cause: options.cause, ...(hint === undefined ? {} : { hint }) });
  if (options.limited === true || status === 429)
    return make('unavailable', 'its rate limit is used up; try again later');
  if (status === 401) return make('forbidden', 'the token is wrong or has expired');
  if (status === 403)
    return make('forbidden', 'the token may not do this; it needs to write contents and pull requests');
  if (status === 404) return make('not-found', 'is the repository named right, and may the token see it?');
  if (status === 405 || status === 409) return make('conflict');
  if (status === 422) return make('usage');
  if (status >= 500 || status === 408) return make('unavailable', 'try again later');
  return make('unavailable');
}

/** `owner/name` in its parts. */
export function repositoryParts(repository: string): { owner: string; repo: string } {
  const parts = /^([A-Za-z0-9][A-Za-z0-9._-]{0,99})\/([A-Za-z0-9._-]{1,100})$/.exec(repository);
  if (!parts || /^\.+$/.test(parts[2]!))
    throw new VouchError('usage', `repository ${JSON.stringify(repository)}: not of the form OWNER/NAME`);
  return { owner: parts[1]!, repo: parts[2]! };
}

/** Throws `usage` unless `ref` is a pull request's number. */
export function pullNumber(ref: string): number {
  if (!/^[1-9]\d{0,9}$/.test(ref))
    throw new VouchError('usage', `pull request ${JSON.stringify(ref)}: not a number`);
  return Number(ref);
}
