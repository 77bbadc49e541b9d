import {
  findAll,
  isCall,
  isMember,
  leaves,
  unwrap,
  type FunctionNode,
  type Node,
} from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';
import { before, insert } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

/** A transaction is begun, and not every way out ends it: what comes next on the connection is refused, or joins it. */
export const rollBack: Transformation = {
  name: 'roll-back',
  kind: 'root-cause',
  applies: (site) =>
    site.location.depth === 0 &&
    (site.fault.kind === 'sql' || site.fault.kind === 'hang' || site.location.by === 'route'),
  propose(site) {
    const aborted = /current transaction is aborted|already a transaction/.test(
      site.incident.context.error.message,
    );
    const found: Proposal[] = [];
    for (const source of site.tree.matching(/['"`](?:BEGIN|START TRANSACTION)\b/i)) {
      for (const begin of findAll(source.program, isCall)) {
        if (!isCommand(source, begin, /^(?:BEGIN|START TRANSACTION)/i)) continue;
        const fn = source.functionOf(begin);
        const edits = fn === undefined ? [] : openWays(source, fn, begin);
        if (edits.length > 0)
          found.push({
            edits,
            title: 'End the transaction on every way out',
            why: `${source.file}:${source.line(begin.start)} begins a transaction that an error or an early return leaves open`,
            weight: aborted ? 0.9 : 0.5,
          });
      }
    }
    return found;
  },
};

function isCommand(source: Source, call: Node, command: RegExp): boolean {
  const first = isCall(call) ? call.arguments[0] : undefined;
  return (
    first !== undefined &&
    command.test(source.slice(first).slice(1)) &&
    isCall(call) &&
    isMember(unwrap(call.callee))
  );
}

/** A ROLLBACK in each `catch`, and before each return after the beginning, that lacks one. */
function openWays(source: Source, fn: FunctionNode, begin: Node): Proposal['edits'] {
  if (!isCall(begin)) return [];
  const { quote, semicolon: end } = source.style;
  const text = `await ${source.slice(begin.callee)}(${quote}ROLLBACK${quote})${end}`;
  const ends = (node: Node): boolean =>
    findAll(node, isCall).some((call) => isCommand(source, call, /^(?:ROLLBACK|COMMIT)/i));
  const commit = findAll(fn, isCall).findLast((call) => isCommand(source, call, /^COMMIT/i));
  const edits: Proposal['edits'] = [];
  for (const node of findAll(
    fn,
    (each): each is Node => each.type === 'TryStatement' || each.type === 'IfStatement',
  )) {
    if (
      node.type === 'TryStatement' &&
      node.handler &&
      node.end > begin.end &&
      !ends(node.handler) &&
      (node.finalizer === null || !ends(node.finalizer))
    ) {
      const first = (node.handler.body.body as Node[])[0];
      const put = first === undefined ? undefined : before(source, first, text);
      if (put !== undefined) edits.push(...put);
    } else if (
      node.type === 'IfStatement' &&
      node.start > begin.end &&
      (commit === undefined || node.end < commit.start) &&
      leaves(node.consequent) &&
      !ends(node.consequent)
    ) {
      const throwsInTry =
        /\bthrow\b/.test(source.slice(node.consequent)) &&
        source.ancestors(node).some((each) => each.type === 'TryStatement');
      if (throwsInTry) continue;
      const put =
        node.consequent.type === 'BlockStatement'
          ? before(source, (node.consequent.body as Node[])[0]!, text)
          : [
              insert(
                source,
                node.consequent.start,
                `{${source.style.newline}${source.indentOf(node)}${source.style.indent}${text}${source.style.newline}${source.indentOf(node)}${source.style.indent}`,
              ),
              insert(source, node.consequent.end, `${source.style.newline}${source.indentOf(node)}}`),
            ];
      if (put !== undefined) edits.push(...put);
    }
  }
  return edits;
}
