import { bodyOf, isFunction, type FunctionNode, type Node } from '../../../locate/ast.ts';
import { isNothing, returnsOf } from '../../../locate/flow.ts';
import { functionName } from '../../../locate/modules.ts';
import { handlerAround } from '../../../locate/routes.ts';
import type { Source } from '../../../locate/source.ts';
import { replace } from '../edits.ts';
import { placesOf, putAt } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** A helper is given nothing, or finds nothing: it gives back what it gives elsewhere for none, else null. */
export const returnNothing: Transformation = {
  name: 'return-nothing',
  kind: 'mitigation',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.subject !== null,
  propose(site) {
    const found: Proposal[] = [];
    for (const place of placesOf(site)) {
      if (
        place.fn === undefined ||
        place.loop !== null ||
        handlerAround(place.source, place.fn)?.node === place.fn
      )
        continue;
      const { text, own } = nothingOf(place.source, place.fn);
      const edits = putAt(place, `if (${place.test}) return ${text}${place.source.style.semicolon}`);
      if (edits === undefined) continue;
      const name = functionName(place.source, place.fn) ?? 'the function';
      found.push({
        edits,
        title: `Give ${text} when there is no ${place.entity ?? place.value}`,
        why: own
          ? `${name} gives ${text} elsewhere when it has nothing`
          : `${place.value} was ${site.fault.value ?? 'missing'} in ${name}, whose callers can look for ${text}`,
        weight: own ? 0.6 : 0.38,
        kind: own ? 'root-cause' : 'mitigation',
      });
    }
    return [...found, ...expression(site)];
  },
};

/** `(x) => EXPRESSION` of a missing x gives null. */
function expression(site: Site): Proposal[] {
  for (const step of site.origin?.steps ?? []) {
    if (step.kind !== 'param' || !isFunction(step.node) || bodyOf(step.node) !== null || step.name === null)
      continue;
    const body = step.node.body as Node;
    const text = step.source.slice(body);
    const open = step.source.text.lastIndexOf('(', body.start);
    // An object literal stands in parentheses that are not part of the node.
    const held =
      body.type === 'ObjectExpression' && step.source.text.slice(open + 1, body.start).trim() === '';
    const inner = `${step.name} ? ${text} : null`;
    const edits = [replace(step.source, body, held ? inner : `(${inner})`)];
    return [
      {
        edits,
        title: `Give null for no ${step.name}`,
        why: `${step.name} was ${site.fault.value ?? 'missing'} at ${site.place(site.node)}, and nothing can be made of it`,
        weight: 0.5,
      },
    ];
  }
  return [];
}

/** What a function returns for "nothing": null, undefined, an empty list, as one of its returns says. */
function nothingOf(source: Source, fn: FunctionNode): { text: string; own: boolean } {
  for (const each of returnsOf(source, fn)) {
    const value = each.argument;
    if (value === null) continue;
    if (isNothing(value) || (value.type === 'ArrayExpression' && value.elements.length === 0))
      return { text: source.slice(value), own: true };
  }
  return { text: 'null', own: false };
}
