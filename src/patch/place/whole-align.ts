import { diffArrays } from 'diff';
import { indentOf, isBlank } from './lines.ts';

/** Beyond this many changed lines a text is no version of the file: the shortest diff takes quadratic time. */
const MAX_EDITS = 2000;

/** For each line of `now` the index of the line of `old` that it is, or -1; null where they differ in too much. */
export function aligned(
  old: readonly string[],
  now: readonly string[],
  key: (line: string) => string,
): Int32Array | null {
  const [a, b] = [old.map(key), now.map(key)];
  const at = new Int32Array(now.length).fill(-1);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) at[start] = start++;
  let end = 0;
  while (
    end < a.length - start &&
    end < b.length - start &&
    a[a.length - 1 - end] === b[b.length - 1 - end]
  ) {
    end++;
    at[b.length - end] = a.length - end;
  }
  const parts = diffArrays(a.slice(start, a.length - end), b.slice(start, b.length - end), {
    maxEditLength: MAX_EDITS,
  });
  if (parts === undefined) return null;
  let [i, j] = [start, start];
  for (const { added, removed, value } of parts) {
    if (removed) i += value.length;
    else if (added) j += value.length;
    else for (let k = 0; k < value.length; k++) at[j++] = i++;
  }
  return at;
}

/** How many of the lines that are not blank are on both sides, wherever; a quick upper bound of what is kept. */
export function shared(old: readonly string[], now: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of old)
    if (!isBlank(line)) counts.set(line.trimEnd(), (counts.get(line.trimEnd()) ?? 0) + 1);
  let both = 0;
  for (const line of now) {
    const left = counts.get(line.trimEnd()) ?? 0;
    if (left === 0) continue;
    both++;
    counts.set(line.trimEnd(), left - 1);
  }
  return both;
}

type Kind = 'tabs' | 'spaces' | null;

/** What indents all lines that are indented; one space is how comments go on. */
function kindOf(lines: readonly string[]): Kind {
  let tabs = false;
  let spaces = false;
  for (const line of lines) {
    if (isBlank(line)) continue;
    if (line.startsWith('\t')) tabs = true;
    else if (line.startsWith('  ')) spaces = true;
  }
  return tabs === spaces ? null : tabs ? 'tabs' : 'spaces';
}

const WIDTHS = [2, 4, 8, 3];

/**
 * A text that is indented with tabs where the file has spaces, or the other way round, indented as the file is. Null
 * where both are alike, or where the lines that are the same do not show one width of a tab.
 */
export function reindented(
  old: readonly string[],
  now: readonly string[],
): { lines: string[]; how: string } | null {
  const [own, files] = [kindOf(now), kindOf(old)];
  if (own === null || files === null || own === files) return null;
  const at = aligned(old, now, (line) => line.trim());
  if (at === null) return null;
  const pairs: [string, string][] = [];
  for (const [j, i] of at.entries()) {
    if (i === -1 || isBlank(now[j]!)) continue;
    const [a, b] = [indentOf(now[j]!), indentOf(old[i]!)];
    if (a !== '' || b !== '') pairs.push([a, b]);
  }
  if (pairs.length === 0) return null;
  const fitting = WIDTHS.filter((width) => {
    const steps = pairs.map(([a, b]) => columns(a, width) - columns(b, width));
    const same = steps.filter((step) => step === 0).length;
    return same * 2 > pairs.length && steps.every((step) => step % width === 0);
  });
  const [width] = fitting;
  if (width === undefined || fitting.length > 1) return null;
  const lines = now.map((line) => {
    if (isBlank(line)) return line;
    const indent = indentOf(line);
    const wide = columns(indent, width);
    const made =
      files === 'spaces'
        ? ' '.repeat(wide)
        : '\t'.repeat(Math.floor(wide / width)) + ' '.repeat(wide % width);
    return made + line.slice(indent.length);
  });
  return { lines, how: `re-indented with ${files}` };
}

function columns(indent: string, width: number): number {
  let wide = 0;
  for (const mark of indent) wide += mark === '\t' ? width : 1;
  return wide;
}
