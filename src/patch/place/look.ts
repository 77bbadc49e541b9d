import type { Hunk, HunkLine, Reading } from '../intent.ts';
import { approximate } from './approximate.ts';
import {
  donesOf,
  findBefore,
  findDone,
  insideDone,
  ladder,
  placesOf,
  type Candidate,
  type Found,
} from './candidates.ts';
import type { TextEdit } from './edits.ts';
import { isGone } from './gone.ts';
import type { FileText } from './lines.ts';
import { partOfLine } from './literal.ts';
import { RUNGS, UNSEEN, type Rung } from './rungs.ts';

/** What is known of one hunk after everybody looked for it on its own. */
export type State =
  | { hunk: Hunk; at: 'one'; chosen: Candidate }
  | { hunk: Hunk; at: 'already' }
  | { hunk: Hunk; at: 'part'; edit: TextEdit }
  | { hunk: Hunk; at: 'parts' }
  | { hunk: Hunk; at: 'tie'; found: Tie }
  | { hunk: Hunk; at: 'done'; done: Candidate[] }
  | { hunk: Hunk; at: 'rival'; found: Found; done: Candidate[] }
  | { hunk: Hunk; at: 'unanchored' }
  | { hunk: Hunk; at: 'nowhere' };

/** Places that are not part of a result that is there already; `all` counts those too. */
export interface Tie extends Found {
  all: number;
}

/** Hunks of a file that are looked for by likeness, which looks at all of it. */
const MAX_TRIES = 50;

/** Looks for each hunk on its own, then doubts each by what the others show. */
export function lookForAll(file: FileText, hunks: readonly Hunk[]): State[] {
  let tries = MAX_TRIES;
  return doubted(
    file,
    hunks.map((hunk) => lookFor(file, hunk, () => tries-- > 0)),
  );
}

/**
 * What one hunk of an answer has wrong, the others may have too: where one was only found without its blank lines, say,
 * each of the others must have one place without them as well, or it is a tie.
 */
function doubted(file: FileText, states: readonly State[]): State[] {
  const needed = new Set<Rung>();
  for (const state of states) {
    const rung =
      state.at === 'one' ? state.chosen.placement.rung : state.at === 'tie' ? state.found.rung : null;
    if (rung !== null && RUNGS.indexOf(rung) >= UNSEEN) needed.add(rung);
  }
  if (needed.size === 0) return [...states];
  return states.map((state) => {
    if (state.at !== 'one') return state;
    const { reading, placement } = state.chosen;
    for (const rung of needed) {
      if (RUNGS.indexOf(rung) <= RUNGS.indexOf(placement.rung)) continue;
      const places = placesOf(file, reading, rung);
      if (places.length > 1)
        return {
          hunk: state.hunk,
          at: 'tie',
          found: { places, done: donesOf(file, reading, rung), rung, all: places.length },
        };
    }
    return state;
  });
}

function lookFor(file: FileText, hunk: Hunk, mayTry: () => boolean): State {
  const before = (line: HunkLine): boolean => line.op === ' ' || line.op === '-';
  if (!hunk.readings.some(({ lines }) => lines.some(before))) return { hunk, at: 'unanchored' };
  const found = findBefore(file, hunk);
  if (found !== null) {
    const rival = tighterDone(file, hunk, found);
    if (rival === 'exact') return { hunk, at: 'already' };
    if (rival !== null)
      return found.places.every((place) => insideDone(place, rival))
        ? { hunk, at: 'already' }
        : { hunk, at: 'rival', found, done: rival };
    const free = found.places.filter((place) => !insideDone(place, found.done));
    if (free.length === 0) return { hunk, at: 'already' };
    const around = looserDone(file, { ...found, places: free });
    if (around.length > 0) return { hunk, at: 'rival', found, done: around };
    const [only] = found.places;
    if (found.places.length === 1 && found.done.length === 0) {
      const pointed = pointedAt(file, hunk, only!);
      if (pointed === null) return { hunk, at: 'one', chosen: only! };
      const places = [only!, pointed];
      return { hunk, at: 'tie', found: { ...found, places, all: places.length } };
    }
    return { hunk, at: 'tie', found: { ...found, places: free, all: found.places.length } };
  }
  if (hunk.literal) {
    const part = partOfLine(file, hunk.literal);
    if (part === 'done') return { hunk, at: 'already' };
    if (part === 'several') return { hunk, at: 'parts' };
    if (part !== null) return { hunk, at: 'part', edit: part };
  }
  const maybe = findDone(file, hunk);
  const done = maybe.filter((one) => adds(one.reading) || isGone(file, one));
  if (done.length === 1) return { hunk, at: 'already' };
  if (done.length > 1) return { hunk, at: 'done', done };
  // Lines that only go, and may be gone: what resembles them could be what was left.
  if (maybe.length > 0) return { hunk, at: 'nowhere' };
  const near = mayTry() ? approximate(file, hunk) : null;
  return near === null ? { hunk, at: 'nowhere' } : { hunk, at: 'one', chosen: near };
}

/**
 * Where the result of a hunk is, new lines and all, on a stricter rung or in a more literal reading than its lines
 * before: letter by letter that says more than lines that only resemble those before; else it is open which counts.
 */
function tighterDone(file: FileText, hunk: Hunk, found: Found): Candidate[] | 'exact' | null {
  for (const { rung, reading } of ladder(hunk)) {
    if (rung === found.rung && reading === found.places[0]!.reading) return null;
    const done = donesOf(file, reading, rung);
    if (done.length === 0) continue;
    return rung === RUNGS[0] && adds(reading) ? 'exact' : done;
  }
  return null;
}

/** Results, with another indentation, that a place lies inside of: what looks like the lines before is part of one. */
function looserDone(file: FileText, { places, rung }: Found): Candidate[] {
  const [{ reading }] = places as [Candidate];
  if (!adds(reading) || RUNGS.indexOf(rung) >= UNSEEN) return [];
  const done = donesOf(file, reading, RUNGS[UNSEEN]!);
  return done.filter((one) => places.some((place) => insideDone(place, [one])));
}

/** Another place, where the lines are but for blank ones, at the very line that the hunk names. */
function pointedAt(file: FileText, hunk: Hunk, only: Candidate): Candidate | null {
  const { oldStart } = hunk;
  const blankless = RUNGS.findIndex((one) => one.blankless);
  if (oldStart === null || only.start === oldStart - 1) return null;
  if (RUNGS.indexOf(only.placement.rung) >= blankless) return null;
  const places = placesOf(file, only.reading, RUNGS[blankless]!);
  return (
    places.find((one) => one.start === oldStart - 1 && one.placement.first !== only.placement.first) ?? null
  );
}

/** New lines that are not blank. */
export function adds(reading: Reading): boolean {
  return reading.lines.some((line) => line.op === '+' && line.text.trim() !== '');
}
