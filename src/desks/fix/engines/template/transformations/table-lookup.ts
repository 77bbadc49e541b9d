import {
  findAll,
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
import { failingRequest } from '../../../locate/locate.ts';
import type { Source } from '../../../locate/source.ts';
import { grouped, insert, replace } from '../edits.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

interface Lookup {
  source: Source;
  /** The whole lookup: `TABLE[key]`, `map.get(key)`. */
  node: Node;
  key: Node;
  table: string;
  keys: string[];
  numeric: boolean;
}

/** `TABLE[key]` or `map.get(key)` where the table is written in the code. */
function lookupsOf(site: Site): Lookup[] {
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
      /\.get$/.test(source.slice(unwrap(node.callee)))
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

/** `?? TABLE.default` behind another look-up in the same table. */
function defaultsElsewhere(source: Source, table: string, except: Node): string[] {
  const found = new Set<string>();
  for (const node of findAll(source.program, (each): each is Node => each.type === 'LogicalExpression')) {
    if (node.type !== 'LogicalExpression' || node.operator === '&&' || node.left === except) continue;
    const left = unwrap(node.left);
    const same =
      (isMember(left) && left.computed && source.slice(left.object) === table) ||
      (isCall(left) && source.slice(left.callee) === `${table}.get`);
    const own = findAll(node.right, (each): each is Node => isIdentifier(each)).every(
      (id) =>
        source.scopes.resolve(source.slice(id), id)?.scope.parent == null ||
        (isMember(source.parent(id) ?? id) && source.parent(id) !== undefined),
    );
    if (same && own && source.slice(node.right).length < 120)
      found.add(`${node.operator} ${source.slice(node.right)}`);
  }
  return [...found];
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

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A key that the table does not have: the table's own default entry. */
export const tableDefault: Transformation = {
  name: 'table-default',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'nullish-read' ||
      site.fault.kind === 'not-function' ||
      site.fault.kind === 'not-iterable'),
  propose(site) {
    const found: Proposal[] = [];
    for (const { source, node, table, keys } of lookupsOf(site)) {
      for (const text of defaultsElsewhere(source, table, node)) {
        const parent = source.parent(node);
        const parens =
          parent !== undefined &&
          ((isMember(parent) && parent.object === node) || (isCall(parent) && parent.callee === node));
        const whole = `${source.slice(node)} ${text}`;
        found.push({
          edits: [replace(source, node, parens ? `(${whole})` : grouped(source, node, whole))],
          title: `Look ${table} up with the default that it has elsewhere`,
          why: `the same look-up in ${source.file} falls back with "${text}"`,
          weight: 0.9,
        });
      }
      const own = keys.filter((key) =>
        /^(?:default|other|others|unknown|fallback|standard|normal|basic|none|\*|en|USD|EUR)$/i.test(key),
      );
      for (const [n, key] of own.slice(0, 2).entries()) {
        const entry = isCall(node)
          ? `${table}.get(${source.style.quote}${key}${source.style.quote})`
          : /^[A-Za-z_$][\w$]*$/.test(key)
            ? `${table}.${key}`
            : `${table}[${source.style.quote}${key}${source.style.quote}]`;
        const parent = source.parent(node);
        const text = `${source.slice(node)} ?? ${entry}`;
        const parens =
          parent !== undefined &&
          ((isMember(parent) && parent.object === node) || (isCall(parent) && parent.callee === node));
        found.push({
          edits: [replace(source, node, parens ? `(${text})` : grouped(source, node, text))],
          title: `Use the ${key} entry of ${table} for unknown keys`,
          why: `${table} has the entries ${keys.slice(0, 8).join(', ')}, and an entry named ${key}`,
          weight: (/default|other|unknown|fallback|\*/i.test(key) ? 0.8 : 0.5) - n * 0.1,
        });
      }
    }
    return found;
  },
};

/** The key is the right one in another spelling: the case, spaces, text for a number. */
export const normaliseKey: Transformation = {
  name: 'normalise-key',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost && ['nullish-read', 'not-function', 'not-iterable'].includes(site.fault.kind),
  propose(site) {
    const found: Proposal[] = [];
    for (const { source, key, keys, numeric, table } of lookupsOf(site)) {
      const text = source.slice(key);
      if (numeric && key.type !== 'Literal' && !/^Number\(|^parseInt\(|^\+/.test(text)) {
        found.push({
          edits: [replace(source, key, `Number(${text})`)],
          title: `Look ${table} up by number`,
          why: `the keys of ${table} are numbers, and ${text} is a text`,
          weight: pathHas(site, keys) ? 0.98 : 0.82,
        });
      }
      if (/\.to(?:Lower|Upper)Case\(\)|Number\(/.test(text)) continue;
      const letters = keys.filter((each) => /[a-z]/i.test(each));
      if (letters.length === 0) continue;
      const to = letters.every((each) => each === each.toLowerCase())
        ? 'toLowerCase'
        : letters.every((each) => each === each.toUpperCase())
          ? 'toUpperCase'
          : undefined;
      if (to === undefined) continue;
      const simple = isIdentifier(unwrap(key)) || isMember(unwrap(key)) || isCall(unwrap(key));
      const base = simple ? text : `(${text})`;
      const seen = requestHas(site, keys);
      found.push({
        edits: [
          insert(source, key.start, simple ? '' : '('),
          insert(source, key.end, `${simple ? '' : ')'}.${to}()`),
        ].filter((each) => each.text !== ''),
        title: `Look ${table} up by ${base} in ${to === 'toLowerCase' ? 'lower' : 'upper'} case`,
        why: `all keys of ${table} are in ${to === 'toLowerCase' ? 'lower' : 'upper'} case${seen ? ', and the failing request has one of them in another case' : ''}`,
        weight: seen ? 0.92 : 0.42,
      });
      found.push({
        edits: [
          insert(source, key.start, simple ? '' : '('),
          insert(source, key.end, `${simple ? '' : ')'}.trim().${to}()`),
        ].filter((each) => each.text !== ''),
        title: `Look ${table} up without regard to case and spaces`,
        why: `all keys of ${table} are in ${to === 'toLowerCase' ? 'lower' : 'upper'} case${seen ? ', and the failing request has one of them in another spelling' : ''}`,
        weight: seen ? 0.88 : 0.34,
      });
    }
    return found;
  },
};

/** Whether a part of the failing request's path is one of the keys. */
function pathHas(site: Site, keys: string[]): boolean {
  const request = failingRequest(site.incident.context);
  return request !== undefined && request.path.split(/[/?&=]/).some((part) => keys.includes(part));
}

/** Whether the failing request carries one of these words in another spelling. */
function requestHas(site: Site, keys: string[]): boolean {
  const { slice } = site.incident.context;
  const failing = slice.exchanges.find((each) => each.id === slice.failing);
  if (failing === undefined) return false;
  const text = JSON.stringify(failing.request).slice(0, 200_000);
  return keys.some(
    (key) =>
      key.length >= 2 &&
      !new RegExp(`[^\\w]${escaped(key)}[^\\w]`).test(text) &&
      new RegExp(`[^\\w]\\s*${escaped(key)}\\s*[^\\w]`, 'i').test(text),
  );
}

/** `x.id === req.params.id`: a number is never equal to a text. */
export const compareAsNumber: Transformation = {
  name: 'compare-as-number',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.origin?.kind === 'find',
  propose(site) {
    const origin = site.origin!;
    const { source } = origin;
    const found: Proposal[] = [];
    for (const node of findAll(origin.node, (each): each is Node => each.type === 'BinaryExpression')) {
      if (node.type !== 'BinaryExpression' || node.operator !== '===') continue;
      for (const [side, other] of [
        [node.left, node.right],
        [node.right, node.left],
      ] as const) {
        const text = source.slice(side);
        if (!isTextInput(source, side) || !/id\b|Id\b|number|no\b|index|year|qty/i.test(source.slice(other)))
          continue;
        found.push({
          edits: [replace(source, side, `Number(${text})`)],
          title: `Compare ${text} as a number`,
          why: `${text} is a text of the request, and ${source.slice(other)} is compared to it by ===, which a number never passes`,
          weight: numericIds(site, source, origin.node) ? 0.98 : 0.78,
        });
        found.push({
          edits: [replace(source, other, `String(${source.slice(other)})`)],
          title: `Compare ${source.slice(other)} as a text`,
          why: `${text} is a text of the request, and ${source.slice(other)} may be a number`,
          weight: numericIds(site, source, origin.node) ? 0.9 : 0.6,
        });
      }
    }
    return found;
  },
};

/** The list is written in the code, and its ids are numbers. */
function numericIds(site: Site, source: Source, find: Node): boolean {
  if (!isCall(find) || !isMember(unwrap(find.callee))) return false;
  const list = valueOf(site.tree, { source, node: (unwrap(find.callee) as Node & { object: Node }).object });
  return (
    list !== undefined &&
    list.node.type === 'ArrayExpression' &&
    /\b\w*[iI]d: \d/.test(list.source.slice(list.node))
  );
}

function isTextInput(source: Source, node: Node): boolean {
  const text = source.slice(node);
  if (/^(?:req|request|ctx)\.(?:params|query)\b/.test(text) || /searchParams\.get\(/.test(text)) return true;
  const inner = unwrap(node);
  const at = isIdentifier(inner) ? source.scopes.resolve(inner.name, inner)?.declaration : undefined;
  return (
    at?.type === 'VariableDeclarator' &&
    at.init !== null &&
    /^(?:(?:req|request|ctx)\.(?:params|query)\b|.*searchParams\.get\()|\.(?:split|match|exec)\(/.test(
      source.slice(at.init),
    )
  );
}
