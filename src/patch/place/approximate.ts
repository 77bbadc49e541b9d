import type { Hunk, HunkLine } from '../intent.ts';
import { indentOfPlacement } from './added.ts';
import type { Candidate } from './candidates.ts';
import { isBlank, type FileText } from './lines.ts';
import { RUNGS, keyedBy, type Rung } from './rungs.ts';
import { splicesOf } from './splice.ts';

/** A hunk of fewer lines says too little to be found by likeness. */
const MIN_LINES = 3;
/** Likeness of all lines before, together. */
const ENOUGH = 0.9;
/** With lines at its edges left out, which is what `patch` calls fuzz. */
const ENOUGH_INSIDE = 0.6;
const MAX_EDGE = 2;
/** No other place may come as close as this. */
const MARGIN = 0.15;
const MAX_WORK = 4_000_000;
/** Lines between where a hunk says that it is and where it resembles something. */
const FAR = 60;

const LOOSE: Rung = { ...RUNGS.at(-1)!, name: 'context', faults: ['context'] };

/**
 * The one place where a hunk fits but for some of its context: every removed line is there, and the lines beside new
 * ones; what differs is context, little of it, or only at its edges; and no other place is nearly as like.
 */
export function approximate(file: FileText, hunk: Hunk): Candidate | null {
  const [reading] = hunk.readings;
  const { lines } = reading!;
  if (lines.some((line) => line.op === '…')) return null;
  const own: number[] = [];
  for (const [i, line] of lines.entries()) if (line.op !== '+' && !isBlank(line.text)) own.push(i);
  if (own.length < MIN_LINES) return null;
  const { keys, at } = keyedBy(file, LOOSE);
  if (keys.length * own.length > MAX_WORK) return null;
  const wanted = own.map((i) => LOOSE.key(lines[i]!.text));
  const must = new Set(own.map((i, k) => (mustFit(lines, i) ? k : -1)).filter((k) => k !== -1));
  const words = wanted.map(wordsOf);
  let best = { score: 0, start: -1 };
  let second = 0;
  for (let start = 1 - own.length; start < keys.length; start++) {
    let score = 0;
    for (let k = 0; k < own.length; k++) {
      const key = keys[start + k];
      if (key !== undefined) score += key === wanted[k] ? 1 : 0.9 * common(words[k]!, key);
    }
    score /= own.length;
    if (score > best.score) [second, best] = [best.score, { score, start }];
    else if (score > second) second = score;
  }
  if (best.start === -1 || second > best.score - MARGIN) return null;
  const differs = own.map((_, k) => keys[best.start + k] !== wanted[k]);
  if ([...must].some((k) => differs[k])) return null;
  if (best.score < ENOUGH && !(best.score >= ENOUGH_INSIDE && onlyAtEdges(differs, must))) return null;
  const places = new Int32Array(lines.length).fill(-1);
  for (const [k, i] of own.entries()) if (!differs[k]) places[i] = at[best.start + k]!;
  const matched = places.filter((place) => place !== -1);
  const placement = { rung: LOOSE, at: places, first: matched[0]!, last: matched.at(-1)! };
  if (matched.length < MIN_LINES - 1 || indentOfPlacement(file, lines, placement) === null) return null;
  // Lines that only resemble, far from where they are said to be, are others.
  const said = hunk.oldStart === null || hunk.oldStart > file.lines.length ? null : hunk.oldStart - 1;
  if (said !== null && Math.abs(placement.first - said) > FAR) return null;
  const splices = splicesOf(file, lines, placement);
  return splices === null
    ? null
    : { reading: reading!, placement, splices, done: false, start: placement.first };
}

/** Removed lines must be there, and lines of context that new ones stand beside. */
function mustFit(lines: readonly HunkLine[], i: number): boolean {
  if (lines[i]!.op === '-') return true;
  for (const step of [-1, 1] as const) {
    let k = i + step;
    while (lines[k] !== undefined && lines[k]!.op !== '+' && isBlank(lines[k]!.text)) k += step;
    if (lines[k]?.op === '+') return true;
  }
  return false;
}

/** The lines that differ are the first and the last few, with more lines that fit between. */
function onlyAtEdges(differs: readonly boolean[], must: ReadonlySet<number>): boolean {
  const first = differs.indexOf(false);
  const last = differs.lastIndexOf(false);
  if (first === -1 || first > MAX_EDGE || differs.length - 1 - last > MAX_EDGE) return false;
  const inside = differs.slice(first, last + 1);
  return !inside.includes(true) && inside.length >= MIN_LINES && must.size > 0;
}

function wordsOf(text: string): Set<string> {
  return new Set(text.slice(0, 400).match(/\w+/g) ?? []);
}

function common(words: ReadonlySet<string>, text: string): number {
  if (words.size === 0) return 0;
  const others = wordsOf(text);
  if (others.size === 0) return 0;
  let both = 0;
  for (const word of others) if (words.has(word)) both++;
  return (2 * both) / (words.size + others.size);
}
