import { isCall, isIdentifier, isMember, unwrap } from '../../../locate/ast.ts';
import { bound, moduleOf } from '../../../locate/modules.ts';
import { findAll, keyName, propertyName, type Node } from '../../../locate/ast.ts';
import { replace } from '../edits.ts';
import { closest } from '../../../../../lib/similar-names.ts';
import type { Source } from '../../../locate/source.ts';
import type { Site, Transformation } from '../site.ts';

const METHODS: Record<string, string[]> = {
  list: 'map filter forEach reduce reduceRight find findIndex findLast some every flatMap flat join sort push pop shift unshift slice splice concat includes indexOf reverse at fill entries keys values length toSorted'.split(
    ' ',
  ),
  text: 'trim trimStart trimEnd toLowerCase toUpperCase split replace replaceAll startsWith endsWith padStart padEnd substring slice charAt charCodeAt match matchAll localeCompare includes indexOf repeat concat normalize at length'.split(
    ' ',
  ),
  map: 'get set has delete clear forEach keys values entries size add'.split(' '),
  number: 'toFixed toPrecision toString'.split(' '),
  response: 'status json send end setHeader writeHead redirect type set header code sendStatus get'.split(
    ' ',
  ),
  date: 'toISOString getTime getFullYear getMonth getDate getHours toJSON'.split(' '),
};

/** A method that does not exist is a slip for one that does: of the value's kind, of the app's own object, of a module of ours. */
export const fixMethod: Transformation = {
  name: 'fix-method',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'not-function' || site.fault.kind === 'not-constructor') &&
    isCall(site.node),
  propose(site) {
    const { source, node } = site;
    if (!isCall(node)) return [];
    const callee = unwrap(node.callee);
    const isName = isIdentifier(callee);
    const written = isName ? callee.name : isMember(callee) ? propertyName(callee) : null;
    if (written === null) return [];
    const at = isMember(callee) ? callee.property : callee;
    const own = isMember(callee) ? ownMembers(site, callee.object) : [];
    const known = Object.values(METHODS).some((names) => names.includes(written));
    const candidates =
      own.length > 0
        ? own
        : isMember(callee) && !known
          ? [...Object.values(METHODS).flat(), ...usedMethods(source, callee)]
          : isName
            ? importedNames(site, callee)
            : [];
    return closest(written, candidates, 0.4)
      .slice(0, 3)
      .map(({ name, score }) => ({
        edits: [replace(source, at, name)],
        title: `Call ${name}(), not ${written}()`,
        why:
          own.length > 0
            ? `the object has ${name} and no ${written}`
            : `nothing has a method ${written}; ${name} is one of a standard object or used in this file`,
        weight: (own.length > 0 ? 0.35 : 0.25) + 0.55 * score,
      }));
  },
};

/** The members of an object or class of the app. */
function ownMembers(site: Site, object: Node): string[] {
  const inner = unwrap(object);
  if (!isIdentifier(inner)) return [];
  const binding = site.source.scopes.resolve(inner.name, inner);
  const value = binding && bound(site.tree, site.source, binding);
  if (value === undefined) return [];
  let node = value.node;
  if (node.type === 'NewExpression' && isIdentifier(node.callee)) {
    const made = value.source.scopes.resolve(node.callee.name, node.callee);
    const target = made && bound(site.tree, value.source, made);
    if (target !== undefined) node = target.node;
  }
  if (node.type === 'ObjectExpression')
    return node.properties.map((each) => keyName(each)).filter((each) => each !== null);
  if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression')
    return (node.body.body as Node[]).map((each) => keyName(each)).filter((each) => each !== null);
  if (node.type === 'Program') return exportNames(node);
  return [];
}

function exportNames(program: Node): string[] {
  const names: string[] = [];
  for (const each of findAll(
    program,
    (node): node is Node => node.type === 'ExportNamedDeclaration' || node.type === 'AssignmentExpression',
  )) {
    if (each.type === 'ExportNamedDeclaration') {
      const declared = each.declaration as Node | null;
      if (declared?.type === 'FunctionDeclaration' && declared.id) names.push(declared.id.name);
      if (declared?.type === 'VariableDeclaration')
        for (const one of declared.declarations) if (one.id.type === 'Identifier') names.push(one.id.name);
    } else if (each.type === 'AssignmentExpression' && isMember(each.left)) {
      const name = propertyName(each.left);
      if (name !== null && isIdentifier(unwrap(each.left.object))) names.push(name);
    }
  }
  return names;
}

function usedMethods(source: Source, except: Node): string[] {
  return findAll(source.program, isCall)
    .filter((call) => unwrap(call.callee) !== except)
    .map((call) =>
      isMember(unwrap(call.callee))
        ? propertyName(unwrap(call.callee) as Node & Parameters<typeof propertyName>[0])
        : null,
    )
    .filter((each) => each !== null);
}

/** `const { getUsr } = require('./db')` where it exports `getUser`: what is called was never there. */
function importedNames(site: Site, callee: Node & { name: string }): string[] {
  const binding = site.source.scopes.resolve(callee.name, callee);
  const from = binding && moduleOf(site.source, binding);
  if (from === undefined)
    return [...site.source.scopes.visible(callee)]
      .filter(([, each]) => each.kind === 'function')
      .map(([name]) => name);
  return [];
}
