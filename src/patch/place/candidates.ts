import type { Hunk, HunkLine, Reading } from '../intent.ts';
import { indentOfPlacement } from './added.ts';
import { indentOf, isBlank, type FileText } from './lines.ts';
import { placementsOf, type Placement } from './match.ts';
import { RUNGS, UNSEEN, type Rung } from './rungs.ts';
import { spliceKey, splicesOf, type Splice } from './splice.ts';

/** One way in which a hunk fits. */
export interface Candidate {
  reading: Reading;
  placement: Placement;
  /** What it changes; null where that is open (see `splicesOf`), [] where it is there already. */
  splices: Splice[] | null;
  /** The file holds the result of the hunk at this place. */
  done: boolean;
  /** File line where the hunk begins, from 0. */
  start: number;
}

/** What was found on the first rung where anything was; `places` are different from each other. */
export interface Found {
  places: Candidate[];
  /** Where the file holds the hunk's result: seen on the same rung. */
  done: Candidate[];
  rung: Rung;
}

const isBefore = (line: HunkLine): boolean => line.op === ' ' || line.op === '-';
const isAfter = (line: HunkLine): boolean => line.op === ' ' || line.op === '+';

const FLIGHTS: readonly (readonly Rung[])[] = [
  RUNGS.slice(0, UNSEEN),
  ...RUNGS.slice(UNSEEN).map((rung) => [rung]),
];

/** The rungs with each reading of a hunk, from the strictest down. */
export function* ladder(hunk: Hunk): Generator<{ rung: Rung; reading: Reading }> {
  for (const flight of FLIGHTS)
    for (const reading of hunk.readings) for (const rung of flight) yield { rung, reading };
}

/** Goes down the ladder until the hunk's lines before are somewhere; null when they are nowhere. */
export function findBefore(file: FileText, hunk: Hunk): Found | null {
  if (!anywhere(file, hunk, isBefore)) return null;
  for (const { rung, reading } of ladder(hunk)) {
    const places = placesOf(file, reading, rung);
    if (places.length > 0) return { places, done: donesOf(file, reading, rung), rung };
  }
  return null;
}

/** Where the file holds the hunk's result, on the first rung where it does anywhere. */
export function findDone(file: FileText, hunk: Hunk): Candidate[] {
  if (!anywhere(file, hunk, isAfter)) return [];
  for (const { rung, reading } of ladder(hunk)) {
    const found = donesOf(file, reading, rung);
    if (found.length > 0) return found;
  }
  return [];
}

/** Whether the loosest rung finds anything: what it does not find, none does. It cannot see blank lines. */
function anywhere(file: FileText, hunk: Hunk, counts: (line: HunkLine) => boolean): boolean {
  return hunk.readings.some(
    ({ lines }) =>
      lines.every((line) => !counts(line) || isBlank(line.text)) ||
      placementsOf(file, lines, RUNGS.at(-1)!, counts).length > 0,
  );
}

/** The places under one rung, whatever others find. */
export function placesOf(file: FileText, reading: Reading, rung: Rung): Candidate[] {
  const { lines } = reading;
  const seen = new Set<string>();
  const found: Candidate[] = [];
  for (const placement of placementsOf(file, lines, rung, isBefore)) {
    if (rung.indent === 'mapped' && !indentsMap(file, lines, placement)) continue;
    if (!endFits(file, lines, placement, isBefore)) continue;
    const splices = splicesOf(file, lines, placement);
    const key = splices === null ? `open ${placement.first}` : spliceKey(splices);
    if (seen.has(key)) continue;
    seen.add(key);
    found.push({ reading, placement, splices, done: false, start: startOf(lines, placement, isBefore) });
  }
  return found;
}

/** Whether white space in front maps in one way, for the new lines too. */
function indentsMap(file: FileText, lines: readonly HunkLine[], placement: Placement): boolean {
  const mapped = indentOfPlacement(file, lines, placement);
  return (
    mapped !== null &&
    lines.every((line) => line.op !== '+' || isBlank(line.text) || mapped.map(indentOf(line.text)) !== null)
  );
}

/** Where the file holds the result of a reading, under one rung. */
export function donesOf(file: FileText, reading: Reading, rung: Rung): Candidate[] {
  const { lines } = reading;
  if (!lines.some((line) => isAfter(line) && !isBlank(line.text))) return [];
  return placementsOf(file, lines, rung, isAfter)
    .filter((placement) => rung.indent === 'same' || indentOfPlacement(file, lines, placement) !== null)
    .filter((placement) => endsAsResult(file, lines, placement))
    .map((placement) => ({
      reading,
      placement,
      splices: [],
      done: true,
      start: startOf(lines, placement, isAfter),
    }));
}

/** A line that is said to have no newline behind it can only be the last one. */
function endFits(
  file: FileText,
  lines: readonly HunkLine[],
  placement: Placement,
  counts: (line: HunkLine) => boolean,
): boolean {
  if (file.lines.at(-1)?.eol !== '') return true;
  return lines.every(
    (line, i) =>
      line.noNewline !== true ||
      !counts(line) ||
      placement.at[i] === -1 ||
      placement.at[i] === file.lines.length - 1,
  );
}

/** Where a hunk speaks of the newline at the end, its result has it, or has it not. */
function endsAsResult(file: FileText, lines: readonly HunkLine[], placement: Placement): boolean {
  if (!lines.some(({ noNewline }) => noNewline === true)) return true;
  const end = file.lines.length - 1;
  return lines.every((line, i) => {
    if (!isAfter(line)) return true;
    if (line.noNewline === true) return placement.at[i] === end && file.lines[end]!.eol === '';
    return placement.at[i] !== end || file.lines[end]!.eol !== '';
  });
}

function startOf(
  lines: readonly HunkLine[],
  placement: Placement,
  counts: (line: HunkLine) => boolean,
): number {
  // Blank lines at the head are not matched on some rungs, but the hunk's own line number counts them.
  let leading = 0;
  for (const [i, line] of lines.entries()) {
    if (placement.at[i] !== -1) break;
    if (counts(line) && isBlank(line.text)) leading++;
  }
  return Math.max(0, placement.first - leading);
}

/** Whether a place lies inside of one where the result is: then what looks like the lines before is part of the result. */
export function insideDone(place: Candidate, done: readonly Candidate[]): boolean {
  return done.some(
    (one) => place.placement.first >= one.placement.first && place.placement.last <= one.placement.last,
  );
}
