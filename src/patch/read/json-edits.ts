import type { FileIntent } from '../intent.ts';
import { joined, type Escaped } from './json-escapes.ts';
import { create, EMPTY, label, remove, replace, whole, type Out } from './json-intents.ts';
import { parseStrict, type Node } from './json-text.ts';
import {
  ACTION,
  DIFF,
  EDIT_KEYS,
  FROM,
  LISTS,
  NAME,
  NEW,
  OLD,
  START,
  TO,
  WHOLE,
  WRAPPERS,
} from './json-words.ts';

const MAX_EDITS = 2000;
/** Without content a file is deleted; a null `code` or `source` says nothing. */
const NULLABLE = ['content', 'contents', 'new_content', 'newContent'];

type Members = ReadonlyMap<string, Node>;

/** The edits in JSON values, in whichever of the usual shapes. */
export function intentsOf(nodes: readonly Node[]): {
  files: FileIntent[];
  problems: string[];
  nested: string[];
} {
  const out: Out = { files: [], problems: [], nested: [], count: 0 };
  for (const node of nodes) gather(node, [], out, 0);
  if (out.count > MAX_EDITS) out.problems.push(`the answer has more than ${MAX_EDITS} edits`);
  return { files: out.files, problems: out.problems, nested: out.nested };
}

function gather(node: Node, inherited: string[], out: Out, depth: number): void {
  if (out.count > MAX_EDITS) return;
  if (node.kind === 'array') for (const item of node.items) gather(item, inherited, out, depth);
  if (node.kind !== 'object') return;
  if (node.twice !== null && (EDIT_KEYS.has(node.twice) || isName(node.twice)))
    out.problems.push(`an edit has ${JSON.stringify(node.twice)} twice; give each edit an object of its own`);
  const members: Members = new Map(node.members);
  const names = namesOf(members, inherited);
  const edited = edit(members, names, out);
  let inner = edited;
  for (const key of [...LISTS, ...WRAPPERS]) {
    const member = argumentsIn(key, members.get(key), depth);
    if (member === null || (edited && !LISTS.includes(key))) continue;
    inner = true;
    if (member.kind === 'object' && LISTS.includes(key) && byName(member.members, out, depth)) continue;
    gather(member, names, out, depth + 1);
  }
  if (!inner && !byName(node.members, out, depth) && names.length > 0 && saysPart(members))
    out.problems.push(`${label(out)}: says not all of an edit of ${names[0]}; give its old and its new text`);
}

/** What a member holds; arguments of a call may be JSON in a string. */
function argumentsIn(key: string, member: Node | undefined, depth: number): Node | null {
  if (member === undefined || member.kind === 'array' || member.kind === 'object') return member ?? null;
  if (member.kind !== 'string' || !WRAPPERS.includes(key) || depth > 4) return null;
  const text = member.text.readings[0]!;
  return /^\s*[[{]/.test(text) ? (parseStrict(text)?.node ?? null) : null;
}

/** An object that is no edit and yet has a part of one. */
function saysPart(members: Members): boolean {
  return [...OLD, ...NEW, ...DIFF].some((key) => members.get(key)?.kind === 'string');
}

function isName(key: string): boolean {
  return /[./]/.test(key) && !/\s/.test(key);
}

/** `{ "src/a.js": "text" }`: files by their names. */
function byName(entries: readonly (readonly [string, Node])[], out: Out, depth: number): boolean {
  if (entries.length === 0) return false;
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
    else if (value.kind === 'other') remove(label(out), [key], null, out);
    else gather(value, [key], out, depth + 1);
  }
  return true;
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
  const content = textOf(members, WHOLE);
  const removes = /^(?:delete|remove)/.test(action);
  if (before !== null && before.readings[0]!.trim() !== '' && (after !== null || removes)) {
    replace(label(out), names, before, after ?? EMPTY, numberOf(members, START), out);
    return true;
  }
  if (/insert|append|prepend/.test(action) && (after !== null || content !== null)) {
    out.problems.push(
      `${label(out)}: where it inserts is not certain; give the lines there as the old text, and these with the new ones as the new text`,
    );
    return true;
  }
  if (after !== null && (before !== null || /create|add|write/.test(action))) {
    create(label(out), names, after, out);
    return true;
  }
  if (diff(members, names, out) || rename(members, names, action, out)) return true;
  const gone = content === null && NULLABLE.some((key) => isNull(members.get(key)));
  if (names.length > 0 && (removes || (gone && after === null && before === null))) {
    remove(label(out), names, content, out);
    return true;
  }
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

function diff(members: Members, names: string[], out: Out): boolean {
  const diff = textOf(members, [...DIFF, ...WRAPPERS]);
  if (diff === null || !/^(?:@@|diff --git|---|\*\*\*|<{5})/m.test(diff.readings[0]!)) return false;
  const text = diff.readings[0]!;
  const named = /^(?:diff --git|--- |\*\*\* |<{5})/m.test(text) || names.length === 0;
  out.nested.push(named ? text : `--- ${names[0]}\n+++ ${names[0]}\n${text}`);
  return true;
}

function rename(members: Members, names: string[], action: string, out: Out): boolean {
  const [from, to] = [textOf(members, FROM), textOf(members, TO)];
  const old = from === null ? names : [from.readings[0]!];
  if (!/rename|move/.test(action) || to === null || old.length === 0) return false;
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

function isNull(member: Node | undefined): boolean {
  return member?.kind === 'other' && member.value === null;
}
