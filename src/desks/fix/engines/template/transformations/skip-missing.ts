import {
  isCall,
  isFunction,
  isIdentifier,
  isMember,
  unwrap,
  unwrapAwait,
  calleeName,
  bodyOf,
} from '../../../locate/ast.ts';
import { insert } from '../edits.ts';
import { placesOf, putAt, type listStatement } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** One item of a list lacks what is needed: leave that item out, keep the others. */
export const skipMissing: Transformation = {
  name: 'skip-missing',
  kind: 'mitigation',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.subject !== null,
  propose(site) {
    return [...inLoop(site), ...inCallback(site)];
  },
};

function inLoop(site: Site): Proposal[] {
  const end = site.source.style.semicolon;
  const found: Proposal[] = [];
  for (const place of placesOf(site)) {
    if (place.loop === null || !place.test.startsWith('!')) continue;
    const isLoop = place.loop === 'statement';
    if (!isLoop && !returnsNothing(site, place.statement)) continue;
    const edits = putAt(place, `if (${place.test}) ${isLoop ? 'continue' : 'return'}${end}`);
    if (edits === undefined) continue;
    found.push({
      edits,
      title: `Leave out items without ${place.entity ?? place.value}`,
      why: `${place.value} was ${site.fault.value ?? 'missing'} for one item of the list at ${site.place(site.node)}, and the others do not depend on it`,
      weight: 0.5,
    });
  }
  return found;
}

/** forEach's callback, whose value nobody uses. */
function returnsNothing(site: Site, statement: Parameters<typeof listStatement>[1]): boolean {
  const fn = site.source.functionOf(statement);
  const call = fn && site.source.parent(fn);
  return call !== undefined && isCall(call) && calleeName(call) === 'forEach';
}

/** `list.map((x) => x.owner.name)` → `list.filter((x) => x.owner).map(…)`. */
function inCallback(site: Site): Proposal[] {
  const { source, subject } = site;
  if (subject === null) return [];
  const fn = source.functionOf(subject);
  const call = fn && source.parent(fn);
  if (fn === undefined || !isFunction(fn) || call === undefined || !isCall(call)) return [];
  const callee = unwrap(call.callee);
  const param = fn.params[0];
  if (
    !isMember(callee) ||
    !/^(?:map|flatMap|reduce|forEach|some|every|find)$/.test(calleeName(call) ?? '') ||
    param?.type !== 'Identifier'
  )
    return [];
  let root = unwrapAwait(subject);
  while (isMember(root)) root = unwrapAwait(root.object);
  if (!isIdentifier(root) || root.name !== param.name) return [];
  const text = source.slice(subject);
  const at = source.text.lastIndexOf('.', callee.property.start);
  if (at < callee.object.end) return [];
  const optional = source.text[at - 1] === '?' ? at - 1 : at;
  return [
    {
      edits: [insert(source, optional, `.filter((${param.name}) => ${text})`)],
      title: `Leave out items without ${text}`,
      why: `${text} was ${site.fault.value ?? 'missing'} for one item of ${source.slice(callee.object).slice(0, 60)}, and the others do not depend on it`,
      weight: bodyOf(fn) === null ? 0.42 : 0.36,
    },
  ];
}
