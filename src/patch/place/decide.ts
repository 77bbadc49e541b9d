import type { Hunk, Repair } from '../intent.ts';
import type { Candidate } from './candidates.ts';
import { byLine, consistentNumbers, type Numbers } from './choose.ts';
import type { TextEdit } from './edits.ts';
import { nowhere, rivals, several } from './explain.ts';
import type { FileText } from './lines.ts';
import { adds, type State, type Tie } from './look.ts';
import { RUNGS } from './rungs.ts';

/** What the line numbers of a file's hunks are worth. */
export function numbersOf(hunks: readonly Hunk[], states: readonly State[]): Numbers {
  const offsets = new Set<number>();
  let witnesses = 0;
  for (const state of states) {
    if (state.at !== 'one' || state.hunk.oldStart === null) continue;
    witnesses++;
    offsets.add(state.chosen.start - (state.hunk.oldStart - 1));
  }
  const [offset = null] = offsets;
  return { consistent: consistentNumbers(hunks), witnesses, offset: offsets.size === 1 ? offset : null };
}

export type Decision =
  | { take: Candidate[] }
  | { edit: TextEdit; repair: Repair }
  | { repair: Repair }
  | { refusal: string };

export interface Around {
  numbers: Numbers;
  states: readonly State[];
  /** See `HunkOptions`. */
  asGiven: boolean;
}

/** Where a hunk goes, or why that cannot be told. */
export function decide(path: string, file: FileText, state: State, around: Around): Decision {
  const { hunk } = state;
  const already: Decision = {
    repair: { fault: 'already-there', text: `${hunk.label}: ${path} has it already` },
  };
  switch (state.at) {
    case 'one':
      return { take: [state.chosen] };
    case 'already':
      return already;
    case 'part':
      return {
        edit: state.edit,
        repair: { fault: 'part-of-line', text: `replaced a part of a line (${hunk.label})` },
      };
    case 'parts':
      return {
        refusal: `${hunk.label}: its text is in several lines of ${path}; give whole lines, enough of them that only one place fits`,
      };
    case 'done': {
      if (byLine(hunk, state.done, around.numbers) !== null) return already;
      const alike = around.states.filter((other) => other.at === 'done' && sameHunk(other.hunk, hunk));
      return alike.length === state.done.length ? already : { refusal: nowhere(path, file, hunk) };
    }
    case 'rival': {
      const chosen = byLine(hunk, [...state.found.places, ...state.done], around.numbers);
      if (chosen !== null) return chosen.done ? already : { take: [chosen] };
      return { refusal: rivals(path, hunk, state.found.places[0]!, state.done[0]!) };
    }
    case 'nowhere':
      return { refusal: nowhere(path, file, hunk) };
    case 'unanchored':
      return unanchored(path, file, hunk, around);
    case 'tie': {
      const { places, done, all } = state.found;
      const chosen = byLine(hunk, [...places, ...done], around.numbers);
      if (chosen !== null) return chosen.done ? already : { take: [chosen] };
      if (all === 1) {
        // Where lines only go, what is left may stand anywhere; new lines with all that is around them hardly do.
        if (!adds(done[0]!.reading)) return { take: [places[0]!] };
        return { refusal: rivals(path, hunk, places[0]!, done[0]!) };
      }
      const shared = sharedOut(state.found, hunk, around.states);
      if (shared !== null) return { take: shared };
      return { refusal: several(path, file, hunk, [...places, ...done]) };
    }
  }
}

/**
 * As many equal hunks of a diff as there are places: all places change, whichever hunk is whose. Each takes its own in
 * the order of the hunks.
 */
function sharedOut(found: Tie, hunk: Hunk, states: readonly State[]): Candidate[] | null {
  if (hunk.literal || found.all !== found.places.length) return null;
  const alike = states.filter((other) => other.at === 'tie' && sameHunk(other.hunk, hunk));
  if (alike.length !== found.places.length) return null;
  const mine = alike.findIndex((other) => other.hunk === hunk);
  return [found.places.toSorted((a, b) => a.start - b.start)[mine]!];
}

function sameHunk(a: Hunk, b: Hunk): boolean {
  const keyOf = (hunk: Hunk): string =>
    hunk.readings[0]!.lines.map((line) => `${line.op}${line.text}`).join('\n');
  return keyOf(a) === keyOf(b);
}

/** New lines with nothing around them: into an empty file, or where line numbers are proved right by other hunks. */
function unanchored(path: string, file: FileText, hunk: Hunk, { numbers, asGiven }: Around): Decision {
  const [reading] = hunk.readings;
  const proved =
    numbers.consistent && (asGiven ? numbers.witnesses === 0 || numbers.offset === 0 : numbers.offset === 0);
  const at = file.lines.length === 0 ? 0 : proved && hunk.oldStart !== null ? hunk.oldStart : null;
  if (at === null || at > file.lines.length)
    return {
      refusal: `${hunk.label}: it names no line of ${path} that it goes beside; give some lines around it, as they are in the file`,
    };
  const lines = reading!.lines;
  return {
    take: [
      {
        reading: reading!,
        placement: { rung: RUNGS[0]!, at: new Int32Array(lines.length).fill(-1), first: at, last: at - 1 },
        splices: [{ at, remove: 0, insert: lines.filter((line) => line.op === '+') }],
        done: false,
        start: at,
      },
    ],
  };
}
