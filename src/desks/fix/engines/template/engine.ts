import { loadTree, locateIn } from '../../locate/locate.ts';
import { parses } from '../../locate/source.ts';
import type { SourceTree } from '../../locate/tree.ts';
import type { Candidate, Engine, FixContext } from '../port.ts';
import { handlerAround } from '../../locate/routes.ts';
import { apply, insert, type Edit } from './edits.ts';
import { evidenceOf } from './evidence.ts';
import { normalised, rankOf } from './rank.ts';
import { TRANSFORMATIONS } from './registry.ts';
import { listenForErrors } from './transformations/listen-for-errors.ts';
import { Incident, Site, type Proposal, type Transformation } from './site.ts';

const MAX_CANDIDATES = 40;
const MAX_LOCATIONS = 6;
/** Of one transformation: rivals are few, variations without end are noise. */
const MAX_EACH = 6;

/** Program repair without a model: transformations of the code around the places that an incident points to. */
export function createTemplateEngine(): Engine {
  return {
    name: 'template',
    unavailable: () => null,
    async *propose(context) {
      const tree = await loadTree(context.tree);
      for (const candidate of proposeIn(context, tree)) {
        if (context.signal.aborted) return;
        yield candidate;
      }
    },
  };
}

/** All candidates for an incident, best first. */
export function proposeIn(context: FixContext, tree: SourceTree): Candidate[] {
  const locations = locateIn(context, tree);
  if (locations.length === 0) return [];
  const incident = new Incident(tree, context, evidenceOf(context), locations);
  const found = new Map<string, Candidate>();
  for (const location of locations.slice(0, MAX_LOCATIONS)) {
    const site = new Site(incident, location);
    // A service that is down, a full disk, a wrong password: no change of the code mends them. Surviving them is one that helps.
    for (const transformation of location.fault.kind === 'environment'
      ? [listenForErrors]
      : TRANSFORMATIONS) {
      if (context.signal.aborted) break;
      if (!transformation.applies(site)) continue;
      for (const proposal of transformation.propose(site).slice(0, MAX_EACH))
        add(found, tree, site, transformation, proposal);
    }
  }
  return [...found.values()].sort((a, b) => b.rank - a.rank).slice(0, MAX_CANDIDATES);
}

/** Where an edit answers by a response that the handler does not take yet, its parameter is added. */
function withResponses(edits: readonly Edit[]): Edit[] {
  const all = [...edits];
  for (const { source, start, text } of edits) {
    const handler = /\b(?:reply|res)\b/.test(text) ? handlerAround(source, source.nodeAt(start)) : undefined;
    const last = handler?.node.params.at(-1);
    if (
      handler === undefined ||
      handler.response !== null ||
      last === undefined ||
      handler.node.params.length !== 1
    )
      continue;
    const name = handler.kind === 'fastify' ? 'reply' : 'res';
    if (handler.kind === 'koa' || handler.kind === 'hono' || !new RegExp(`\\b${name}\\b`).test(text))
      continue;
    if (
      source.scopes.visible(source.nodeAt(start)).has(name) ||
      all.some(
        (each) => each.source === source && each.start === last.end && each.text.startsWith(`, ${name}`),
      )
    )
      continue;
    if (/^\s*(?::[^=]*)?\)/.test(source.text.slice(last.end)))
      all.push(insert(source, last.end, `, ${name}`));
    else all.push(insert(source, last.start, '('), insert(source, last.end, `, ${name})`));
  }
  return all;
}

function add(
  found: Map<string, Candidate>,
  tree: SourceTree,
  site: Site,
  transformation: Transformation,
  proposal: Proposal,
): void {
  if (proposal.edits.length === 0) return;
  const edits = withResponses(proposal.edits);
  const texts = apply(edits);
  if (texts === undefined) return;
  const changes: Record<string, string> = {};
  for (const [file, text] of texts) {
    if (text === tree.text(file)) continue;
    if (!parses(file, text)) return;
    changes[file] = text;
  }
  if (Object.keys(changes).length === 0) return;
  const key = Object.entries(changes)
    .map(([file, text]) => `${file}\0${normalised(file, text)}`)
    .sort()
    .join('\0');
  const kind = site.fault.kind === 'environment' ? 'mitigation' : (proposal.kind ?? transformation.kind);
  const candidate: Candidate = {
    engine: 'template',
    changes,
    by: transformation.name,
    title: proposal.title,
    why: proposal.why,
    kind,
    rank: rankOf(proposal, kind, site),
    trace: null,
  };
  const known = found.get(key);
  if (known === undefined || known.rank < candidate.rank) found.set(key, candidate);
}
