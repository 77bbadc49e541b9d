import { diffLines, diffWordsWithSpace } from 'diff';

export interface Piece {
  text: string;
  differs: boolean;
}
/** One row of two texts side by side; null where the other side has a line more. */
export interface ComparedRow {
  before: readonly Piece[] | null;
  after: readonly Piece[] | null;
}

/** Longer texts are not compared line by line: it would hold up the page. */
const MAX_COMPARED = 100_000;

/** Two texts line by line; lines that changed are compared word by word. Null when they are too long for that. */
export function compareTexts(before: string, after: string): ComparedRow[] | null {
  if (before.length + after.length > MAX_COMPARED) return null;
  const changes = diffLines(before, after, { timeout: 500 });
  if (!changes) return null;
  const rows: ComparedRow[] = [];
  for (let at = 0; at < changes.length; at++) {
    const change = changes[at]!;
    if (!change.added && !change.removed) {
      for (const text of linesOf(change.value)) rows.push({ before: [same(text)], after: [same(text)] });
      continue;
    }
    const next = changes[at + 1];
    const replaced = change.removed && next?.added;
    const removed = change.removed ? linesOf(change.value) : [];
    const added = change.added ? linesOf(change.value) : replaced ? linesOf(next.value) : [];
    if (replaced) at++;
    rows.push(...pairs(removed, added));
  }
  return rows;
}

function pairs(removed: readonly string[], added: readonly string[]): ComparedRow[] {
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, at) => {
    const [old, now] = [removed[at], added[at]];
    if (old === undefined) return { before: null, after: [{ text: now!, differs: true }] };
    if (now === undefined) return { before: [{ text: old, differs: true }], after: null };
    const words = diffWordsWithSpace(old, now);
    return {
      before: words
        .filter(({ added: is }) => !is)
        .map(({ value, removed: is }) => ({ text: value, differs: is })),
      after: words
        .filter(({ removed: is }) => !is)
        .map(({ value, added: is }) => ({ text: value, differs: is })),
    };
  });
}

function same(text: string): Piece {
  return { text, differs: false };
}

function linesOf(text: string): string[] {
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}
