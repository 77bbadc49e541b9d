import { findAll, isMember, unwrap, type Node } from '../../../locate/ast.ts';
import { hunksOf } from '../../../locate/locate.ts';
import type { Source } from '../../../locate/source.ts';
import { replace, type Edit } from '../edits.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

const OPPOSITE: Record<string, string> = {
  '===': '!==',
  '!==': '===',
  '==': '!=',
  '!=': '==',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '&&': '||',
  '||': '&&',
};

/** A condition that guards, or should guard, the place is turned around or one off; likely where the suspect commit wrote it. */
export const flipCondition: Transformation = {
  name: 'flip-condition',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.subject !== null,
  propose(site) {
    const found: Proposal[] = [];
    const names = rootsOf(site);
    for (const { source, test } of testsNear(site)) {
      const text = source.slice(test);
      if (!names.some((name) => new RegExp(`\\b${name}\\b`).test(text))) continue;
      const changed = touched(site, source, test);
      for (const { edit, what } of variants(source, test)) {
        found.push({
          edits: [edit],
          title: `Turn the condition ${shown(text)} around`,
          why: `${what}${changed ? `, and commit ${site.incident.context.suspect!.sha.slice(0, 10)} changed this line` : ''}; as it is, the code at ${site.place(site.node)} is reached without a value`,
          weight: changed ? 0.75 : 0.34,
        });
      }
    }
    return found;
  },
};

function shown(text: string): string {
  return text.length > 50 ? `${text.slice(0, 47)}...` : text;
}

function rootsOf(site: Site): string[] {
  const names = new Set<string>();
  for (const step of site.origin?.steps ?? [])
    if (step.name !== null && /^[A-Za-z]\w*$/.test(step.name)) names.add(step.name);
  let at = site.subject === null ? undefined : unwrap(site.subject);
  while (at !== undefined && isMember(at)) at = unwrap(at.object);
  if (at?.type === 'Identifier' && /^\w+$/.test(at.name)) names.add(at.name);
  return [...names];
}

/** Conditions around the place, and of the `if`s before it in the function. */
function testsNear(site: Site): { source: Source; test: Node }[] {
  const { source } = site;
  const fn = source.functionOf(site.node);
  if (fn === undefined) return [];
  const found: { source: Source; test: Node }[] = [];
  for (const node of findAll(
    fn,
    (each): each is Node => each.type === 'IfStatement' || each.type === 'ConditionalExpression',
  )) {
    if ((node.type === 'IfStatement' || node.type === 'ConditionalExpression') && node.start < site.node.end)
      found.push({ source, test: node.test });
  }
  return found.slice(-6);
}

function variants(source: Source, test: Node): { edit: Edit; what: string }[] {
  const inner = unwrap(test);
  const text = source.slice(test);
  if (inner.type === 'UnaryExpression' && inner.operator === '!')
    return [
      {
        edit: replace(source, test, source.slice(inner.argument)),
        what: `${shown(text)} lets through what is missing`,
      },
    ];
  if (inner.type === 'BinaryExpression' || inner.type === 'LogicalExpression') {
    const opposite = OPPOSITE[inner.operator];
    if (opposite === undefined) return [];
    const at = source.text.indexOf(inner.operator, inner.left.end);
    return [
      {
        edit: { source, start: at, end: at + inner.operator.length, text: opposite },
        what: `${shown(text)} with ${opposite} keeps what is missing out`,
      },
    ];
  }
  return inner.type === 'Identifier' || isMember(inner)
    ? [{ edit: replace(source, test, `!${text}`), what: `${shown(text)} lets through what is missing` }]
    : [];
}

function touched(site: Site, source: Source, node: Node): boolean {
  const suspect = site.incident.context.suspect;
  if (suspect === null) return false;
  const text = source.slice(node);
  return hunksOf(suspect.diff).some(
    (hunk) =>
      hunk.file === source.file &&
      hunk.after.some((line, i) => line.includes(text) && !hunk.before.includes(hunk.after[i]!)),
  );
}
