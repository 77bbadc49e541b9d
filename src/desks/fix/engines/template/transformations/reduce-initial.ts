import { calleeName, findAll, isCall, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import { returnsOf } from '../../../locate/flow.ts';
import { guardText } from '../render-answer.ts';
import { before, insert } from '../edits.ts';
import { listStatement } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** `reduce` over an empty list has nothing to start with: give it the neutral value of what it does. */
export const reduceInitial: Transformation = {
  name: 'reduce-initial',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'empty-reduce' && isCall(site.node),
  propose(site) {
    const { source, node } = site;
    if (!isCall(node) || node.arguments.length !== 1) return [];
    const text = source.slice(node.arguments[0]!).replaceAll('=>', '');
    const list = unwrap(node.callee);
    const found: Proposal[] = [];
    const add = (value: string, why: string, weight: number): void => {
      found.push({
        edits: [insert(source, node.arguments[0]!.end, `, ${value}`)],
        title: `Start the ${calleeName(node)} at ${value}`,
        why,
        weight,
      });
    };
    if (/\*/.test(text) && !/[+]/.test(text))
      add('1', 'the callback multiplies, and 1 changes no product', 0.7);
    else if (/Math\.max|>/.test(text))
      add(
        /\?/.test(text) && !/Math/.test(text) ? 'null' : '0',
        'the list was empty, and there is no largest of none',
        0.5,
      );
    else if (/Math\.min|</.test(text))
      add(
        /\?/.test(text) && !/Math/.test(text) ? 'null' : '0',
        'the list was empty, and there is no smallest of none',
        0.45,
      );
    else if (/\.\.\.|concat|push/.test(text))
      add(/\{\s*\.\.\./.test(text) ? '{}' : '[]', 'the callback collects, and the list was empty', 0.75);
    else if (/`|join|\+\s*['"]/.test(text))
      add(source.style.quote.repeat(2), 'the callback joins texts, and the list was empty', 0.7);
    else add('0', 'the callback adds up, and the sum of nothing is 0', 0.88);
    if (isMember(list)) found.push(...whenEmpty(site, list.object));
    return found;
  },
};

/** The list is empty: answer or return before it is used. */
function whenEmpty(site: Site, list: Node): Proposal[] {
  const { source } = site;
  const root = unwrap(list);
  if (findAll(root, isCall).length > 0) return [];
  const fn = source.functionOf(site.node);
  const statement = listStatement(source, site.node, fn);
  if (statement === undefined || fn === undefined) return [];
  const text = source.slice(root);
  const handler = site.location.handler?.node === fn ? site.location.handler : null;
  const found: Proposal[] = [];
  const answer = site.answer({ source, at: statement, status: 404, entity: null, handler });
  const edits = answer && before(source, statement, guardText(source, `${text}.length === 0`, answer));
  if (answer && edits)
    found.push({
      edits,
      title: 'Answer 404 when the list is empty',
      why: `${text} was empty at ${site.place(site.node)}; ${answer.like === null ? 'the usual form' : `${answer.like.where} answers so`}`,
      weight: 0.5 + (answer.sameStatus ? 0.1 : 0),
      kind: 'mitigation',
    });
  if (handler === null && returnsOf(source, fn).length > 0) {
    for (const value of ['0', 'null']) {
      const own = before(
        source,
        statement,
        `if (${text}.length === 0) return ${value}${source.style.semicolon}`,
      );
      if (own)
        found.push({
          edits: own,
          title: `Give ${value} for an empty list`,
          why: `${text} was empty at ${site.place(site.node)}`,
          weight: value === '0' ? 0.55 : 0.45,
          kind: 'mitigation',
        });
    }
  }
  return found;
}
