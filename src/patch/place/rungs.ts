import type { Fault } from '../intent.ts';
import type { FileLine, FileText, Keyed } from './lines.ts';

/**
 * One rung of the anchor ladder: how lines are compared. A rung is only reached when those above found no place, and
 * whatever it finds must be one place again.
 */
export interface Rung {
  name: string;
  /** Of a line of a hunk, which may carry the `\r` of its line end. */
  key: (text: string) => string;
  /** Of a line of the file. */
  fileKey: (line: FileLine) => string;
  /** Blank lines are skipped on both sides. */
  blankless: boolean;
  /** Leading white space is not compared, so it must map from one side to the other in one way. */
  indent: 'same' | 'mapped';
  faults: Fault[];
}

const same = (text: string): string => text;
const noCr = (text: string): string => (text.endsWith('\r') ? text.slice(0, -1) : text);
const trimmedEnd = (text: string): string => text.trimEnd();
const trimmed = (text: string): string => text.trim();
const squeezed = (text: string): string => {
  const bare = text.trim();
  return bare.includes('  ') || bare.includes('\t') ? bare.replace(/\s+/g, ' ') : bare;
};

function rung(
  name: string,
  key: Rung['key'],
  faults: Fault[],
  rest: Partial<Pick<Rung, 'blankless' | 'indent' | 'fileKey'>> = {},
): Rung {
  return { name, key, fileKey: (line) => key(line.text), blankless: false, indent: 'same', faults, ...rest };
}

const mapped = { indent: 'mapped' } as const;
const blankless = { blankless: true } as const;

export const RUNGS: readonly Rung[] = [
  rung('exact', same, [], { fileKey: (line) => (line.eol === '\r\n' ? `${line.text}\r` : line.text) }),
  rung('line ends', noCr, ['line-ends'], { fileKey: (line) => line.text }),
  rung('trailing blanks', trimmedEnd, ['trailing-blanks']),
  rung('indentation', trimmed, ['indentation'], mapped),
  rung('blank lines', trimmedEnd, ['blank-lines'], blankless),
  rung('blank lines, indentation', trimmed, ['blank-lines', 'indentation'], { ...blankless, ...mapped }),
  rung('inner blanks', squeezed, ['inner-blanks'], mapped),
  rung('inner blanks, blank lines', squeezed, ['inner-blanks', 'blank-lines'], { ...blankless, ...mapped }),
];

/** The rungs before this one differ in what nobody sees: a literal reading on any of them comes before another reading. */
export const UNSEEN = 3;

/** The file's lines under a rung. */
export function keyedBy(file: FileText, rung: Rung): Keyed {
  const known = file.keyed.get(rung.name);
  if (known) return known;
  const keys: string[] = [];
  const at: number[] = [];
  const places = new Map<string, number[]>();
  for (const [i, line] of file.lines.entries()) {
    if (rung.blankless && line.blank) continue;
    const key = rung.fileKey(line);
    const list = places.get(key);
    if (list) list.push(keys.length);
    else places.set(key, [keys.length]);
    keys.push(key);
    at.push(i);
  }
  const made = { keys, at, places };
  file.keyed.set(rung.name, made);
  return made;
}
