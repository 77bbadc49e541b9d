import { VouchError } from '../../../lib/errors.ts';
import type { Author } from '../model.ts';
import { failed, type Repository } from './repository.ts';

/** A commit as the repository has it. */
export interface CommitObject {
  sha: string;
  parents: string[];
  tree: string;
  author: Author;
  /** The author's date: seconds since 1970, as written. */
  authoredAt: number;
  /** ISO 8601: when it was committed. */
  date: string;
  subject: string;
  /** The message without its subject. */
  body: string;
}

/** A message may be of megabytes; what is read of a commit at most. What is cut is its middle. */
const MESSAGE_BYTES = 128 * 1024;
const OBJECT_BYTES = 64 * 2 ** 20;
const BATCH = 1000;
const BATCH_BYTES = 32 * 2 ** 20;

/**
 * Reads commits by their ids, in that order, a batch at a time. `git cat-file --batch` tells the length of each object before
 * it, so no message can look like the next commit. Throws `unavailable` for an object that is not there.
 */
export async function* readCommitObjects(
  repository: Repository,
  ids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<CommitObject[]> {
  let batch: string[] = [];
  let bytes = 0;
  for await (const { id, size } of sizesOf(repository, ids, signal)) {
    if (batch.length > 0 && (batch.length >= BATCH || bytes + size > BATCH_BYTES)) {
      yield await readBatch(repository, batch, bytes, signal);
      [batch, bytes] = [[], 0];
    }
    batch.push(id);
    bytes += size;
  }
  if (batch.length > 0) yield await readBatch(repository, batch, bytes, signal);
}

async function* sizesOf(
  repository: Repository,
  ids: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<{ id: string; size: number }> {
  const args = ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)', '--buffer'];
  for (let at = 0; at < ids.length; at += 20_000) {
    const asked = ids.slice(at, at + 20_000);
    const done = await repository.git(args, { input: `${asked.join('\n')}\n`, signal });
    if (done.code !== 0) throw failed(repository.name, args, done);
    const lines = done.stdout.toString('utf8').split('\n');
    for (const [i, id] of asked.entries()) {
      const [, type, size] = lines[i]?.split(' ') ?? [];
      if (type !== 'commit' || size === undefined)
        throw new VouchError('unavailable', `${repository.name}: commit ${id} is not there`, {
          hint: 'the clone is damaged or incomplete; see `git fsck`',
        });
      yield { id, size: Number(size) };
    }
  }
}

async function readBatch(
  repository: Repository,
  ids: readonly string[],
  bytes: number,
  signal: AbortSignal,
): Promise<CommitObject[]> {
  const args = ['cat-file', '--batch', '--buffer'];
  const done = await repository.git(args, {
    input: `${ids.join('\n')}\n`,
    signal,
    maxOutputBytes: Math.min(bytes + ids.length * 100, OBJECT_BYTES),
  });
  if (done.code !== 0) throw failed(repository.name, args, done);
  const { stdout } = done;
  let at = 0;
  return ids.map((sha) => {
    const end = stdout.indexOf(10, at);
    const [, , size] = stdout.toString('latin1', at, end).split(' ');
    const start = end + 1;
    const stop = start + Number(size);
    at = stop + 1;
    return parseCommit(sha, stdout.subarray(start, stop));
  });
}

/**
 * Headers are lines up to the first empty one (gitformat-commit); a header's further lines begin with a blank. Text is in the
 * commit's own encoding; bytes that are not become U+FFFD.
 */
function parseCommit(sha: string, bytes: Buffer): CommitObject {
  const gap = bytes.indexOf('\n\n');
  const head = bytes.subarray(0, gap === -1 ? bytes.length : gap).toString('latin1');
  const headers = new Map<string, string[]>();
  for (const line of head.split('\n')) {
    const [, name, value] = /^([a-z-]+) (.*)$/.exec(line) ?? [];
    if (name !== undefined) headers.set(name, [...(headers.get(name) ?? []), value!]);
  }
  const decode = decoderOf(headers.get('encoding')?.[0]);
  const author = personOf(decode(Buffer.from(headers.get('author')?.[0] ?? '', 'latin1')));
  const committer = personOf(headers.get('committer')?.[0] ?? '');
  const message = decode(cutMiddle(gap === -1 ? Buffer.alloc(0) : bytes.subarray(gap + 2)));
  const text = message.replaceAll('\r\n', '\n').replace(/^\n+/, '');
  const blank = /\n[ \t]*\n/.exec(text)?.index ?? text.length;
  return {
    sha,
    parents: headers.get('parent') ?? [],
    tree: headers.get('tree')?.[0] ?? '',
    author: { name: author.name, email: author.email },
    authoredAt: author.at,
    date: new Date(committer.at * 1000).toISOString(),
    // As git itself: the lines up to the first empty one are the subject.
    subject: text
      .slice(0, blank)
      .split('\n')
      .map((line) => line.trim())
      .join(' ')
      .trim(),
    body: text.slice(blank).trim(),
  };
}

function cutMiddle(bytes: Buffer): Buffer {
  if (bytes.length <= MESSAGE_BYTES) return bytes;
  const half = MESSAGE_BYTES / 2;
  return Buffer.concat([bytes.subarray(0, half), Buffer.from('\n\n'), bytes.subarray(-half)]);
}

/** The last second that JavaScript's dates reach; years beyond are nobody's commit. */
const LAST_SECOND = 8.64e12;

function personOf(line: string): Author & { at: number } {
  const [, name, email, seconds] = /^(.*?) ?<([^>]*)>(?: (-?\d{1,18}))?/.exec(line) ?? [];
  const at = Number(seconds ?? 0);
  return { name: name ?? '', email: email ?? '', at: Math.abs(at) <= LAST_SECOND ? at : 0 };
}

function decoderOf(label: string | undefined): (bytes: Buffer) => string {
  try {
    const decoder = new TextDecoder(label ?? 'utf-8');
    return (bytes) => decoder.decode(bytes);
  } catch {
    return (bytes) => bytes.toString('utf8');
  }
}
