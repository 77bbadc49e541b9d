import {
  calleeName,
  findAll,
  isCall,
  isFunction,
  isMember,
  literalText,
  unwrap,
  walk,
  keyName,
  type FunctionNode,
  type Node,
  type NodeOf,
} from './ast.ts';
import { functionName, valueOf } from './modules.ts';
import type { Source } from './source.ts';
import type { SourceTree } from './tree.ts';

/** The frameworks differ in what a handler is given, and so in how it answers. */
export type HandlerKind = 'express' | 'fastify' | 'koa' | 'http' | 'hono';

export interface Handler {
  source: Source;
  node: FunctionNode;
  kind: HandlerKind;
  /** Names of its parameters: request (or context), response (or reply), next. */
  request: string;
  response: string | null;
  next: string | null;
}

export interface Route {
  method: string | null;
  path: string;
  handler: Handler;
}

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete', 'del', 'head', 'options', 'all']);

/** The nearest function around a node that answers requests, or undefined. */
export function handlerAround(source: Source, node: Node): Handler | undefined {
  for (const each of [node, ...source.ancestors(node)]) {
    if (!isFunction(each)) continue;
    const handler = asHandler(source, each);
    if (handler !== undefined) return handler;
  }
  return undefined;
}

/** Told by the names of its parameters, which people keep to, and by where it is registered. */
export function asHandler(source: Source, node: FunctionNode): Handler | undefined {
  const names = node.params.map((param) => paramName(param as Node));
  const skip = /^(?:err|error|e)$/.test(names[0] ?? '') && names.length >= 3 ? 1 : 0;
  const [first, second, third] = names.slice(skip);
  const kind = handlerKind(source, node, first ?? null, second ?? null);
  if (kind === undefined || first === undefined) return undefined;
  const two = kind === 'express' || kind === 'fastify' || kind === 'http';
  return {
    source,
    node,
    kind,
    request: first ?? '_req',
    response: two ? (second ?? null) : null,
    next: (two ? third : second) ?? null,
  };
}

function handlerKind(
  source: Source,
  node: FunctionNode,
  first: string | null,
  second: string | null,
): HandlerKind | undefined {
  const registered = registration(source, node);
  if (first !== null && /^(?:ctx|context|c)$/.test(first) && (second === null || second === 'next')) {
    if (/\bhono\b/i.test(source.text) || (first === 'c' && registered !== undefined)) return 'hono';
    return registered !== undefined || first === 'ctx' || /\bkoa\b/i.test(source.text) ? 'koa' : undefined;
  }
  if (second !== null && /^(?:reply|rep)$/.test(second)) return 'fastify';
  if (second !== null && /^(?:res|response|resp)$/.test(second)) {
    const body = source.slice(node);
    if (usesExpress(body, second)) return 'express';
    if (/createServer\s*\(|node:http|require\(['"]http['"]\)|\.writeHead\(|\bsetHeader\(/.test(source.text))
      return /require\(['"]express['"]\)|from ['"]express['"]/.test(source.text) ? 'express' : 'http';
    return registered === 'route' ? 'express' : /\.end\(/.test(body) ? 'http' : 'express';
  }
  if (
    registered === 'route' &&
    first !== null &&
    second === null &&
    /^(?:req|request|_req|_request)$/.test(first)
  )
    return 'fastify';
  return undefined;
}

function usesExpress(body: string, response: string): boolean {
  return new RegExp(
    `\\b${response.replaceAll('$', '\\$')}\\s*\\.(?:status|json|sendStatus|send|redirect|render)\\(`,
  ).test(body);
}

function registration(source: Source, node: FunctionNode): 'route' | 'server' | undefined {
  const parent = source.parent(node);
  if (parent === undefined) return undefined;
  if (isCall(parent)) {
    const name = calleeName(parent);
    if (name === 'createServer') return 'server';
    if (
      name !== null &&
      (METHODS.has(name) || name === 'use' || name === 'route') &&
      isMember(unwrap(parent.callee))
    )
      return 'route';
    // `asyncHandler(async (req, res) => …)` as an argument of a route
    const outer = source.parent(parent);
    if (outer !== undefined && isCall(outer) && METHODS.has(calleeName(outer) ?? '')) return 'route';
  }
  if (parent.type === 'Property' && keyName(parent) === 'handler') return 'route';
  return undefined;
}

export function paramName(param: Node): string | null {
  if (param.type === 'Identifier') return param.name;
  if (param.type === 'AssignmentPattern') return paramName(param.left);
  if (param.type === 'TSParameterProperty') return paramName(param.parameter);
  return null;
}

/** All routes that a file registers by literal paths; prefixes of mounted routers are not known here. */
function routesOf(tree: SourceTree, source: Source): Route[] {
  const routes: Route[] = [];
  walk(source.program, (node) => {
    if (node.type !== 'CallExpression') return;
    const name = calleeName(node);
    const first = node.arguments[0];
    if (name === null || first === undefined || !isMember(unwrap(node.callee))) return;
    if (name === 'route' && first.type === 'ObjectExpression') {
      const route = objectRoute(tree, source, first);
      if (route !== undefined) routes.push(route);
      return;
    }
    if (!METHODS.has(name)) return;
    const path = literalText(first) ?? chainedPath(node.callee);
    const handler = lastHandler(tree, source, node.arguments as Node[]);
    if (path !== null && handler !== undefined)
      routes.push({
        method: name === 'all' ? null : name === 'del' ? 'DELETE' : name.toUpperCase(),
        path,
        handler,
      });
  });
  return routes;
}

/** `router.route('/x').get(handler)` */
function chainedPath(callee: Node): string | null {
  for (
    let at = unwrap(callee);
    isMember(at) || at.type === 'CallExpression';
    at = unwrap(isMember(at) ? at.object : at.callee)
  ) {
    if (at.type === 'CallExpression' && calleeName(at) === 'route' && at.arguments[0])
      return literalText(at.arguments[0]);
  }
  return null;
}

function objectRoute(tree: SourceTree, source: Source, node: Node): Route | undefined {
  if (node.type !== 'ObjectExpression') return undefined;
  const member = (name: string): Node | undefined => {
    for (const each of node.properties)
      if (each.type === 'Property' && keyName(each) === name) return each.value;
    return undefined;
  };
  const path = member('url') ?? member('path');
  const method = member('method');
  const handler = member('handler');
  const text = path && literalText(path);
  const found = handler && handlerOf(tree, source, handler);
  return text && found
    ? { method: (method && literalText(method)?.toUpperCase()) ?? null, path: text, handler: found }
    : undefined;
}

function lastHandler(tree: SourceTree, source: Source, args: Node[]): Handler | undefined {
  for (const each of args.toReversed()) {
    const found = handlerOf(tree, source, each);
    if (found !== undefined) return found;
  }
  return undefined;
}

function handlerOf(tree: SourceTree, source: Source, node: Node): Handler | undefined {
  const inner = unwrap(node);
  if (isFunction(inner)) return asHandler(source, inner);
  if (inner.type === 'CallExpression') {
    // A wrapper, or `controller.get.bind(controller)`.
    if (calleeName(inner) === 'bind' && isMember(unwrap(inner.callee)))
      return handlerOf(tree, source, (unwrap(inner.callee) as Node & { object: Node }).object);
    return lastHandler(tree, source, inner.arguments as Node[]);
  }
  const value = valueOf(tree, { source, node: inner });
  if (value !== undefined && isFunction(value.node)) return asHandler(value.source, value.node);
  return undefined;
}

export interface RouteMatch {
  handler: Handler;
  /** Where in it to start: the branch for this path in a plain server, else the handler itself. */
  node: Node;
  score: number;
}

/** The handlers that may have answered a request, best first. */
export function findHandlers(tree: SourceTree, method: string, path: string): RouteMatch[] {
  const plain = path.split(/[?#]/, 1)[0]!;
  const found: RouteMatch[] = [];
  for (const source of tree.matching(/\.(?:get|post|put|patch|delete|del|all|route)\s*(?:<[^(]*>)?\(/)) {
    for (const route of routesOf(tree, source)) {
      if (route.method !== null && route.method !== method && !(method === 'HEAD' && route.method === 'GET'))
        continue;
      const score = matchPath(route.path, plain);
      if (score > 0) found.push({ handler: route.handler, node: route.handler.node, score });
    }
  }
  if (found.length === 0) found.push(...plainBranches(tree, method, plain));
  return found.sort((a, b) => b.score - a.score).slice(0, 3);
}

/** 0 for no match. A route of a mounted router matches the end of the path; literals count more than parameters. */
export function matchPath(pattern: string, path: string): number {
  const want = pattern.split('/').filter((part) => part !== '');
  const have = path.split('/').filter((part) => part !== '');
  if (want.length > have.length) return 0;
  const tail = have.slice(have.length - want.length);
  let score = want.length === have.length ? 2 : 0.5;
  for (const [i, part] of want.entries()) {
    if (part.startsWith(':') || part.startsWith('{') || part.includes('*')) score += 0.5;
    else if (part === tail[i]) score += 1;
    else return 0;
  }
  return score;
}

/** In a server without a router: the `if` or `case` whose test names the path's literal parts. */
function plainBranches(tree: SourceTree, method: string, path: string): RouteMatch[] {
  const parts = path.split('/').filter((part) => part !== '' && !/^\d+$/.test(part) && part.length < 40);
  const found: RouteMatch[] = [];
  for (const source of tree.matching(/createServer|\.writeHead\(|pathname/)) {
    const tests = findAll(
      source.program,
      (node): node is NodeOf<'IfStatement' | 'SwitchCase'> =>
        node.type === 'IfStatement' || node.type === 'SwitchCase',
    );
    for (const each of tests) {
      const handler = handlerAround(source, each);
      if (handler === undefined || each.test === null) continue;
      const test = source.slice(each.test);
      const hits = parts.filter((part) => test.includes(part)).length;
      if (hits === 0) continue;
      const named = /['"](GET|POST|PUT|PATCH|DELETE)['"]/.exec(test)?.[1];
      if (named !== undefined && named !== method) continue;
      found.push({ handler, node: each, score: hits + (named === method ? 1 : 0) });
    }
  }
  return found;
}

/** The route that a handler is registered for, if a literal path is. */
export function routeOf(tree: SourceTree, handler: Handler): Route | undefined {
  const own = routesOf(tree, handler.source).find((route) => route.handler.node === handler.node);
  if (own !== undefined) return own;
  const name = functionName(handler.source, handler.node);
  if (name === null || !/^[\w$]+$/.test(name)) return undefined;
  for (const source of tree.matching(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`))) {
    const found = routesOf(tree, source).find((route) => route.handler.node === handler.node);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A name for what a path is about: `/users/:id/orders` → `order`. */
export function subjectOfPath(path: string): string | null {
  const word = path
    .split('/')
    .filter((part) => /^[a-z][\w-]*$/i.test(part) && !/^v\d+$/.test(part) && part !== 'api')
    .at(-1);
  return word === undefined ? null : singular(word);
}

export function singular(word: string): string {
  if (word.length < 3) return word;
  if (word.endsWith('ies')) return word.replace(/ies$/, 'y');
  if (/(?:ss|us|is)$/.test(word)) return word;
  return word.replace(/(ch|sh|x|s)es$/, '$1').replace(/s$/, '');
}
