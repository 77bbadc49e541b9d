import { bodyOf, findAll, isCall, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';
import { insert, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

/** A method is handed over as a callback and loses its object: bind it where it is handed over. */
export const bindMethod: Transformation = {
  name: 'bind-method',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    site.fault.kind === 'nullish-read' &&
    site.subject !== null &&
    unwrap(site.subject).type === 'ThisExpression',
  propose(site) {
    const { source } = site;
    const method = methodOf(site.source, site.node);
    if (method === undefined) return [];
    const found: Proposal[] = [];
    for (const other of site.tree.matching(new RegExp(`\\.${method}\\b`))) {
      for (const node of findAll(other.program, isMember)) {
        if (node.computed || other.slice(node.property) !== method) continue;
        const parent = other.parent(node);
        if (
          parent === undefined ||
          !isCall(parent) ||
          parent.callee === node ||
          !parent.arguments.some((each) => each === node)
        )
          continue;
        found.push({
          edits: [insert(other, node.end, `.bind(${other.slice(node.object)})`)],
          title: `Keep ${other.slice(node.object)} with its method ${method}`,
          why: `${method} uses this, and is handed over at ${site.place(node, other)} without its object`,
          weight: 0.93,
        });
      }
    }
    // `setTimeout(function () { this.x })`: the function around was meant to share this.
    const fn = source.functionOf(site.node);
    if (
      fn?.type === 'FunctionExpression' &&
      source.parent(fn) !== undefined &&
      isCall(source.parent(fn)!) &&
      fn.id === null &&
      !fn.generator &&
      bodyOf(fn) !== null
    ) {
      const params = source.text.slice(source.text.indexOf('(', fn.start), bodyOf(fn)!.start).trimEnd();
      found.push({
        edits: [
          replace(
            source,
            { start: fn.start, end: bodyOf(fn)!.start },
            `${fn.async ? 'async ' : ''}${params} => `,
          ),
        ],
        title: 'Let the callback share this',
        why: `the callback at ${site.place(fn)} uses this, which a plain function does not take from around it`,
        weight: 0.88,
      });
    }
    return found;
  },
};

function methodOf(source: Source, node: Node): string | undefined {
  for (const each of source.ancestors(node)) {
    if (each.type === 'MethodDefinition' && each.key.type === 'Identifier') return each.key.name;
    if (each.type === 'Property' && each.method && each.key.type === 'Identifier') return each.key.name;
  }
  return undefined;
}
