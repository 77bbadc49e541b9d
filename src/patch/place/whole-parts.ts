import { isElision } from '../read/elision.ts';
import { isBlank } from './lines.ts';

/** Lines of a file (indexes, `to` behind the last) that a text which should be the file whole does not hold. */
export interface Doubt {
  why: 'part' | 'left-out' | 'needed' | 'little' | 'unclear';
  from: number;
  to: number;
  /** For `needed`: what the rest of the text still uses. */
  name?: string;
}

/** A file of so few lines may be written anew, by as many. */
const TINY = 5;
const LEAST_MISSING = 3;
const SHARE_MISSING = 0.15;
const LEAST_GAP = 10;
const SHARE_GAP = 0.25;

interface Sides {
  old: readonly string[];
  now: readonly string[];
  /** For each line of `now` its line of `old`, or -1. */
  at: Int32Array;
}

/**
 * Why a text is not the whole of a file but a part of it: it begins or ends inside of the file, it leaves out a lot
 * without anything in its place or something that it still uses, or it holds little of the file. Null where it is whole.
 */
export function doubtAbout(sides: Sides): Doubt | null {
  const { old, at } = sides;
  const all = meaning(old, 0, old.length);
  let kept = 0;
  for (const i of at) if (i !== -1 && !isBlank(old[i]!)) kept++;
  const solid = solidLines(sides);
  const [first, last] = [solid[0], solid.at(-1)];
  if (first === undefined || last === undefined)
    return all <= TINY && meaning(sides.now, 0, sides.now.length) >= all
      ? null
      : { why: 'little', from: 0, to: old.length };
  if (all > TINY) {
    const doubt = doubtAtStart(sides, first) ?? doubtAtEnd(sides, last);
    if (doubt !== null) return doubt;
    if (kept * 2 < all) return { why: 'little', from: at[first]!, to: at[last]! + 1 };
  }
  return doubtInside(sides);
}

/** The text's last lines are the file's, so it was not cut off; one of them is no line of the kind that stands everywhere. */
export function reachesEnd({ old, now, at }: Sides): boolean {
  const counts = countsOf(old);
  let [i, j] = [old.length - 1, now.length - 1];
  for (; i >= 0 && j >= 0; i--, j--) {
    while (i >= 0 && isBlank(old[i]!)) i--;
    while (j >= 0 && isBlank(now[j]!)) j--;
    if (i < 0 || j < 0 || at[j] !== i) return false;
    if (counts.get(old[i]!.trimEnd()) === 1 && /\w{3}/.test(old[i]!)) return true;
  }
  return false;
}

/** Indexes of lines of `now` that are kept and stand once on each side; all kept ones where there is none. */
function solidLines({ old, now, at }: Sides): number[] {
  const [before, after] = [countsOf(old), countsOf(now)];
  const kept = [...at.keys()].filter((j) => at[j] !== -1 && !isBlank(now[j]!));
  const solid = kept.filter((j) => {
    const key = now[j]!.trimEnd();
    return before.get(key) === 1 && after.get(key) === 1 && /\w{3}/.test(key);
  });
  return solid.length > 0 ? solid : kept;
}

function doubtAtStart(sides: Sides, first: number): Doubt | null {
  const { old, now, at } = sides;
  let [i, j] = [at[first]!, first];
  while (i > 0 && j > 0 && same(old[i - 1]!, now[j - 1]!)) [i, j] = [i - 1, j - 1];
  return edgeDoubt(sides, [0, i], [0, j], 'start');
}

function doubtAtEnd(sides: Sides, last: number): Doubt | null {
  const { old, now, at } = sides;
  let [i, j] = [at[last]! + 1, last + 1];
  while (i < old.length && j < now.length && same(old[i]!, now[j]!)) [i, j] = [i + 1, j + 1];
  return edgeDoubt(sides, [i, old.length], [j, now.length], 'end');
}

type Span = readonly [number, number];

/** Lines at an edge of the file that are gone, and those of the text that stand there instead. */
function edgeDoubt(sides: Sides, gone: Span, come: Span, edge: 'start' | 'end'): Doubt | null {
  const { old, now } = sides;
  let lines = old.slice(...gone);
  let instead = now.slice(...come);
  const doubt: Doubt = { why: 'part', from: gone[0], to: gone[1] };
  const replaced = meaning(instead, 0, instead.length) > 0;
  // What the outermost lines have in common: a text that ends as the file does is less likely a part of it.
  let common = 0;
  const [a, b] = edge === 'end' ? [lines.toReversed(), instead.toReversed()] : [lines, instead];
  while (common < a.length && common < b.length && same(a[common]!, b[common]!)) common++;
  if (edge === 'end')
    [lines, instead] = [lines, instead].map((all) => all.slice(0, all.length - common)) as [
      string[],
      string[],
    ];
  else [lines, instead] = [lines.slice(common), instead.slice(common)];
  const missing = meaning(lines, 0, lines.length) - meaning(instead, 0, instead.length);
  if (missing <= 0) return null;
  const limit = Math.max(LEAST_MISSING, Math.floor(old.length * SHARE_MISSING));
  if (missing > (replaced && common === 0 ? LEAST_MISSING : limit)) return doubt;
  const name = neededOf(sides, lines, instead);
  if (name !== null) return { ...doubt, why: 'needed', name };
  const outer = (all: readonly string[]): number => all.filter(isOuter).length;
  // Within one block nothing says that more of the file is missing.
  if (replaced && outer(lines) <= outer(instead)) return null;
  // Whole statements may go from an edge only if they are surely needed no more, and only as a whole.
  const first =
    edge === 'end' ? lines.find((line) => !isBlank(line)) : old.slice(gone[1]).find((line) => !isBlank(line));
  const torn = first !== undefined && !isOuter(first);
  return torn || (replaced && edge === 'end') || lines.some((line) => !isSpare(line, edge)) ? doubt : null;
}

/** A line at the left edge that opens something. */
function isOuter(line: string): boolean {
  return !isBlank(line) && !/^[\s)}\]]/.test(line);
}

function doubtInside(sides: Sides): Doubt | null {
  const { old, now, at } = sides;
  const limit = Math.max(LEAST_GAP, Math.floor(old.length * SHARE_GAP));
  let [i, j] = [-1, -1];
  for (let k = 0; k <= now.length; k++) {
    const next = k === now.length ? old.length : at[k]!;
    if (next === -1) continue;
    const [removed, added] = [meaning(old, i + 1, next), meaning(now, j + 1, k)];
    const gap = { from: i + 1, to: next };
    if (removed - added > limit) return { why: 'left-out', ...gap };
    if (removed > 0 && added === 0) {
      const name = neededOf(sides, old.slice(i + 1, next), []);
      if (name !== null) return { why: 'needed', ...gap, name };
    }
    // The file holds such a line itself, so this one is open: is it that one, or does it stand for what is gone?
    if (removed >= LEAST_MISSING && elides(now, Math.max(j, 0), Math.min(k, now.length - 1)))
      return { why: 'unclear', ...gap };
    [i, j] = [next, k];
  }
  return null;
}

function elides(now: readonly string[], from: number, to: number): boolean {
  for (let k = from; k <= to; k++) if (isElision(now[k]!)) return true;
  return false;
}

const IMPORT = /^(?:import|from|use|using)\b|^(?:const|let|var)\b.*\brequire\s?\(/;
const DECLARATION =
  /^(?:(?:export|default|pub|public|private|protected|static|final|abstract|async)\s+){0,5}(?:function\*?|class|def|const|let|var|fn|func|type|interface|enum|struct|trait|module)\s+([A-Za-z_$][\w$]*)/;
const KEYWORDS = new Set(
  'import from use using as const let var require type default self crate super static'.split(' '),
);

/** Names that a line at the left edge declares; null for any other statement. */
function declaredBy(line: string): string[] | null {
  if (line.length > 1000) return null;
  const several = IMPORT.test(line)
    ? line.replace(/'[^']*'|"[^"]*"/g, '')
    : /^(?:const|let|var)\s*[{[]([^=]*)/.exec(line)?.[1];
  if (several !== undefined) {
    const names = wordsOf(several).filter((word) => !KEYWORDS.has(word));
    return names.length === 0 ? null : names;
  }
  const name = DECLARATION.exec(line)?.[1];
  return name === undefined ? null : [name];
}

/** A name that lines which are gone declare, that the text uses and that none of its new lines declares. */
function neededOf({ now, at }: Sides, gone: readonly string[], come: readonly string[]): string | null {
  const names = new Set(gone.flatMap((line) => declaredBy(line) ?? []));
  if (names.size === 0) return null;
  const declared = new Set(come.flatMap((line) => declaredBy(line) ?? []));
  const used = new Set<string>();
  for (const [j, line] of now.entries()) {
    const own =
      at[j] !== -1
        ? null
        : (declaredBy(line.trim()) ?? /^\s*(?:type )?([\w$]+)(?: as [\w$]+)?,?$/.exec(line)?.slice(1));
    for (const name of own ?? []) declared.add(name);
    for (const word of usedIn(line)) used.add(word);
  }
  return [...names].find((name) => used.has(name) && !declared.has(name)) ?? null;
}

function wordsOf(line: string): string[] {
  return line.match(/[A-Za-z_$][\w$]*/g) ?? [];
}

/** Words that are no members of something else. */
function usedIn(line: string): string[] {
  return line.match(/(?<![\w$.])[A-Za-z_$][\w$]*/g) ?? [];
}

/** A line that may go from the start or end of a file without anything in its place: of a declaration for this file only. */
function isSpare(line: string, edge: 'start' | 'end'): boolean {
  if (!isOuter(line)) return true;
  if (edge === 'end' && /^(?:\/\/|\/\*|\*)/.test(line)) return true;
  // What other files may use is not known to be needed no more.
  if (/^(?:export|pub|public|def|class|func|fn|type|interface|enum|struct|trait|module)\b/.test(line))
    return false;
  return declaredBy(line) !== null;
}

function same(a: string, b: string): boolean {
  return a.trimEnd() === b.trimEnd();
}

function countsOf(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line.trimEnd(), (counts.get(line.trimEnd()) ?? 0) + 1);
  return counts;
}

function meaning(lines: readonly string[], from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (!isBlank(lines[i]!)) count++;
  return count;
}
