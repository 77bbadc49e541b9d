import { linesOf } from './diff.ts';
import { unquoteName } from './quote.ts';

/** One hunk as it stands in a diff, for messages and for finding where it belongs. */
export interface Hunk {
  header: string;
  /** Line that it claims to start at, from 1. */
  oldStart: number;
  /** Context and removed lines. */
  before: string[];
  /** Context and added lines. */
  after: string[];
}

/** One file's section of a diff. Null stands for /dev/null. */
export interface Section {
  oldPath: string | null;
  newPath: string | null;
  hunks: Hunk[];
  /** Extended header lines: modes, renames, `GIT binary patch`. */
  extended: string[];
}

/**
 * Reads the sections of a git or plain unified diff, leniently: what is made of it is only used to know which files to
 * look at and to explain; `git apply` decides.
 */
export function readSections(diff: string): Section[] {
  const sections: Section[] = [];
  let section: Section | null = null;
  let hunk: Hunk | null = null;
  const lines = linesOf(diff).map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const git = /^diff --git (?:("(?:[^"\\]|\\.)*"|.+?) )("(?:[^"\\]|\\.)*"|\S.*)$/.exec(line);
    const isFileHeader = line.startsWith('--- ') && (lines[i + 1]?.startsWith('+++ ') ?? false);
    if (git) {
      section = { ...gitNames(line), hunks: [], extended: [] };
      sections.push(section);
      hunk = null;
    } else if (isFileHeader && (hunk === null || (lines[i + 2] ?? '').startsWith('@@ '))) {
      if (section === null || section.hunks.length > 0) {
        section = { oldPath: null, newPath: null, hunks: [], extended: [] };
        sections.push(section);
      }
      section.oldPath = nameOf(line.slice(4));
      section.newPath = nameOf(lines[i + 1]!.slice(4));
      hunk = null;
      i++;
    } else if (section && /^@@ .*@@/.test(line)) {
      hunk = { header: line, oldStart: Number(/^@@ -(\d+)/.exec(line)?.[1] ?? 0), before: [], after: [] };
      section.hunks.push(hunk);
    } else if (hunk) {
      if (line.startsWith('-') || line.startsWith(' ') || line === '') hunk.before.push(line.slice(1));
      if (line.startsWith('+') || line.startsWith(' ') || line === '') hunk.after.push(line.slice(1));
    } else if (section) {
      section.extended.push(line);
      const moved = /^(?:rename|copy) (from|to) (.+)$/.exec(line);
      if (moved?.[1] === 'from') section.oldPath = `a/${unquoteName(moved[2]!)}`;
      if (moved?.[1] === 'to') section.newPath = `b/${unquoteName(moved[2]!)}`;
    }
  }
  return sections;
}

/** `/dev/null` is null; a date after a tab is dropped. */
function nameOf(text: string): string | null {
  const name = text.startsWith('"')
    ? unquoteName(text.replace(/"[^"]*$/, '"'))
    : text.split('\t')[0]!.trimEnd();
  return name === '/dev/null' ? null : name;
}

/** The names of a `diff --git` line. Unquoted ones are only certain when both are the same, as they are but for renames. */
function gitNames(line: string): { oldPath: string | null; newPath: string | null } {
  const rest = line.slice('diff --git '.length);
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(rest);
  if (quoted) return { oldPath: unquoteName(quoted[1]!), newPath: unquoteName(quoted[2]!) };
  const half = (rest.length - 1) / 2;
  return { oldPath: rest.slice(0, Math.floor(half)), newPath: rest.slice(Math.ceil(half) + 1) };
}
