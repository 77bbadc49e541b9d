import type { Hunk, HunkLine, Repair } from '../intent.ts';
import { adaptation, indentOfPlacement, pairsOf } from './added.ts';
import type { Candidate } from './candidates.ts';
import { decide, numbersOf } from './decide.ts';
import { editsOf, type TextEdit } from './edits.ts';
import { open } from './explain.ts';
import { fileText, type FileText } from './lines.ts';
import { lookForAll } from './look.ts';
import { RUNGS } from './rungs.ts';

interface Placed {
  edits: (TextEdit & { label: string })[];
  repairs: Repair[];
  /** Rungs and readings that were needed are no stranger than white space at the end: good enough for a guessed file name. */
  strict: boolean;
}

export type PlacedHunks = Placed | { refusals: string[] };

/** Each refusal shows lines of the file, which takes time to find and to read. */
const MAX_REFUSALS = 10;

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
  const states = lookForAll(file, hunks);
  const numbers = numbersOf(hunks, states);
  const refusals: string[] = [];
  const taken: { hunk: Hunk; one: Candidate }[] = [];
  const placed: Placed = { edits: [], repairs: [], strict: true };
  for (const state of states) {
    if (refusals.length >= MAX_REFUSALS) {
      refusals.push(`and more of ${path}: these first`);
      break;
    }
    const decision = decide(path, file, state, { numbers, states, asGiven: options.asGiven });
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
