import {
  calleeName,
  findAll,
  isCall,
  isIdentifier,
  unwrap,
  unwrapAwait,
  type Node,
} from '../../../locate/ast.ts';
import { insert, replace } from '../edits.ts';
import type { Source } from '../../../locate/source.ts';
import type { Proposal, Transformation } from '../site.ts';

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

function isBig(source: Source, node: Node): boolean {
  const inner = unwrap(node);
  if (inner.type === 'Literal') return typeof inner.value === 'bigint' || /^\d+n$/.test(source.slice(inner));
  if (isCall(inner)) return calleeName(inner) === 'BigInt';
  if (inner.type === 'BinaryExpression')
    return isBig(source, inner.left as Node) || isBig(source, inner.right);
  const at = isIdentifier(inner) ? source.scopes.resolve(inner.name, inner)?.declaration : undefined;
  return at?.type === 'VariableDeclarator' && at.init !== null && isBig(source, unwrapAwait(at.init));
}

/** JSON has no BigInt: write it as a text, or as a number, where the answer is made. */
export const bigintJson: Transformation = {
  name: 'bigint-json',
  kind: 'root-cause',
  applies: (site) => site.fault.kind === 'bigint-json' && site.location.depth < 3,
  propose(site) {
    const { source } = site;
    const fn = source.functionOf(site.node) ?? source.program;
    const found: Proposal[] = [];
    for (const node of findAll(fn, isCall)) {
      if (calleeName(node) === 'BigInt' && source.parent(node)?.type !== 'BinaryExpression') {
        found.push({
          edits: [
            replace(source, node, `Number(${node.arguments.map((each) => source.slice(each)).join(', ')})`),
          ],
          title: 'Use a number where JSON is made',
          why: `${source.slice(node)} goes into JSON, which has no BigInt`,
          weight: 0.66,
        });
        found.push({
          edits: [insert(source, node.end, '.toString()')],
          title: 'Write the BigInt as text',
          why: `${source.slice(node)} goes into JSON, which has no BigInt`,
          weight: 0.6,
        });
      }
      if (calleeName(node) === 'stringify' && node.arguments.length === 1) {
        for (const [value, weight] of [
          ['value.toString()', 0.55],
          ['Number(value)', 0.5],
        ] as const) {
          found.push({
            edits: [
              insert(
                source,
                node.arguments[0]!.end,
                `, (key, value) => (typeof value === ${source.style.quote}bigint${source.style.quote} ? ${value} : value)`,
              ),
            ],
            title: 'Write BigInts as JSON can',
            why: `a value that goes into JSON at ${site.place(node)} is a BigInt`,
            weight,
          });
        }
      }
    }
    for (const node of findAll(fn, (each): each is Node => each.type === 'Property')) {
      if (node.type !== 'Property' || node.shorthand) {
        if (node.type === 'Property' && isBig(source, node.value))
          found.push(
            {
              edits: [replace(source, node, `${source.slice(node)}: Number(${source.slice(node.value)})`)],
              title: `Give ${source.slice(node)} as a number`,
              why: `${source.slice(node)} is a BigInt, which JSON has not`,
              weight: 0.68,
            },
            {
              edits: [replace(source, node, `${source.slice(node)}: String(${source.slice(node.value)})`)],
              title: `Give ${source.slice(node)} as text`,
              why: `${source.slice(node)} is a BigInt, which JSON has not`,
              weight: 0.66,
            },
          );
        continue;
      }
      if (!isBig(source, node.value) || (isCall(node.value) && calleeName(node.value) === 'BigInt')) continue;
      const text = source.slice(node.value);
      found.push({
        edits: [replace(source, node.value, `Number(${text})`)],
        title: `Give ${source.slice(node.key)} as a number`,
        why: `${text} is a BigInt, which JSON has not`,
        weight: 0.68,
      });
      found.push({
        edits: [replace(source, node.value, `String(${text})`)],
        title: `Give ${source.slice(node.key)} as text`,
        why: `${text} is a BigInt, which JSON has not`,
        weight: 0.66,
      });
    }
    return found;
  },
};
