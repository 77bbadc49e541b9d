import type { Adapt } from './added.ts';
import type { FileText } from './lines.ts';
import type { Splice } from './splice.ts';

/** A change of a text: offsets of the text before. */
export interface TextEdit {
  start: number;
  end: number;
  text: string;
}

/** How the new lines of a hunk are written. */
export interface Writing {
  adapt: Adapt;
  /** The hunk says where a newline is missing. */
  marked: boolean;
  /** Line ends are those of the hunk, not of the file. */
  explicit: boolean;
}

/**
 * Splices as edits of the text. New lines end as the line that they replace, or the one above, and the file's end stays
 * as it is unless the hunk says how it is to be (`\ No newline`). Null where a new line cannot be adapted.
 */
export function editsOf(file: FileText, splices: readonly Splice[], how: Writing): TextEdit[] | null {
  const edits: TextEdit[] = [];
  for (const splice of splices) {
    const edit = editOf(file, splice, how);
    if (edit === null) return null;
    edits.push(edit);
  }
  return edits;
}

function editOf(
  file: FileText,
  { at, remove, insert }: Splice,
  { adapt, marked, explicit }: Writing,
): TextEdit | null {
  const { lines, text } = file;
  const start = at < lines.length ? lines[at]!.start : text.length;
  const end = remove === 0 ? start : lines[at + remove - 1]!.end;
  const atEnd = at + remove === lines.length;
  const unended = lines.length > 0 && lines.at(-1)!.eol === '';
  const texts: string[] = [];
  for (const line of insert) {
    const adapted = adapt(line.text);
    if (adapted === null) return null;
    texts.push(adapted);
  }
  if (texts.length === 0) return { start, end, text: '' };
  const eolAt = (i: number): string => {
    if (explicit) return insert[i]!.text.endsWith('\r') ? '\r\n' : '\n';
    const like = remove > 0 ? lines[Math.min(at + i, at + remove - 1)] : (lines[at - 1] ?? lines[at]);
    return like === undefined || like.eol === '' ? file.eol : like.eol;
  };
  let joined = texts.map((line, i) => line + eolAt(i)).join('');
  if (atEnd) {
    const last = insert.at(-1)!;
    const ended = marked ? last.noNewline !== true : !unended;
    // With line ends as the hunk gives them, a carriage return is part of the last line.
    if (!ended) joined = joined.slice(0, explicit ? -1 : -eolAt(texts.length - 1).length);
    // behind a last line that has no end
    if (remove === 0 && unended) joined = file.eol + joined;
  }
  return { start, end, text: joined };
}

/** The text with all edits made, which must not overlap. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const edit of inOrder(edits)) {
    parts.push(text.slice(from, edit.start), edit.text);
    from = edit.end;
  }
  parts.push(text.slice(from));
  return parts.join('');
}

export function inOrder<E extends TextEdit>(edits: readonly E[]): E[] {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
}

/** Whether two edits cannot both be made; equal ones can, once. */
export function conflict(a: TextEdit, b: TextEdit): boolean {
  if (sameEdit(a, b)) return false;
  if (a.start === a.end && b.start === b.end) return a.start === b.start;
  return a.start < b.end && b.start < a.end;
}

export function sameEdit(a: TextEdit, b: TextEdit): boolean {
  return a.start === b.start && a.end === b.end && a.text === b.text;
}
