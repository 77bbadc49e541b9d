import { findAll, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import { grouped, insert, type Edit } from '../edits.ts';
import { chainTop, neutralFor } from '../neutral.ts';
import type { Source } from '../../../locate/source.ts';
import type { Proposal, Transformation } from '../site.ts';

/** The value may be absent: read through `?.`, with the value that means "nothing" where it is used. */
export const optionalChain: Transformation = {
  name: 'optional-chain',
  kind: 'mitigation',
  applies: (site) =>
    site.innermost &&
    site.fault.kind === 'nullish-read' &&
    isMember(site.node) &&
    site.subject !== null &&
    unwrap(site.subject).type !== 'ThisExpression',
  propose(site) {
    const { source, node, subject } = site;
    if (!isMember(node) || subject === null) return [];
    const top = chainTop(source, node);
    const parent = source.parent(top);
    // What is assigned to cannot be optional.
    if (parent?.type === 'AssignmentExpression' && parent.left === top) return [];
    if (
      parent?.type === 'UpdateExpression' ||
      (parent?.type === 'TemplateLiteral' && source.parent(parent)?.type === 'TaggedTemplateExpression')
    )
      return [];
    const link = optionalAt(source, node);
    if (link === undefined) return [];
    const relation = site.origin?.kind === 'property' || site.origin?.kind === 'input';
    const seenNull = isMember(subject) && site.evidence.nulls.has(source.slice(subject.property));
    const value = neutralFor(source, top);
    const because = seenNull
      ? `the recording holds ${source.slice(subject)} as null for this request`
      : `${source.slice(subject)} was ${site.fault.value ?? 'missing'} at ${site.place(node)}`;
    const others = laterReads(source, node, subject);
    const proposals: Proposal[] = [];
    const base = relation ? (seenNull ? 0.72 : 0.6) : 0.38;
    if (value !== null && value !== 'undefined') {
      proposals.push({
        edits: [
          ...withDefault(source, link, top, value),
          ...others.flatMap((each) => optionalWithDefault(source, each)),
        ],
        title: `Use ${value} when ${source.slice(subject)} is missing`,
        why: `${because}; ${value} is what "none" means where the value is used`,
        weight: base,
        kind: relation ? 'root-cause' : 'mitigation',
      });
    }
    const table = unwrap(subject);
    if (
      isMember(table) &&
      table.computed &&
      table.property.type !== 'Literal' &&
      value !== '0' &&
      value !== '[]'
    ) {
      const key = source.slice(table.property);
      proposals.push({
        edits: withDefault(source, link, top, key),
        title: `Use ${key} itself when ${source.slice(table.object)} has no entry for it`,
        why: `${because}; the key says the same in its own words`,
        weight: base - 0.03,
      });
    }
    if (value !== '0' && value !== '[]' && value !== '{}') {
      proposals.push({
        edits: [link, ...others.map((each) => optionalAt(source, each)).filter((each) => each !== undefined)],
        title: `Read ${source.slice(node)} only when ${source.slice(subject)} is there`,
        why: `${because}; what uses it can take undefined`,
        weight: base - (value === null ? 0.05 : 0.12),
      });
    }
    return proposals;
  },
};

/** Further reads of the same value in the function: with the first mended alone, the next would fail. */
function laterReads(source: Source, node: Node, subject: Node): Node[] {
  const fn = source.functionOf(node);
  const text = source.slice(subject);
  if (fn === undefined) return [];
  return findAll(fn, isMember).filter((each) => {
    if (
      each === node ||
      each.optional ||
      each.start < node.start ||
      source.slice(each.object) !== text ||
      source.functionOf(each) !== fn
    )
      return false;
    const parent = source.parent(each);
    return (
      !(parent?.type === 'AssignmentExpression' && parent.left === each) &&
      parent?.type !== 'UpdateExpression'
    );
  });
}

function optionalWithDefault(source: Source, node: Node): Edit[] {
  const link = optionalAt(source, node);
  if (link === undefined) return [];
  const top = chainTop(source, node);
  const value = neutralFor(source, top);
  return value === null || value === 'undefined' ? [link] : withDefault(source, link, top, value);
}

/** The edit that makes a member optional, behind whatever parentheses its object has. */
function optionalAt(source: Source, node: Node): Edit | undefined {
  if (!isMember(node) || node.optional) return undefined;
  const between = source.text.slice(node.object.end, node.property.start);
  const at = between.lastIndexOf(node.computed ? '[' : '.');
  if (at < 0) return undefined;
  return insert(source, node.object.end + at, node.computed ? '?.' : '?');
}

function withDefault(source: Source, link: Edit, top: Node, value: string): Edit[] {
  // `grouped` says whether parentheses are needed around the whole.
  const open = grouped(source, top, 'x') === '(x)';
  const mixed = source.parent(top)?.type === 'LogicalExpression';
  const parens = open || mixed;
  return [
    ...(parens ? [insert(source, top.start, '(')] : []),
    link,
    insert(source, top.end, ` ?? ${value}${parens ? ')' : ''}`),
  ];
}
