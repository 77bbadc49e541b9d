import type { FileIntent, Hunk, Reading } from '../intent.ts';
import { MODES, TWICE, openIn, type Escaped } from './json-escapes.ts';
import { readingsOf } from './search-replace.ts';

/** What was found in JSON so far. */
export interface Out {
  files: FileIntent[];
  problems: string[];
  nested: string[];
  count: number;
}

export const EMPTY: Escaped = { readings: Array(MODES).fill(''), open: [], raw: false, written: false };

/** The name of the next edit, for messages. */
export function label(out: Out): string {
  return `edit ${++out.count}`;
}

/** `held`: what it says that the file holds. */
export function remove(name: string, paths: string[], held: Escaped | null, out: Out): void {
  const lines = held === null ? [] : linesOf(held.readings[0]!);
  const reading: Reading = { lines: lines.map((text) => ({ op: '-', text })), repairs: [] };
  const hunks: Hunk[] =
    lines.length === 0
      ? []
      : [{ label: name, readings: [reading], oldStart: null, newStart: null, counted: false }];
  out.files.push({ label: name, repairs: [], action: 'delete', paths, hunks });
}

export function create(name: string, paths: string[], text: Escaped, out: Out): void {
  if (isOpen(name, openIn(text), 'text', out)) return;
  out.files.push({ label: name, repairs: [], action: 'create', paths, text: text.readings[0]!, mode: null });
}

export function whole(name: string, paths: string[], text: Escaped, out: Out): void {
  if (isOpen(name, openIn(text), 'content', out)) return;
  out.files.push({
    label: name,
    repairs: [],
    action: 'whole',
    paths,
    text: text.readings[0]!,
    literal: true,
    cut: false,
  });
}

function isOpen(name: string, open: readonly string[], what: string, out: Out): boolean {
  if (open.length === 0) return false;
  out.problems.push(
    `${name}: ${open.join(', ')} in its ${what} may be an escape of JSON or a backslash of the code, so it is open what it says; escape it as JSON, or use search/replace blocks`,
  );
  return true;
}

export function replace(
  name: string,
  paths: string[],
  before: Escaped,
  after: Escaped,
  at: number | null,
  out: Out,
): void {
  if (isOpen(name, openIn(after, before), 'new text', out)) return;
  const readings: Reading[] = [];
  const seen = new Set<string>();
  for (let mode = 0; mode < MODES; mode++) {
    const [search, text] = [before.readings[mode]!, after.readings[mode]!];
    // Where the search reads the same, it does not tell which reading of the replacement is meant: the likelier one.
    if (seen.has(search)) continue;
    // A text with line ends of its own was not escaped twice.
    if (mode === TWICE && after.readings[0]!.includes('\n')) continue;
    seen.add(search);
    for (const reading of readingsOf(name, linesOf(search), linesOf(text)).readings)
      readings.push(
        mode === 0
          ? reading
          : {
              ...reading,
              repairs: [
                ...reading.repairs,
                { fault: 'escapes', text: `read the escapes of the JSON in another way (${name})` },
              ],
            },
      );
  }
  const hunk: Hunk = { label: name, readings, oldStart: at, newStart: null, counted: false };
  hunk.literal = { search: before.readings[0]!, replace: after.readings[0]! };
  out.files.push({ label: name, repairs: [], action: 'edit', paths, hunks: [hunk], mode: null });
}

/** The lines of a text; a line end at its end does not begin another. */
function linesOf(text: string): string[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  if (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return text === '' ? [] : lines;
}
