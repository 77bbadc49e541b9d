import {
  bodyOf,
  calleeName,
  findAll,
  isCall,
  isFunction,
  isIdentifier,
  isMember,
  unwrap,
  type CallNode,
  type FunctionNode,
  type Node,
  type NodeOf,
} from '../../../locate/ast.ts';
import { calledFunction } from '../../../locate/modules.ts';
import { insert, hasParens } from '../edits.ts';
import type { Source } from '../../../locate/source.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

const PROMISED =
  /^(?:query|fetch|json|text|arrayBuffer|formData|findOne|findUnique|findMany|findFirst|hGet|hget|hGetAll|hgetall|mget|mGet|connect|readFile|writeFile|execute|request)$/;

/** A promise is used as if it were its value: wait for it. */
export const addAwait: Transformation = {
  name: 'add-await',
  kind: 'root-cause',
  applies: (site) => site.location.by !== 'commit',
  propose(site) {
    const { source } = site;
    const around =
      site.location.by === 'route'
        ? isFunction(site.node)
          ? site.node
          : source.functionOf(site.node)
        : source.functionOf(site.node);
    const found: Proposal[] = [];
    const seen = new Set<Node>();
    const add = (at: Source, call: CallNode, near: boolean): void => {
      if (seen.has(call)) return;
      seen.add(call);
      const proposal = awaited(site, at, call, near);
      if (proposal !== undefined) found.push(proposal);
    };
    for (const step of site.origin?.steps ?? []) {
      const node = unwrap(step.node);
      if (step.kind === 'use' && isCall(node) && step.source.parent(node)?.type !== 'AwaitExpression')
        add(step.source, node, true);
    }
    if (around !== undefined && (site.innermost || site.location.by === 'route')) {
      for (const call of findAll(around, isCall))
        if (source.functionOf(call) === around) add(source, call, false);
    }
    return found.sort((a, b) => b.weight - a.weight);
  },
};

function awaited(site: Site, source: Source, call: CallNode, near: boolean): Proposal | undefined {
  if (call.type !== 'CallExpression' || isHandled(source, call)) return undefined;
  const own = calledFunction(site.tree, source, call);
  const name = calleeName(call) ?? '';
  const promised =
    own === undefined
      ? PROMISED.test(name) && isPromising(source, call, name)
      : own.node.async || returnsPromise(own.source, own.node);
  if (!promised) return undefined;
  const fn = source.functionOf(call);
  if (fn === undefined) return undefined;
  const edits = [insert(source, call.start, 'await ')];
  const parent = source.parent(call);
  if (parent !== undefined && isMember(parent) && parent.object === call && !hasParens(source, call)) {
    edits[0]!.text = '(await ';
    edits.push(insert(source, call.end, ')'));
  }
  if (!fn.async) {
    if (fn.generator) return undefined;
    // Its callers get a promise then: only where nobody uses what it gives.
    const outer = source.parent(fn);
    if (
      outer === undefined ||
      !isCall(outer) ||
      /^(?:map|filter|some|every|find|reduce|sort|flatMap|forEach)$/.test(calleeName(outer) ?? '')
    )
      return undefined;
    edits.unshift(insert(source, fn.start, 'async '));
  }
  const how =
    own === undefined
      ? `${name}() gives a promise`
      : `${name}() is async (${own.source.file}:${own.source.line(own.node.start)})`;
  return {
    edits,
    title: `Wait for ${name}()`,
    why: `${how}, and its result is used without await at ${source.file}:${source.line(call.start)}`,
    weight: (near ? 0.95 : 0.8) - (own === undefined ? 0.1 : 0) - (usedAsValue(source, call) ? 0 : 0.25),
  };
}

/** Only what is known to give a promise: fetch, its answers' bodies, queries without a callback. */
function isPromising(source: Source, call: CallNode, name: string): boolean {
  if (name === 'fetch') return isIdentifier(unwrap(call.callee));
  const callee = unwrap(call.callee);
  if (!isMember(callee) || call.arguments.some((each) => isFunction(each))) return false;
  if (/^(?:json|text|arrayBuffer|formData)$/.test(name)) return call.arguments.length === 0;
  return usedAsValue(source, call);
}

/** Awaited, returned, chained, collected: somebody waits for it. */
function isHandled(source: Source, call: Node): boolean {
  let at: Node = call;
  for (const parent of source.ancestors(call)) {
    switch (parent.type) {
      case 'AwaitExpression':
        return true;
      case 'ReturnStatement':
        return true;
      case 'ArrowFunctionExpression':
        return parent.body === at;
      case 'ChainExpression':
      case 'ConditionalExpression':
      case 'LogicalExpression':
      case 'ArrayExpression':
      case 'SpreadElement':
      case 'TSAsExpression':
        at = parent;
        continue;
      case 'MemberExpression':
        if (
          parent.object === at &&
          !parent.computed &&
          /^(?:then|catch|finally)$/.test((parent.property as { name?: string }).name ?? '')
        )
          return true;
        return false;
      case 'CallExpression':
        return /^(?:all|allSettled|race|any|resolve|push)$/.test(calleeName(parent) ?? '');
      case 'UnaryExpression':
        return parent.operator === 'void';
      case 'VariableDeclarator':
        return parent.id.type === 'Identifier' && awaitedLater(source, parent.id);
      default:
        return false;
    }
  }
  return false;
}

function awaitedLater(source: Source, id: Node & { name: string }): boolean {
  const binding = source.scopes.resolve(id.name, id);
  if (binding === undefined) return false;
  return source.scopes.references(binding).some((each) => isHandled(source, each));
}

function usedAsValue(source: Source, call: Node): boolean {
  const parent = source.parent(call);
  return parent?.type !== 'ExpressionStatement';
}

function returnsPromise(source: Source, fn: FunctionNode): boolean {
  const isNew = (node: Node): boolean =>
    node.type === 'NewExpression' && isIdentifier(node.callee) && node.callee.name === 'Promise';
  const body = bodyOf(fn);
  if (body === null) return isNew(unwrap(fn.body as Node));
  return findAll(body, (node): node is NodeOf<'ReturnStatement'> => node.type === 'ReturnStatement').some(
    (each) => source.functionOf(each) === fn && each.argument !== null && isNew(unwrap(each.argument)),
  );
}
