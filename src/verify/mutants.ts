import { diffLines } from 'diff';
import { readTreeFile } from '../patch/paths.ts';
import { isCode, lineAt, parseCode, walk, type Node } from '../patch/syntax.ts';
import type { Changes } from './case.ts';

/**
 * A patch with one of its own constants changed. If that passes the gates as well and answers differently, nothing that was recorded
 * determines the constant: it was made up.
 */
export interface Mutant {
  /** The constant as it stands in the patch, and its line. */
  literal: string;
  line: number;
  path: string;
  changes: Changes;
}

/**
 * Mutants of the constants that a patch brings in. Those of the lines that it replaces are not its own, as often as they stood there. In the
 * order of the patch; each costs a replay, so the caller bounds them.
 */
export async function mutantsOf(tree: string, changes: Changes): Promise<Mutant[]> {
  const found: Mutant[] = [];
  for (const { path, before, after } of await codeIn(tree, changes)) {
    for (const literal of newLiterals(path, before, after, (node, above) => mutationOf(node, above, after))) {
      const text = after.slice(0, literal.start) + literal.found + after.slice(literal.end);
      found.push({
        literal: after.slice(literal.start, literal.end),
        line: lineAt(after, literal.start),
        path,
        changes: { ...changes, [path]: text },
      });
    }
  }
  return found;
}

/**
 * Constants that a patch newly compares something with and that are values of the request that failed. Such a patch repairs this request,
 * not the bug. 0 and 1, and what is no longer than a letter, are said to be compared for other reasons.
 */
export async function quotedInputs(
  tree: string,
  changes: Changes,
  inputs: ReadonlySet<string>,
): Promise<string[]> {
  const found = new Set<string>();
  const quoted = (node: Node, above: readonly Node[]): true | null =>
    textsOf(node).some((text) => text.length > 1 && inputs.has(text)) && isCompared(above) ? true : null;
  for (const { path, before, after } of await codeIn(tree, changes)) {
    for (const { start, end } of newLiterals(path, before, after, quoted)) found.add(after.slice(start, end));
  }
  return [...found];
}

/** Files of code that a patch changes or brings, as they were and as they are. */
export async function codeIn(
  tree: string,
  changes: Changes,
): Promise<{ path: string; before: string; after: string }[]> {
  const found: { path: string; before: string; after: string }[] = [];
  for (const [path, after] of Object.entries(changes)) {
    if (after === null || !isCode(path)) continue;
    const read = await readTreeFile(tree, path);
    found.push({ path, before: 'file' in read && read.file ? read.file.text : '', after });
  }
  return found;
}

/** What a constant stands for as text: a string, a template without parts, a number; of a regular expression, its words. */
function textsOf(node: Node): string[] {
  if (node.type === 'TemplateLiteral') {
    const [only, ...more] = node['quasis'] as { value: { cooked: string | null } }[];
    return only && more.length === 0 && only.value.cooked !== null ? [only.value.cooked] : [];
  }
  if (node.type !== 'Literal') return [];
  const { value, regex } = node as { value?: unknown; regex?: { pattern: string } };
  if (regex) return regex.pattern.split(/[^\w-]+/);
  return ['string', 'number', 'bigint'].includes(typeof value) ? [String(value)] : [];
}

/** Stands in a comparison, a `case`, a list or a call such as `startsWith`, or is the pattern of one: anything but a value handed out. */
function isCompared(above: readonly Node[]): boolean {
  const parent = above.at(-1);
  if (!parent) return false;
  if (parent.type === 'BinaryExpression') return /^(?:[=!]==?|[<>]=?)$/.test(String(parent['operator']));
  if (parent.type === 'SwitchCase') return true;
  if (parent.type === 'ArrayExpression')
    return above.some((node) => node.type === 'CallExpression' || node.type === 'NewExpression');
  const callee =
    parent.type === 'CallExpression'
      ? (parent['callee'] as Node)
      : parent.type === 'MemberExpression'
        ? parent
        : null;
  const property = callee?.type === 'MemberExpression' ? (callee['property'] as Node)['name'] : undefined;
  return (
    typeof property === 'string' &&
    /^(?:includes|startsWith|endsWith|has|test|match|exec|search|indexOf|equals|is)$/.test(property)
  );
}

/** Lines that are new, with the old lines that they stand in place of: offsets in either text. */
export interface Hunk {
  start: number;
  end: number;
  replaced: { start: number; end: number };
}

export function hunksOf(before: string, after: string): Hunk[] {
  const hunks: Hunk[] = [];
  let [was, is] = [0, 0];
  let replaced = { start: 0, end: 0 };
  for (const { value, added, removed } of diffLines(before, after)) {
    if (removed) {
      replaced = { start: was, end: was + value.length };
      was += value.length;
      continue;
    }
    if (added) hunks.push({ start: is, end: is + value.length, replaced });
    else was += value.length;
    is += value.length;
    replaced = { start: was, end: was };
  }
  return hunks;
}

interface Found<T> {
  start: number;
  end: number;
  found: T;
}

/** Constants of new lines for which `look` finds something, but those that stood in the lines in place of which they came. */
function newLiterals<T>(
  path: string,
  before: string,
  after: string,
  look: (node: Node, above: readonly Node[]) => T | null,
): Found<T>[] {
  const old = constantsIn(path, before);
  const found: Found<T>[] = [];
  const wanted = constantsIn(path, after);
  for (const { start, end, replaced } of hunksOf(before, after)) {
    const known = old
      .filter(({ node }) => node.start >= replaced.start && node.end <= replaced.end)
      .map(({ node }) => wordsOf(node, before));
    for (const { node, above } of wanted.filter((one) => one.node.start >= start && one.node.end <= end)) {
      const at = known.indexOf(wordsOf(node, after));
      if (at !== -1) known.splice(at, 1);
      const one = at === -1 ? look(node, above) : null;
      if (one !== null) found.push({ start: node.start, end: node.end, found: one });
    }
  }
  return found;
}

/** What of it is constant: of a template, the text between its parts. */
function wordsOf(node: Node, text: string): string {
  return node.type === 'TemplateLiteral'
    ? (node['quasis'] as Node[]).map(({ start, end }) => text.slice(start, end)).join('${…}')
    : text.slice(node.start, node.end);
}

/** Constants, empty lists and empty objects, in the order of the text. What does not parse has none. */
function constantsIn(path: string, text: string): { node: Node; above: Node[] }[] {
  const parsed = parseCode(path, text);
  const found: { node: Node; above: Node[] }[] = [];
  if (!parsed.ok) return found;
  walk(parsed.program, (node, above) => {
    if (/^(?:Literal|TemplateLiteral|ArrayExpression|ObjectExpression)$/.test(node.type))
      found.push({ node, above: [...above] });
  });
  return found;
}

/** The constant as another of its kind; null for what is no value: what is imported, keys of objects. */
function mutationOf(node: Node, above: readonly Node[], text: string): string | null {
  const parent = above.at(-1);
  return !parent || isName(node, parent) ? null : mutate(node, text);
}

function isName(node: Node, parent: Node): boolean {
  if (/^(Import|Export)/.test(parent.type)) return true;
  if (parent.type === 'CallExpression' && (parent['callee'] as Node | undefined)?.['name'] === 'require')
    return true;
  // `typeof x === 'string'` names a kind; another text there is no other value.
  if (
    parent.type === 'BinaryExpression' &&
    [parent['left'], parent['right']].some((side) => (side as Node)['operator'] === 'typeof')
  )
    return true;
  return (
    (parent.type === 'Property' || parent.type === 'MemberExpression') &&
    (parent['key'] === node || parent['property'] === node)
  );
}

function mutate(node: Node, text: string): string | null {
  if (node.type === 'ArrayExpression') return (node['elements'] as unknown[]).length === 0 ? '[1]' : null;
  if (node.type === 'ObjectExpression')
    return (node['properties'] as unknown[]).length === 0 ? '{ vouch: 1 }' : null;
  if (node.type === 'TemplateLiteral') {
    const raw = text.slice(node.start, node.end);
    return raw.endsWith('`') ? `${raw.slice(0, -1)}~\`` : null;
  }
  if (node.type !== 'Literal') return null;
  const { value } = node;
  if (typeof value === 'number') return String(value + 1);
  if (typeof value === 'bigint') return `${value + 1n}n`;
  if (typeof value === 'boolean') return String(!value);
  if (value === null) return node['raw'] === 'null' ? '0' : null;
  return typeof value === 'string' ? JSON.stringify(`${value}~`) : null;
}
