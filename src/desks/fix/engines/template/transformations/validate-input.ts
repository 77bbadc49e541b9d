import { dotted, findAll, isIdentifier, unwrapAwait, type Node } from '../../../locate/ast.ts';
import { inputKind } from '../../../locate/flow.ts';
import { guardText } from '../render-answer.ts';
import { listStatement, placeAt, placesOf, putAt, type Place } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

const LISTS = /^(?:map|filter|forEach|reduce|push|some|every|find|flatMap|join|slice|sort|concat)$/;
const TEXTS =
  /^(?:trim|toLowerCase|toUpperCase|split|replace|replaceAll|startsWith|endsWith|padStart|substring|match|normalize|localeCompare|charAt)$/;

/** The request lacks what the handler needs, or has it of another kind: answer 400 as the app does for other bad input. */
export const validateInput: Transformation = {
  name: 'validate-input',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    ['nullish-read', 'not-iterable', 'not-function'].includes(site.fault.kind) &&
    site.subject !== null,
  propose(site) {
    const proposals: Proposal[] = [];
    for (const { place, test, field } of inputPlaces(site)) {
      for (const [n, status] of statusesFor(site, place).entries()) {
        const answer = site.answer({
          source: place.source,
          at: place.statement,
          status,
          entity: field,
          handler: place.handler,
          absent: true,
        });
        if (answer === undefined) continue;
        const edits = putAt(place, guardText(place.source, test, answer));
        if (edits === undefined) continue;
        const left =
          site.evidence.requestKeys.size > 0 && field !== null && !site.evidence.requestKeys.has(field);
        proposals.push({
          edits,
          title: `Answer ${status} when ${field ?? 'the body'} is missing or of another kind`,
          why: `${left ? `the failing request has no ${field}` : `${place.value} comes from the request unchecked`}; ${answer.like === null ? 'the form is the usual one of the framework' : `${answer.like.where} answers ${answer.like.status} in this form`}`,
          weight: 0.7 + (answer.sameStatus ? 0.12 : 0) + (left ? 0.05 : 0) - n * 0.08,
        });
      }
    }
    return proposals;
  },
};

/** Who does not say who they are is told so; other input is only wrong. */
function statusesFor(site: Site, place: Place): number[] {
  return /\bheaders?\.(?:authorization|cookie)\b|api-?key|token|session/i.test(place.value)
    ? [401, 400]
    : statusesOf(site);
}

export function statusesOf(site: Site): number[] {
  const used = new Set(site.incident.answers.map((each) => each.status));
  return used.has(422) ? (used.has(400) ? [400, 422] : [422, 400]) : [400];
}

interface InputPlace {
  place: Place;
  test: string;
  field: string | null;
}

function inputPlaces(site: Site): InputPlace[] {
  const { origin } = site;
  if (origin === null) return [];
  const found: InputPlace[] = [];
  if (origin.kind === 'input') {
    for (const place of placesOf(site)) {
      if (place.loop !== null || place.handler === null) continue;
      found.push({
        place,
        test: testFor(site, place.value),
        field: place.value.split('.').at(-1)!.replace(/\W/g, '') || null,
      });
    }
  }
  const item = elementOf(site);
  if (item !== undefined) found.push(item);
  return found;
}

/** `for (const x of body.items) x.a.b`: the list's items are input too. */
function elementOf(site: Site): InputPlace | undefined {
  const { origin } = site;
  if (origin?.kind !== 'element') return undefined;
  const list = unwrapAwait(origin.node);
  const text = dotted(list);
  const isInput =
    inputKind(origin.source, list) !== null || (isIdentifier(list) && fromInput(origin.source, list));
  const statement = listStatement(origin.source, origin.node, origin.source.functionOf(origin.node));
  if (text === null || !isInput || statement === undefined) return undefined;
  const place = placeAt(site, origin.source, statement, 'before', '', text);
  if (place.handler === null || place.loop !== null) return undefined;
  return { place, test: `${text}.some((item) => !item)`, field: text.split('.').at(-1)! };
}

function fromInput(source: Site['source'], id: Node & { name: string }): boolean {
  const at = source.scopes.resolve(id.name, id)?.declaration;
  return (
    at?.type === 'VariableDeclarator' &&
    at.init !== null &&
    findAll(at.init, (node): node is Node => inputKind(source, node) !== null).length > 0
  );
}

/** The weakest check that lets through what the code can use. */
function testFor(site: Site, value: string): string {
  const { fault } = site;
  const { quote } = site.source.style;
  const direct = site.subject !== null && site.source.slice(site.subject).endsWith(value);
  if (direct && (fault.kind === 'not-iterable' || LISTS.test(fault.key ?? '')))
    return `!Array.isArray(${value})`;
  if (direct && TEXTS.test(fault.key ?? '')) return `typeof ${value} !== ${quote}string${quote}`;
  if (direct && fault.kind === 'not-function' && /^to(?:Fixed|Precision)$/.test(fault.key ?? ''))
    return `typeof ${value} !== ${quote}number${quote}`;
  return `!${value}`;
}
