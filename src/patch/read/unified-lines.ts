/** Where a reader stands: the answer's lines and the fence that it is in. */
export interface Source {
  lines: readonly string[];
  fence: Fence | null;
}

export interface Fence {
  /** White space before the opening fence. */
  indent: string;
  /** What is taken off the lines within: that indentation, or nothing where they do not have it. */
  cut: string;
  mark: '`' | '~';
  length: number;
  info: string;
}

const FENCE = /^([ \t]*)(`{3,}|~{3,})([^`]*)$/;

/** Line `i` without the indentation of the fence around it; '' beyond the end. */
export function lineAt({ lines, fence }: Source, i: number): string {
  const line = lines[i] ?? '';
  if (fence === null || fence.cut === '') return line;
  if (line.startsWith(fence.cut)) return line.slice(fence.cut.length);
  return chomp(line).trim() === '' ? line.trimStart() : line;
}

/** The same for headers, which keep no `\r`. */
export function headAt(source: Source, i: number): string {
  return chomp(lineAt(source, i));
}

export function chomp(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** The fence that line `i` opens, seen from outside of a hunk. */
export function openedFence(lines: readonly string[], i: number): Fence | null {
  const match = FENCE.exec(chomp(lines[i]!));
  if (!match) return null;
  const [, indent, marks, info] = match as unknown as [string, string, string, string];
  let first = i + 1;
  while (first < lines.length && first < i + 50 && lines[first]!.trim() === '') first++;
  const cut = lines[first]?.startsWith(indent) ? indent : '';
  return { indent, cut, mark: marks[0] as '`' | '~', length: marks.length, info: info.trim() };
}

/** Whether line `i`, as it stands in the answer, ends the fence around it or, outside of one, begins one. */
export function isFenceLine({ lines, fence }: Source, i: number): boolean {
  const line = lines[i]!;
  const first = line.trimStart()[0];
  if (first !== '`' && first !== '~') return false;
  const match = FENCE.exec(chomp(line));
  if (!match) return false;
  if (match[1]!.length > (fence?.indent.length ?? 0)) return false;
  return fence === null || (match[2]![0] === fence.mark && match[2]!.length >= fence.length);
}

/** A line that begins a hunk. Ruby's `@@count` and the like do not. */
export function isHunkLine(line: string): boolean {
  return line.startsWith('@@') && /^@@(?:\s|$|[-+]\d|\.\.\.|…)/.test(line);
}

export function isPair(source: Source, i: number): boolean {
  if (!lineAt(source, i).startsWith('--- ') || !lineAt(source, i + 1).startsWith('+++ ')) return false;
  return headAt(source, i).length > 4 && headAt(source, i + 1).length > 4;
}

const GIT = /^diff (?:--git |--cc |--combined |-[a-zA-Z]+ |--[a-z-]+ )/;
const CODEX = /^\*\*\* (?:Begin Patch|End Patch|End of File|(?:Update|Add|Delete) File:|Move to:)/;

/** Whether nothing of a hunk can stand in line `i`, or it plainly is no part of one. */
export function isBoundary(source: Source, i: number): boolean {
  const line = lineAt(source, i);
  switch (line[0]) {
    case '@':
      return isHunkLine(line) || line.startsWith('@@@');
    case '-':
      return isPair(source, i) || isLoneHeader(source, i) || isSignature(source, i);
    case '+':
      return isLoneHeader(source, i);
    case 'd':
      return GIT.test(line);
    case '*':
      return CODEX.test(line);
    case 'I':
      return line.startsWith('Index: ') && lineAt(source, i + 1).startsWith('=====');
    case 'r':
      return line.startsWith('rename from ') && lineAt(source, i + 1).startsWith('rename to ');
    case 'B':
      return /^Binary files .* differ$/.test(chomp(line));
    default:
      return isFenceLine(source, i);
  }
}

/** `--- a/x` or `+++ b/x` without the other one, a hunk below it. */
export function isLoneHeader(source: Source, i: number): boolean {
  return /^(?:--- a|\+\+\+ b)\/\S+\s*$/.test(lineAt(source, i)) && /^@@ -\d/.test(lineAt(source, i + 1));
}

/** `-- ` and git's version at the end of an e-mail. */
export function isSignature(source: Source, i: number): boolean {
  return /^-- ?$/.test(headAt(source, i)) && /^\d+\.\d+[\w.() -]*$/.test(headAt(source, i + 1));
}

/** What the `@@` line of a hunk says. */
export interface HunkHeader {
  oldStart: number | null;
  newStart: number | null;
  counts: { old: number; now: number } | null;
  /** Text that stands for a line above the hunk, where it has no numbers. */
  text: string | null;
  /** `@@ ... @@`. */
  elision: boolean;
}

const FULL = /^@@\s*-(\d{1,9})(?:,(\d{1,9}))?\s+\+(\d{1,9})(?:,(\d{1,9}))?\s*(?:@@|$)/;

export function hunkHeader(line: string): HunkHeader {
  const full = FULL.exec(line);
  if (full) {
    const [, oldStart, old = '1', newStart, now = '1'] = full;
    const counts = { old: Number(old), now: Number(now) };
    return { oldStart: Number(oldStart), newStart: Number(newStart), counts, text: null, elision: false };
  }
  const inner = line
    .slice(2)
    .replace(/@@\s*$/, '')
    .trim();
  const none: HunkHeader = { oldStart: null, newStart: null, counts: null, text: null, elision: false };
  if (inner === '' || /^(?:\.{3}|…)/.test(inner)) return { ...none, elision: inner !== '' };
  const said = /^lines? ~?(\d{1,9})\b/i.exec(inner)?.[1];
  if (said !== undefined) return { ...none, oldStart: Number(said) };
  if (/^[-+][\d?x.…]/i.test(inner)) {
    const old = /^-(\d{1,9})/.exec(inner)?.[1];
    const now = /(?:^|\s)\+(\d{1,9})/.exec(inner.slice(0, 60))?.[1];
    return {
      ...none,
      oldStart: old === undefined ? null : Number(old),
      newStart: now === undefined ? null : Number(now),
    };
  }
  return {
    ...none,
    text: line
      .slice(2)
      .replace(/\s*@@\s*$/, '')
      .replace(/^ /, ''),
  };
}
