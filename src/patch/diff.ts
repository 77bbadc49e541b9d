import { createHash } from 'node:crypto';
import { structuredPatch, type StructuredPatchHunk } from 'diff';
import { VouchError } from '../lib/errors.ts';
import { badPath } from '../lib/tree-path.ts';
import { MAX_FILE_BYTES, readTreeFile, type Changes } from './paths.ts';
import { quoteName } from './quote.ts';

/** Beyond this many changed lines a file is shown as replaced whole: the shortest diff takes quadratic time. */
const MAX_EDITS = 2000;

/**
 * The diff from the tree to its changed files, as `git diff --no-renames` writes it: applies with `git apply`, equal
 * inputs give equal bytes, and files that do not change are left out. Throws `usage` for a path or content that a
 * patch may not hold.
 */
export async function makeDiff(tree: string, changes: Changes): Promise<string> {
  let text = '';
  for (const path of Object.keys(changes).sort()) {
    const read = await readTreeFile(tree, path);
    if ('bad' in read) throw new VouchError('usage', `patch: ${read.bad}`);
    const after = changes[path] ?? null;
    if (after !== null && Buffer.byteLength(after) > MAX_FILE_BYTES)
      throw new VouchError('usage', `patch: ${path}: more than ${MAX_FILE_BYTES} bytes`);
    text += fileDiff(path, read.file?.text ?? null, after, read.file?.mode ?? '100644');
  }
  return text;
}

/** The section of one file; '' when nothing changes. `mode` is that of the file before, or of the new one. */
function fileDiff(path: string, before: string | null, after: string | null, mode = '100644'): string {
  const bad = badPath(path);
  if (bad !== null) throw new VouchError('usage', `patch: ${bad}`);
  if (before === after) return '';
  const [old, now] = [quoteName(`a/${path}`), quoteName(`b/${path}`)];
  const ids = `index ${blobId(before)}..${blobId(after)}`;
  let head = `diff --git ${old} ${now}\n`;
  if (before === null) head += `new file mode ${mode}\n${ids}\n`;
  else if (after === null) head += `deleted file mode ${mode}\n${ids}\n`;
  else head += `${ids} ${mode}\n`;
  const hunks = hunksOf(before ?? '', after ?? '');
  if (hunks.length === 0) return head; // an empty file made or deleted
  head += `--- ${before === null ? '/dev/null' : tabbed(old)}\n+++ ${after === null ? '/dev/null' : tabbed(now)}\n`;
  return head + hunks.map(hunkText).join('');
}

/** Git ends an unquoted name that holds a space with a tab, so that readers know where it ends. */
function tabbed(name: string): string {
  return name.includes(' ') && !name.startsWith('"') ? `${name}\t` : name;
}

function hunksOf(before: string, after: string): StructuredPatchHunk[] {
  const options = { context: 3, maxEditLength: MAX_EDITS };
  return structuredPatch('', '', before, after, '', '', options)?.hunks ?? [replaced(before, after)];
}

function replaced(before: string, after: string): StructuredPatchHunk {
  const [old, now] = [linesOf(before), linesOf(after)];
  const mark = (lines: string[], sign: string, text: string): string[] => [
    ...lines.map((line) => sign + line),
    ...(text.endsWith('\n') || text === '' ? [] : ['\\ No newline at end of file']),
  ];
  return {
    oldStart: 1,
    oldLines: old.length,
    newStart: 1,
    newLines: now.length,
    lines: [...mark(old, '-', before), ...mark(now, '+', after)],
  };
}

function hunkText(hunk: StructuredPatchHunk): string {
  const range = (start: number, count: number): string =>
    count === 0 ? `${start === 0 ? 0 : start - 1},0` : count === 1 ? `${start}` : `${start},${count}`;
  const header = `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@\n`;
  return header + hunk.lines.map((line) => `${line}\n`).join('');
}

/** The lines of a text without their `\n`; a last line without one counts. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function blobId(text: string | null): string {
  if (text === null) return '0'.repeat(40);
  const bytes = Buffer.from(text);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
