import { bodyOf, type Node } from '../../../locate/ast.ts';
import { type Handler } from '../../../locate/routes.ts';
import { insert, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

/** Express 4 does not see what an async handler rejects with: hand it to `next`, as errors are handed on. */
export const catchRejection: Transformation = {
  name: 'catch-rejection',
  kind: 'mitigation',
  applies: (site) =>
    site.location.handler?.kind === 'express' &&
    site.location.handler.node.async &&
    (site.incident.context.error.detector === 'unhandled-rejection' ||
      site.incident.context.error.detector === 'crash'),
  propose(site) {
    const handler = site.location.handler!;
    return wrapInTry(handler);
  },
};

function wrapInTry(handler: Handler): Proposal[] {
  const { source, node } = handler;
  const body = bodyOf(node);
  const statements = body?.body as Node[] | undefined;
  if (
    body === null ||
    statements === undefined ||
    statements.length === 0 ||
    statements.some((each) => each.type === 'TryStatement')
  )
    return [];
  const { indent, newline, semicolon: end } = source.style;
  const next = handler.next ?? 'next';
  const edits = [];
  if (handler.next === null) {
    const last = node.params.at(-1);
    if (last === undefined) return [];
    edits.push(insert(source, last.end, ', next'));
  }
  const base = source.indentOf(statements[0]!);
  const inside = source.text
    .slice(statements[0]!.start, statements.at(-1)!.end)
    .split(/\r?\n/)
    .map((line, i) => (i === 0 || line === '' ? line : indent + line))
    .join(newline);
  const text = `try {${newline}${base}${indent}${inside}${newline}${base}} catch (error) {${newline}${base}${indent}${next}(error)${end}${newline}${base}}`;
  edits.push(replace(source, { start: statements[0]!.start, end: statements.at(-1)!.end }, text));
  return [
    {
      edits,
      title: 'Hand errors of the handler to the error handler',
      why: `the async handler at ${source.file}:${source.line(node.start)} rejects, and nothing waits for it`,
      weight: 0.4,
    },
  ];
}
