import { findAll, isIdentifier, leaves, unwrapAwait, type Node } from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';
import { after, indented, insert } from '../edits.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** A `catch` that goes on without the value: what follows uses what was never set. */
export const leaveCatch: Transformation = {
  name: 'leave-catch',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'nullish-read' || site.fault.kind === 'not-iterable') &&
    site.subject !== null,
  propose(site) {
    const found: Proposal[] = [];
    const seen = new Set<Node>();
    for (const step of site.origin?.steps ?? []) {
      const name =
        step.name ??
        (isIdentifier(unwrapAwait(step.node))
          ? (unwrapAwait(step.node) as { name: string } & Node).name
          : null);
      const fn = step.source.functionOf(step.node);
      if (name === null || fn === undefined) continue;
      for (const node of findAll(fn, (each): each is Node => each.type === 'TryStatement')) {
        if (node.type !== 'TryStatement' || !node.handler || leaves(node.handler.body) || seen.has(node))
          continue;
        if (
          !new RegExp(`\\b${name.replaceAll('$', '\\$')}\\s*=[^=]`).test(step.source.slice(node.block)) &&
          node.end > site.node.start
        )
          continue;
        if (!new RegExp(`\\b${name.replaceAll('$', '\\$')}\\s*=[^=]`).test(step.source.slice(node.block)))
          continue;
        // Inside of the `try` it is not this catch that led on.
        if (
          step.source === site.source &&
          node.block.start <= site.node.start &&
          site.node.end <= node.block.end
        )
          continue;
        seen.add(node);
        found.push(...leaving(site, step.source, node.handler));
      }
    }
    return found;
  },
};

function leaving(site: Site, source: Source, clause: Node & { type: 'CatchClause' }): Proposal[] {
  const fn = source.functionOf(clause);
  const { semicolon: end, indent, newline } = source.style;
  const last = (clause.body.body as Node[]).at(-1);
  const base = source.indentOf(source.parent(clause) ?? clause);
  const put = (text: string): Proposal['edits'] | undefined =>
    last === undefined
      ? [
          insert(
            source,
            clause.body.start + 1,
            `${newline}${base}${indent}${indented(source, text, base + indent)}${newline}${base}`,
          ),
        ]
      : after(source, last, text);
  const why = `the catch at ${source.file}:${source.line(clause.start)} goes on although the value was not made, and ${site.place(site.node)} uses it`;
  const found: Proposal[] = [];
  const handler = site.location.handler?.node === fn ? site.location.handler : null;
  for (const [n, status] of [502, 500].entries()) {
    const answer = site.answer({ source, at: last ?? clause.body, status, entity: null, handler });
    const edits = answer && put(answer.text);
    if (answer && edits)
      found.push({
        edits,
        title: `Answer ${status} when the value cannot be had`,
        why,
        weight: 0.72 + (answer.sameStatus ? 0.1 : 0) - n * 0.1,
      });
  }
  const param = clause.param;
  if (param?.type === 'Identifier') {
    const edits = put(`throw ${param.name}${end}`);
    if (edits) found.push({ edits, title: 'Do not go on after the error', why, weight: 0.6 });
  }
  return found;
}
