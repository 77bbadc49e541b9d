import {
  calleeName,
  findAll,
  isCall,
  isMember,
  keyName,
  propertyName,
  unwrap,
  type Node,
  type NodeOf,
} from './ast.ts';
import type { Fault } from './fault.ts';
import type { Source } from './source.ts';

/** What the message speaks of, at or near an offset of the stack. `node` is what failed, `subject` the value that made it fail. */
export interface Subject {
  node: Node;
  subject: Node | null;
}

/**
 * V8 points at the property that is read (`row.coupon.percent` at `percent`), at the bracket of a computed one, at the key of a
 * pattern, at the name of what is called, at the operator of an assignment. Code may have moved by a build step, so what the
 * message names is also looked for nearby, on the line and then in the function.
 */
export function findSubject(source: Source, offset: number, fault: Fault): Subject {
  const at = source.nodeAt(offset);
  const statement = source.statementOf(at) ?? source.program;
  const near = (nodes: Node[]): Node | undefined =>
    nodes.toSorted((a, b) => distance(a, offset) - distance(b, offset))[0];
  const within = (test: (node: Node) => boolean): Node | undefined =>
    near(findAll(statement, (node): node is Node => test(node))) ??
    near(
      findAll(source.functionOf(at) ?? source.program, (node): node is Node => test(node)).filter(
        (node) => source.line(node.start) === source.line(offset),
      ),
    );

  switch (fault.kind) {
    case 'nullish-read':
      // Without a property it was a builtin that was handed nothing: Object.keys(undefined).
      return (
        (fault.key === null && fault.expression === null
          ? undefined
          : nullishSubject(source, offset, fault, within)) ?? callSubject(source, offset, at)
      );
    case 'not-function':
    case 'not-constructor':
    case 'class-call': {
      const call = within(
        (node) => isCall(node) && (fault.key === null || calleeName(node) === fault.key.replace(/\(.*$/, '')),
      );
      if (call === undefined || !isCall(call)) break;
      const callee = unwrap(call.callee);
      return { node: call, subject: isMember(callee) ? callee.object : callee };
    }
    case 'not-iterable': {
      const found = iterated(source, at, offset, fault);
      if (found !== undefined) return found;
      break;
    }
    case 'not-defined':
    case 'before-initialisation': {
      const name = within((node) => node.type === 'Identifier' && node.name === fault.key);
      if (name !== undefined) return { node: name, subject: name };
      break;
    }
    case 'constant-assignment': {
      const found = within(
        (node) => node.type === 'AssignmentExpression' || node.type === 'UpdateExpression',
      );
      if (found?.type === 'AssignmentExpression') return { node: found, subject: found.left };
      if (found?.type === 'UpdateExpression') return { node: found, subject: found.argument };
      break;
    }
    case 'bigint-mix': {
      const found = within(
        (node) => node.type === 'BinaryExpression' || node.type === 'AssignmentExpression',
      );
      if (found !== undefined) return { node: found, subject: null };
      break;
    }
    default:
  }
  return callSubject(source, offset, at);
}

/** How far a node's telling position (the property, the key) is from an offset. */
function distance(node: Node, offset: number): number {
  const at = isMember(node)
    ? node.property.start
    : isCall(node) && isMember(unwrap(node.callee))
      ? (unwrap(node.callee) as { property: Node } & Node).property.start
      : node.start;
  return Math.abs(at - offset);
}

function nullishSubject(
  source: Source,
  offset: number,
  fault: Fault,
  within: (test: (node: Node) => boolean) => Node | undefined,
): Subject | undefined {
  const at = source.nodeAt(offset);
  const chain = [at, ...source.ancestors(at)];
  // a pattern: `{ a }`
  const property = chain
    .slice(0, 4)
    .find((node) => node.type === 'Property' && source.parent(node)?.type === 'ObjectPattern');
  if (property !== undefined || at.type === 'ObjectPattern') {
    const pattern = property === undefined ? at : source.parent(property)!;
    const from = patternValue(source, pattern);
    return { node: pattern, subject: from };
  }
  const exact = chain.find(
    (node) =>
      isMember(node) &&
      (node.property.start === offset ||
        (node.computed && source.text[offset] === '[' && node.object.end <= offset)),
  );
  if (exact !== undefined && isMember(exact)) return { node: exact, subject: exact.object };
  const named = within(
    (node) =>
      isMember(node) &&
      !node.optional &&
      (fault.key === null
        ? false
        : propertyName(node) === fault.key || (node.computed && propertyName(node) === null)),
  );
  if (named !== undefined && isMember(named)) return { node: named, subject: named.object };
  const inPattern = within(
    (node) => node.type === 'ObjectPattern' && node.properties.some((each) => keyName(each) === fault.key),
  );
  if (inPattern !== undefined) return { node: inPattern, subject: patternValue(source, inPattern) };
  const operator = within((node) => node.type === 'BinaryExpression' && node.operator === 'in');
  if (operator?.type === 'BinaryExpression') return { node: operator, subject: operator.right };
  return undefined;
}

/** The expression that a pattern takes apart, where there is one that can be named. */
export function patternValue(source: Source, pattern: Node): Node | null {
  const parent = source.parent(pattern);
  if (parent?.type === 'VariableDeclarator') {
    if (parent.init) return parent.init;
    const loop = source.parent(source.parent(parent) ?? parent);
    return loop?.type === 'ForOfStatement' ? loop.right : null;
  }
  if (parent?.type === 'AssignmentExpression' && parent.left === pattern) return parent.right;
  return null;
}

function iterated(source: Source, at: Node, offset: number, fault: Fault): Subject | undefined {
  const chain = [at, ...source.ancestors(at)];
  const isExpression = (node: Node): boolean =>
    fault.expression === null ||
    !/^[\w$.[\]()]+$/.test(fault.expression) ||
    ['undefined', 'null', 'object'].includes(fault.expression) ||
    source
      .slice(node)
      .replace(/\s/g, '')
      .startsWith(fault.expression.replace(/\(\.\.\.\)|\(intermediate value\)/g, ''));
  for (const node of chain.slice(0, 8)) {
    if (node.type === 'ForOfStatement' && isExpression(node.right)) return { node, subject: node.right };
    if (node.type === 'SpreadElement' && isExpression(node.argument)) return { node, subject: node.argument };
    if (node.type === 'VariableDeclarator' && node.id.type === 'ArrayPattern' && node.init)
      return { node, subject: node.init };
    if (isCall(node)) {
      const spread = node.arguments.find(
        (each) => each.type === 'SpreadElement' && isExpression(each.argument),
      );
      if (spread?.type === 'SpreadElement') return { node: spread, subject: spread.argument };
      const first = node.arguments[0];
      if (
        first !== undefined &&
        /^(?:Map|Set|WeakMap|WeakSet|all|allSettled|race|any|from|fromEntries)$/.test(calleeName(node) ?? '')
      )
        return { node, subject: first };
    }
  }
  const line = source.line(offset);
  const loop = findAll(
    source.program,
    (node): node is NodeOf<'ForOfStatement'> =>
      node.type === 'ForOfStatement' && source.line(node.start) === line,
  )[0];
  return loop && { node: loop, subject: loop.right };
}

/** The call that was under way at an offset: that of an outer frame, or of a builtin that threw. */
export function callSubject(source: Source, offset: number, at: Node): Subject {
  const chain = [at, ...source.ancestors(at)];
  for (const node of chain.slice(0, 6)) {
    if (node.type === 'AwaitExpression' && node.start === offset) {
      const inner = unwrap(node.argument);
      return { node: isCall(inner) ? inner : node, subject: null };
    }
    if (isCall(node) && node.callee.start <= offset && offset <= node.callee.end)
      return { node, subject: firstArgument(node) };
    if (node.type === 'NewExpression' && node.start === offset) return { node, subject: firstArgument(node) };
    if (node.type === 'BinaryExpression' || node.type === 'AssignmentExpression')
      return { node, subject: null };
  }
  const call = chain.find((node) => isCall(node));
  return call !== undefined && source.functionOf(call) === source.functionOf(at)
    ? { node: call, subject: isCall(call) ? firstArgument(call) : null }
    : { node: at, subject: null };
}

function firstArgument(call: Node): Node | null {
  return isCall(call) ? (call.arguments[0] ?? null) : null;
}
