import { findAll, isCall, isIdentifier, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import { valueOf } from '../../../locate/modules.ts';
import type { Source } from '../../../locate/source.ts';
import { replace } from '../edits.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** `x.id === req.params.id`: a number is never equal to a text. */
export const compareAsNumber: Transformation = {
  name: 'compare-as-number',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.origin?.kind === 'find',
  propose(site) {
    const origin = site.origin!;
    const { source } = origin;
    const found: Proposal[] = [];
    for (const node of findAll(origin.node, (each): each is Node => each.type === 'BinaryExpression')) {
      if (node.type !== 'BinaryExpression' || node.operator !== '===') continue;
      for (const [side, other] of [
        [node.left, node.right],
        [node.right, node.left],
      ] as const) {
        const text = source.slice(side);
        if (!isTextInput(source, side) || !/id\b|Id\b|number|no\b|index|year|qty/i.test(source.slice(other)))
          continue;
        found.push({
          edits: [replace(source, side, `Number(${text})`)],
          title: `Compare ${text} as a number`,
          why: `${text} is a text of the request, and ${source.slice(other)} is compared to it by ===, which a number never passes`,
          weight: numericIds(site, source, origin.node) ? 0.98 : 0.78,
        });
        found.push({
          edits: [replace(source, other, `String(${source.slice(other)})`)],
          title: `Compare ${source.slice(other)} as a text`,
          why: `${text} is a text of the request, and ${source.slice(other)} may be a number`,
          weight: numericIds(site, source, origin.node) ? 0.9 : 0.6,
        });
      }
    }
    return found;
  },
};

/** The list is written in the code, and its ids are numbers. */
function numericIds(site: Site, source: Source, find: Node): boolean {
  if (!isCall(find) || !isMember(unwrap(find.callee))) return false;
  const list = valueOf(site.tree, { source, node: (unwrap(find.callee) as Node & { object: Node }).object });
  return (
    list !== undefined &&
    list.node.type === 'ArrayExpression' &&
    /\b\w*[iI]d: \d/.test(list.source.slice(list.node))
  );
}

function isTextInput(source: Source, node: Node): boolean {
  const text = source.slice(node);
  if (/^(?:req|request|ctx)\.(?:params|query)\b/.test(text) || /searchParams\.get\(/.test(text)) return true;
  const inner = unwrap(node);
  const at = isIdentifier(inner) ? source.scopes.resolve(inner.name, inner)?.declaration : undefined;
  return (
    at?.type === 'VariableDeclarator' &&
    at.init !== null &&
    /^(?:(?:req|request|ctx)\.(?:params|query)\b|.*searchParams\.get\()|\.(?:split|match|exec)\(/.test(
      source.slice(at.init),
    )
  );
}
