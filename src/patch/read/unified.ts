import type { FileIntent } from '../intent.ts';
import { readBody, type Body } from './unified-body.ts';
import { hasChanges } from './unified-hunk.ts';
import { readHeaderLine } from './unified-header.ts';
import {
  chomp,
  headAt,
  hunkHeader,
  isBoundary,
  isFenceLine,
  isHunkLine,
  isLoneHeader,
  isPair,
  lineAt,
  openedFence,
  type HunkHeader,
  type Source,
} from './unified-lines.ts';
import { nameInText, nameOf } from './unified-names.ts';
import { intentOf, namesOf, newSection, type Section } from './unified-section.ts';

const MAX_FILES = 500;
const MAX_HUNKS = 5000;
/** A file's name counts for a hunk this many lines of text below it. */
const NEAR = 3;

interface State {
  source: Source;
  sections: Section[];
  section: Section | null;
  /** A name in the text above, and how many lines of text ago. */
  near: { name: string; age: number } | null;
  /** The last body ended at prose: what looks like more of it is a problem. */
  doubtful: boolean;
  found: boolean;
  hunks: number;
  problems: string[];
  last: { section: Section; body: Body; header: HunkHeader | null } | null;
}

/**
 * Reads what a model or a tool wrote as a diff, with prose and fences around it. `found`: it holds something that is
 * meant as one. `problems` are what cannot be read or done; with one, nothing of it should be applied. Names are as
 * given and may be anything.
 */
export function readUnified(answer: string): { files: FileIntent[]; problems: string[]; found: boolean } {
  const state: State = {
    source: { lines: answerLines(answer), fence: null },
    sections: [],
    section: null,
    near: null,
    doubtful: false,
    found: false,
    hunks: 0,
    problems: [],
    last: null,
  };
  let i = 0;
  while (i < state.source.lines.length && state.hunks <= MAX_HUNKS) i = step(state, i);
  if (state.hunks > MAX_HUNKS) return { files: [], problems: [`more than ${MAX_HUNKS} hunks`], found: true };
  if (!state.found) return { files: [], problems: [], found: false };
  return { ...finish(state, answer), found: true };
}

/** Lines without `\n`; without `\r` too where every line has one, as in an answer with such line ends. */
function answerLines(answer: string): string[] {
  const lines = answer.replace(/^\ufeff/, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const ended = answer.endsWith('\n') ? lines : lines.slice(0, -1);
  return ended.length > 0 && ended.every((line) => line.endsWith('\r')) ? lines.map(chomp) : lines;
}

/** Reads what begins at line `i`, outside of a hunk; returns the line after it. */
function step(state: State, i: number): number {
  const { source } = state;
  const head = headAt(source, i);
  if (stepsOverFence(state, i)) return afterFence(state, i);
  if (source.fence && source.fence.cut !== '' && head === chomp(source.lines[i]!) && isBoundary(source, i))
    source.fence = { ...source.fence, cut: '' };
  if (head.startsWith('@@@')) return combined(state, i);
  if (isHunkLine(head)) return addHunk(state, i + 1, hunkHeader(head));
  if (isPair(source, i) || isLoneHeader(source, i)) return addNames(state, i);
  const section = readHeaderLine(source, i, state.section);
  if (section !== null) {
    if (section !== state.section) open(state, section);
    if (!head.startsWith('Index: ')) state.found = true;
    const mayFollow =
      section.form === 'diff' ? /^[-+ ]/.test(lineAt(source, i + 1)) : section.form !== 'delete';
    return mayFollow && section.unfit.size === 0 ? afterNames(state, i + 1) : i + 1;
  }
  if (state.doubtful && /^[-+](?![-+ ]|$)/.test(head)) {
    state.doubtful = false;
    state.problems.push(`line ${i + 1} looks like a part of the hunk above, but text stands between them`);
  }
  readText(state, head);
  return i + 1;
}

function readText(state: State, head: string): void {
  if (head.trim() === '') return;
  // Code in a fence names other files, but for a comment at its top.
  if (state.source.fence !== null && !/^(?:#|\/\/|--|<!--|\/\*|\S+$)/.test(head)) return;
  const name = nameInText(head);
  if (name !== null) state.near = { name, age: 0 };
  else if (state.near && ++state.near.age >= NEAR) state.near = null;
}

function stepsOverFence({ source }: State, i: number): boolean {
  const first = source.lines[i]!.trimStart()[0];
  if (first !== '`' && first !== '~') return false;
  return source.fence === null ? openedFence(source.lines, i) !== null : isFenceLine(source, i);
}

function afterFence(state: State, i: number): number {
  const { source } = state;
  const fence = openedFence(source.lines, i)!;
  if (source.fence !== null && fence.info === '') {
    source.fence = null;
    return i + 1;
  }
  source.fence = fence;
  if (fence.info !== '') {
    const name = nameInText(fence.info);
    if (name !== null) state.near = { name, age: 0 };
  }
  if (!/^(?:u?diff|patch)\b/i.test(fence.info)) return i + 1;
  // Such a fence may begin with lines of a hunk, its file's name maybe above them.
  let first = i + 1;
  while (first < source.lines.length && headAt(source, first).trim() === '') first++;
  if (
    /^(?:#|\/\/|--(?!-)|<!--|\/\*) ?\S+/.test(headAt(source, first)) &&
    nameInText(headAt(source, first)) !== null
  ) {
    readText(state, headAt(source, first));
    first++;
  }
  const isHeader = first >= source.lines.length || isBoundary(source, first) || isFenceLine(source, first);
  if (isHeader || readHeaderLine(source, first, newSection()) !== null) return first;
  return afterNames(state, first);
}

function open(state: State, section: Section): void {
  state.section = section;
  state.sections.push(section);
  state.near = null;
}

/** `--- A` and `+++ B`, or one of them. */
function addNames(state: State, i: number): number {
  const { source } = state;
  const { section } = state;
  const isFree =
    section !== null && section.hunks.length === 0 && section.old === null && section.now === null;
  if (!isFree || section.form === 'delete') open(state, newSection());
  const own = state.section!;
  const names = isPair(source, i) ? [i, i + 1] : [i];
  for (const at of names) {
    const line = lineAt(source, at);
    const name = nameOf(headAt(source, at).slice(4));
    if (line.startsWith('---')) own.old = name;
    else own.now = name;
  }
  if (names.length === 1)
    own.repairs.push({ fault: 'header', text: `the header names the file only once: ${headAt(source, i)}` });
  return afterNames(state, i + names.length);
}

/** Below a header there may be the lines of a hunk without an `@@`. */
function afterNames(state: State, i: number): number {
  const { source } = state;
  let first = i;
  while (first < source.lines.length && lineAt(source, first) === '') first++;
  if (first >= source.lines.length || isBoundary(source, first) || isFenceLine(source, first)) return i;
  const body = readBody(source, first, null);
  if (!hasChanges(body.items) && state.section?.form !== 'add') {
    if (!(state.section?.old === 'none' && source.fence !== null)) return Math.max(i, first);
  }
  return put(state, body, null);
}

function addHunk(state: State, start: number, header: HunkHeader): number {
  const body = readBody(state.source, start, header.counts);
  // Without a header of a file, it must at least change something.
  if (state.section === null && !hasChanges(body.items)) return start;
  return put(state, body, header);
}

function put(state: State, body: Body, header: HunkHeader | null): number {
  const section = sectionForHunk(state);
  const numberless = section.form !== 'diff';
  section.hunks.push({ header, body, fenced: state.source.fence !== null, numberless });
  state.last = { section, body, header };
  state.hunks++;
  state.found = true;
  state.doubtful = body.atProse;
  state.near = null;
  return body.end;
}

/** The file that a hunk belongs to: the last one, unless the text above it names another. */
function sectionForHunk(state: State): Section {
  const { section, near } = state;
  const isOther = (): boolean => {
    if (near === null || section === null || section.hunks.length === 0) return false;
    const { from, paths } = namesOf(section);
    return ![...(from ?? []), ...paths].some((path) => path === near.name || path.endsWith(`/${near.name}`));
  };
  if (section !== null && !isOther()) return section;
  const own = newSection();
  own.other = near?.name ?? null;
  const text = near ? `no header: took the name ${near.name} from the text above` : 'the diff names no file';
  own.repairs.push({ fault: 'header', text });
  open(state, own);
  return own;
}

function combined(state: State, i: number): number {
  if (!/^@@@+ -\d/.test(headAt(state.source, i))) return i + 1;
  state.found = true;
  if (state.section === null) open(state, newSection());
  state.section!.unfit.add('a combined diff of a merge; give the diff to one parent');
  return i + 1;
}

function finish(state: State, answer: string): { files: FileIntent[]; problems: string[] } {
  const { problems } = state;
  if (state.sections.length > MAX_FILES) return { files: [], problems: [`more than ${MAX_FILES} files`] };
  const files: FileIntent[] = [];
  const used = new Map<string, number>();
  for (const section of state.sections) {
    const made = intentOf(section, used);
    problems.push(...made.problems);
    if (made.file) files.push(made.file);
    if (section === state.last?.section && isCutOff(state, answer)) {
      const [name] = namesOf(section).paths;
      const number = used.get(name ?? '') ?? 0;
      problems.push(`the answer was cut off in hunk ${number}${name === undefined ? '' : ` of ${name}`}`);
    }
  }
  return { files, problems };
}

/**
 * The answer stops within its last hunk: nothing closes it, and less is shown than was announced. People miscount, so that
 * counts only where the other hunks do not show it, and with context below the last change only where they show the contrary.
 */
function isCutOff({ source, last, sections }: State, answer: string): boolean {
  const counts = last?.header?.counts;
  if (!last || !counts || last.body.counted) return false;
  const { items, end } = last.body;
  if (source.lines.slice(end).some((line) => line.trim() !== '')) return false;
  const old = counts.old - items.filter((item) => item.kind !== '+').length;
  const now = counts.now - items.filter((item) => item.kind !== '-').length;
  const others = sections.flatMap(({ hunks }) => hunks).filter(({ body }) => body !== last.body);
  const isShort = old >= 0 && now >= 0 && old + now > 0;
  const kind = items.at(-1)?.kind;
  if (kind === '+' || kind === '-') {
    if (counts.old === 0 && old === 0) return (source.fence !== null || !answer.endsWith('\n')) && now > 0;
    return isShort && (others.length === 0 || others.some(({ body }) => body.counted));
  }
  return isShort && others.length > 0 && others.every(({ body }) => body.counted);
}
