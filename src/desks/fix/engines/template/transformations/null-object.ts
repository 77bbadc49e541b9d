import { findAll, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';
import { replace } from '../edits.ts';
import type { Transformation } from '../site.ts';

/** `agent: { id: agent.id, name: agent.name }` of no agent: there is no such object, so null stands in its place. */
export const nullObject: Transformation = {
  name: 'null-object',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost && site.fault.kind === 'nullish-read' && site.subject !== null && isMember(site.node),
  propose(site) {
    const { source } = site;
    const subject = unwrap(site.subject!);
    if (subject.type !== 'Identifier' && !isMember(subject)) return [];
    const text = source.slice(subject);
    const object = objectOf(source, site.node, text);
    if (object === undefined) return [];
    const typed = /\bnull\b/.test(source.text) || [...site.tree.matching(/\|\s*null\b/)].length > 0;
    return [
      {
        edits: [replace(source, object, `${text} ? ${source.slice(object)} : null`)],
        title: `Give null in place of what would be made of no ${text}`,
        why: `all that is made at ${site.place(object)} comes from ${text}, which was ${site.fault.value ?? 'missing'}`,
        weight: typed ? 0.66 : 0.58,
      },
    ];
  },
};

/** The object literal, itself a member's value, that is made of the subject's members and of nothing else. */
function objectOf(source: Source, node: Node, subject: string): Node | undefined {
  for (const each of source.ancestors(node)) {
    if (each.type !== 'ObjectExpression') {
      if (each.type.endsWith('Statement') || each.type.includes('Function')) return undefined;
      continue;
    }
    const parent = source.parent(each);
    if (parent?.type !== 'Property' || parent.value !== each) return undefined;
    const members = findAll(each, isMember).filter(
      (member) => source.parent(member)?.type !== 'MemberExpression',
    );
    const own = members.every((member) => source.slice(member).startsWith(`${subject}.`));
    const spread = each.properties.some((property) => property.type === 'SpreadElement');
    return own && !spread ? each : undefined;
  }
  return undefined;
}
