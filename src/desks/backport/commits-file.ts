import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { z } from 'zod';
import { messageOf, systemCode, VouchError } from '../../lib/errors.ts';
import { lineSplitter } from '../../lib/lines.ts';
import type { Commit } from './model.ts';

/** Bounds of what is read: a longer line is bad, a longer message is cut, more than the rest is refused. */
export const LIMITS = {
  lineBytes: 16 * 2 ** 20,
  bodyChars: 64 * 1024,
  subjectChars: 1000,
  pathChars: 1000,
  files: 1000,
  commits: 200_000,
  totalChars: 512 * 2 ** 20,
} as const;

const lines = z.number().min(0).nullable().default(0);
const fileSchema = z.union([
  z.string().transform((path) => ({ path, added: 0, removed: 0 })),
  z.tuple([z.string(), lines, lines]).transform(([path, added, removed]) => ({ path, added, removed })),
  z.object({ path: z.string(), added: lines, removed: lines }),
]);

const authorSchema = z.union([
  z.object({ name: z.string().default(''), email: z.string().default('') }),
  z.string().transform((text) => {
    const [, name, email] = /^([^<]*)<([^>]*)>/.exec(text) ?? [];
    return { name: (name ?? text).trim(), email: email ?? '' };
  }),
]);

/** Other members of a line (labels, notes) are dropped here: no engine can see them. */
const commitSchema = z.object({
  sha: z.string().regex(/^[0-9a-f]{7,64}$/i, 'must be 7 to 64 hex digits'),
  date: z.string().refine((text) => Number.isFinite(Date.parse(text)), 'must be a date (ISO 8601)'),
  subject: z.string(),
  body: z.string().nullable().default(''),
  files: z.array(fileSchema).nullable().default([]),
  author: authorSchema.nullable().default(null),
});

export interface BadLine {
  /** Counted from 1. */
  line: number;
  why: string;
}

export interface CommitsFile {
  commits: Commit[];
  bad: BadLine[];
}

interface Options {
  signal: AbortSignal;
  /** Is given the whole line of each good commit: for measuring, which must know what became of it. */
  onRecord?: (record: object, commit: Commit) => void;
}

/**
 * Reads FILE.jsonl (`-` for standard input), one commit a line, streaming. Lines that are no commit are named, and the others
 * read. Bytes that are no UTF-8 become U+FFFD. Throws `usage` for a file that cannot be read or is too large.
 */
export async function readCommitsFile(file: string, options: Options): Promise<CommitsFile> {
  const read: CommitsFile = { commits: [], bad: [] };
  const seen = new Map<string, number>();
  let [line, chars] = [0, 0];
  const splitter = lineSplitter((text) => {
    line++;
    const taken = takeLine(text, line, seen);
    if (taken === null) return;
    if ('why' in taken) {
      read.bad.push(taken);
      return;
    }
    chars += taken.commit.body.length + taken.commit.subject.length;
    if (read.commits.push(taken.commit) > LIMITS.commits || chars > LIMITS.totalChars)
      throw new VouchError(
        'usage',
        `${file}: line ${line}: too much: more than ${LIMITS.commits} commits or ${LIMITS.totalChars / 2 ** 20} MB of messages`,
      );
    options.onRecord?.(taken.record, taken.commit);
  }, LIMITS.lineBytes + 1);
  try {
    const stream: Readable = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of addAbortSignal(options.signal, stream)) splitter.push(chunk as Uint8Array);
    splitter.end();
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof VouchError || systemCode(error) === undefined) throw error;
    throw new VouchError('usage', `${file}: ${whyUnreadable(systemCode(error)!)}`, { cause: error });
  }
  if (read.commits.length === 0) {
    const [first] = read.bad;
    const why = first === undefined ? 'empty' : `line ${first.line}: ${first.why}`;
    throw new VouchError('usage', `${file}: no commit in it: ${why}`, {
      hint: 'one JSON object a line: sha, date, subject, body, files',
    });
  }
  return read;
}

type Taken = BadLine | { record: object; commit: Commit };

function takeLine(text: string, line: number, seen: Map<string, number>): Taken | null {
  // A byte order mark is no part of the first line.
  const trimmed = (line === 1 ? text.replace(/^\ufeff/, '') : text).trim();
  if (trimmed === '') return null;
  if (Buffer.byteLength(trimmed) > LIMITS.lineBytes)
    return { line, why: `longer than ${LIMITS.lineBytes / 2 ** 20} MB` };
  let record: unknown;
  try {
    record = JSON.parse(trimmed);
  } catch (error) {
    return { line, why: `not JSON (${messageOf(error).slice(0, 80)})` };
  }
  const parsed = commitSchema.safeParse(record);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { line, why: `${issue!.path.length === 0 ? '' : `${issue!.path.join('.')}: `}${issue!.message}` };
  }
  const commit = boundCommit(parsed.data);
  const before = seen.get(commit.sha);
  if (before !== undefined) return { line, why: `the same commit as line ${before}` };
  seen.set(commit.sha, line);
  return { record: record as object, commit };
}

/**
 * A commit within the bounds that every reader keeps. Instructions stand at either end of a message, so a message of megabytes is
 * cut in its middle.
 */
export function boundCommit({
  sha,
  date,
  subject,
  body,
  files,
  author,
}: z.infer<typeof commitSchema>): Commit {
  const text = body ?? '';
  const half = LIMITS.bodyChars / 2;
  return {
    sha: sha.toLowerCase(),
    date,
    subject: own(subject.slice(0, LIMITS.subjectChars).split('\n', 1)[0]!),
    body: own(text.length <= LIMITS.bodyChars ? text : `${text.slice(0, half)}\n\n${text.slice(-half)}`),
    files: (files ?? []).slice(0, LIMITS.files).map(({ path, added, removed }) => ({
      path: own(path.slice(0, LIMITS.pathChars)),
      added: added ?? 0,
      removed: removed ?? 0,
    })),
    author:
      author === null
        ? null
        : { name: own(author.name.slice(0, 200)), email: own(author.email.slice(0, 200)) },
  };
}

/** Half characters would break every writer after us. */
function own(text: string): string {
  return text.toWellFormed();
}

function whyUnreadable(code: string): string {
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EISDIR') return 'a folder, not a file';
  return `cannot be read (${code})`;
}
