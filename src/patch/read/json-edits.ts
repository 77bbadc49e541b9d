import type { FileIntent, Hunk, Reading } from '../intent.ts';
import { MODES, type Escaped, type Node } from './json-text.ts';
import { readingsOf } from './search-replace.ts';

const words = (text: string): string[] => text.split(' ');
const NAME = words('file path filename file_path filePath target_file targetFile relative_path name');
const OLD = words(
  'search old old_string oldString old_str oldStr oldText old_text find original before old_code oldCode',
);
const NEW = words(
  'replace new new_string newString new_str newStr newText new_text replacement updated after replace_with new_code newCode',
);
const WHOLE = words('content text code contents new_content newContent source file_content full_content');
const DIFF = words('diff patch unified_diff unifiedDiff udiff');
const LISTS = words(
  'edits changes patches modifications replacements files operations blocks hunks fixes actions updates',
);
const WRAPPERS = words(
  'input arguments parameters args params tool_input result output data answer response',
);
const FROM = words('from old_path oldPath source_path');
const TO = words('to new_path newPath destination');
const START = words('start_line startLine line line_start lineStart start');
const ACTION = words('action type op operation kind command');

/** Names of members by which edits are known, and by which a string that is not escaped is seen to end. */
export const EDIT_KEYS: ReadonlySet<string> = new Set([
  ...NAME,
  ...OLD,
  ...NEW,
  ...WHOLE,
  ...DIFF,
  ...LISTS,
  ...WRAPPERS,
  ...FROM,
  ...TO,
  ...START,
  ...ACTION,
  ...words(
    'explanation reason description title end_line endLine line_end end replace_all language summary notes',
  ),
]);

export function isEditKey(key: string): boolean {
  return EDIT_KEYS.has(key);
}

const MAX_EDITS = 2000;

interface Out {
  files: FileIntent[];
  problems: string[];
  nested: string[];
  count: number;
}

type Members = ReadonlyMap<string, Node>;

/** The edits in a JSON value, in whichever of the usual shapes. */
export function intentsOf(node: Node): { files: FileIntent[]; problems: string[]; nested: string[] } {
  const out: Out = { files: [], problems: [], nested: [], count: 0 };
  gather(node, [], out);
  return { files: out.files, problems: out.problems, nested: out.nested };
}

function gather(node: Node, inherited: string[], out: Out): void {
  if (out.count > MAX_EDITS) return;
  if (node.kind === 'array') for (const item of node.items) gather(item, inherited, out);
  if (node.kind !== 'object') return;
  const members: Members = new Map(node.members);
  const names = namesOf(members, inherited);
  if (edit(members, names, out)) return;
  let inner = false;
  for (const key of [...LISTS, ...WRAPPERS]) {
    const member = members.get(key);
    if (member === undefined || (member.kind !== 'array' && member.kind !== 'object')) continue;
    inner = true;
    if (member.kind === 'object' && LISTS.includes(key) && byName(member.members, out)) continue;
    gather(member, names, out);
  }
  if (!inner) byName(node.members, out);
}

/** `{ "src/a.js": "text" }`: files by their names. */
function byName(entries: readonly (readonly [string, Node])[], out: Out): boolean {
  if (entries.length === 0) return false;
  const isName = (key: string): boolean => /[./]/.test(key) && !/\s/.test(key);
  if (
    !entries.every(
      ([key, value]) =>
        isName(key) &&
        (value.kind === 'string' ||
          value.kind === 'array' ||
          value.kind === 'object' ||
          (value.kind === 'other' && value.value === null)),
    )
  )
    return false;
  for (const [key, value] of entries) {
    if (value.kind === 'string') whole(label(out), [key], value.text, out);
    else if (value.kind === 'other') remove(label(out), [key], out);
    else gather(value, [key], out);
  }
  return true;
}

function label(out: Out): string {
  return `edit ${++out.count}`;
}

function textOf(members: Members, keys: readonly string[]): Escaped | null {
  for (const key of keys) {
    const member = members.get(key);
    if (member?.kind === 'string') return member.text;
    if (
      member?.kind === 'array' &&
      member.items.length > 0 &&
      member.items.every((item) => item.kind === 'string')
    )
      return joined(member.items.map((item) => (item as Extract<Node, { kind: 'string' }>).text));
  }
  return null;
}

/** A text given as a list of its lines. */
function joined(lines: readonly Escaped[]): Escaped {
  return {
    readings: Array.from({ length: MODES }, (_, mode) =>
      lines.map((line) => line.readings[mode]!).join('\n'),
    ),
    uncertain: lines.some((line) => line.uncertain),
  };
}

function namesOf(members: Members, inherited: string[]): string[] {
  for (const key of NAME) {
    const member = members.get(key);
    if (member?.kind !== 'string') continue;
    const [name] = member.text.readings;
    // `name` is also what tools and functions are called by.
    if (key === 'name' && !/[./]/.test(name!)) continue;
    return [name!];
  }
  return inherited;
}

function numberOf(members: Members, keys: readonly string[]): number | null {
  for (const key of keys) {
    const member = members.get(key);
    if (
      member?.kind === 'other' &&
      typeof member.value === 'number' &&
      Number.isInteger(member.value) &&
      member.value > 0
    )
      return member.value;
  }
  return null;
}

/** One edit, if the members say one. */
function edit(members: Members, names: string[], out: Out): boolean {
  const action = textOf(members, ACTION)?.readings[0]?.toLowerCase() ?? '';
  const [before, after] = [textOf(members, OLD), textOf(members, NEW)];
  if (after !== null && before !== null && before.readings[0]!.trim() !== '') {
    replace(label(out), names, before, after, numberOf(members, START), out);
    return true;
  }
  if (after !== null && (before !== null || /create|add|insert_file|write/.test(action))) {
    create(label(out), names, after, out);
    return true;
  }
  const diff = textOf(members, DIFF);
  if (diff !== null && /^(?:@@|diff --git|---|\*\*\*|<{5})/m.test(diff.readings[0]!)) {
    const text = diff.readings[0]!;
    const named = /^(?:diff --git|--- |\*\*\* |<{5})/m.test(text) || names.length === 0;
    out.nested.push(named ? text : `--- ${names[0]}\n+++ ${names[0]}\n${text}`);
    return true;
  }
  const [from, to] = [textOf(members, FROM), textOf(members, TO)];
  if (/rename|move/.test(action) && (from ?? names[0]) && to !== null) {
    const old = from === null ? names : [from.readings[0]!];
    out.files.push({
      label: label(out),
      repairs: [],
      action: 'rename',
      from: old,
      paths: [to.readings[0]!],
      hunks: [],
      mode: null,
    });
    return true;
  }
  if (/^(?:delete|remove)/.test(action) && names.length > 0) {
    remove(label(out), names, out);
    return true;
  }
  const content = textOf(members, WHOLE);
  if (content !== null && names.length > 0) {
    whole(label(out), names, content, out);
    return true;
  }
  if (after !== null && numberOf(members, START) !== null) {
    out.problems.push(
      `${label(out)}: a line number alone does not say what is replaced; give the old lines too`,
    );
    return true;
  }
  return false;
}

function remove(name: string, paths: string[], out: Out): void {
  out.files.push({ label: name, repairs: [], action: 'delete', paths, hunks: [] });
}

function create(name: string, paths: string[], text: Escaped, out: Out): void {
  if (isOpen(name, text, 'text', out)) return;
  out.files.push({ label: name, repairs: [], action: 'create', paths, text: text.readings[0]!, mode: null });
}

function whole(name: string, paths: string[], text: Escaped, out: Out): void {
  if (isOpen(name, text, 'content', out)) return;
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

function isOpen(name: string, text: Escaped, what: string, out: Out): boolean {
  if (!text.uncertain) return false;
  out.problems.push(
    `${name}: its ${what} has backslashes that JSON does not know, or line ends both written out and escaped, so it is open what it says; escape it as JSON, or use search/replace blocks`,
  );
  return true;
}

function replace(
  name: string,
  paths: string[],
  before: Escaped,
  after: Escaped,
  at: number | null,
  out: Out,
): void {
  const readings: Reading[] = [];
  const seen = new Map<string, string>();
  for (let mode = 0; mode < MODES; mode++) {
    const [search, text] = [before.readings[mode]!, after.readings[mode]!];
    const other = seen.get(search);
    if (other !== undefined) {
      // The search does not tell which reading of the replacement is meant.
      if (other !== text && after.uncertain && isOpen(name, after, 'new text', out)) return;
      continue;
    }
    seen.set(search, text);
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
