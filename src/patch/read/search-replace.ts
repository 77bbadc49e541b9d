import type { FileIntent, Hunk, HunkLine, Reading } from '../intent.ts';
import { isElision } from './elision.ts';
import { readingOf, withoutNumbers } from './hunk-of-texts.ts';
import { namesIn, namesOfFence } from './names.ts';

const MAX_BLOCKS = 2000;
/** More dividers than this in one block are no content that happens to look like one. */
const MAX_DIVIDERS = 8;
const SEARCH = /^[ \t]*(<{5,9})[ \t]*(?:SEARCH|ORIGINAL|OLD)[ \t]*:?[ \t]*(\S.*)?$/;
const DIVIDER = /^[ \t]*(={5,9})[ \t]*$/;
const REPLACE = /^[ \t]*>{5,9}[ \t]*(?:REPLACE|UPDATED|NEW)?[ \t]*$/;

/**
 * The search/replace blocks (Aider's form) in an answer, with prose and fences around them or not: a line with the
 * file's name, `<<<<<<< SEARCH`, lines, `=======`, lines, `>>>>>>> REPLACE`.
 */
export function readSearchReplace(answer: string): {
  files: FileIntent[];
  problems: string[];
  found: boolean;
} {
  const lines = answer.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  const files: FileIntent[] = [];
  const problems: string[] = [];
  let number = 0;
  let from = 0;
  let names: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const head = SEARCH.exec(lines[i]!);
    if (!head) continue;
    number++;
    const label = `edit ${number}`;
    if (number > MAX_BLOCKS) {
      problems.push(`more than ${MAX_BLOCKS} blocks`);
      break;
    }
    const block = blockAt(lines, i, head[1]!.length);
    if (typeof block === 'string') {
      problems.push(`${label}: has no ${block}; it was cut off or is malformed`);
      continue;
    }
    const own = namesAbove(lines, from, i, head[2]);
    if (own.length > 0) names = own;
    files.push(intentOf(label, names, lines, i, block));
    i = block.end;
    from = block.end + 1;
  }
  return { files, problems, found: number > 0 };
}

interface Block {
  /** Lines that may divide search from replacement. */
  dividers: number[];
  end: number;
}

/** The rest of a block, or what it lacks. The next block's head ends the search for it, so all of it is linear. */
function blockAt(lines: readonly string[], head: number, width: number): Block | string {
  const dividers: number[] = [];
  for (let i = head + 1; i < lines.length; i++) {
    const line = lines[i]!;
    if (SEARCH.test(line)) break;
    const divider = DIVIDER.exec(line);
    if (divider !== null) dividers.push(i);
    else if (dividers.length > 0 && REPLACE.test(line)) {
      // A line of `=` that is not as long as the marks of this block is more likely content.
      const alike = dividers.filter((at) => DIVIDER.exec(lines[at]!)![1]!.length === width);
      const usable = alike.length > 0 ? alike : dividers;
      return usable.length > MAX_DIVIDERS ? '======= that is the only one' : { dividers: usable, end: i };
    }
  }
  return dividers.length === 0 ? '=======' : '>>>>>>> REPLACE';
}

function intentOf(
  label: string,
  paths: string[],
  lines: readonly string[],
  head: number,
  { dividers, end }: Block,
): FileIntent {
  const [first] = dividers;
  const search = lines.slice(head + 1, first!);
  if (dividers.length === 1 && search.every((line) => line.trim() === '')) {
    const text = lines.slice(first! + 1, end);
    return {
      label,
      repairs: [],
      action: 'create',
      paths,
      text: text.length === 0 ? '' : `${text.join('\n')}\n`,
      mode: null,
    };
  }
  // The longest search first: that much of the file is no coincidence.
  const readings: Reading[] = [];
  let numbered: number | null = null;
  for (const divider of dividers.toReversed()) {
    const read = readingsOf(label, lines.slice(head + 1, divider), lines.slice(divider + 1, end));
    readings.push(...read.readings);
    numbered ??= read.first;
  }
  const hunk: Hunk = { label, readings, oldStart: numbered, newStart: null, counted: false };
  if (dividers.length === 1)
    hunk.literal = { search: search.join('\n'), replace: lines.slice(first! + 1, end).join('\n') };
  return { label, repairs: [], action: 'edit', paths, hunks: [hunk], mode: null };
}

/** The ways to read two texts as one change; shared by all forms that give both. */
export function readingsOf(
  label: string,
  search: readonly string[],
  replace: readonly string[],
): { readings: Reading[]; first: number | null } {
  const readings: Reading[] = [{ lines: readingOf([...search], [...replace]), repairs: [] }];
  for (const most of [1, Infinity]) {
    const bare = withoutBlankEdges(search, replace, most);
    if (bare !== null)
      readings.push({
        lines: readingOf(...bare),
        repairs: [{ fault: 'blank-lines', text: `left out blank lines around the text (${label})` }],
      });
  }
  const elided = withElisions(search, replace);
  if (elided !== null)
    readings.push({
      lines: elided,
      repairs: [{ fault: 'elision', text: `kept the lines that \`...\` stands for (${label})` }],
    });
  const plain = withoutNumbers([...search]);
  if (plain !== null) {
    const plainReplace = withoutNumbers([...replace])?.lines ?? [...replace];
    readings.push({
      lines: readingOf(plain.lines, plainReplace),
      repairs: [{ fault: 'line-numbers-in-text', text: `took line numbers off the text (${label})` }],
    });
  }
  const [open, close] = [search[0], search.at(-1)];
  if (search.length > 2 && open?.startsWith('```') && close?.startsWith('```')) {
    const inner =
      replace[0]?.startsWith('```') && replace.at(-1)?.startsWith('```') ? replace.slice(1, -1) : replace;
    readings.push({ lines: readingOf(search.slice(1, -1), [...inner]), repairs: [] });
  }
  return { readings, first: plain?.first ?? null };
}

/** Both texts without up to `most` of the blank lines that both begin, or end, with; null where they do not. */
function withoutBlankEdges(
  search: readonly string[],
  replace: readonly string[],
  most: number,
): [string[], string[]] | null {
  const blank = (line: string | undefined): boolean => line !== undefined && line.trim() === '';
  const [before, after] = [[...search], [...replace]];
  for (let i = 0; i < most && blank(before[0]) && blank(after[0]); i++) {
    before.shift();
    after.shift();
  }
  for (let i = 0; i < most && blank(before.at(-1)) && blank(after.at(-1)); i++) {
    before.pop();
    after.pop();
  }
  return before.length === search.length || before.length === 0 ? null : [before, after];
}

/** Both texts have the same elisions: what stands between is changed, each part in its place. */
function withElisions(search: readonly string[], replace: readonly string[]): HunkLine[] | null {
  const [before, after] = [partsOf(search), partsOf(replace)];
  if (before.length < 2 || before.length !== after.length) return null;
  const lines: HunkLine[] = [];
  for (const [i, part] of before.entries()) {
    if (i > 0) lines.push({ op: '…', text: '' });
    lines.push(...readingOf(part, after[i]!));
  }
  return lines;
}

function partsOf(lines: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const line of lines) {
    if (isElision(line)) parts.push([]);
    else parts.at(-1)!.push(line);
  }
  return parts;
}

/** What may be the file's name: on the marker's line, on the fence's, or one of the lines above. */
function namesAbove(
  lines: readonly string[],
  from: number,
  at: number,
  onMarker: string | undefined,
): string[] {
  const names = onMarker === undefined ? [] : namesIn(onMarker);
  for (let i = at - 1; i >= Math.max(from, at - 4); i--) {
    const line = lines[i]!.trim();
    if (line === '') continue;
    const fence = /^(?:`{3,}|~{3,})[ \t]*(.*)$/.exec(line);
    names.push(...(fence === null ? namesIn(line) : namesOfFence(fence[1]!)));
  }
  return names;
}
