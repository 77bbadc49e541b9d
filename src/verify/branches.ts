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

/**
 * Whether a patch decides something: it brings in a condition, a fallback, a default or a catch. What to do instead of what failed is then
 * its choice; a patch that decides nothing says the same thing rightly. What cannot be read may decide anything.
 */
export async function addsDecision(tree: string, changes: Changes): Promise<boolean> {
  if (Object.entries(changes).some(([path, after]) => after === null || !isCode(path))) return true;
  for (const { path, before, after } of await codeIn(tree, changes)) {
    const [was, is] = [decisionsIn(path, before), decisionsIn(path, after)];
    if (was === null || is === null || is > was) return true;
  }
  return false;
}

function decisionsIn(path: string, text: string): number | null {
  const parsed = parseCode(path, text);
  if (!parsed.ok) return null;
  let count = 0;
  walk(parsed.program, (node) => {
    if (DECISIONS.has(node.type) || node['optional'] === true) count++;
    if (isCatch(node)) count++;
  });
  return count;
}

/** `promise.catch(…)` */
function isCatch(node: Node): boolean {
  const callee = node.type === 'CallExpression' ? node['callee'] : null;
  const property = isNode(callee) && callee.type === 'MemberExpression' ? callee['property'] : null;
  return isNode(property) && property['name'] === 'catch';
}
