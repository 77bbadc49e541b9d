import type { Repair } from '../intent.ts';
import { numbered } from '../nearest.ts';
import { isElision } from '../read/elision.ts';
import { namesOfLine } from '../read/names.ts';
import { fileText, isBlank, type FileText } from './lines.ts';
import { aligned, reindented, shared } from './whole-align.ts';
import { expanded } from './whole-elisions.ts';
import { doubtAbout, reachesEnd, type Doubt } from './whole-parts.ts';

/** What a `whole` intent says of a file. */
export interface WholeText {
  text: string;
  literal: boolean;
  cut: boolean;
  label: string;
}

export type WholeResolved = { ok: true; after: string; repairs: Repair[] } | { ok: false; refusal: string };

/** Formats in which a line of three dots is content. */
const DOTS = /\.(?:pyi?|md|mdx|markdown|rst|txt|ya?ml|csv|log)$/i;
const MARKDOWN = /\.(?:md|mdx|markdown)$/i;
const MAX_SHOWN = 10;

/**
 * The file that a text given as the whole of it makes. Refused, with what to send instead, where the text may be only a
 * part of the file or was cut off. Kept lines stay as the file has them, line ends and trailing blanks included; new
 * lines follow their neighbours. `before` is null for a file that is not there yet.
 */
export function resolveWhole(path: string, before: string | null, intent: WholeText): WholeResolved {
  const text = intent.text.replace(/^\ufeff/, '');
  const given = linesOf(text);
  if (before === null || before.replace(/^\ufeff/, '') === '')
    return newFile(path, before, intent, text, given);
  const file = fileText(before);
  const old = file.lines.map((line) => line.text);
  const repairs: Repair[] = [];
  let now = withoutName(path, given, old[0]!);
  const converted = reindented(old, now);
  if (converted !== null) {
    now = converted.lines;
    repairs.push({ fault: 'indentation', text: `${converted.how} (${intent.label})` });
  }
  const full = expanded({ path, label: intent.label, old, now });
  if ('refusal' in full) return { ok: false, refusal: full.refusal };
  repairs.push(...full.repairs);
  now = intent.literal ? full.lines : withEdges(old, full.lines);
  // Of a large file that is another one anyway no diff is made: it would take long.
  const other = old.length > 200 && shared(old, now) * 2 < old.filter((line) => !isBlank(line)).length;
  const at = other ? null : aligned(old, now, (line) => line.trimEnd());
  if (at === null)
    return {
      ok: false,
      refusal: doubted(path, intent.label, old, { why: 'little', from: 0, to: old.length }),
    };
  const sides = { old, now, at };
  if (intent.cut && !reachesEnd(sides)) return { ok: false, refusal: cutOff(path, intent.label, now) };
  const doubt = doubtAbout(sides);
  if (doubt !== null) return { ok: false, refusal: doubted(path, intent.label, old, doubt) };
  const after = built(path, file, sides, intent, text, repairs);
  if (after !== before) return { ok: true, after, repairs };
  if (onlyBlanksGone(old, given))
    return {
      ok: false,
      refusal: `${intent.label}: is ${path} but for white space at line ends and blank lines at the edges, which stay as the file has them when it is sent whole; send search/replace blocks if they are to change`,
    };
  return { ok: true, after, repairs: [] };
}

function newFile(
  path: string,
  before: string | null,
  intent: WholeText,
  text: string,
  given: string[],
): WholeResolved {
  const { label } = intent;
  if (intent.cut) return { ok: false, refusal: cutOff(path, label, given) };
  const lines = withoutName(path, given, null);
  const elision = lines.findIndex(
    (line) => isElision(line) && !(DOTS.test(path) && /^\s*(?:\.{3}|…)\s*$/.test(line)),
  );
  if (elision !== -1)
    return {
      ok: false,
      refusal: `${label}: \`${lines[elision]!.trim().slice(0, 80)}\` leaves out lines, but ${path} ${before === null ? 'is no file of the tree that could have them' : 'is empty'}; send the file whole`,
    };
  const ends = intent.literal ? text.endsWith('\n') : true;
  const bare = intent.literal ? lines : trimmedEdges(lines);
  const mark = before?.startsWith('\ufeff') === true ? '\ufeff' : '';
  return {
    ok: true,
    after: bare.length === 0 ? mark : mark + bare.join('\n') + (ends ? '\n' : ''),
    repairs: [],
  };
}

/** A text's lines without `\n` and `\r\n`. */
function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Without a first line that is there to name the file, unless the file begins with one too. */
function withoutName(path: string, lines: string[], first: string | null): string[] {
  const [line] = lines;
  if (line === undefined || !namesOnly(line, path) || (first !== null && namesOnly(first, path)))
    return lines;
  return lines.slice(lines[1] !== undefined && isBlank(lines[1]) ? 2 : 1);
}

function namesOnly(line: string, path: string): boolean {
  const { names, direct } = namesOfLine(line);
  const [name] = names;
  if (!direct || name === undefined) return false;
  if (name !== path && !path.endsWith(`/${name}`) && !name.endsWith(`/${path}`)) return false;
  return !/\w/.test(line.replace(name, '').replace(/@?file(?:[ _]?name|[ _]?path)?\b|\bpath\b/i, ''));
}

/** The file's blank lines at its start and end in place of the text's: a fence does not show them. */
function withEdges(old: readonly string[], now: readonly string[]): string[] {
  const core = trimmedEdges(now);
  const [start, end] = edges(old);
  return [...old.slice(0, start), ...core, ...old.slice(end)];
}

function trimmedEdges(lines: readonly string[]): string[] {
  return lines.slice(...edges(lines));
}

function edges(lines: readonly string[]): [number, number] {
  let [start, end] = [0, lines.length];
  while (start < end && isBlank(lines[start]!)) start++;
  while (end > start && isBlank(lines[end - 1]!)) end--;
  return [start, end];
}

function built(
  path: string,
  file: FileText,
  { old, now, at }: { old: readonly string[]; now: readonly string[]; at: Int32Array },
  intent: WholeText,
  text: string,
  repairs: Repair[],
): string {
  // Blanks at the end of lines that have none in the file are noise, so those of new lines are as well.
  const noisy = now.some(
    (line, j) => at[j] !== -1 && line.trimEnd() !== line && old[at[j]!]!.length < line.length,
  );
  const strip = noisy || (!file.trailingBlanks && !MARKDOWN.test(path));
  const ends: string[] = [];
  let stripped = false;
  let after = file.text.startsWith('\ufeff') ? '\ufeff' : '';
  const eols = neighbourEnds(file, at);
  for (const [j, line] of now.entries()) {
    const kept = at[j] === -1 ? null : old[at[j]!]!;
    const made = kept ?? (strip ? line.trimEnd() : line);
    if (made !== line) stripped = true;
    ends.push(eols[j]!);
    after += made;
    if (j < now.length - 1) after += eols[j]!;
  }
  const hasEnd = file.lines.at(-1)!.eol !== '';
  if (now.length > 0 && (hasEnd || (intent.literal && text.endsWith('\n')))) after += ends.at(-1)!;
  if (stripped)
    repairs.push({
      fault: 'trailing-blanks',
      text: `kept white space at line ends as ${path} has it (${intent.label})`,
    });
  return after;
}

/** The line end for each line: a kept one's own, for new ones that of the line above, else below. */
function neighbourEnds(file: FileText, at: Int32Array): string[] {
  const ends: string[] = [];
  let last = '';
  for (const i of at) {
    const own = i === -1 ? '' : file.lines[i]!.eol;
    if (own !== '') last = own;
    ends.push(own === '' ? last : own);
  }
  let next: string = file.eol;
  for (let j = ends.length - 1; j >= 0; j--) {
    if (ends[j] === '') ends[j] = next;
    next = ends[j]!;
  }
  return ends;
}

/** The text is the file without some white space: perhaps that is the change. */
function onlyBlanksGone(old: readonly string[], given: readonly string[]): boolean {
  const count = (lines: readonly string[]): number => lines.filter((line) => /[ \t]$/.test(line)).length;
  return (
    given.length > 0 && !given.some(isElision) && (count(given) < count(old) || given.length < old.length)
  );
}

function cutOff(path: string, label: string, lines: readonly string[]): string {
  return `${label}: ${path} is cut off after \`${(lines.findLast((line) => !isBlank(line)) ?? '').trim().slice(0, 200)}\`; send search/replace blocks, or the file whole`;
}

function doubted(
  path: string,
  label: string,
  old: readonly string[],
  { why, from, to, name }: Doubt,
): string {
  const where = to - from === 1 ? `line ${from + 1}` : `lines ${from + 1}-${to}`;
  const shown = `${numbered(old, from, Math.min(to - from, MAX_SHOWN))}${to - from > MAX_SHOWN ? `\n       (to line ${to})` : ''}`;
  const send = 'Send search/replace blocks for the change, or the file whole';
  switch (why) {
    case 'part':
      return `${label}: looks like a part of ${path}: it has nothing for ${where} of ${old.length}:\n${shown}\n${send}`;
    case 'left-out':
      return `${label}: leaves out ${where} of ${path} and does not say so:\n${shown}\n${send}; if they are to go, send a search/replace block that takes them out`;
    case 'needed':
      return `${label}: leaves out ${where} of ${path}, but still uses \`${name}\` from there:\n${shown}\n${send}`;
    case 'unclear':
      return `${label}: it is open whether its \`...\` is a line of ${path} or stands for ${where}:\n${shown}\n${send}`;
    case 'little':
      return `${label}: looks like a part of ${path}, or like another file: it holds less than half of its ${old.length} lines, which are\n${shown}\n${send}`;
  }
}
