import {
  bodyOf,
  calleeName,
  dotted,
  findAll,
  isCall,
  isFunction,
  isIdentifier,
  isMember,
  leaves,
  propertyName,
  unwrap,
  unwrapAwait,
  type CallNode,
  type FunctionNode,
  type Node,
  type NodeOf,
} from './ast.ts';
import type { Location } from './locate.ts';
import { calledFunction, functionName, type Located } from './modules.ts';
import { handlerAround } from './routes.ts';
import type { Binding } from './scope.ts';
import type { Source } from './source.ts';
import type { SourceTree } from './tree.ts';

/** One place that the value came through, from where it was used back to where it was made. */
interface Step {
  source: Source;
  /** `use`: an expression. `variable`: its declaration. `param`: the function that took it. `return`: the statement that gave it. */
  kind: 'use' | 'variable' | 'param' | 'return';
  node: Node;
  /** The name that it has there, for variables and parameters. */
  name: string | null;
  binding: Binding | null;
}

type OriginKind =
  | 'row' // `rows[0]`, `result.rows[0]`, `.at(0)`, `[row] = …`: the first of what a query or a list gave
  | 'find' // arr.find(…), map.get(…), cache.get(…), str.match(…): gives nothing when nothing is there
  | 'table' // TABLE[key]
  | 'input' // of the request: body, query, params, headers
  | 'json' // a parsed text
  | 'property' // a member of some other object
  | 'call' // what a call gave that is not the app's own, or whose return could not be told
  | 'falls-through' // an own function that can end without a value
  | 'element' // an item of what is iterated over
  | 'parameter' // a parameter whose caller is not known
  | 'unset' // declared without a value
  | 'literal'
  | 'unknown';

export interface Origin {
  kind: OriginKind;
  source: Source;
  node: Node;
  steps: Step[];
}

/**
 * Follows a value back through variables, parameters (to the call in the next frame of the stack), own functions and what they
 * return. At most `MAX_STEPS`; what is met twice ends it.
 */
export function originOf(
  tree: SourceTree,
  locations: readonly Location[],
  at: Location,
  subject: Node,
): Origin {
  return new Tracer(tree, locations, at).follow(at.source, subject);
}

const MAX_STEPS = 16;
const LOOKUPS =
  /^(?:find|findLast|get|hget|getItem|match|exec|pop|shift|at|findOne|findUnique|findFirst|findById|findByPk|first|hGet|getdel|getDel|querySelector|getHeader|header|closest|peek)$/;
const LISTS =
  /^(?:map|forEach|filter|find|some|every|flatMap|findIndex|reduce|sort|toSorted|findLast|reduceRight)$/;

class Tracer {
  readonly #tree: SourceTree;
  readonly #locations: readonly Location[];
  #depth: number;
  readonly #steps: Step[] = [];
  readonly #seen = new Set<Node>();

  constructor(tree: SourceTree, locations: readonly Location[], at: Location) {
    this.#tree = tree;
    this.#locations = locations.filter((each) => each.by === at.by);
    this.#depth = at.depth;
  }

  follow(source: Source, start: Node): Origin {
    const node = unwrapAwait(start);
    if (this.#seen.has(node) || this.#steps.length > MAX_STEPS) return this.#end('unknown', source, node);
    this.#seen.add(node);
    this.#steps.push({ source, kind: 'use', node: start, name: null, binding: null });
    if (isIdentifier(node)) return this.#name(source, node);
    if (isMember(node)) return this.#member(source, node);
    if (isCall(node)) return this.#call(source, node);
    switch (node.type) {
      case 'LogicalExpression':
        return node.operator === '&&' ? this.follow(source, node.right) : this.#end('unknown', source, node);
      case 'ConditionalExpression':
        return this.follow(source, isNothing(node.consequent) ? node.alternate : node.consequent);
      case 'AssignmentExpression':
        return this.follow(source, node.right);
      case 'Literal':
      case 'ObjectExpression':
      case 'ArrayExpression':
      case 'TemplateLiteral':
        return this.#end('literal', source, node);
      default:
        return this.#end('unknown', source, node);
    }
  }

  #end(kind: OriginKind, source: Source, node: Node): Origin {
    return { kind, source, node, steps: this.#steps };
  }

  #name(source: Source, node: Node & { name: string }): Origin {
    const binding = source.scopes.resolve(node.name, node);
    if (binding === undefined) return this.#end('unknown', source, node);
    if (binding.kind === 'param') return this.#param(source, binding);
    const at = binding.declaration;
    if (at.type !== 'VariableDeclarator') return this.#end('unknown', source, node);
    this.#steps.push({ source, kind: 'variable', node: at, name: node.name, binding });
    const loop = source.parent(source.parent(at) ?? at);
    if (loop?.type === 'ForOfStatement') return this.#end('element', source, loop.right);
    if (at.id.type === 'Identifier') {
      const value = at.init ?? lastAssigned(source, binding, node);
      return value === undefined ? this.#end('unset', source, at) : this.follow(source, value);
    }
    if (at.init === null) return this.#end('unknown', source, at);
    if (at.id.type === 'ArrayPattern') {
      const whole = unwrapAwait(at.init);
      if (whole.type === 'CallExpression' && calleeName(whole) === 'all') {
        const items = whole.arguments[0];
        const index = at.id.elements.findIndex((each) => each === binding.id);
        const item = items?.type === 'ArrayExpression' ? items.elements[index] : undefined;
        if (item) return this.follow(source, item);
      }
      return this.#end('row', source, at.init);
    }
    const inList = source.parent(binding.id)?.type === 'ArrayPattern';
    return this.#end(inputOf(source, at.init) ? 'input' : inList ? 'row' : 'property', source, at.init);
  }

  #param(source: Source, binding: Binding): Origin {
    const fn = binding.declaration;
    if (!isFunction(fn)) return this.#end('unknown', source, fn);
    this.#steps.push({ source, kind: 'param', node: fn, name: binding.name, binding });
    const parent = source.parent(fn);
    if (
      parent !== undefined &&
      isCall(parent) &&
      parent.callee !== fn &&
      LISTS.test(calleeName(parent) ?? '') &&
      isMember(unwrap(parent.callee))
    ) {
      return this.#end('element', source, (unwrap(parent.callee) as Node & { object: Node }).object);
    }
    const index = fn.params.findIndex(
      (param) => param === binding.id || (param.type === 'AssignmentPattern' && param.left === binding.id),
    );
    const caller = this.#locations[this.#depth + 1];
    if (
      index >= 0 &&
      caller !== undefined &&
      isCall(caller.node) &&
      callsFunction(this.#tree, caller, { source, node: fn })
    ) {
      const argument = caller.node.arguments[index];
      this.#depth++;
      if (argument !== undefined && argument.type !== 'SpreadElement')
        return this.follow(caller.source, argument);
    }
    if (handlerAround(source, fn)?.node === fn) return this.#end('input', source, binding.id);
    const only = index < 0 ? undefined : onlyCall(this.#tree, source, fn);
    const given = only?.node.arguments[index];
    if (only !== undefined && given !== undefined && given.type !== 'SpreadElement')
      return this.follow(only.source, given);
    return this.#end('parameter', source, binding.id);
  }

  #member(source: Source, node: Node & { object: Node; property: Node; computed: boolean }): Origin {
    if (inputOf(source, node)) return this.#end('input', source, node);
    if (node.computed) {
      const literal = isMember(node) ? propertyName(node) : null;
      if (literal !== null && /^\d+$/.test(literal)) return this.#end('row', source, node);
      if (literal === null) return this.#end('table', source, node);
    }
    return this.#end('property', source, node);
  }

  #call(source: Source, node: CallNode): Origin {
    const name = calleeName(node) ?? '';
    if (node.type === 'NewExpression') return this.#end('literal', source, node);
    if (name === 'parse' && dotted(node.callee) === 'JSON.parse') return this.#end('json', source, node);
    const own = calledFunction(this.#tree, source, node);
    if (own !== undefined) return this.#returned(own);
    if (LOOKUPS.test(name) && isMember(unwrap(node.callee))) return this.#end('find', source, node);
    return this.#end('call', source, node);
  }

  #returned(fn: Located<FunctionNode>): Origin {
    const body = bodyOf(fn.node);
    if (body === null) return this.follow(fn.source, fn.node.body as Node);
    const returns = returnsOf(fn.source, fn.node);
    const telling = returns.filter((each) => each.argument !== null && !isNothing(each.argument));
    if (telling.length === 0) return this.#end('falls-through', fn.source, fn.node);
    const best = telling.find((each) => mayBeMissing(each.argument!)) ?? telling.at(-1)!;
    this.#steps.push({ source: fn.source, kind: 'return', node: best, name: null, binding: null });
    const found = this.follow(fn.source, best.argument!);
    const open =
      !leaves(body) &&
      !fn.node.generator &&
      (found.kind === 'literal' || found.kind === 'unknown' || found.kind === 'parameter');
    return open ? { ...found, kind: 'falls-through', source: fn.source, node: fn.node } : found;
  }
}

/** The one call of a function in the app, if there is one only. */
function onlyCall(tree: SourceTree, source: Source, fn: FunctionNode): Located<CallNode> | undefined {
  const name = functionName(source, fn);
  if (name === null || !/^[\w$]+$/.test(name)) return undefined;
  const found: Located<CallNode>[] = [];
  for (const each of tree.matching(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\s*\\(`))) {
    for (const call of findAll(each.program, isCall)) {
      if (calleeName(call) === name && calledFunction(tree, each, call)?.node === fn)
        found.push({ source: each, node: call });
    }
    if (found.length > 1) return undefined;
  }
  return found[0];
}

/** Whether a frame's call is one of this function: by resolution, or by the name that the two share. */
function callsFunction(tree: SourceTree, caller: Location, fn: Located<FunctionNode>): boolean {
  if (!isCall(caller.node)) return false;
  const own = calledFunction(tree, caller.source, caller.node);
  return own === undefined || own.node === fn.node;
}

/** The return statements of a function itself, not of those inside it. */
export function returnsOf(source: Source, fn: FunctionNode): (Node & { type: 'ReturnStatement' })[] {
  const found = findAll(fn, (node): node is NodeOf<'ReturnStatement'> => node.type === 'ReturnStatement');
  return found.filter((each) => source.functionOf(each) === fn);
}

export function isNothing(node: Node): boolean {
  const inner = unwrap(node);
  return (
    (inner.type === 'Literal' && inner.value === null && inner.raw === 'null') ||
    (isIdentifier(inner) && inner.name === 'undefined')
  );
}

function mayBeMissing(node: Node): boolean {
  const inner = unwrapAwait(node);
  if (isMember(inner)) return inner.computed;
  return isCall(inner) && LOOKUPS.test(calleeName(inner) ?? '');
}

function lastAssigned(source: Source, binding: Binding, use: Node): Node | undefined {
  let value: Node | undefined;
  for (const each of source.scopes.references(binding)) {
    const parent = source.parent(each);
    if (
      each.start < use.start &&
      parent?.type === 'AssignmentExpression' &&
      parent.left === each &&
      parent.operator === '='
    )
      value = parent.right;
  }
  return value;
}

/** Whether an expression reads what the request brought: `req.body.x`, `ctx.query`, `request.params['id']`. */
function inputOf(source: Source, node: Node): boolean {
  return inputKind(source, node) !== null;
}

export type InputKind = 'body' | 'query' | 'params' | 'headers' | 'cookies';

export function inputKind(source: Source, node: Node): InputKind | null {
  const text = source.slice(unwrapAwait(node)).replace(/\s|\?/g, '');
  if (/^(?:req|request|_req)\.(?:body|query|params|headers|cookies)\b/.test(text))
    return /^\w+\.(\w+)/.exec(text)![1] as InputKind;
  if (/^ctx\.request\.body\b/.test(text) || /^ctx\.body\b/.test(text)) return 'body';
  if (/^ctx\.(?:request\.)?(?:query|params|headers|header)\b/.test(text))
    return text.includes('params') ? 'params' : text.includes('header') ? 'headers' : 'query';
  if (/^c\.req\.(?:json|parseBody)\b/.test(text)) return 'body';
  if (/^c\.req\.(?:param|query|header)\b/.test(text))
    return text.includes('.param') ? 'params' : text.includes('.header') ? 'headers' : 'query';
  if (/\.searchParams\.get\(/.test(text) && !/[+\-*/]/.test(text.replace(/\(.*\)$/, ''))) return 'query';
  return null;
}
