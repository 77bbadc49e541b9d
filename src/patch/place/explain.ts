import type { Hunk } from '../intent.ts';
import { nearestWindow } from '../nearest.ts';
import type { Candidate } from './candidates.ts';
import type { FileText } from './lines.ts';

const MAX_LINES = 14;
const MAX_PLACES = 4;
const MAX_LINE = 300;

/** Why a hunk that fits nowhere is refused, with the real lines, so that the next try can use them word for word. */
export function nowhere(path: string, file: FileText, hunk: Hunk): string {
  const wanted = hunk.readings[0]!.lines.filter((line) => line.op === ' ' || line.op === '-').map(
    (line) => line.text,
  );
  const texts = file.lines.map((line) => line.text);
  const head = `${hunk.label}: its lines are not in ${path}. Looked for:\n${quoted(wanted)}`;
  const near = nearestWindow(texts, wanted);
  if (near === null) {
    if (texts.length === 0) return `${head}\n${path} is empty.`;
    return `${head}\nNothing in ${path} is like them; it begins\n${quoted(texts.slice(0, 5))}`;
  }
  const real = texts.slice(near.at, near.at + near.count);
  return `${head}\nThe nearest lines of ${path} are ${range(near.at, real.length)}, word for word:\n${quoted(real)}\nUse these if they are meant.`;
}

/** Why a hunk that fits several places is refused, with what stands around each, which would tell them apart. */
export function several(path: string, file: FileText, hunk: Hunk, candidates: readonly Candidate[]): string {
  const places = [...new Map(candidates.map((one) => [one.placement.first, one.placement])).values()].sort(
    (a, b) => a.first - b.first,
  );
  const listed = places
    .slice(0, 10)
    .map((place) => place.first + 1)
    .join(', ');
  const around = places.slice(0, MAX_PLACES).map((place) => {
    const from = Math.max(0, place.first - 2);
    const to = Math.min(file.lines.length, place.last + 3);
    const texts = file.lines.slice(from, to).map((line) => line.text);
    return `${range(from, texts.length)}, word for word:\n${quoted(texts)}`;
  });
  const said = hunk.oldStart === null ? '' : `, and line ${hunk.oldStart} does not tell them apart`;
  return `${hunk.label}: its lines fit ${places.length} places of ${path} (lines ${listed})${said}. Add lines above or below until only one fits:\n${around.join('\n')}`;
}

/** Why a hunk is refused whose new lines could go on either side of blank lines that it does not show. */
export function open(path: string, file: FileText, hunk: Hunk, candidate: Candidate): string {
  const { first, last } = candidate.placement;
  const texts = file.lines.slice(first, last + 1).map((line) => line.text);
  return `${hunk.label}: ${path} has blank lines there which the change does not show, so it is open where its new lines go. ${cap(range(first, texts.length))} are, word for word:\n${quoted(texts)}`;
}

/** Why a hunk is refused whose result is in the file, as well as the lines that it changes. */
export function rivals(path: string, hunk: Hunk, place: Candidate, done: Candidate): string {
  return `${hunk.label}: ${path} has its result at line ${done.start + 1}, and at line ${place.start + 1} the lines that it changes; if those are meant, show more of the lines around them`;
}

function range(from: number, count: number): string {
  return count <= 1 ? `line ${from + 1}` : `lines ${from + 1}-${from + count}`;
}

function cap(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

function quoted(lines: readonly string[]): string {
  const shown = lines
    .slice(0, MAX_LINES)
    .map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line));
  if (lines.length > MAX_LINES) shown.push(`(and ${lines.length - MAX_LINES} lines more)`);
  const longest = shown.reduce((most, line) => Math.max(most, /^\s*(`+)/.exec(line)?.[1]!.length ?? 0), 2);
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${shown.join('\n')}\n${fence}`;
}
