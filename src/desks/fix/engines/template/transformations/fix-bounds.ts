import { findAll, isIdentifier, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import { insert, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

/** An index one too far: `<=` against a length, `[list.length]`, a neighbour past the end. */
export const fixBounds: Transformation = {
  name: 'fix-bounds',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.subject !== null,
  propose(site) {
    const { subject } = site;
    if (subject === null) return [];
    const uses = (site.origin?.steps ?? [])
      .filter((each) => each.kind === 'use')
      .map((each) => ({ source: each.source, node: unwrap(each.node) }));
    const hit = [{ source: site.source, node: unwrap(subject) }, ...uses].find(
      ({ node }) => isMember(node) && node.computed,
    );
    if (hit === undefined || !isMember(hit.node)) return [];
    const { source, node: index } = hit;
    const found: Proposal[] = [];
    for (const loop of source.ancestors(index)) {
      if (
        loop.type !== 'ForStatement' &&
        loop.type !== 'WhileStatement' &&
        loop.type !== 'IfStatement' &&
        loop.type !== 'ConditionalExpression'
      )
        continue;
      const test = loop.test;
      if (test?.type !== 'BinaryExpression') continue;
      const operator = source.text.indexOf(test.operator, test.left.end);
      const names = findAll(index.property, (each): each is Node => isIdentifier(each)).map((each) =>
        source.slice(each),
      );
      if (!names.includes(source.slice(test.left))) continue;
      if (test.operator === '<=' && /length|size|count/i.test(source.slice(test.right))) {
        found.push({
          edits: [replace(source, { start: operator, end: operator + 2 }, '<')],
          title: 'Stop before the end of the list',
          why: `the test at ${site.place(test, source)} lets the index be ${source.slice(test.right)}, one too many for ${source.slice(index)}`,
          weight: 0.97,
        });
      } else if (
        test.operator === '<' &&
        index.property.type === 'BinaryExpression' &&
        index.property.operator === '+'
      ) {
        found.push({
          edits: [insert(source, test.right.end, ` - ${source.slice(index.property.right)}`)],
          title: 'Stop where there is no next item',
          why: `the test at ${site.place(test, source)} lets it read ${source.slice(index)}, which the last round does not have`,
          weight: 0.8,
        });
      }
    }
    const property = unwrap(index.property);
    if (
      isMember(property) &&
      source.slice(property.property) === 'length' &&
      source.slice(property.object) === source.slice(index.object)
    ) {
      found.push({
        edits: [insert(source, property.end, ' - 1')],
        title: 'Read the last item',
        why: `${source.slice(index)} is one past the last item`,
        weight: 0.97,
      });
    }
    return found;
  },
};
