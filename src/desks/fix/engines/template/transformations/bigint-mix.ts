import { findAll, type Node } from '../../../locate/ast.ts';
import { insert, replace } from '../edits.ts';
import type { Source } from '../../../locate/source.ts';
import type { Proposal, Transformation } from '../site.ts';
import { isBig } from './bigint.ts';

/** A BigInt meets a number in one operation: make both the same. */
export const bigintMix: Transformation = {
  name: 'bigint-mix',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'bigint-mix',
  propose(site) {
    const { source } = site;
    const statement = source.statementOf(site.node) ?? site.node;
    const found: Proposal[] = [];
    for (const node of findAll(
      statement,
      (each): each is Node => each.type === 'BinaryExpression' || each.type === 'AssignmentExpression',
    )) {
      if (node.type !== 'BinaryExpression' && node.type !== 'AssignmentExpression') continue;
      if (!/^[-+*/%]=?$|^\*\*=?$/.test(node.operator) || node.operator === '=') continue;
      const sides = [node.left, node.right] as Node[];
      for (const [i, side] of sides.entries()) {
        const other = sides[1 - i]!;
        if (isBig(source, side)) {
          if (node.type === 'BinaryExpression' || i === 1)
            found.push({
              edits: [replace(source, side, `Number(${source.slice(side)})`)],
              title: `Make ${source.slice(side)} a number`,
              why: `${source.slice(side)} is a BigInt, and ${source.slice(other)} is a number`,
              weight: 0.7,
            });
          if (node.type === 'BinaryExpression' || i === 0)
            found.push({
              edits: [literalOr(source, other)],
              title: `Make ${source.slice(other)} a BigInt`,
              why: `${source.slice(side)} is a BigInt, and ${source.slice(other)} is a number`,
              weight: 0.68,
            });
        }
      }
      if (found.length === 0 && node === site.node) {
        for (const side of sides.slice(node.type === 'AssignmentExpression' ? 1 : 0)) {
          found.push({
            edits: [replace(source, side, `Number(${source.slice(side)})`)],
            title: `Make ${source.slice(side)} a number`,
            why: `one side of ${node.operator} at ${site.place(node)} is a BigInt`,
            weight: 0.5,
          });
          found.push({
            edits: [literalOr(source, side)],
            title: `Make ${source.slice(side)} a BigInt`,
            why: `one side of ${node.operator} at ${site.place(node)} is a BigInt`,
            weight: 0.45,
          });
        }
      }
    }
    return found;
  },
};

function literalOr(source: Source, node: Node): Proposal['edits'][number] {
  const whole =
    node.type === 'Literal' &&
    typeof node.value === 'number' &&
    Number.isInteger(node.value) &&
    /^\d+$/.test(source.slice(node));
  return whole ? insert(source, node.end, 'n') : replace(source, node, `BigInt(${source.slice(node)})`);
}
