import { badPath } from '../lib/tree-path.ts';
import { linesOf } from './diff.ts';
import { nearestLines, numbered, placesOf } from './nearest.ts';
import { MAX_FILE_BYTES, readTreeFile, type Changes } from './paths.ts';
import { sourceFiles } from './source.ts';

/** One search/replace block of an answer. */
export interface Edit {
  /** Names that stood where a file's name stands, the likeliest first; empty if there was none. */
  paths: string[];
  search: string[];
  replace: string[];
}

/** `notes`: edits that were there already. `refusals` are meant for whoever wrote the answer. */
export type Edited = { ok: true; changes: Changes; notes: string[] } | { ok: false; refusals: string[] };

const MAX_EDITS = 100;
const SEARCH = /^\s*<{5,9}\s*(?:SEARCH|ORIGINAL)\s*:?\s*(\S.*)?$/;
const DIVIDER = /^\s*={5,9}\s*$/;
const REPLACE = /^\s*>{5,9}\s*(?:REPLACE|UPDATED)\s*$/;

/**
 * The search/replace blocks (Aider's form) in an answer, with prose and fences around them or not:
 * a line with the file's name, `<<<<<<< SEARCH`, lines, `=======`, lines, `>>>>>>> REPLACE`.
 */
export function parseEdits(answer: string): { edits: Edit[]; problems: string[] } {
  const lines = linesOf(answer.replace(/\r\n/g, '\n'));
  const edits: Edit[] = [];
  const problems: string[] = [];
  let before = 0;
  for (let i = 0; i < lines.length; i++) {
    const head = SEARCH.exec(lines[i]!);
    if (!head) continue;
    const number = edits.length + problems.length + 1;
    const divider = findLine(lines, i + 1, DIVIDER);
    const end = divider === -1 ? -1 : findLine(lines, divider + 1, REPLACE);
    const next = findLine(lines, i + 1, SEARCH);
    if (end === -1 || (next !== -1 && next < end)) {
      problems.push(
        `edit ${number}: has no ${divider === -1 ? '=======' : '>>>>>>> REPLACE'}; it was cut off or is malformed`,
      );
      if (next === -1) break;
      continue;
    }
    if (edits.length === MAX_EDITS) {
      problems.push(`more than ${MAX_EDITS} edits`);
      break;
    }
    const paths = namesAbove(lines, before, i, head[1]);
    const inherited = paths.length === 0 ? (edits.at(-1)?.paths ?? []) : paths;
    edits.push({
      paths: inherited,
      search: lines.slice(i + 1, divider),
      replace: lines.slice(divider + 1, end),
    });
    i = end;
    before = end + 1;
  }
  return { edits, problems };
}

function findLine(lines: string[], from: number, pattern: RegExp): number {
  for (let i = from; i < lines.length; i++) if (pattern.test(lines[i]!)) return i;
  return -1;
}

/** What may be the file's name: on the marker's line, on the fence's, or one of the three lines above. */
function namesAbove(lines: string[], from: number, at: number, onMarker: string | undefined): string[] {
  const candidates = onMarker === undefined ? [] : [onMarker];
  for (let i = at - 1; i >= Math.max(from, at - 4); i--) {
    const line = lines[i]!.trim();
    if (line === '') continue;
    const fence = /^(?:`{3,}|~{3,})\s*(.*)$/.exec(line);
    if (fence) candidates.push(...fence[1]!.split(/[\s:]+/));
    else candidates.push(line);
  }
  return candidates
    .map((text) =>
      text
        .replace(/^(?:[#>*\-\s]|\d+\.)+/, '')
        .replace(/^(?:file(?:name)?|path)\s*:\s*/i, '')
        .replace(/^[`*"']+|[`*"':,]+$/g, '')
        .trim(),
    )
    .map((text) => (/`([^`\s]+)`/.exec(text)?.[1] ?? text).replace(/^\.\//, ''))
    .filter((text) => /^[^\s<>|]+$/.test(text) && /[./]/.test(text) && badPath(text) === null);
}

/**
 * Resolves the edits of an answer against the tree. A search must be the file's lines exactly, whole lines, and fit one
 * place only; nothing is ever applied to the first of several. All or nothing.
 */
export async function resolveAnswer(tree: string, answer: string): Promise<Edited> {
  const { edits, problems } = parseEdits(answer);
  if (problems.length > 0) return { ok: false, refusals: problems };
  if (edits.length === 0) return { ok: false, refusals: ['the answer holds no search/replace block'] };
  const refusals: string[] = [];
  const byPath = new Map<string, { number: number; edit: Edit }[]>();
  for (const [i, edit] of edits.entries()) {
    const path = await pathOf(tree, edit);
    if (path === null) refusals.push(await noSuchFile(tree, i + 1, edit));
    else byPath.set(path, [...(byPath.get(path) ?? []), { number: i + 1, edit }]);
  }
  const changes: Changes = {};
  const notes: string[] = [];
  for (const [path, own] of byPath) {
    const read = await readTreeFile(tree, path);
    if ('bad' in read) {
      refusals.push(read.bad);
      continue;
    }
    const before = read.file?.text ?? null;
    const after = editFile(path, before, own, refusals, notes);
    if (after !== null && after !== before) changes[path] = after;
    if (after !== null && Buffer.byteLength(after) > MAX_FILE_BYTES)
      refusals.push(`${path}: would be over ${MAX_FILE_BYTES} bytes`);
  }
  return refusals.length > 0 ? { ok: false, refusals } : { ok: true, changes, notes };
}

/** The first name that is a file of the tree; for an empty search the first that is none, a new file. */
async function pathOf(tree: string, edit: Edit): Promise<string | null> {
  for (const path of edit.paths) {
    const read = await readTreeFile(tree, path);
    if ('bad' in read || read.file !== null) return path; // what is bad about it is said later
  }
  return isBlank(edit.search) ? (edit.paths[0] ?? null) : null;
}

async function noSuchFile(tree: string, number: number, edit: Edit): Promise<string> {
  const [path] = edit.paths;
  if (path === undefined) return `edit ${number}: no file name stands above the block`;
  const base = path.split('/').at(-1)!;
  const alike = (await sourceFiles(tree)).filter((file) => file.split('/').at(-1) === base).slice(0, 5);
  return `edit ${number}: ${path} is no file of the app${alike.length > 0 ? `; there is ${alike.join(', ')}` : ''}`;
}

interface Span {
  start: number;
  end: number;
  lines: string[];
}

function editFile(
  path: string,
  before: string | null,
  own: { number: number; edit: Edit }[],
  refusals: string[],
  notes: string[],
): string | null {
  if (before === null) return newFile(path, own, refusals);
  const crlf = before.includes('\r\n') && !/[^\r]\n/.test(before);
  const lines = linesOf(crlf ? before.replaceAll('\r\n', '\n') : before);
  const spans: Span[] = [];
  for (const { number, edit } of own) {
    const found = locate(path, lines, number, edit);
    if ('refusal' in found) refusals.push(found.refusal);
    else if (found.span === null) notes.push(`edit ${number}: ${path} has it already`);
    else if (!spans.some((span) => sameSpan(span, found.span!))) spans.push(found.span);
  }
  spans.sort((a, b) => a.start - b.start);
  for (const [i, span] of spans.entries())
    if (i > 0 && span.start < spans[i - 1]!.end)
      refusals.push(`${path}: two edits change the same lines (line ${span.start + 1})`);
  const out = [...lines];
  for (const span of spans.toReversed()) out.splice(span.start, span.end - span.start, ...span.lines);
  const touchesEnd = spans.some((span) => span.end === lines.length);
  const end = before.endsWith('\n') || (touchesEnd && before === '') ? '\n' : '';
  const text = out.length === 0 ? '' : out.join('\n') + end;
  return crlf ? text.replaceAll('\n', '\r\n') : text;
}

function sameSpan(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end && a.lines.join('\n') === b.lines.join('\n');
}

function newFile(path: string, own: { number: number; edit: Edit }[], refusals: string[]): string | null {
  if (own.length > 1) {
    refusals.push(`${path}: is made by ${own.length} edits; one is enough`);
    return null;
  }
  return `${own[0]!.edit.replace.join('\n')}\n`;
}

/** Where an edit goes; `span` null when the file holds its result already, so that applying twice changes nothing. */
function locate(
  path: string,
  lines: string[],
  number: number,
  edit: Edit,
): { span: Span | null } | { refusal: string } {
  const { search, replace } = edit;
  if (isBlank(search)) {
    if (lines.length === 0) return { span: { start: 0, end: 0, lines: replace } };
    return { refusal: `edit ${number}: the search is empty, and ${path} exists; name the lines to replace` };
  }
  const places = placesOf(lines, search);
  const done = isBlank(replace) ? [] : placesOf(lines, replace);
  const insideDone = (at: number): boolean =>
    done.some((from) => at >= from && at + search.length <= from + replace.length);
  if (places.length > 0 && places.every(insideDone)) return { span: null };
  const [place] = places;
  if (place !== undefined && places.length === 1)
    return { span: { start: place, end: place + search.length, lines: replace } };
  if (places.length > 1) {
    const where = places
      .map((at) => at + 1)
      .slice(0, 10)
      .join(', ');
    return {
      refusal: `edit ${number}: its search fits ${places.length} places of ${path} (lines ${where}); add lines around it until it fits one`,
    };
  }
  if (done.length === 1) return { span: null };
  const near = nearestLines(lines, search);
  const first = lines.length === 0 ? '' : numbered(lines, 0, 5);
  return {
    refusal: `edit ${number}: its search is not in ${path}, which must hold it line by line, white space included. ${near === '' ? `Nothing there is like it; the file begins\n${first}` : `The nearest lines are\n${near}`}`,
  };
}

function isBlank(lines: string[]): boolean {
  return lines.every((line) => line.trim() === '');
}
