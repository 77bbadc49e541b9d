import { parsePatch } from 'diff';

export interface DiffLine {
  kind: 'same' | 'added' | 'removed' | 'note';
  before: number | null;
  after: number | null;
  text: string;
}

export interface DiffFile {
  name: string;
  /** Hunks, each with the line of its place. */
  hunks: readonly { head: string; lines: readonly DiffLine[] }[];
}

/** A git diff by files, hunks and numbered lines; null when it is none, and is shown as text. */
export function diffFiles(patch: string): DiffFile[] | null {
  let parsed: ReturnType<typeof parsePatch>;
  try {
    parsed = parsePatch(patch);
  } catch {
    return null;
  }
  const files = parsed.filter(({ hunks }) => hunks.length > 0);
  if (files.length === 0) return null;
  return files.map(({ oldFileName, newFileName, hunks }) => ({
    name: fileName(oldFileName, newFileName),
    hunks: hunks.map((hunk) => ({
      head: `lines ${hunk.oldStart} → ${hunk.newStart}`,
      lines: numbered(hunk.lines, hunk.oldStart, hunk.newStart),
    })),
  }));
}

function numbered(lines: readonly string[], oldStart: number, newStart: number): DiffLine[] {
  let [before, after] = [oldStart, newStart];
  return lines.map((line) => {
    const text = line.slice(1);
    if (line.startsWith('+')) return { kind: 'added', before: null, after: after++, text };
    if (line.startsWith('-')) return { kind: 'removed', before: before++, after: null, text };
    if (line.startsWith('\\')) return { kind: 'note', before: null, after: null, text: text.trim() };
    return { kind: 'same', before: before++, after: after++, text };
  });
}

function fileName(before: string | undefined, after: string | undefined): string {
  const [from, to] = [before, after].map((name) => (name ?? '/dev/null').replace(/^[ab]\//, '')) as [
    string,
    string,
  ];
  if (from === '/dev/null') return `${to} (new)`;
  if (to === '/dev/null') return `${from} (deleted)`;
  return from === to ? to : `${from} → ${to}`;
}
