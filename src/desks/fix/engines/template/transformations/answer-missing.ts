import { isCall, unwrap, unwrapAwait, type Node } from '../../../locate/ast.ts';
import { type Origin } from '../../../locate/flow.ts';
import { type ErrorAnswer } from '../answer-model.ts';
import { guardText } from '../render-answer.ts';
import { placesOf, putAt, type Place } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

const LOOKUPS: readonly Origin['kind'][] = [
  'row',
  'json',
  'find',
  'table',
  'call',
  'property',
  'falls-through',
  'element',
  'unknown',
  'parameter',
];

/** What was looked up is not there: answer as the app answers for other missing things, where the lookup is made. */
export const answerMissing: Transformation = {
  name: 'answer-missing',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'nullish-read' ||
      site.fault.kind === 'not-iterable' ||
      (site.fault.kind === 'json' && site.fault.value === 'undefined')) &&
    site.origin !== null &&
    site.subject !== null &&
    unwrap(site.subject).type !== 'ThisExpression' &&
    LOOKUPS.includes(site.origin.kind),
  propose(site) {
    const proposals: Proposal[] = [];
    for (const [i, place] of placesOf(site).entries()) {
      if (place.loop !== null) continue;
      for (const [n, status] of statusesFor(site, place).entries())
        proposals.push(...at(site, place, status, i, n));
    }
    return proposals.sort((a, b) => b.weight - a.weight);
  },
};

/** By what it was looked up with: a path names a thing that is not there, a body refers to one that should be. */
function statusesFor(site: Site, place: Place): number[] {
  const used = new Set(site.incident.answers.map((each) => each.status));
  for (const status of site.evidence.errorAnswers.keys()) used.add(status);
  if (place.input === 'body')
    return [404, 400, ...(used.has(422) ? [422] : [])].sort(
      (a, b) => Number(used.has(b)) - Number(used.has(a)),
    );
  if (site.origin?.kind === 'table' && place.input !== 'params')
    return [400, 404, ...(used.has(422) ? [422] : [])];
  if (place.input === 'headers') return [401, 404];
  if (place.input === 'query') return [404, 400];
  return [404, ...(used.has(422) ? [422] : []), ...(place.input === null ? [400] : [])];
}

function at(site: Site, place: Place, status: number, i: number, n: number): Proposal[] {
  const answer = site.answer({
    source: place.source,
    at: place.statement,
    status,
    entity: place.entity,
    also: place.also,
    handler: place.handler,
  });
  if (answer === undefined) return [];
  const edits = putAt(place, guardText(place.source, place.test, answer));
  if (edits === undefined) return [];
  const origin = site.origin!;
  const lookup = origin.kind === 'row' || origin.kind === 'find' || origin.kind === 'table';
  let weight = lookup ? 0.72 : origin.kind === 'call' ? 0.6 : 0.45;
  if (answer.sameStatus) weight += 0.12;
  if (answer.like === null) weight -= 0.08;
  if (site.evidence.emptyResult && origin.kind === 'row') weight += 0.08;
  if (place.input === 'params' && status === 404) weight += 0.05;
  // A relation of a row that was found is more often optional than an error.
  if (origin.kind === 'property') weight -= 0.05;
  weight -= i * 0.03 + n * 0.08;
  const title = `Answer ${status} when ${place.entity === null ? 'nothing is found' : `there is no ${place.entity}`}`;
  const because = why(site, place, status, answer.like, answer.sameStatus);
  const proposals: Proposal[] = [{ edits, title, weight, why: because }];
  const twins = place.position === 'after' ? twinsOf(place) : [];
  if (twins.length > 0) {
    const all = putAt(
      place,
      guardText(place.source, [...twins, place.value].map((name) => `!${name}`).join(' || '), answer),
    );
    if (all !== undefined)
      proposals.unshift({
        edits: all,
        title,
        weight: weight + 0.02,
        why: `${because}; ${twins.join(', ')} ${twins.length > 1 ? 'are' : 'is'} looked up in the same way just before, unchecked too`,
      });
  }
  return proposals;
}

/** Names set just before by the same call with another argument, which nothing has checked either. */
function twinsOf(place: Place): string[] {
  const { source, statement } = place;
  const block = source.parent(statement);
  if (block?.type !== 'BlockStatement' || statement.type !== 'VariableDeclaration') return [];
  const made = (node: Node): string | null => {
    const init =
      node.type === 'VariableDeclaration' && node.declarations.length === 1
        ? node.declarations[0]?.init
        : undefined;
    const call = !init ? undefined : unwrapAwait(init);
    return call !== undefined && isCall(call) ? source.slice(call.callee) : null;
  };
  const own = made(statement);
  if (own === null) return [];
  const statements = block.body as Node[];
  const names: string[] = [];
  for (let i = statements.indexOf(statement) - 1; i >= 0 && made(statements[i]!) === own; i--) {
    const id = (statements[i] as Node & { declarations: { id: Node }[] }).declarations[0]!.id;
    if (id.type === 'Identifier') names.unshift(id.name);
  }
  return names;
}

function why(site: Site, place: Place, status: number, like: ErrorAnswer | null, same: boolean): string {
  const seen =
    site.evidence.emptyResult && site.origin?.kind === 'row'
      ? 'the recorded query answered no rows'
      : `${place.value} can be ${site.fault.value ?? 'missing'}`;
  if (like === null)
    return `${seen}, and nothing checks it before ${site.place(site.node)}; the app has no error answer to follow, so this is the framework's usual one`;
  if (same) return `${seen}; ${like.where} answers ${status} in this form`;
  return `${seen}; the form follows ${like.where}, which answers ${like.status}`;
}
