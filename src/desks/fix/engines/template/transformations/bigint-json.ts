import { calleeName, findAll, isCall, type Node } from '../../../locate/ast.ts';
import { insert, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';
import { isBig } from './bigint.ts';

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
