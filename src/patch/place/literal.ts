import { holdsAny } from './gone.ts';
import { isBlank, type FileText } from './lines.ts';
import type { TextEdit } from './edits.ts';

/**
 * A search that is part of lines: the one place where the file holds it, letter by letter, and not in the middle of a
 * word. `done` when the file holds the replacement there instead. Null where there is none, or more than one.
 */
export function partOfLine(
  file: FileText,
  literal: { search: string; replace: string },
): TextEdit | 'done' | 'several' | null {
  const [search, replace] = [endsLike(file, literal.search), endsLike(file, literal.replace)];
  if (isBlank(search) || search === replace) return null;
  const places = occurrences(file.text, search);
  const done = isBlank(replace) ? [] : occurrences(file.text, replace);
  const inside = (at: number): boolean =>
    done.some((from) => at >= from && at + search.length <= from + replace.length);
  if (places.length > 0 && places.every(inside)) return 'done';
  if (places.length > 1) return 'several';
  const [at] = places;
  // What was to go may be there in another spelling: then it was misquoted, and nothing is done.
  if (at === undefined) return done.length === 1 && !holdsAny(file, goingOf(search, replace)) ? 'done' : null;
  const end = at + search.length;
  // What stands before on the line is white space only: then whole lines were meant, with another indentation.
  const lineStart = file.text.lastIndexOf('\n', at - 1) + 1;
  if (replace.includes('\n') && at > lineStart && isBlank(file.text.slice(lineStart, at))) return null;
  return { start: at, end, text: replace };
}

/** The lines of a search that its replacement does not have. */
function goingOf(search: string, replace: string): string[] {
  return search.split('\n').filter((line) => !replace.includes(line.trim()));
}

function endsLike(file: FileText, text: string): string {
  const lf = text.replaceAll('\r\n', '\n').replace(/^\n+|\n+$/g, '');
  return file.eol === '\r\n' ? lf.replaceAll('\n', '\r\n') : lf;
}

function occurrences(text: string, wanted: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at !== -1 && found.length < 100; at = text.indexOf(wanted, at + 1))
    if (wordEdge(text, at, wanted[0]!) && wordEdge(text, at + wanted.length, wanted.at(-1)!)) found.push(at);
  return found;
}

/** Whether no word goes on over an offset; `own` is the letter of the searched text beside it. */
function wordEdge(text: string, offset: number, own: string): boolean {
  const letter = /[\p{L}\p{N}_$]/u;
  if (!letter.test(own)) return true;
  return !(letter.test(text[offset - 1] ?? ' ') && letter.test(text[offset] ?? ' '));
}
