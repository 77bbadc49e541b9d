import { isCode, isNode, parseCode, walk, type Node } from '../patch/syntax.ts';
import type { Changes } from './case.ts';
import { codeIn } from './mutants.ts';

/** Kinds of node with which code decides between ways to go on, or takes one value for another. */
const DECISIONS: ReadonlySet<string> = new Set([
  'IfStatement',
  'ConditionalExpression',
  'SwitchCase',
  'LogicalExpression',
  'AssignmentPattern',
  'TryStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
]);

/** What a patch does to the decisions of the code. What cannot be read may do anything. */
export interface Decisions {
  /** It brings in a condition, a fallback, a default or a catch: what happens then is its own choice. */
  adds: boolean;
  /** It leaves out a decision or a call that the code made: whether that was wanted is its own choice too. */
  leavesOut: boolean;
}

/** A patch that does neither says the same thing rightly: another name, a missing `await`, another word of a query. */
export async function decisionsOf(tree: string, changes: Changes): Promise<Decisions> {
  const found = { adds: false, leavesOut: false };
  if (Object.entries(changes).some(([path, after]) => after === null || !isCode(path)))
    return { adds: true, leavesOut: true };
  for (const { path, before, after } of await codeIn(tree, changes)) {
    const [was, is] = [count(path, before), count(path, after)];
    if (was === null || is === null) return { adds: true, leavesOut: true };
    found.adds ||= is.decisions > was.decisions;
    found.leavesOut ||= is.decisions < was.decisions || is.calls < was.calls;
  }
  return found;
}

function count(path: string, text: string): { decisions: number; calls: number } | null {
  const parsed = parseCode(path, text);
  if (!parsed.ok) return null;
  const found = { decisions: 0, calls: 0 };
  walk(parsed.program, (node) => {
    if (DECISIONS.has(node.type) || node['optional'] === true || isCatch(node)) found.decisions++;
    if (node.type === 'CallExpression' || node.type === 'NewExpression') found.calls++;
  });
  return found;
}

/** `promise.catch(…)` */
function isCatch(node: Node): boolean {
  const callee = node.type === 'CallExpression' ? node['callee'] : null;
  const property = isNode(callee) && callee.type === 'MemberExpression' ? callee['property'] : null;
  return isNode(property) && property['name'] === 'catch';
}
