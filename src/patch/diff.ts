import { createHash } from 'node:crypto';
import { structuredPatch, type StructuredPatchHunk } from 'diff';
import { VouchError } from '../lib/errors.ts';
import { badPath } from '../lib/tree-path.ts';
import type { FileChange } from './from-answer.ts';
import { MAX_FILE_BYTES, readTreeFile, type Changes, type TreeFile } from './paths.ts';
import { quoteName } from './quote.ts';

/** Beyond this many changed lines a file is shown as replaced whole: the shortest diff takes quadratic time. */
const MAX_EDITS = 2000;
/** Lines around a change: git's usual three, and more where those would fit a second time. */
const CONTEXTS = [3, 10, 40, Number.MAX_SAFE_INTEGER];

/**
 * The diff from the tree to its changed files, as `git diff --no-renames` writes it: applies with `git apply`, equal
 * inputs give equal bytes, and files that do not change are left out. Throws `usage` for a path or content that a
 * patch may not hold.
 */
export async function makeDiff(tree: string, changes: Changes): Promise<string> {
  const files: FileChange[] = [];
  for (const [path, after] of Object.entries(changes)) {
    const read = await readTreeFile(tree, path);
    if ('bad' in read) throw new VouchError('usage', `patch: ${read.bad}`);
    const mode = read.file?.mode === '100755' ? '100755' : '100644';
    files.push({ path, from: null, before: read.file, after: after === null ? null : { text: after, mode } });
  }
  return diffOf(files);
}

/**
 * The diff of files as git writes it, sorted by path: edits, new and deleted files, renames, modes. What does not
 * change is left out, equal changes give equal bytes. A diff that git would apply to its own result again, for there
 * are more lines like those that it names, gets more context until it does not. Throws `usage` for a path or content
 * that a patch may not hold.
 */
export function diffOf(changes: readonly FileChange[]): string {
  const sorted = changes.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return sorted.map(fileDiff).join('');
}

/** The section of one file; '' when nothing changes. */
function fileDiff({ path, from, before, after }: FileChange): string {
  for (const name of from === null ? [path] : [from, path]) {
    const bad = badPath(name);
    if (bad !== null) throw new VouchError('usage', `patch: ${bad}`);
  }
  if (after !== null && Buffer.byteLength(after.text) > MAX_FILE_BYTES)
    throw new VouchError('usage', `patch: ${path}: more than ${MAX_FILE_BYTES} bytes`);
  if (from !== null && from !== path && (before === null || after === null))
    throw new VouchError(
      'usage',
      `patch: ${path}: renamed from ${from}, and there is no file before or after`,
    );
  const renamed = from !== null && from !== path;
  if (!renamed && before?.text === after?.text && before?.mode === after?.mode) return '';
  const [old, now] = [quoteName(`a/${from ?? path}`), quoteName(`b/${path}`)];
  let head = `diff --git ${old} ${now}\n`;
  if (before !== null && after !== null && before.mode !== after.mode)
    head += `old mode ${before.mode}\nnew mode ${after.mode}\n`;
  if (renamed)
    head +=
      `similarity index ${similarity(before!.text, after!.text)}%\n` +
      `rename from ${quoteName(from)}\nrename to ${quoteName(path)}\n`;
  if (before !== null && after !== null && before.text === after.text) return head;
  head += indexLines(before, after);
  const hunks = hunksOf(before?.text ?? '', after?.text ?? '', before !== null && after !== null);
  if (hunks.length === 0) return head; // an empty file made or deleted
  head += `--- ${before === null ? '/dev/null' : tabbed(old)}\n+++ ${after === null ? '/dev/null' : tabbed(now)}\n`;
  return head + hunks.map(hunkText).join('');
}

function indexLines(before: TreeFile | null, after: TreeFile | null): string {
  const ids = `index ${blobId(before?.text ?? null)}..${blobId(after?.text ?? null)}`;
  if (before === null) return `new file mode ${after?.mode}\n${ids}\n`;
  if (after === null) return `deleted file mode ${before.mode}\n${ids}\n`;
  return before.mode === after.mode ? `${ids} ${before.mode}\n` : `${ids}\n`;
}

/** Git ends an unquoted name that holds a space with a tab, so that readers know where it ends. */
function tabbed(name: string): string {
  return name.includes(' ') && !name.startsWith('"') ? `${name}\t` : name;
}

/** How many in a hundred of the bytes are those of lines that both have, of the larger one; about what git counts. */
function similarity(before: string, after: string): number {
  if (before === after) return 100;
  const left = new Map<string, number>();
  for (const line of linesOf(before)) left.set(line, (left.get(line) ?? 0) + 1);
  let kept = 0;
  for (const line of linesOf(after)) {
    const count = left.get(line) ?? 0;
    if (count === 0) continue;
    left.set(line, count - 1);
    kept += Buffer.byteLength(line) + 1;
  }
  const size = Math.max(Buffer.byteLength(before), Buffer.byteLength(after));
  return Math.min(99, Math.floor((100 * kept) / size));
}

function hunksOf(before: string, after: string, edited: boolean): StructuredPatchHunk[] {
  for (const context of CONTEXTS) {
    const hunks = structuredPatch('', '', before, after, '', '', {
      context,
      maxEditLength: MAX_EDITS,
    })?.hunks;
    if (hunks === undefined) break;
    if (!edited || hunks.length === 0 || !fitsAgain(hunks, before, after)) return hunks;
  }
  return [replaced(before, after)];
}

/** Whether git would find the lines of the hunks once more in the file that they made. May say so too often. */
function fitsAgain(hunks: readonly StructuredPatchHunk[], before: string, after: string): boolean {
  const old = linesOf(before);
  return hunks.slice(0, 20).every((hunk) => {
    const from = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
    const to = from + hunk.oldLines;
    const ended = to < old.length || before.endsWith('\n');
    const image = `\n${old.slice(from, to).join('\n')}${ended && to > from ? '\n' : ''}`;
    const last = hunk.lines.findLast((line) => !line.startsWith('\\'));
    // git takes a hunk from line 1 for the start of the file, and one without lines below the change for its end
    const text = `\n${after}`;
    if (hunk.oldStart <= 1 && !text.startsWith(image)) return false;
    if (!last?.startsWith(' ') && !text.endsWith(image)) return false;
    return text.includes(image);
  });
}

/** All lines gone and all new ones there. */
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
