import {
  calleeName,
  findAll,
  isMember,
  keyName,
  propertyName,
  unwrapAwait,
  isCall,
  type Node,
} from '../../../locate/ast.ts';
import { replace } from '../edits.ts';
import { originOf } from '../../../locate/flow.ts';
import { closest } from '../../../../../lib/similar-names.ts';
import type { Source } from '../../../locate/source.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** A property is written in another way than the data has it: use the name that the recording, or the rest of the code, knows. */
export const renameProperty: Transformation = {
  name: 'rename-property',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    [
      'nullish-read',
      'not-function',
      'not-iterable',
      'date',
      'bigint-parse',
      'argument-type',
      'json',
    ].includes(site.fault.kind),
  propose(site) {
    const proposals: Proposal[] = [];
    for (const { source, node, name } of suspects(site)) {
      if (site.evidence.columns.has(name) || site.evidence.keys.has(name)) continue;
      for (const { meant, score, why, recorded } of namesFor(site, source, node, name)) {
        proposals.push({
          edits: renameAt(source, node, name, meant),
          title: `Read ${meant}, not ${name}`,
          why,
          weight: recorded ? 0.5 + score * 0.45 : 0.2 + score * 0.4,
        });
      }
    }
    return [...proposals, ...renameKey(site)].sort((a, b) => b.weight - a.weight);
  },
};

interface Suspect {
  source: Source;
  /** A member expression, or the property of a pattern. */
  node: Node;
  name: string;
}

/** The properties on the way of the value: the subject's own, and those that its variables were taken from. */
function suspects(site: Site): Suspect[] {
  const found: Suspect[] = [];
  const add = (source: Source, node: Node): void => {
    const inner = unwrapAwait(node);
    if (isMember(inner) && !inner.computed) {
      const name = propertyName(inner);
      if (name !== null && !BUILT_IN.has(name)) found.push({ source, node: inner, name });
      add(source, inner.object);
    } else if (isCall(inner) && isMember(unwrapAwait(inner.callee))) {
      for (const each of inner.arguments) add(source, each);
    } else if (inner.type === 'NewExpression') for (const each of inner.arguments) add(source, each);
  };
  if (site.subject !== null) add(site.source, site.subject);
  if (site.fault.kind !== 'nullish-read' && isCall(site.node)) {
    const callee = unwrapAwait(site.node.callee);
    if (isMember(callee)) add(site.source, callee.object);
    for (const each of site.node.arguments) add(site.source, each);
  }
  for (const step of site.origin?.steps ?? []) {
    if (step.kind === 'use') add(step.source, step.node);
    const property = step.binding === null ? undefined : step.source.parent(step.binding.id);
    if (property?.type === 'Property') {
      const name = keyName(property);
      if (name !== null) found.push({ source: step.source, node: property, name });
    }
  }
  return found;
}

const BUILT_IN = new Set(
  'body query params headers rows rowCount data length status request req res ctx env process'.split(' '),
);

/** The object was made without the member; elsewhere the same value goes under its name: `{ items: linesOf(id) }`, `{ lines: linesOf(id) }`. */
function renameKey(site: Site): Proposal[] {
  const missing = site.subject === null ? undefined : unwrapAwait(site.subject);
  if (missing === undefined || !isMember(missing)) return [];
  const wanted = propertyName(missing);
  if (wanted === null) return [];
  const origin = originOf(site.tree, site.incident.locations, site.location, missing.object);
  const made = origin.node;
  if (origin.kind !== 'literal' || made.type !== 'ObjectExpression') return [];
  const valueName = (node: Node): string | null => {
    const value = unwrapAwait(node);
    return isCall(value) ? calleeName(value) : null;
  };
  const elsewhere = new Set<string>();
  for (const source of site.tree.matching(new RegExp(`\\b${wanted.replaceAll('$', '\\$')}\\s*:`))) {
    for (const node of findAll(
      source.program,
      (each): each is Node => each.type === 'Property' && keyName(each) === wanted,
    )) {
      const name = node.type === 'Property' ? valueName(node.value) : null;
      if (name !== null) elsewhere.add(name);
    }
  }
  const found: Proposal[] = [];
  for (const property of made.properties) {
    const key = keyName(property);
    if (property.type !== 'Property' || key === null || key === wanted || property.method) continue;
    const name = valueName(property.value);
    const same = name !== null && elsewhere.has(name);
    const [near] = closest(key, [wanted], 0.5);
    if (!same && near === undefined) continue;
    found.push({
      edits: property.shorthand
        ? [replace(origin.source, property, `${wanted}: ${key}`)]
        : [replace(origin.source, property.key, wanted)],
      title: `Call it ${wanted}, as it is used`,
      why: same
        ? `what ${name}() gives is called ${wanted} elsewhere, and ${origin.source.file}:${origin.source.line(property.start)} calls it ${key}`
        : `${site.place(site.node)} reads ${wanted}, and the object is made with ${key}`,
      weight: same ? 0.9 : 0.6,
    });
  }
  return found;
}

interface Name {
  meant: string;
  score: number;
  why: string;
  recorded: boolean;
}

function namesFor(site: Site, source: Source, node: Node, name: string): Name[] {
  const { evidence } = site;
  const found: Name[] = [];
  for (const each of closest(name, evidence.columns).slice(0, 2)) {
    found.push({
      meant: each.name,
      score: each.score,
      recorded: true,
      why: `the recorded query has the column ${each.name}, never ${name}`,
    });
  }
  const keys = new Set(
    [...evidence.keys, ...evidence.requestKeys].filter((key) => !evidence.columns.has(key)),
  );
  for (const each of closest(name, keys).slice(0, 2)) {
    found.push({
      meant: each.name,
      score: each.score,
      recorded: true,
      why: `the recorded data has the member ${each.name}, never ${name}`,
    });
  }
  if (found.length > 0) return found;
  const counts = namesInCode(source, node);
  for (const each of closest(name, counts, 0.6).slice(0, 2)) {
    found.push({
      meant: each.name,
      score: each.score,
      recorded: false,
      why: `the rest of ${source.file} says ${each.name}`,
    });
  }
  return found;
}

/** Property names that the file writes elsewhere, in literals, patterns, members and SQL. */
function namesInCode(source: Source, except: Node): Set<string> {
  const names = new Set<string>();
  for (const node of findAll(
    source.program,
    (each): each is Node => isMember(each) || each.type === 'Property',
  )) {
    if (node === except) continue;
    const name = isMember(node) ? (node.computed ? null : propertyName(node)) : keyName(node);
    if (name !== null && /^[\w$]+$/.test(name)) names.add(name);
  }
  for (const match of source.text.matchAll(/\bselect\b([^;`'"]{1,400}?)\bfrom\b/gi)) {
    for (const word of match[1]!.matchAll(/[a-z_]\w*/gi))
      if (!/^(?:as|distinct|count|sum|avg|max|min|coalesce)$/i.test(word[0])) names.add(word[0]);
  }
  return names;
}

function renameAt(source: Source, node: Node, name: string, meant: string): Proposal['edits'] {
  if (isMember(node)) {
    if (/^[A-Za-z_$][\w$]*$/.test(meant)) return [replace(source, node.property, meant)];
    const dot = source.text.lastIndexOf('.', node.property.start);
    return [replace(source, { start: dot, end: node.property.end }, `[${JSON.stringify(meant)}]`)];
  }
  if (node.type !== 'Property') return [];
  const key = /^[A-Za-z_$][\w$]*$/.test(meant) ? meant : JSON.stringify(meant);
  return [
    node.shorthand
      ? { source, start: node.start, end: node.start + name.length, text: `${key}: ${name}` }
      : replace(source, node.key, key),
  ];
}
