import type { Hunk, HunkLine, Reading, Repair } from '../intent.ts';
import { adaptation, indentOfPlacement, pairsOf } from './added.ts';
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
import { byLine, consistentNumbers, type Numbers } from './choose.ts';
import { editsOf, type TextEdit } from './edits.ts';
import { RUNGS, UNSEEN, type Rung } from './rungs.ts';
import { nowhere, open, several } from './explain.ts';
import { fileText, type FileText } from './lines.ts';
import { partOfLine } from './literal.ts';

interface Placed {
  edits: (TextEdit & { label: string })[];
  repairs: Repair[];
  /** Rungs and readings that were needed are no stranger than white space at the end: good enough for a guessed file name. */
  strict: boolean;
}

export type PlacedHunks = Placed | { refusals: string[] };

/** Each refusal shows lines of the file, which takes time to find and to read. */
const MAX_REFUSALS = 10;
/** Hunks of a file that are looked for by likeness, which looks at all of it. */
const MAX_TRIES = 50;

/** What is known of one hunk after everybody looked for it on its own. */
type State =
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
interface Tie extends Found {
  all: number;
}

export interface HunkOptions {
  /** Added lines are taken as they are: a diff that a tool made. */
  asGiven: boolean;
}

/**
 * Finds the one place of each hunk in a file, by the ladder of `rungs.ts`; all or nothing. Several equal places are
 * told apart by line numbers that are right, or refused. What is there already changes nothing.
 */
export function placeHunks(
  path: string,
  text: string,
  hunks: readonly Hunk[],
  options: HunkOptions,
): PlacedHunks {
  const file = fileText(text);
  let tries = MAX_TRIES;
  const states = doubted(
    file,
    hunks.map((hunk) => lookFor(file, hunk, () => tries-- > 0)),
  );
  const numbers = numbersOf(hunks, states);
  const refusals: string[] = [];
  const taken: { hunk: Hunk; one: Candidate }[] = [];
  const placed: Placed = { edits: [], repairs: [], strict: true };
  for (const state of states) {
    if (refusals.length >= MAX_REFUSALS) {
      refusals.push(`and more of ${path}: these first`);
      break;
    }
    const decision = decide(path, file, state, { numbers, states, hunks, options });
    if ('refusal' in decision) refusals.push(decision.refusal);
    else if ('take' in decision) taken.push(...decision.take.map((one) => ({ hunk: state.hunk, one })));
    else {
      if ('edit' in decision) placed.edits.push({ ...decision.edit, label: state.hunk.label });
      placed.repairs.push(decision.repair);
    }
  }
  const polluted = taken.some(({ one }) => showsTrailingBlanks(file, one));
  for (const { hunk, one } of taken) {
    const made = write(path, file, hunk, one, polluted, options);
    if ('refusal' in made) {
      refusals.push(made.refusal);
      continue;
    }
    placed.edits.push(...made.edits.map((edit) => ({ ...edit, label: hunk.label })));
    placed.repairs.push(...made.repairs);
    placed.strict &&= ['exact', 'line ends', 'trailing blanks'].includes(one.placement.rung.name);
  }
  return refusals.length > 0 ? { refusals } : placed;
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
    const [only] = found.places;
    if (found.places.length === 1 && found.done.length === 0) return { hunk, at: 'one', chosen: only! };
    return { hunk, at: 'tie', found: { ...found, places: free, all: found.places.length } };
  }
  if (hunk.literal) {
    const part = partOfLine(file, hunk.literal);
    if (part === 'done') return { hunk, at: 'already' };
    if (part === 'several') return { hunk, at: 'parts' };
    if (part !== null) return { hunk, at: 'part', edit: part };
  }
  const done = findDone(file, hunk);
  if (done.length === 1) return { hunk, at: 'already' };
  if (done.length > 1) return { hunk, at: 'done', done };
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

function adds(reading: Reading): boolean {
  return reading.lines.some((line) => line.op === '+' && line.text.trim() !== '');
}

function rivals(path: string, hunk: Hunk, place: Candidate, done: Candidate): string {
  return `${hunk.label}: ${path} has its result at line ${done.start + 1}, and at line ${place.start + 1} the lines that it changes; if those are meant, show more of the lines around them`;
}

function numbersOf(hunks: readonly Hunk[], states: readonly State[]): Numbers {
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

type Decision =
  | { take: Candidate[] }
  | { edit: TextEdit; repair: Repair }
  | { repair: Repair }
  | { refusal: string };

interface Around {
  numbers: Numbers;
  states: readonly State[];
  hunks: readonly Hunk[];
  options: HunkOptions;
}

function decide(path: string, file: FileText, state: State, around: Around): Decision {
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
function unanchored(path: string, file: FileText, hunk: Hunk, { numbers, options }: Around): Decision {
  const [reading] = hunk.readings;
  const proved =
    numbers.consistent &&
    (options.asGiven ? numbers.witnesses === 0 || numbers.offset === 0 : numbers.offset === 0);
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

function showsTrailingBlanks(file: FileText, one: Candidate): boolean {
  return pairsOf(file, one.reading.lines, one.placement).some(
    ([own, files]) => /[ \t]\r?$/.test(own) && !/[ \t]$/.test(files),
  );
}

function write(
  path: string,
  file: FileText,
  hunk: Hunk,
  one: Candidate,
  polluted: boolean,
  { asGiven }: HunkOptions,
): { edits: TextEdit[]; repairs: Repair[] } | { refusal: string } {
  if (one.splices === null) return { refusal: open(path, file, hunk, one) };
  const { lines } = one.reading;
  const exact = one.placement.rung === RUNGS[0];
  const mapped = indentOfPlacement(file, lines, one.placement) ?? { map: () => null, how: null };
  const explicit = exact && (asGiven || convertsLineEnds(lines));
  const adapted =
    asGiven && exact
      ? { adapt: (text: string) => (text.endsWith('\r') ? text.slice(0, -1) : text), repairs: [] }
      : adaptation(file, lines, one.placement, mapped, {
          label: hunk.label,
          markdown: /\.(?:md|markdown|mdx)$/i.test(path),
          polluted,
        });
  if ('refusal' in adapted) return adapted;
  const marked = lines.some((line) => line.noNewline === true);
  const edits = editsOf(file, one.splices, { adapt: adapted.adapt, marked, explicit });
  if (edits === null)
    return {
      refusal: `${hunk.label}: its new lines are indented in a way that does not follow from the lines around them in ${path}; indent all of it as the file is`,
    };
  return { edits, repairs: [...repairsOf(hunk, one, adapted.repairs), ...adapted.repairs] };
}

/** The same lines before and after but for their carriage returns: that is the change. */
function convertsLineEnds(lines: readonly HunkLine[]): boolean {
  const of = (op: string): string[] => lines.filter((line) => line.op === op).map((line) => line.text);
  const [removed, added] = [of('-'), of('+')];
  const bare = (text: string): string => text.replace(/\r$/, '');
  return (
    removed.length > 0 &&
    removed.length === added.length &&
    removed.every((text, i) => text !== added[i] && bare(text) === bare(added[i]!))
  );
}

const SAID: Partial<Record<Repair['fault'], string>> = {
  'line-ends': "took the file's line ends",
  'trailing-blanks': 'matched without trailing blanks',
  indentation: 'matched with another indentation',
  'blank-lines': 'matched without blank lines',
  'inner-blanks': 'matched with other white space inside of lines',
  context: 'matched although some lines around it differ',
};

function repairsOf(hunk: Hunk, one: Candidate, made: readonly Repair[]): Repair[] {
  const repairs = [...one.reading.repairs];
  if (hunk.oldStart !== null && one.placement.last >= one.placement.first && one.start + 1 !== hunk.oldStart)
    repairs.push({
      fault: 'hunk-line',
      text: `${hunk.label} is at line ${one.start + 1}, not ${hunk.oldStart}`,
    });
  for (const fault of one.placement.rung.faults)
    if (!made.some((repair) => repair.fault === fault))
      repairs.push({ fault, text: `${SAID[fault] ?? fault} (${hunk.label})` });
  return repairs;
}
