import type { HunkLine } from '../intent.ts';
import {
  headAt,
  isBoundary,
  isFenceLine,
  isLoneHeader,
  isPair,
  isSignature,
  lineAt,
  type Source,
} from './unified-lines.ts';
import { nameInText } from './unified-names.ts';

/** A line of a hunk before it is decided what it means. */
export interface Item {
  /** `bare`: no op stands before it. `blank`: nothing at all does. */
  kind: ' ' | '-' | '+' | 'bare' | 'blank';
  /** As it stands in the answer. */
  raw: string;
  noNewline?: true;
}

export interface Body {
  items: Item[];
  /** Line after the body. */
  end: number;
  /** The header's counts are those of `items`. */
  counted: boolean;
  /** Blank lines at the end are only there because the counts say so. */
  looseEnd: number;
  /** It ended at prose, outside of a fence: what looks like more of the diff below is suspicious. */
  atProse: boolean;
}

export interface Counts {
  old: number;
  now: number;
}

/**
 * The body that begins at line `start`. Where the header's counts come out even they decide, so contents may look like
 * headers; else it ends where something else plainly begins.
 */
export function readBody(source: Source, start: number, counts: Counts | null): Body {
  if (counts) {
    const exact = byCounts(source, start, counts, false);
    if (exact) return exact;
  }
  const body = byStructure(source, start);
  if (counts && body.items.some((item) => item.kind === 'bare')) {
    const counted = byCounts(source, start, counts, true);
    if (counted) return counted;
  }
  return body;
}

function kindOf(line: string): Item['kind'] | 'mark' {
  switch (line[0]) {
    case ' ':
    case '-':
    case '+':
      return line[0];
    case undefined:
      return 'blank';
    case '\r':
      return line === '\r' ? 'blank' : 'bare';
    case '\\':
      return line[1] === ' ' || line.startsWith('\\No newline') ? 'mark' : 'bare';
    default:
      return 'bare';
  }
}

/** The lines that the counts claim; null if they do not come out even. `bare`: lines without an op count as context. */
function byCounts(source: Source, start: number, counts: Counts, bare: boolean): Body | null {
  let { old, now } = counts;
  if (old === 0 && now === 0) return null;
  const items: Item[] = [];
  let i = start;
  let context = false;
  for (; old > 0 || now > 0; i++) {
    if (i >= source.lines.length || isFenceLine(source, i)) return null;
    const raw = lineAt(source, i);
    const kind = kindOf(raw);
    if (kind === 'mark') {
      const last = items.at(-1);
      if (last) last.noNewline = true;
      continue;
    }
    if (kind === 'bare' && (!bare || isBoundary(source, i))) return null;
    if (bare && isBoundary(source, i)) return null;
    if (kind !== '+') old--;
    if (kind !== '-') now--;
    if (old < 0 || now < 0) return null;
    if (kind !== '+' && kind !== '-') context = true;
    items.push({ kind, raw });
  }
  if (i < source.lines.length && kindOf(lineAt(source, i)) === 'mark') {
    items.at(-1)!.noNewline = true;
    i++;
  }
  if (!endsAt(source, i)) return null;
  // Where lines of context are shown, no hunk of git's ends in changes with another hunk of its file below.
  if (context && headAt(source, i).startsWith('@@') && (isPair(source, i - 2) || isLoneHeader(source, i - 1)))
    return null;
  let looseEnd = 0;
  while (items.at(-1 - looseEnd)?.kind === 'blank') looseEnd++;
  return { items, end: i, counted: true, looseEnd, atProse: false };
}

/** Whether a counted body can end before line `i`: no more of it may follow. */
function endsAt(source: Source, i: number): boolean {
  if (isOver(source, i) || isSignature(source, i)) return true;
  if (headAt(source, i) === '--' || headAt(source, i) === '-- ') return restIsBlank(source, i + 1);
  const kind = kindOf(lineAt(source, i));
  if (kind === '+' || kind === '-' || kind === ' ') return false;
  let next = i;
  if (source.fence === null) {
    while (next < source.lines.length && headAt(source, next) === '') next++;
    // A list below is written with a blank behind its marks.
    return isOver(source, next) || !/^[-+](?![-+ ]|$)/.test(lineAt(source, next));
  }
  for (; !isOver(source, next); next++) if (/^[-+]/.test(lineAt(source, next))) return false;
  return true;
}

function isOver(source: Source, i: number): boolean {
  return i >= source.lines.length || isFenceLine(source, i) || isBoundary(source, i);
}

function restIsBlank(source: Source, i: number): boolean {
  while (i < source.lines.length && source.lines[i]!.trim() === '') i++;
  return i >= source.lines.length;
}

function byStructure(source: Source, start: number): Body {
  const items: Item[] = [];
  let atProse = false;
  let i = start;
  for (; !isOver(source, i); i++) {
    const raw = lineAt(source, i);
    const kind = kindOf(raw);
    if (kind === 'mark') {
      const last = items.at(-1);
      if (last) last.noNewline = true;
      continue;
    }
    atProse =
      kind === 'bare' && source.fence === null && (items.at(-1)?.kind ?? 'blank') === 'blank' && isProse(raw);
    if (atProse) break;
    items.push({ kind, raw });
  }
  while (items.at(-1)?.kind === 'blank') items.pop();
  return { items, end: i, counted: false, looseEnd: 0, atProse };
}

/** Reads like a sentence, a heading, a list or the name of another file, not like code. */
function isProse(raw: string): boolean {
  const line = raw.trimEnd();
  if (/^(?:#{1,6} |\*\*|> |\d{1,3}\. |\* |`[^`\s]{1,200}`)/.test(line)) return true;
  if (/^\S+:?$|:$/.test(line) && nameInText(line) !== null) return true;
  if (/^[a-z']{1,20}(?: [a-z',]{1,20}){3}/.test(line)) return !/[;{}()=]/.test(line);
  if (!/^["'`(]?[A-Z]/.test(line) || /[;{}=]$|^[A-Z]\w*[.(]/.test(line)) return false;
  return /^\S+:$|\s\S/.test(line);
}

/** What the items mean, taken literally (`whole: 'none'`), or with lines taken whole that have lost their op. */
export function linesOfItems(items: readonly Item[], whole: 'none' | 'bare' | 'all'): HunkLine[] {
  return items.map((item) => {
    const keep = item.kind === 'bare' || (whole === 'all' && item.kind === ' ');
    const text = item.kind === 'blank' || keep ? item.raw : item.raw.slice(1);
    const op = item.kind === '-' || item.kind === '+' ? item.kind : ' ';
    return item.noNewline ? { op, text, noNewline: true } : { op, text };
  });
}
