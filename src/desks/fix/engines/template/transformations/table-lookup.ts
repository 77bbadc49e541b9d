import {
  isCall,
  isIdentifier,
  isMember,
  keyName,
  literalText,
  unwrap,
  unwrapAwait,
  type Node,
} from '../../../locate/ast.ts';
import { bound, valueOf } from '../../../locate/modules.ts';
import type { Source } from '../../../locate/source.ts';
import type { Site } from '../site.ts';

export interface Lookup {
  source: Source;
  /** The whole lookup: `TABLE[key]`, `map.get(key)`. */
  node: Node;
  key: Node;
  table: string;
  keys: string[];
  numeric: boolean;
}

/** `TABLE[key]` or `map.get(key)` where the table is written in the code. */
export function lookupsOf(site: Site): Lookup[] {
  const found: Lookup[] = [];
  const add = (source: Source, expression: Node): void => {
    const node = unwrapAwait(expression);
    if (isMember(node) && node.computed && literalText(node.property) === null) {
      found.push({
        source,
        node,
        key: node.property,
        table: source.slice(node.object),
        ...keysOf(site, source, node.object),
      });
      add(source, node.object);
    } else if (
      isCall(node) &&
      node.arguments.length === 1 &&
      isMember(unwrap(node.callee)) &&
      source.slice(unwrap(node.callee)).endsWith('.get')
    ) {
      const object = (unwrap(node.callee) as Node & { object: Node }).object;
      found.push({
        source,
        node,
        key: node.arguments[0]!,
        table: source.slice(object),
        ...keysOf(site, source, object),
      });
    } else if (isMember(node)) add(source, node.object);
  };
  if (site.subject !== null) add(site.source, site.subject);
  if (isCall(site.node)) add(site.source, site.node.callee);
  for (const step of site.origin?.steps ?? []) if (step.kind === 'use') add(step.source, step.node);
  return found.filter((each, i) => found.findIndex((other) => other.node === each.node) === i);
}

function keysOf(site: Site, source: Source, table: Node): { keys: string[]; numeric: boolean } {
  const value = valueOf(site.tree, { source, node: table }) ?? nameOf(site, source, table);
  const keys: string[] = [];
  let numeric = false;
  const take = (node: Node): void => {
    if (node.type === 'ObjectExpression')
      for (const each of node.properties) {
        const key = keyName(each);
        if (key !== null) keys.push(key);
      }
    if (node.type === 'NewExpression' && node.arguments[0]?.type === 'ArrayExpression') {
      for (const each of node.arguments[0].elements) {
        const first = each?.type === 'ArrayExpression' ? each.elements[0] : undefined;
        if (first?.type !== 'Literal') continue;
        keys.push(String(first.value));
        numeric ||= typeof first.value === 'number';
      }
    }
    if (node.type === 'CallExpression' && node.arguments[0]) take(unwrap(node.arguments[0])); // Object.freeze({…})
  };
  if (value !== undefined) take(unwrap(value.node));
  if (
    !numeric &&
    new RegExp(
      `${escaped(source.slice(table))}\\.set\\([\\w.]*\\bid\\b|new Map\\([^)]*\\.map\\(\\(?\\w+\\)? => \\[\\w+\\.id,`,
    ).test(source.text)
  )
    numeric = true;
  return { keys, numeric };
}

function nameOf(site: Site, source: Source, node: Node): { node: Node } | undefined {
  const inner = unwrap(node);
  const binding = isIdentifier(inner) ? source.scopes.resolve(inner.name, inner) : undefined;
  return binding && bound(site.tree, source, binding);
}

export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
