import {
  calleeName,
  findAll,
  isCall,
  isIdentifier,
  isMember,
  unwrap,
  unwrapAwait,
  type Node,
} from '../../../locate/ast.ts';
import { before } from '../edits.ts';
import { listStatement } from '../places.ts';
import { guardText } from '../render-answer.ts';
import type { Proposal, Transformation } from '../site.ts';

/** `IN (${ids.map(…)})` of no ids is `IN ()`, which SQL does not have: nothing is asked for, so nothing is found. */
export const emptyInList: Transformation = {
  name: 'empty-in-list',
  kind: 'root-cause',
  applies: (site) =>
    site.fault.kind === 'sql' &&
    site.location.depth < 3 &&
    /syntax error at or near "\)"/.test(site.incident.context.error.message),
  propose(site) {
    const { source } = site;
    const fn = source.functionOf(site.node);
    const statement = listStatement(source, site.node, fn);
    if (fn === undefined || statement === undefined) return [];
    const { semicolon: end } = source.style;
    const found: Proposal[] = [];
    for (const list of listsIn(source, fn)) {
      const why = `${list} was empty, and the query at ${site.place(site.node)} writes it into IN (…), which may not be empty`;
      const handler = site.location.handler?.node === fn ? site.location.handler : null;
      const add = (text: string | undefined, title: string, weight: number): void => {
        const edits = text === undefined ? undefined : before(source, statement, text);
        if (edits !== undefined) found.push({ edits, title, why, weight });
      };
      if (handler === null)
        add(`if (${list}.length === 0) return []${end}`, `Find nothing for no ${list}`, 0.85);
      else {
        add(emptyAnswer(source, fn, list), `Answer an empty list for no ${list}`, 0.8);
        const answer = site.answer({
          source,
          at: statement,
          status: 400,
          entity: list.split('.').at(-1)!,
          handler,
        });
        add(answer && guardText(source, `${list}.length === 0`, answer), `Answer 400 for no ${list}`, 0.6);
      }
    }
    return found;
  },
};

/** What is mapped or joined into the text of a query. */
function listsIn(source: Parameters<typeof listStatement>[0], fn: Node): string[] {
  const found = new Set<string>();
  for (const call of findAll(fn, isCall)) {
    const callee = unwrap(call.callee);
    if (!isMember(callee) || !/^(?:map|join)$/.test(calleeName(call) ?? '')) continue;
    const object = unwrapAwait(callee.object);
    if ((isIdentifier(object) || isMember(object)) && /\bin\s*\(/i.test(source.slice(fn)))
      found.add(source.slice(object));
  }
  return [...found];
}

/** `res.json(rows)` at the end: the same with an empty list. */
function emptyAnswer(
  source: Parameters<typeof listStatement>[0],
  fn: Node,
  list: string,
): string | undefined {
  for (const call of findAll(fn, isCall).toReversed()) {
    const [first] = call.arguments;
    if (!/^(?:json|send)$/.test(calleeName(call) ?? '') || first === undefined || !isIdentifier(first))
      continue;
    const text = source.slice(call);
    return `if (${list}.length === 0) return ${text.slice(0, first.start - call.start)}[]${text.slice(first.end - call.start)}${source.style.semicolon}`;
  }
  return undefined;
}
