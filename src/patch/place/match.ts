import type { HunkLine } from '../intent.ts';
import { indentOf, isBlank, type FileText } from './lines.ts';
import { keyedBy, type Rung } from './rungs.ts';

/** Where lines of a hunk stand in a file: for each line the index of the file's line, or -1 for one that stands for none. */
export interface Placement {
  rung: Rung;
  at: Int32Array;
  /** First and last file line that is matched. */
  first: number;
  last: number;
}

/** More places than this are as good as all. */
const MAX_PLACES = 64;
/** Of one elision, all tries together. */
const MAX_STEPS = 20_000;

interface Segment {
  /** Indexes into the lines of the hunk. */
  from: number[];
  keys: string[];
}

/** All places where the lines that `counts` (context and removed lines, or context and added ones) fit under a rung. */
export function placementsOf(
  file: FileText,
  lines: readonly HunkLine[],
  rung: Rung,
  counts: (line: HunkLine) => boolean,
): Placement[] {
  const segments = segmentsOf(lines, rung, counts);
  if (segments.length === 0) return [];
  const keyed = keyedBy(file, rung);
  const found: Placement[] = [];
  let steps = 0;
  const chosen: number[] = [];
  const starts = segments.map((segment) => startsOf(segment.keys, keyed.keys, keyed.places));
  if (starts.some((list) => list.length === 0)) return [];
  extend(0, -1);
  return found;

  function extend(depth: number, after: number): void {
    if (depth === segments.length) {
      found.push(placement());
      return;
    }
    for (const start of starts[depth]!) {
      if (found.length >= MAX_PLACES || ++steps > MAX_STEPS) return;
      if (start <= after) continue;
      if (depth > 0 && !mayElide(file, keyed.at[after]!, keyed.at[start]!)) continue;
      chosen[depth] = start;
      extend(depth + 1, start + segments[depth]!.keys.length - 1);
    }
  }

  function placement(): Placement {
    const at = new Int32Array(lines.length).fill(-1);
    for (const [i, segment] of segments.entries())
      for (const [k, from] of segment.from.entries()) at[from] = keyed.at[chosen[i]! + k]!;
    const lastSegment = segments.at(-1)!;
    return {
      rung,
      at,
      first: keyed.at[chosen[0]!]!,
      last: keyed.at[chosen[segments.length - 1]! + lastSegment.keys.length - 1]!,
    };
  }
}

function segmentsOf(lines: readonly HunkLine[], rung: Rung, counts: (line: HunkLine) => boolean): Segment[] {
  const segments: Segment[] = [{ from: [], keys: [] }];
  for (const [i, line] of lines.entries()) {
    if (line.op === '…') segments.push({ from: [], keys: [] });
    else if (counts(line) && !(rung.blankless && isBlank(line.text))) {
      segments.at(-1)!.from.push(i);
      segments.at(-1)!.keys.push(rung.key(line.text));
    }
  }
  return segments.filter((segment) => segment.keys.length > 0);
}

/** Starts of a run of keys, by the places of its rarest one. */
function startsOf(
  want: readonly string[],
  keys: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
): number[] {
  let rarest = 0;
  let list: readonly number[] | undefined;
  for (const [i, key] of want.entries()) {
    const own = places.get(key);
    if (own === undefined) return [];
    if (list === undefined || own.length < list.length) [rarest, list] = [i, own];
  }
  const starts: number[] = [];
  for (const at of list!) {
    const start = at - rarest;
    if (start < 0 || start + want.length > keys.length) continue;
    let i = 0;
    while (i < want.length && keys[start + i] === want[i]) i++;
    if (i === want.length) starts.push(start);
    if (starts.length > MAX_PLACES) break;
  }
  return starts;
}

/**
 * Whether an elision may stand for the lines between two: it does not leave the block in which both stand. Code and
 * markup that people write show their blocks by indentation.
 */
function mayElide(file: FileText, before: number, after: number): boolean {
  const [a, b] = [depthOf(file, before), depthOf(file, after)];
  const opens = before + 1 < file.lines.length && depthOf(file, before + 1) > a;
  const closes = a === b && opens && /^\s*(?:[)}\]]|end\b|<\/)/.test(file.lines[after]!.text);
  const least = closes ? a + 1 : a < b ? b : Math.min(a, b);
  for (let i = before + 1; i < after; i++)
    if (!file.lines[i]!.blank && depthOf(file, i) < least) return false;
  return true;
}

function depthOf(file: FileText, line: number): number {
  return indentOf(file.lines[line]!.text).length;
}
