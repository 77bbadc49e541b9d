import type { Hunk, HunkLine, Reading, Repair } from '../intent.ts';
import { isElision } from './elision.ts';
import { linesOfItems, type Body, type Item } from './unified-body.ts';
import type { HunkHeader } from './unified-lines.ts';

/** A hunk as found, before its file is known. */
export interface FoundHunk {
  /** Null where lines stand below a file's header without an `@@`. */
  header: HunkHeader | null;
  body: Body;
  fenced: boolean;
  /** Line numbers are no part of this form. */
  numberless: boolean;
}

/** Context that must be somewhere above a hunk: `@@ class A`, or what stood before an `@@ ... @@`. */
export type Lead = HunkLine[];

export function hasChanges(items: readonly Item[]): boolean {
  return items.some((item) => item.kind === '-' || item.kind === '+');
}

/** All ways to read a hunk, the likeliest first. */
export function hunkOf(found: FoundHunk, label: string, leads: readonly Lead[]): Hunk {
  const { header, body } = found;
  const said: Repair[] = [];
  if (header?.counts && !body.counted) said.push({ fault: 'hunk-counts', text: `recounted ${label}` });
  const [oldStart, newStart] = [header?.oldStart ?? null, header?.newStart ?? null];
  if (!found.numberless && (oldStart === null || newStart === null))
    said.push({ fault: 'hunk-line', text: `${label} does not say at which line it is` });
  const readings = plainReadings(found, label);
  const kept: Repair = { fault: 'elision', text: `kept the lines that \`...\` stands for in ${label}` };
  const withGaps = readings.flatMap(({ lines, repairs }): Reading[] => {
    const gaps = elided(lines);
    return gaps === null ? [] : [{ lines: gaps, repairs: [...repairs, kept] }];
  });
  readings.push(...withGaps);
  if (leads.length > 0) {
    const above = leads.flatMap((lead): HunkLine[] => [...lead, { op: '…', text: '' }]);
    readings.push(...readings.map((reading) => ({ ...reading, lines: [...above, ...reading.lines] })));
  }
  for (const reading of readings) reading.repairs = [...said, ...reading.repairs];
  return { label, readings: distinct(readings), oldStart, newStart, counted: body.counted };
}

function plainReadings({ body, fenced }: FoundHunk, label: string): Reading[] {
  const { items } = body;
  const prefix: Repair = {
    fault: 'hunk-prefix',
    text: `put the missing space before context lines of ${label}`,
  };
  const readings: Reading[] = [];
  const firstBare = items.findIndex((item) => item.kind === 'bare');
  if (firstBare < 0) {
    readings.push({ lines: linesOfItems(items, 'none'), repairs: [] });
    if (body.looseEnd > 0) {
      const repair: Repair = { fault: 'hunk-counts', text: `left out blank lines at the end of ${label}` };
      readings.push({ lines: linesOfItems(items.slice(0, -body.looseEnd), 'none'), repairs: [repair] });
    }
    if (isShifted(items)) readings.push({ lines: linesOfItems(items, 'all'), repairs: [prefix] });
    return readings;
  }
  readings.push({ lines: linesOfItems(items, 'bare'), repairs: [prefix] });
  readings.push({ lines: linesOfItems(items, 'all'), repairs: [prefix] });
  // What follows the last change without an op may be text about the diff: within a fence hardly, outside of it likely.
  const literal = items.slice(0, firstBare);
  while (literal.at(-1)?.kind === 'blank') literal.pop();
  const isAll =
    !hasChanges(items.slice(firstBare)) && literal.some((item) => item.kind !== '+' && item.raw.length > 1);
  if (isAll && !body.counted) {
    const reading: Reading = { lines: linesOfItems(literal, 'none'), repairs: [] };
    if (fenced) readings.push(reading);
    else readings.unshift(reading);
  }
  return readings;
}

/**
 * Whether context may have lost its space although every line has one, since all are indented. The file tells: this
 * counts only where its lines are so, letter by letter, and not as they are read literally.
 */
function isShifted(items: readonly Item[]): boolean {
  return items.some(({ kind, raw }) => kind === ' ' && raw.trim() !== '');
}

/** The lines with `…` for each that stands for others; null if none does, or only such as add nothing at the ends. */
function elided(lines: readonly HunkLine[]): HunkLine[] | null {
  if (!lines.some((line) => line.op === ' ' && isElision(line.text))) return null;
  const all = lines.map((line): HunkLine => {
    return line.op === ' ' && isElision(line.text) ? { op: '…', text: '' } : line;
  });
  const first = all.findIndex((line) => line.op !== '…');
  const last = all.findLastIndex((line) => line.op !== '…');
  return first < 0 ? null : all.slice(first, last + 1);
}

function distinct(readings: readonly Reading[]): Reading[] {
  const seen = new Set<string>();
  return readings.filter(({ lines }) => {
    const key = lines.map((line) => `${line.op}${line.noNewline ? '\\' : ''}${line.text}`).join('\n');
    return !seen.has(key) && seen.add(key);
  });
}
