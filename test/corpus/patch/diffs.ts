import { structuredPatch } from 'diff';
import { placesOf } from './edits.ts';
import type { Random } from './random.ts';

interface DiffHunk {
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  /** With their op in front. */
  lines: string[];
  /** As rendered in the header; null leaves it out. */
  header: string | null;
}

/** A file's section of a diff, in parts that faults can break. */
export interface Section {
  head: string[];
  old: string;
  now: string;
  hunks: DiffHunk[];
  /** Lines of the file before, to judge what can be told. */
  before: readonly string[];
}

/** A clean section as git writes it; texts with `\n`. */
export function sectionOf(
  path: string,
  before: string | null,
  after: string | null,
  context: number,
  from: string | null = null,
): Section {
  const patch = structuredPatch('', '', before ?? '', after ?? '', '', '', { context });
  const old = from ?? path;
  const head = [`diff --git a/${old} b/${path}`];
  if (before === null) head.push('new file mode 100644');
  if (after === null) head.push('deleted file mode 100644');
  if (from !== null) head.push('similarity index 80%', `rename from ${from}`, `rename to ${path}`);
  return {
    head,
    old: before === null ? '/dev/null' : `a/${old}`,
    now: after === null ? '/dev/null' : `b/${path}`,
    before: (before ?? '').split('\n'),
    hunks: patch.hunks.map((hunk) => {
      const range = (start: number, count: number): string =>
        count === 1 ? `${start}` : `${count === 0 && start > 0 ? start - 1 : start},${count}`;
      return {
        ...hunk,
        header: `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`,
      };
    }),
  };
}

export function renderDiff(sections: readonly Section[]): string {
  return sections
    .map(({ head, old, now, hunks }) => {
      const names = hunks.length === 0 ? [] : [`--- ${old}`, `+++ ${now}`];
      const body = hunks.flatMap((hunk) => [...(hunk.header === null ? [] : [hunk.header]), ...hunk.lines]);
      return [...head, ...names, ...body].map((line) => `${line}\n`).join('');
    })
    .join('');
}

/** `open`: what the fault leaves undecided. `left-out`: the answer is now a clean one for another place. */
export type Told = 'fine' | 'open' | 'left-out';

export interface DiffFault {
  name: string;
  apply(section: Section, random: Random): Told;
}

const loose = (line: string): string => line.trim();

function beforeOf(hunk: DiffHunk): string[] {
  return hunk.lines.filter((line) => /^[ -]/.test(line) || line === '').map((line) => line.slice(1));
}

/** Whether all hunks are told by their text alone, even when white space says nothing. */
function unique(section: Section): boolean {
  return section.hunks.every((hunk) => {
    const before = beforeOf(hunk);
    return before.length === 0 || placesOf(section.before, before, loose, true).length === 1;
  });
}

/** A wrong number at which, or near which, an equal place stands is the number of that place. */
function misleads(section: Section, hunk: DiffHunk, said: number): boolean {
  const places = placesOf(section.before, beforeOf(hunk), loose, true).map((at) => at + 1);
  return places.some((at) => at !== hunk.oldStart && Math.abs(at - said) <= 8);
}

function renumber(section: Section, by: (hunk: DiffHunk) => number): Told {
  let told: Told = unique(section) ? 'fine' : 'open';
  for (const hunk of section.hunks) {
    const shift = by(hunk);
    const said = Math.max(1, hunk.oldStart + shift);
    if (misleads(section, hunk, said)) told = 'left-out';
    hunk.header = hunk
      .header!.replace(/-\d+/, `-${said}`)
      .replace(/\+\d+/, `+${Math.max(1, hunk.newStart + shift)}`);
  }
  return told;
}

const mapLines = (section: Section, ops: RegExp, by: (text: string, op: string) => string): void => {
  for (const hunk of section.hunks)
    hunk.lines = hunk.lines.map((line) => (ops.test(line) ? line[0]! + by(line.slice(1), line[0]!) : line));
};

export const DIFF_FAULTS: readonly DiffFault[] = [
  {
    name: 'counts wrong',
    apply(section, random) {
      for (const hunk of section.hunks)
        hunk.header = hunk
          .header!.replace(/ \+(\d+).*@@/, ` +$1,${1 + random.below(20)} @@`)
          .replace(/-(\d+)(,\d+)?/, `-$1,${1 + random.below(20)}`);
      return 'fine';
    },
  },
  {
    name: 'counts missing',
    apply(section) {
      for (const hunk of section.hunks) hunk.header = `@@ -${hunk.oldStart} +${hunk.newStart} @@`;
      return 'fine';
    },
  },
  {
    name: 'numbers missing',
    apply(section, random) {
      for (const hunk of section.hunks) hunk.header = random.pick(['@@ @@', '@@', '@@ ... @@']);
      return unique(section) ? 'fine' : 'open';
    },
  },
  {
    name: 'numbers off by 1-3',
    apply: (section, random) => renumber(section, () => random.pick([-3, -2, -1, 1, 2, 3])),
  },
  { name: 'numbers far off', apply: (section, random) => renumber(section, () => 40 + random.below(500)) },
  { name: 'numbers all one', apply: (section) => renumber(section, (hunk) => 1 - hunk.oldStart) },
  {
    name: 'hunks out of order',
    apply(section) {
      section.hunks.reverse();
      return 'fine';
    },
  },
  {
    name: 'blank context emptied',
    apply(section) {
      for (const hunk of section.hunks) hunk.lines = hunk.lines.map((line) => (line === ' ' ? '' : line));
      return 'fine';
    },
  },
  {
    name: 'blank context removed',
    apply(section) {
      let told: Told = unique(section) ? 'fine' : 'open';
      for (const hunk of section.hunks) {
        if (besideBlank(hunk.lines)) told = 'open';
        hunk.lines = hunk.lines.filter((line) => line !== ' ' && line !== '');
        if (!hunk.lines.some((line) => /^[ -]/.test(line))) told = 'open';
      }
      return told;
    },
  },
  {
    name: 'prefixes missing',
    apply(section) {
      section.head = section.head.map((line) => line.replace(/^diff --git a\/(\S+) b\//, 'diff --git $1 '));
      section.old = section.old.replace(/^a\//, '');
      section.now = section.now.replace(/^b\//, '');
      return 'fine';
    },
  },
  {
    name: 'prefixes wrong',
    apply(section, random) {
      const [x, y] = random.pick([
        ['old/', 'new/'],
        ['i/', 'w/'],
        ['before/', 'after/'],
        ['', 'b/'],
        ['a/', ''],
        ['./', './'],
      ] as const);
      section.head = section.head.filter((line) => !line.startsWith('diff --git'));
      section.old = section.old.replace(/^a\//, x);
      section.now = section.now.replace(/^b\//, y);
      return 'fine';
    },
  },
  {
    name: 'header lines dropped',
    apply(section) {
      section.head = section.head.filter((line) => /^(?:rename|new file|deleted)/.test(line));
      return 'fine';
    },
  },
  {
    name: 'tabs and spaces swapped',
    apply(section) {
      const told: Told = unique(section) ? 'fine' : 'open';
      mapLines(section, /^[ +-]/, swapIndent);
      return told;
    },
  },
  {
    name: 'trailing blanks added',
    apply(section, random) {
      const told: Told = unique(section) ? 'fine' : 'open';
      mapLines(section, /^[ +-]/, (text) =>
        random.chance(0.5) ? `${text}${random.pick([' ', '  ', '\t'])}` : text,
      );
      return told;
    },
  },
  {
    name: 'context without its space',
    apply(section) {
      for (const hunk of section.hunks)
        hunk.lines = hunk.lines.map((line) => (line.startsWith(' ') ? line.slice(1) : line));
      return unique(section) &&
        section.hunks.every((hunk) => hunk.lines.every((line) => !/^(?:---|\+\+\+|@@|\\)/.test(line)))
        ? 'fine'
        : 'open';
    },
  },
  {
    name: 'newline marker dropped',
    apply(section) {
      for (const hunk of section.hunks) hunk.lines = hunk.lines.filter((line) => !line.startsWith('\\'));
      return 'fine';
    },
  },
];

export function swapIndent(text: string): string {
  const indent = /^[ \t]*/.exec(text)![0];
  const rest = text.slice(indent.length);
  if (rest === '') return text;
  return (
    (indent.includes('\t') ? indent.replaceAll('\t', '    ') : '\t'.repeat(Math.floor(indent.length / 2))) +
    rest
  );
}

/** New lines have a blank line beside them that will not be shown, on either side or between them and removed lines. */
function besideBlank(lines: readonly string[]): boolean {
  const blank = (line: string | undefined): boolean => line === ' ' || line === '';
  return lines.some((line, i) => {
    if (!line.startsWith('+') && !line.startsWith('-')) return false;
    return blank(lines[i - 1]) || blank(lines[i + 1]);
  });
}
