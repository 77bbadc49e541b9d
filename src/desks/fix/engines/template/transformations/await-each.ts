import {
  bodyOf,
  calleeName,
  findAll,
  isCall,
  isFunction,
  isMember,
  unwrap,
  type Node,
} from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';
import { insert, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

/** `forEach(async …)` waits for nothing: errors go unhandled, and what follows runs too early. */
export const awaitEach: Transformation = {
  name: 'await-each',
  kind: 'root-cause',
  applies: (site) => site.location.by !== 'commit' && site.location.depth < 2,
  propose(site) {
    const { source } = site;
    const found: Proposal[] = [];
    const scope = isFunction(site.node) ? site.node : (outermost(source, site.node) ?? site.node);
    for (const call of findAll(scope, isCall)) {
      const callee = unwrap(call.callee);
      const fn = call.arguments[0];
      const name = calleeName(call);
      if (!isMember(callee) || fn === undefined || !isFunction(fn) || !fn.async) continue;
      const around = source.functionOf(call);
      if (around === undefined || !around.async) continue;
      const parent = source.parent(call);
      if (name === 'forEach' && parent?.type === 'ExpressionStatement') {
        found.push({
          edits: [
            replace(source, { start: callee.property.start, end: callee.property.end }, 'map'),
            insert(source, call.start, 'await Promise.all('),
            insert(source, call.end, ')'),
          ],
          title: 'Wait for all items',
          why: `forEach at ${site.place(call)} does not wait for its async callback, so what it throws is nobody's`,
          weight: 0.85,
        });
        const param = fn.params[0];
        if (
          param !== undefined &&
          fn.params.length === 1 &&
          bodyOf(fn) !== null &&
          !/\breturn\b/.test(source.slice(fn))
        ) {
          found.push({
            edits: [
              replace(
                source,
                { start: parent.start, end: bodyOf(fn)!.start },
                `for (const ${source.slice(param)} of ${source.slice(callee.object)}) `,
              ),
              replace(source, { start: fn.end, end: parent.end }, ''),
            ],
            title: 'Do one item after the other',
            why: `forEach at ${site.place(call)} does not wait for its async callback, so what it throws is nobody's`,
            weight: 0.87,
          });
        }
      } else if (
        name === 'map' &&
        parent?.type !== 'AwaitExpression' &&
        !(
          parent !== undefined &&
          isCall(parent) &&
          /^(?:all|allSettled|race|any)$/.test(calleeName(parent) ?? '')
        )
      ) {
        found.push({
          edits: [insert(source, call.start, 'await Promise.all('), insert(source, call.end, ')')],
          title: 'Wait for what the list is mapped to',
          why: `map with an async callback at ${site.place(call)} gives promises, not values`,
          weight: 0.9,
        });
      }
    }
    return found;
  },
};

function outermost(source: Source, node: Node): Node | undefined {
  let found: Node | undefined;
  for (const each of source.ancestors(node)) if (isFunction(each)) found = each;
  return found;
}
