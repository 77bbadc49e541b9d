import { findAll, isCall, type Node } from '../../../locate/ast.ts';
import { grouped, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

/** A quotient whose divisor can be 0: NaN or Infinity goes on as if it were a number, BigInt throws. */
export const guardDivision: Transformation = {
  name: 'guard-division',
  kind: 'root-cause',
  applies: (site) =>
    site.location.depth < 2 &&
    (site.fault.kind === 'count' ||
      site.fault.kind === 'bigint-parse' ||
      site.fault.kind === 'sql' ||
      /NaN|Infinity|[Dd]ivision by zero|integer/.test(site.incident.context.error.message)),
  propose(site) {
    const { source } = site;
    const fn = source.functionOf(site.node);
    if (fn === undefined) return [];
    const found: Proposal[] = [];
    for (const node of findAll(fn, (each): each is Node => each.type === 'BinaryExpression')) {
      if (
        node.type !== 'BinaryExpression' ||
        (node.operator !== '/' && node.operator !== '%') ||
        node.right.type === 'Literal'
      )
        continue;
      const divisor = source.slice(node.right);
      if (
        findAll(node.right, isCall).length > 0 ||
        source
          .ancestors(node)
          .some((each) => each.type === 'ConditionalExpression' && source.slice(each.test).includes(divisor))
      )
        continue;
      const text = `${divisor} === 0 ? 0 : ${source.slice(node)}`;
      found.push({
        edits: [
          replace(
            source,
            node,
            grouped(source, node, text) === text &&
              source.parent(node)?.type !== 'VariableDeclarator' &&
              source.parent(node)?.type !== 'ReturnStatement'
              ? `(${text})`
              : grouped(source, node, text),
          ),
        ],
        title: `Give 0 where ${divisor} is 0`,
        why: `${divisor} can be 0 at ${site.place(node)}, and a quotient by it is no number`,
        weight: 0.55,
      });
    }
    return found;
  },
};
