import { createReadStream } from 'node:fs';
import { realpath, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { systemCode, VouchError } from '../lib/errors.ts';
import { writeFileAtomic } from '../lib/files.ts';
import { countFaults } from '../patch/faults.ts';
import { MAX_ANSWER_BYTES, patchFromAnswer, type Patched } from '../patch/from-answer.ts';
import { decode } from '../patch/paths.ts';
import { folderTree } from '../patch/tree.ts';
import type { FromResponseOptions } from './commands/patch.ts';
import type { Session } from './session.ts';
import { plain } from './style.ts';

/**
 * Resolves an answer against a folder, which is only read. An answer that cannot be used, for whatever reason, is a
 * refusal (exit 1); throws `usage` for a file or folder that cannot be read.
 */
export async function patchFromResponse(
  session: Session,
  file: string,
  { repo, out }: FromResponseOptions,
): Promise<void> {
  const folder = await folderOf(repo);
  const answer = await readAnswer(file, session.signal);
  const patched: Patched =
    'refusal' in answer
      ? { outcome: 'reject', form: null, refusals: [answer.refusal], repairs: [] }
      : await patchFromAnswer(folderTree(folder), answer.text);
  const view = viewOf(patched);
  const toFile = out !== undefined && out !== '-' ? out : null;
  if (toFile !== null && view.outcome !== 'reject') await writeOut(toFile, view.diff);
  session.exit(view.outcome === 'reject' ? 1 : 0);
  if (session.json) {
    session.answer(view, () => '');
    return;
  }
  // Not `session.answer`: the last line of a diff may be a single blank, which counts.
  if (toFile === null) session.io.out(process.stdout.isTTY ? plain(view.diff) : view.diff);
  for (const line of saidOf(view)) session.progress(plain(line));
}

interface View {
  outcome: Patched['outcome'];
  form: Patched['form'];
  diff: string;
  repairs: string[];
  faults: Record<string, number>;
  files: string[];
  edits: Extract<Patched, { diff: string }>['edits'];
  notes: string[];
  /** What is refused, in one text, and each by itself. */
  reason: string | null;
  refusals: string[];
}

function viewOf(patched: Patched): View {
  const { outcome, form, repairs } = patched;
  const shared = { outcome, form, repairs: repairs.map(({ text }) => text), faults: countFaults(repairs) };
  if (patched.outcome === 'reject') {
    const { refusals } = patched;
    return { ...shared, diff: '', files: [], edits: [], notes: [], reason: refusals.join('\n'), refusals };
  }
  const { diff, changes, edits, notes } = patched;
  const files = [...new Set(changes.flatMap(({ from, path }) => (from === null ? [path] : [from, path])))];
  return { ...shared, diff, files, edits, notes, reason: null, refusals: [] };
}

function saidOf({ outcome, repairs, notes, refusals }: View): string[] {
  return [
    ...repairs.map((text) => `repaired: ${text}`),
    ...notes.map((text) => `note: ${text}`),
    ...refusals.map((text) => `refused: ${text}`),
    ...(outcome === 'noop' ? ['nothing to do: the files are so already'] : []),
  ];
}

async function folderOf(repo: string): Promise<string> {
  try {
    const folder = await realpath(repo);
    if ((await stat(folder)).isDirectory()) return folder;
  } catch (error) {
    throw new VouchError('usage', `--repo ${repo}: ${whyUnreadable(error)}`, { cause: error });
  }
  throw new VouchError('usage', `--repo ${repo}: not a folder`);
}

/** Reads no more than the limit, also from what never ends. */
async function readAnswer(
  file: string,
  signal: AbortSignal,
): Promise<{ text: string } | { refusal: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream: Readable = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of addAbortSignal(signal, stream)) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > MAX_ANSWER_BYTES)
        return { refusal: `the answer is larger than ${MAX_ANSWER_BYTES / 2 ** 20} MB` };
      chunks.push(bytes);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new VouchError('usage', `${file}: ${whyUnreadable(error)}`, { cause: error });
  }
  if (size === 0) return { refusal: 'the answer is empty' };
  const text = decode(Buffer.concat(chunks));
  return text === null ? { refusal: 'the answer is not UTF-8 text' } : { text };
}

/** A file whole or not at all. What is there and is no file (a pipe, `/dev/null`) is written to, never replaced. */
async function writeOut(out: string, diff: string): Promise<void> {
  try {
    const info = await stat(out).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    });
    if (info === null) await writeFileAtomic(resolve(out), diff);
    else if (info.isFile()) await writeFileAtomic(await realpath(out), diff, info.mode & 0o777);
    else await writeFile(out, diff);
  } catch (error) {
    throw new VouchError('usage', `--out ${out}: ${whyUnreadable(error)}`, { cause: error });
  }
}

function whyUnreadable(error: unknown): string {
  const code = systemCode(error);
  if (code === 'ENOENT') return 'no such file or folder';
  if (code === 'EISDIR') return 'a folder, not a file';
  if (code === 'ENOTDIR') return 'goes through a file';
  if (code === 'EACCES' || code === 'EPERM') return 'not allowed';
  if (code === undefined) throw error; // no failure of the system, so a bug of ours
  return code;
}
