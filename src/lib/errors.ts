/**
 * Expected failures. Anything thrown that is not a `VouchError` is a bug of ours and is shown as one.
 * The command line turns `code` into its exit status, the server into its HTTP status; nobody else translates.
 */
export type ErrorCode =
  | 'usage' // wrong arguments, bad input
  | 'not-found' // an id, a file, an app that does not exist
  | 'conflict' // the state does not allow it now: a name taken, a decision already made
  | 'no' // the question was answered, and the answer is no
  | 'inconclusive' // the question could not be answered
  | 'missing-part' // a program, a library, a key that this machine does not have
  | 'forbidden' // not allowed for this person or this process
  | 'unavailable'; // a limit was hit or a part is down: try again later

export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  usage: 2,
  'not-found': 2,
  conflict: 2,
  no: 1,
  inconclusive: 3,
  'missing-part': 4,
  forbidden: 4,
  unavailable: 4,
};

/** `message` says what and where in one line; `hint` says what to do about it. */
export class VouchError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'VouchError';
    this.code = code;
    this.hint = options.hint;
  }
}

/** The text of anything that was thrown, for a message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`ENOENT`, `EADDRINUSE`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
