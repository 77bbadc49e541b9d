import type { HunkLine } from '../intent.ts';
import type { Candidate } from './candidates.ts';
import { isBlank, type FileText } from './lines.ts';
import { RUNGS, UNSEEN } from './rungs.ts';

/** Letters and digits that a line must have to be told from others by them. */
const TELLING = 3;
const looseTexts = new WeakMap<FileText, { all: string; lines: readonly string[] }>();

/** Letters and digits alone: what is left however a text was escaped, indented or spaced. */
function loose(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '').toLowerCase();
}

function looseOf(file: FileText): { all: string; lines: readonly string[] } {
  let known = looseTexts.get(file);
  if (known === undefined) {
    const lines = file.lines.map(({ text }) => loose(text));
    known = { all: lines.join('\n'), lines };
    looseTexts.set(file, known);
  }
  return known;
}

/** Whether the file holds one of these lines, or parts of lines, in any spelling that leaves its letters alone. */
export function holdsAny(file: FileText, texts: readonly string[]): boolean {
  const { all } = looseOf(file);
  return texts.some((text) => {
    const key = loose(text);
    return key.length >= TELLING && all.includes(key);
  });
}

/**
 * Whether lines that only go are gone already. Nothing new shows that, so what stood around them must stand together, on both
 * sides and letter by letter; and none of them may be in the file in another spelling, or beside one of the lines that
 * stood around it: lines that were misquoted, or whose surroundings were, fit nowhere either.
 */
export function isGone(file: FileText, { reading, placement }: Candidate): boolean {
  if (RUNGS.indexOf(placement.rung) >= UNSEEN) return false;
  const { lines } = reading;
  const first = lines.findIndex(({ op }) => op === '-');
  const last = lines.findLastIndex(({ op }) => op === '-');
  const stays = (line: HunkLine): boolean => line.op === ' ' && !isBlank(line.text);
  const above = lines.slice(0, first).some(stays) || placement.first === 0;
  const below = lines.slice(last + 1).some(stays) || placement.last === file.lines.length - 1;
  const removed = lines.filter(({ op }) => op === '-').map(({ text }) => text);
  if (!above || !below || !removed.some((text) => loose(text).length >= TELLING)) return false;
  const around = new Set(
    lines
      .filter(stays)
      .map(({ text }) => loose(text))
      .filter((key) => key.length >= TELLING),
  );
  return !removed.some((text) => isStillThere(file, text, around));
}

function isStillThere(file: FileText, text: string, around: ReadonlySet<string>): boolean {
  const key = loose(text);
  if (key.length < TELLING) return false;
  const { lines } = looseOf(file);
  const places = lines.flatMap((line, i) => (line.includes(key) ? [i] : []));
  const isBeside = (i: number): boolean => around.has(lines[i - 1] ?? '') || around.has(lines[i + 1] ?? '');
  const bare = text.trim();
  return places.some((i) => isBeside(i) || file.lines[i]!.text.trim() !== bare);
}
