import type { Node, Tree } from '@vscode/tree-sitter-wasm';
import { walk, type Fault } from './tree-faults.ts';

/** What a grammar lets pass though the language does not: made for editors, they take more than they should. */
export const BEYOND: Readonly<Record<string, (tree: Tree, text: string) => Fault | null>> = {
  python: indentation,
  bash: (tree) => strayWord(tree, 'command_name', SHELL_WORDS),
  ruby: (tree) => strayWord(tree, 'identifier', RUBY_WORDS),
};

const SHELL_WORDS = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', 'esac', '}', ';;']);
const RUBY_WORDS = new Set(['end', 'elsif', 'else', 'when', 'then', 'ensure']);

/** A word that can only go on or end something, as a statement of its own. */
function strayWord(tree: Tree, type: string, words: ReadonlySet<string>): Fault | null {
  let fault: Fault | null = null;
  walk(tree, (node) => {
    if (node.type !== type) return 'into';
    if (node.endIndex - node.startIndex > 6 || !words.has(node.text)) return 'next';
    if (type === 'identifier' && !STATEMENTS.test(node.parent?.type ?? '')) return 'next'; // `range.end`, `def end`
    fault = { line: node.startPosition.row + 1, message: `unexpected \`${node.text}\`` };
    return 'end';
  });
  return fault;
}

const STATEMENTS = /^(?:program|body_statement|block_body|begin|then|else|ensure|do)$/;

const HOLDS_BLOCKS =
  /^(?:module|block|decorated_definition|(?:if|for|while|try|with|match)_statement|\w+_clause|(?:function|class)_definition)$/;

/** Python's rules of indentation: a block holds something, and what is in one block begins in one column. */
function indentation(tree: Tree, text: string): Fault | null {
  const lines = text.split('\n');
  let fault: Fault | null = null;
  /** The indentation of what begins its line, else null. */
  const indentOf = ({ startPosition: { row, column } }: Node): number | null => {
    const before = (lines[row] ?? '').slice(0, column);
    return before.trim() === '' ? widthOf(before) : null;
  };
  walk(tree, (node) => {
    if (!HOLDS_BLOCKS.test(node.type)) return 'next';
    const isBlock = node.type === 'block';
    const all = isBlock || node.type === 'module' || node.type === 'decorated_definition';
    let clauses = 0;
    let expected = node.type === 'module' ? 0 : isBlock ? null : indentOf(node);
    let empty = true;
    for (const child of node.namedChildren) {
      if (child === null || child.type === 'comment') continue;
      empty = false;
      const clause = child.type.endsWith('_clause');
      if (clause) clauses++;
      if (!all && !clause) continue;
      const own = indentOf(child);
      if (own !== null) expected ??= own;
      if (own === null || own === expected) continue;
      fault = { line: child.startPosition.row + 1, message: 'unexpected indentation' };
      return 'end';
    }
    const line = node.startPosition.row + 1;
    if (isBlock && empty) fault = { line, message: 'an indented block is missing after this line' };
    if (node.type === 'try_statement' && clauses === 0)
      fault = { line, message: '`try` has neither `except` nor `finally`' };
    return fault === null ? 'into' : 'end';
  });
  return fault;
}

/** Tabs go to the next multiple of eight, as Python 2 reads them; Python 3 has no mixture that this would take for equal. */
function widthOf(blanks: string): number {
  let width = 0;
  for (const char of blanks) {
    if (char === '\t') width += 8 - (width % 8);
    else if (char === ' ') width++;
    else if (char === '\f') width = 0;
  }
  return width;
}
