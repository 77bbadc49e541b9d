import { isCall, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import { grouped, replace } from '../edits.ts';
import type { Transformation } from '../site.ts';

/** A stored date that is missing or broken is formatted: give null for it, as JSON does for no date. */
export const guardDate: Transformation = {
  name: 'guard-date',
  kind: 'mitigation',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'date' ||
      (site.fault.kind === 'nullish-read' &&
        /^(?:toISOString|getTime|toLocaleDateString)$/.test(site.fault.key ?? ''))) &&
    isCall(site.node) &&
    isMember(unwrap(site.node.callee)),
  propose(site) {
    const { source, node } = site;
    if (!isCall(node)) return [];
    const callee = unwrap(node.callee);
    if (!isMember(callee)) return [];
    const object = unwrap(callee.object);
    const made: Node | undefined = object.type === 'NewExpression' ? object.arguments[0] : undefined;
    const text = source.slice(made ?? object);
    const test = made === undefined ? `Number.isNaN(${text}.getTime())` : `Number.isNaN(Date.parse(${text}))`;
    const seen = site.evidence.nulls.has(text.split('.').at(-1) ?? '')
      ? 'the recording holds it as null'
      : 'it was no date for this request';
    const found = [
      {
        edits: [
          replace(
            source,
            node,
            grouped(source, node, `${test} ? null : ${source.slice(node)}`).replace(/^(?!\()([^]*)$/, '($1)'),
          ),
        ],
        title: `Give null for ${text} when it is no date`,
        why: `${text} is formatted unchecked; ${seen}`,
        weight: 0.5,
      },
    ];
    if (made !== undefined) {
      found.push({
        edits: [
          replace(
            source,
            node,
            grouped(source, node, `${text} ? ${source.slice(node)} : null`).replace(/^(?!\()([^]*)$/, '($1)'),
          ),
        ],
        title: `Give null when there is no ${text.split('.').at(-1)}`,
        why: `${text} is formatted unchecked; ${seen}`,
        weight: 0.55,
      });
    }
    return found;
  },
};
