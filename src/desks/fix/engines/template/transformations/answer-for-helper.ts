import { isCall, type Node } from '../../../locate/ast.ts';
import { isNothing, returnsOf } from '../../../locate/flow.ts';
import { asHandler } from '../../../locate/routes.ts';
import { after } from '../edits.ts';
import { placesOf, putAt, type Place } from '../places.ts';
import { guardText } from '../render-answer.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/**
 * A helper looks something up that is not there, and only the handler above it can answer: the helper gives null, and the handler
 * answers for null as its siblings do.
 */
export const answerForHelper: Transformation = {
  name: 'answer-for-helper',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'nullish-read' ||
      (site.fault.kind === 'json' && site.fault.value === 'undefined')) &&
    site.subject !== null,
  propose(site) {
    const caller = site.incident.locations[site.location.depth + 1];
    if (caller === undefined || !isCall(caller.node)) return [];
    const { source } = caller;
    const fn = source.functionOf(caller.node);
    const handler = fn === undefined ? undefined : asHandler(source, fn);
    const declared = declaration(source, caller.node);
    if (handler === undefined || declared === undefined) return [];
    const found: Proposal[] = [];
    for (const place of placesOf(site)) {
      if (
        place.fn === undefined ||
        place.fn === fn ||
        place.loop !== null ||
        asHandler(place.source, place.fn) !== undefined
      )
        continue;
      if (place.fn !== site.source.functionOf(site.node)) continue;
      const none = nothingOf(place);
      const guard = putAt(place, `if (${place.test}) return ${none}${place.source.style.semicolon}`);
      for (const [n, status] of statusesFor(site, place).entries()) {
        const answer = site.answer({
          source,
          at: declared.statement,
          status,
          entity: place.entity,
          also: place.also,
          handler,
        });
        const edits =
          answer &&
          after(source, declared.statement, guardText(source, `${declared.name} === ${none}`, answer));
        if (guard === undefined || answer === undefined || edits === undefined) continue;
        found.push({
          edits: [...guard, ...edits],
          title: `Answer ${status} when there is no ${place.entity ?? place.value}`,
          why: `${place.value} was ${site.fault.value ?? 'missing'} in a function that cannot answer itself; ${answer.like === null ? 'the form is the usual one of the framework' : `${answer.like.where} answers ${answer.like.status} in this form`}`,
          weight: 0.58 + (answer.sameStatus ? 0.1 : 0) - n * 0.08,
        });
      }
    }
    return found;
  },
};

function declaration(source: Place['source'], call: Node): { statement: Node; name: string } | undefined {
  for (const each of source.ancestors(call)) {
    if (each.type === 'AwaitExpression' || each.type === 'TSAsExpression') continue;
    const statement = each.type === 'VariableDeclarator' ? source.parent(each) : undefined;
    return each.type === 'VariableDeclarator' && each.id.type === 'Identifier' && statement !== undefined
      ? { statement, name: each.id.name }
      : undefined;
  }
  return undefined;
}

function nothingOf(place: Place): string {
  const own = place.fn === undefined ? [] : returnsOf(place.source, place.fn);
  const nothing = own.find((each) => each.argument !== null && isNothing(each.argument));
  return nothing?.argument ? place.source.slice(nothing.argument) : 'null';
}

function statusesFor(site: Site, place: Place): number[] {
  const used = new Set(site.incident.answers.map((each) => each.status));
  const all = place.input === 'params' ? [404] : [404, 400, 422];
  return all
    .filter((status) => status === 404 || status === 400 || used.has(status))
    .sort((a, b) => Number(used.has(b)) - Number(used.has(a)));
}
