import MagicString from 'magic-string';
import { isFunction, type Node } from '../../locate/ast.ts';
import type { Source } from '../../locate/source.ts';

/** Replaces `start … end` of a file; equal ends insert. */
export interface Edit {
  source: Source;
  start: number;
  end: number;
  text: string;
}

export function replace(source: Source, node: { start: number; end: number }, text: string): Edit {
  return { source, start: node.start, end: node.end, text };
}

export function insert(source: Source, at: number, text: string): Edit {
  return { source, start: at, end: at, text };
}

/** Text whose lines start at no indentation, moved to that of the place it goes to. */
export function indented(source: Source, text: string, indent: string): string {
  return text
    .split('\n')
    .map((line, i) => (i === 0 || line === '' ? line : indent + line))
    .join(source.style.newline);
}

/** Whether statements can be put before or after this one without braces. */
function inList(source: Source, statement: Node): boolean {
  const parent = source.parent(statement);
  return (
    parent?.type === 'BlockStatement' ||
    parent?.type === 'Program' ||
    parent?.type === 'SwitchCase' ||
    parent?.type === 'StaticBlock'
  );
}

/** New statements before a statement, one a line, at its indentation; undefined where none can stand. */
export function before(source: Source, statement: Node, text: string): Edit[] | undefined {
  if (!inList(source, statement)) return undefined;
  const indent = source.indentOf(statement);
  return [insert(source, statement.start, indented(source, text, indent) + source.style.newline + indent)];
}

export function after(source: Source, statement: Node, text: string): Edit[] | undefined {
  if (!inList(source, statement)) return undefined;
  const indent = source.indentOf(statement);
  return [
    insert(
      source,
      endOfLine(source, statement.end),
      source.style.newline + indent + indented(source, text, indent),
    ),
  ];
}

/** Behind a comment that belongs to the line, so that it stays with its statement. */
function endOfLine(source: Source, end: number): number {
  const rest = /^[ \t]*(?:\/\/[^\r\n]*)?(?=\r?\n|$)/.exec(source.text.slice(end, end + 400));
  return rest === null ? end : end + rest[0].length;
}

/** The whole new text of each file that is edited. Edits that overlap give undefined. */
export function apply(edits: readonly Edit[]): Map<string, string> | undefined {
  const files = new Map<Source, Edit[]>();
  for (const edit of edits) files.set(edit.source, [...(files.get(edit.source) ?? []), edit]);
  const texts = new Map<string, string>();
  for (const [source, own] of files) {
    const sorted = own.toSorted((a, b) => a.start - b.start || a.end - b.end);
    const overlap = sorted.some((edit, i) => i > 0 && edit.start < sorted[i - 1]!.end);
    if (overlap) return undefined;
    const text = new MagicString(source.text);
    for (const edit of sorted) {
      if (edit.start === edit.end) text.appendLeft(edit.start, edit.text);
      else if (edit.text === '') text.remove(edit.start, edit.end);
      else text.update(edit.start, edit.end, edit.text);
    }
    texts.set(source.file, text.toString());
  }
  return texts;
}

/** Parentheses where the text would bind looser than what is around it. */
export function grouped(source: Source, node: Node, text: string): string {
  const parent = source.parent(node);
  if (parent === undefined) return text;
  const loose =
    parent.type === 'BinaryExpression' ||
    parent.type === 'UnaryExpression' ||
    parent.type === 'LogicalExpression' ||
    parent.type === 'AwaitExpression' ||
    parent.type === 'TSAsExpression' ||
    (parent.type === 'ConditionalExpression' && parent.test === node) ||
    (parent.type === 'MemberExpression' && parent.object === node) ||
    ((parent.type === 'CallExpression' || parent.type === 'NewExpression') && parent.callee === node);
  return loose && !hasParens(source, node) ? `(${text})` : text;
}

/** Whether a node has parentheses of its own. */
export function hasParens(source: Source, node: Node): boolean {
  const parent = source.parent(node);
  const before = source.text.slice(0, node.start).trimEnd();
  const after = source.text.slice(node.end).trimStart();
  if (!before.endsWith('(') || !after.startsWith(')')) return false;
  if ((parent?.type === 'CallExpression' || parent?.type === 'NewExpression') && parent.callee !== node)
    return false;
  if (
    parent !== undefined &&
    (parent.type === 'IfStatement' ||
      parent.type === 'WhileStatement' ||
      parent.type === 'SwitchStatement' ||
      isFunction(parent))
  )
    return false;
  return true;
}
