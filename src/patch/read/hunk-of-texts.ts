import { diffArrays } from 'diff';
import type { HunkLine } from '../intent.ts';

/** Beyond this many changed lines all of the search is replaced: the shortest difference takes quadratic time. */
const MAX_EDITS = 1000;

/** The lines of a hunk that turns one text into another: what both have is context. */
export function readingOf(search: string[], replace: string[]): HunkLine[] {
  const parts = diffArrays(search, replace, { maxEditLength: MAX_EDITS }) ?? [
    { removed: true, added: false, value: search },
    { removed: false, added: true, value: replace },
  ];
  return parts.flatMap(({ added, removed, value }) =>
    value.map((text): HunkLine => ({ op: removed ? '-' : added ? '+' : ' ', text })),
  );
}

const NUMBERED = /^[ \t]*(\d{1,7})(?:[ \t]?[|:→][ \t]?|\t)(.*)$/;

/**
 * The lines without the consecutive line numbers that all of them start with (`  12| text`), and the first number; null
 * where they have none. One space behind the mark belongs to it when every line has one.
 */
export function withoutNumbers(lines: string[]): { lines: string[]; first: number } | null {
  if (lines.length === 0) return null;
  const bare: string[] = [];
  let first = 0;
  for (const [i, line] of lines.entries()) {
    const found = NUMBERED.exec(line.length > 2000 ? '' : line);
    if (found === null) return null;
    const number = Number(found[1]);
    if (i === 0) first = number;
    else if (number !== first + i) return null;
    bare.push(found[2]!);
  }
  return { lines: bare, first };
}
