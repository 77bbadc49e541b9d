import type { Node, Tree } from '@vscode/tree-sitter-wasm';

/** What is wrong first, and in which line, from 1. */
export interface Fault {
  line: number;
  message: string;
}

/** `unknown`: it could not be examined. */
export type Examined = 'parses' | 'unknown' | Fault;

const WALK_MS = 1000;
const OPENS: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const CLOSES = new Set(Object.values(OPENS));

/** The first node that stands for something left out or put in by the parser; null if there is none near the top. */
export function firstErrorNode(tree: Tree): { missing: boolean; line: number; name: string } | null {
  let found: { missing: boolean; line: number; name: string } | null = null;
  walk(tree, (node) => {
    if (!node.hasError) return 'next';
    if (!node.isError && !node.isMissing) return 'into';
    const name = node.isNamed ? node.type.replaceAll('_', ' ') : `\`${node.type}\``;
    found = { missing: node.isMissing, line: node.startPosition.row + 1, name };
    return 'end';
  });
  return found;
}

/** The first bracket without its other half, strings and comments left out; null if all match, `unknown` if time ran out. */
export function bracketFault(tree: Tree): Fault | null | 'unknown' {
  const open: { bracket: string; line: number }[] = [];
  let fault: Fault | null = null;
  const whole = walk(tree, (node) => {
    if (node.childCount > 0) return 'into';
    if (node.isNamed || node.isMissing) return 'next';
    const line = node.startPosition.row + 1;
    for (const bracket of node.type) {
      if (bracket in OPENS) open.push({ bracket, line });
      else if (CLOSES.has(bracket)) {
        const last = open.pop();
        if (last !== undefined && OPENS[last.bracket] === bracket) continue;
        const opened = last === undefined ? '' : ` where \`${last.bracket}\` of line ${last.line} is open`;
        fault = { line, message: `unexpected \`${bracket}\`${opened}` };
        return 'end';
      }
    }
    return 'next';
  });
  if (!whole) return 'unknown';
  const last = open.at(-1);
  if (fault === null && last !== undefined)
    return { line: last.line, message: `\`${last.bracket}\` is not closed` };
  return fault;
}

/** Goes through the nodes in the order of the text, as deep as `visit` says, without recursion. False if time ran out. */
export function walk(tree: Tree, visit: (node: Node) => 'into' | 'next' | 'end'): boolean {
  const end = performance.now() + WALK_MS;
  const cursor = tree.walk();
  try {
    for (let step = 1; ; step++) {
      if (step % 1000 === 0 && performance.now() > end) return false;
      const next = visit(cursor.currentNode);
      if (next === 'end') return true;
      if (next === 'into' && cursor.gotoFirstChild()) continue;
      while (!cursor.gotoNextSibling()) if (!cursor.gotoParent()) return true;
    }
  } finally {
    cursor.delete();
  }
}
