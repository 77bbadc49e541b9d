import {
  calleeName,
  dotted,
  findAll,
  isCall,
  isMember,
  leaves,
  unwrapAwait,
  type Node,
} from '../../../locate/ast.ts';
import { insert } from '../edits.ts';
import type { Source } from '../../../locate/source.ts';
import type { Proposal, Transformation } from '../site.ts';

const ANSWERS = /^(?:json|send|end|sendStatus|redirect|render|sendFile)$/;

/** Two answers to one request: the first was meant to end the handler. */
export const returnAfterAnswer: Transformation = {
  name: 'return-after-answer',
  kind: 'root-cause',
  applies: (site) =>
    site.location.handler !== null &&
    (site.fault.kind === 'headers-sent' ||
      site.fault.kind === 'nullish-read' ||
      site.location.by === 'route'),
  propose(site) {
    const handler = site.location.handler!;
    if (handler.response === null) return [];
    const found: Proposal[] = [];
    for (const node of findAll(handler.node, (each): each is Node => each.type === 'ExpressionStatement')) {
      const { source } = handler;
      if (
        node.type !== 'ExpressionStatement' ||
        !isAnswer(node.expression, handler.response) ||
        !goesOn(source, node)
      )
        continue;
      const block = source.parent(node);
      const inBranch =
        block !== undefined &&
        (block.type === 'IfStatement' ||
          source.parent(block)?.type === 'IfStatement' ||
          source.parent(block)?.type === 'CatchClause' ||
          block.type === 'CatchClause');
      if (!inBranch) continue;
      found.push({
        edits: [insert(source, node.start, 'return ')],
        title: 'Return after the answer',
        why: `${source.file}:${source.line(node.start)} answers and goes on, so that the code after it runs as if nothing had happened`,
        weight: site.fault.kind === 'headers-sent' ? 0.95 : node.start < site.node.start ? 0.8 : 0.4,
      });
    }
    return found;
  },
};

function isAnswer(node: Node, response: string): boolean {
  const call = unwrapAwait(node);
  if (!isCall(call) || !ANSWERS.test(calleeName(call) ?? ''))
    return (
      isCall(call) &&
      call.arguments[0] !== undefined &&
      dotted(call.arguments[0]) === response &&
      /send|json|respond|fail|error|notFound|badRequest/i.test(calleeName(call) ?? '')
    );
  let at: Node = call;
  while (isMember(at) || isCall(at)) at = unwrapAwait(isMember(at) ? at.object : at.callee);
  return at.type === 'Identifier' && at.name === response;
}

/** Whether anything in the function can run after this statement. */
function goesOn(source: Source, node: Node): boolean {
  let at = node;
  for (const parent of source.ancestors(node)) {
    if (parent.type === 'BlockStatement') {
      const rest = (parent.body as Node[]).slice((parent.body as Node[]).indexOf(at) + 1);
      if (rest.length > 0)
        return !leaves(rest[0]!) || (rest[0]!.type === 'ReturnStatement' && rest[0]!.argument !== null);
    }
    if (parent.type.includes('Function')) return false;
    at = parent;
  }
  return false;
}
