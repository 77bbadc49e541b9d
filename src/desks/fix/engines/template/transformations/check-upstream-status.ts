import {
  calleeName,
  dotted,
  findAll,
  isCall,
  isIdentifier,
  isMember,
  unwrapAwait,
  type CallNode,
  type Node,
} from '../../../locate/ast.ts';
import { handlerAround } from '../../../locate/routes.ts';
import type { Source } from '../../../locate/source.ts';
import { guardText } from '../render-answer.ts';
import { before, after } from '../edits.ts';
import { listStatement } from '../places.ts';
import { returnsOf, isNothing } from '../../../locate/flow.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** An answer of another service is read without asking whether it is one: check `ok` first. */
export const checkUpstreamStatus: Transformation = {
  name: 'check-upstream-status',
  kind: 'root-cause',
  applies: (site) =>
    site.location.depth < 3 &&
    (site.evidence.upstreamErrors.length > 0 || site.evidence.upstreamNotJson || site.fault.kind === 'json'),
  propose(site) {
    const found: Proposal[] = [];
    const around = site.source.functionOf(site.node);
    const scopes: { source: Source; node: Node }[] =
      around === undefined ? [] : [{ source: site.source, node: around }];
    for (const step of site.origin?.steps ?? []) {
      const fn = step.source.functionOf(step.node);
      if (fn !== undefined && !scopes.some((each) => each.node === fn))
        scopes.push({ source: step.source, node: fn });
    }
    for (const { source, node } of scopes)
      for (const call of findAll(node, isCall)) found.push(...check(site, source, call));
    return found.sort((a, b) => b.weight - a.weight);
  },
};

/** `await res.json()` where `res` is what `fetch` gave and nobody asks for its status. */
function check(site: Site, source: Source, call: CallNode): Proposal[] {
  const callee = unwrapAwait(call.callee);
  if (!/^(?:json|text)$/.test(calleeName(call) ?? '') || !isMember(callee) || call.arguments.length > 0)
    return [];
  const object = unwrapAwait(callee.object);
  if (!isIdentifier(object)) return [];
  const binding = source.scopes.resolve(object.name, object);
  const declared = binding?.declaration;
  if (
    declared?.type !== 'VariableDeclarator' ||
    declared.init === null ||
    !/fetch|request|undici|upstream|client/i.test(source.slice(declared.init))
  )
    return [];
  const asked = source.scopes.references(binding!).some((each) => {
    const parent = source.parent(each);
    return (
      parent !== undefined && isMember(parent) && /\.(?:ok|status|statusCode)$/.test(dotted(parent) ?? '')
    );
  });
  const fn = source.functionOf(call);
  const statement = listStatement(source, call, fn);
  if (asked || statement === undefined || fn === undefined) return [];
  const handler = handlerAround(source, call)?.node === fn ? handlerAround(source, call)! : null;
  const status = [...site.evidence.upstreamErrors].at(-1);
  const seen =
    status === undefined
      ? 'the body of the answer was not JSON'
      : `the recorded answer of the other service had status ${status}`;
  const place = (text: string): ReturnType<typeof before> =>
    source.parent(declared) !== undefined && source.functionOf(declared) === fn
      ? after(source, source.parent(declared)!, text)
      : before(source, statement, text);
  const found: Proposal[] = [];
  const test = `!${object.name}.ok`;
  for (const [n, wanted] of (status === 404 ? [404, 502] : [502]).entries()) {
    const answer = site.answer({ source, at: statement, status: wanted, entity: null, handler });
    const edits = answer && place(guardText(source, test, answer));
    if (edits)
      found.push({
        edits,
        title: `Answer ${wanted} when the other service fails`,
        why: `${seen}, and ${source.file}:${source.line(call.start)} reads it as if it were good`,
        weight: 0.75 + (answer.sameStatus ? 0.12 : 0) - n * 0.1 + (status === undefined ? -0.05 : 0.05),
      });
  }
  const { semicolon: end } = source.style;
  const own = returnsOf(source, fn).find(
    (each) => each.argument !== null && (isNothing(each.argument) || each.argument.type === 'Literal'),
  );
  if (own?.argument && handler === null) {
    const edits = place(`if (${test}) return ${source.slice(own.argument)}${end}`);
    if (edits)
      found.push({
        edits,
        title: 'Use the function’s own fallback when the other service fails'.replace('’', "'"),
        why: `${seen}; the function gives ${source.slice(own.argument)} where it has no value`,
        weight: 0.74,
      });
  }
  if (handler === null) {
    const edits = place(
      `if (${test}) throw new Error(\`upstream answered \${${object.name}.status}\`)${end}`,
    );
    const caught = source.ancestors(call).some((each) => each.type === 'TryStatement');
    if (edits)
      found.push({
        edits,
        title: 'Refuse an error answer of the other service',
        why: `${seen}; an error that names it replaces one that does not`,
        weight: caught ? 0.7 : 0.35,
        kind: 'mitigation',
      });
  }
  return found;
}
