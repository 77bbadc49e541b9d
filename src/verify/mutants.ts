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

const MOST = 4;

/** Mutants of the constants that a patch brings in; those that the file had as often before are not its own. */
export async function mutantsOf(tree: string, changes: Changes): Promise<Mutant[]> {
  const found: Mutant[] = [];
  for (const [path, after] of Object.entries(changes)) {
    if (after === null || !isCode(path)) continue;
    const read = await readTreeFile(tree, path);
    const before = 'file' in read && read.file ? read.file.text : '';
    const added = addedParts(before, after);
    for (const literal of literalsIn(path, after)) {
      const own = after.slice(literal.start, literal.end);
      const part = added.find(({ start, end }) => literal.start >= start && literal.end <= end);
      if (!part || part.replaced.includes(own)) continue;
      const text = after.slice(0, literal.start) + literal.mutated + after.slice(literal.end);
      found.push({
        literal: own,
        line: lineAt(after, literal.start),
        path,
        changes: { ...changes, [path]: text },
      });
    }
  }
  return spread(found);
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
  for (const [path, after] of Object.entries(changes)) {
    if (after === null || !isCode(path)) continue;
    const read = await readTreeFile(tree, path);
    const before = 'file' in read && read.file ? read.file.text : '';
    const added = addedParts(before, after);
    const parsed = parseCode(path, after);
    if (!parsed.ok) continue;
    walk(parsed.program, (node, above) => {
      const value = node.type === 'Literal' ? node['value'] : undefined;
      if (typeof value !== 'string' && typeof value !== 'number') return;
      const own = after.slice(node.start, node.end);
      const isNew = added.some(
        ({ start, end, replaced }) => node.start >= start && node.end <= end && !replaced.includes(own),
      );
      if (isNew && inputs.has(String(value)) && String(value).length > 1 && isCompared(above)) found.add(own);
    });
  }
  return [...found];
}

/** Stands in a comparison, a `case`, a list or a regular call such as `startsWith`: anything but a value handed out. */
function isCompared(above: readonly Node[]): boolean {
  const parent = above.at(-1);
  if (!parent) return false;
  if (parent.type === 'BinaryExpression') return /^(?:[=!]==?|[<>]=?)$/.test(String(parent['operator']));
  if (parent.type === 'SwitchCase') return true;
  if (parent.type === 'ArrayExpression')
    return above.some((node) => node.type === 'CallExpression' || node.type === 'NewExpression');
  if (parent.type !== 'CallExpression') return false;
  const callee = parent['callee'] as Node;
  const property = callee.type === 'MemberExpression' ? (callee['property'] as Node)['name'] : undefined;
  return (
    typeof property === 'string' &&
    /^(?:includes|startsWith|endsWith|has|test|match|indexOf|equals|is)$/.test(property)
  );
}

/** The lines that are new in `after`, as offsets, with the old lines that they stand in place of. */
function addedParts(before: string, after: string): { start: number; end: number; replaced: string }[] {
  const parts: { start: number; end: number; replaced: string }[] = [];
  let offset = 0;
  let replaced = '';
  for (const { value, added, removed } of diffLines(before, after)) {
    if (removed) {
      replaced = value;
      continue;
    }
    if (added) parts.push({ start: offset, end: offset + value.length, replaced });
    offset += value.length;
    replaced = '';
  }
  return parts;
}

interface Literal {
  start: number;
  end: number;
  mutated: string;
}

/** Constants that can be changed without changing the kind of the value. What is imported, and keys of objects, are no values. */
function literalsIn(path: string, text: string): Literal[] {
  const parsed = parseCode(path, text);
  if (!parsed.ok) return [];
  const found: Literal[] = [];
  walk(parsed.program, (node, above) => {
    const parent = above.at(-1);
    if (!parent || isName(node, parent)) return;
    const mutated = mutate(node, text);
    if (mutated !== null) found.push({ start: node.start, end: node.end, mutated });
  });
  return found;
}

function isName(node: Node, parent: Node): boolean {
  if (/^(Import|Export)/.test(parent.type)) return true;
  if (parent.type === 'CallExpression' && (parent['callee'] as Node | undefined)?.['name'] === 'require')
    return true;
  // `typeof x === 'string'` names a kind; another text there is no other value.
  if (
    parent.type === 'BinaryExpression' &&
    [parent['left'], parent['right']].some((side) => (side as Node).type === 'UnaryExpression')
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
  if (typeof value === 'boolean') return String(!value);
  if (value === null) return node['raw'] === 'null' ? '0' : null;
  return typeof value === 'string' ? JSON.stringify(`${value}~`) : null;
}

/** At most four, from the whole of the patch: answers tend to stand at its end. */
function spread(mutants: Mutant[]): Mutant[] {
  if (mutants.length <= MOST) return mutants;
  return Array.from(
    { length: MOST },
    (_, i) => mutants[Math.round((i * (mutants.length - 1)) / (MOST - 1))]!,
  );
}
