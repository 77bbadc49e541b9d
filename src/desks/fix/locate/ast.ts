import { visitorKeys, type Node } from 'oxc-parser';

export type { Node };
/** Members of the union whose `type` can be T; some have more than one. */
export type NodeOf<T extends Node['type'], N = Node> = N extends { type: infer U }
  ? Extract<U, T> extends never
    ? never
    : N
  : never;
export type FunctionNode = NodeOf<'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'>;
export type MemberNode = NodeOf<'MemberExpression'>;
export type CallNode = NodeOf<'CallExpression' | 'NewExpression'>;

/** The nodes directly below, in source order. */
export function children(node: Node): Node[] {
  const found: Node[] = [];
  for (const key of visitorKeys[node.type] ?? []) {
    const value = (node as unknown as Record<string, unknown>)[key];
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item);
    } else if (isNode(value)) found.push(value);
  }
  return found;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Depth first, parents before children. `visit` answers false to leave out what is below. */
export function walk(node: Node, visit: (node: Node) => boolean | void): void {
  const stack: Node[] = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (visit(next) === false) continue;
    stack.push(...children(next).reverse());
  }
}

/** All nodes below (and with) `node` for which `test` holds, in source order. */
export function findAll<N extends Node>(node: Node, test: (node: Node) => node is N): N[] {
  const found: N[] = [];
  walk(node, (each) => {
    if (test(each)) found.push(each);
  });
  return found;
}

export function isFunction(node: Node | null | undefined): node is FunctionNode {
  return (
    node?.type === 'FunctionDeclaration' ||
    node?.type === 'FunctionExpression' ||
    node?.type === 'ArrowFunctionExpression'
  );
}

export function isMember(node: Node | null | undefined): node is MemberNode {
  return node?.type === 'MemberExpression';
}

export function isCall(node: Node | null | undefined): node is CallNode {
  return node?.type === 'CallExpression' || node?.type === 'NewExpression';
}

export function isIdentifier(node: Node | null | undefined): node is NodeOf<'Identifier'> {
  return node?.type === 'Identifier';
}

export function isStatement(node: Node): boolean {
  return (
    node.type.endsWith('Statement') || (node.type.endsWith('Declaration') && !node.type.startsWith('TS'))
  );
}

/** What an expression is without what only types or groups it. */
export function unwrap(node: Node): Node {
  for (let at: Node = node; ;) {
    switch (at.type) {
      case 'TSAsExpression':
      case 'TSNonNullExpression':
      case 'TSSatisfiesExpression':
      case 'TSTypeAssertion':
      case 'ChainExpression':
      case 'ParenthesizedExpression':
        at = at.expression;
        break;
      default:
        return at;
    }
  }
}

/** Like `unwrap`, through `await` too. */
export function unwrapAwait(node: Node): Node {
  const inner = unwrap(node);
  return inner.type === 'AwaitExpression' ? unwrapAwait(inner.argument) : inner;
}

/** The name of a property that is read (`a.b`, `a['b']`, `a[0]`), or null if it is computed. */
export function propertyName(node: MemberNode): string | null {
  if (!node.computed)
    return node.property.type === 'PrivateIdentifier' ? `#${node.property.name}` : node.property.name;
  return literalText(node.property);
}

/** The text of a string or number literal (or template without holes), else null. */
export function literalText(node: Node): string | null {
  if (node.type === 'Literal' && (typeof node.value === 'string' || typeof node.value === 'number'))
    return String(node.value);
  if (node.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? null;
  return null;
}

/** The name of a key of an object literal or pattern, or null if it is computed. */
export function keyName(node: Node): string | null {
  if (node.type !== 'Property' && node.type !== 'MethodDefinition' && node.type !== 'PropertyDefinition')
    return null;
  if (!node.computed && node.key.type === 'Identifier') return node.key.name;
  return literalText(node.key);
}

/** What is called: `f` for `f()`, `b` for `a.b()`; null for anything else. */
export function calleeName(node: CallNode): string | null {
  const callee = unwrap(node.callee);
  if (callee.type === 'Identifier') return callee.name;
  return isMember(callee) ? propertyName(callee) : null;
}

/** The dotted text of a plain chain of names (`req.body.items`), else null. `this` counts as a name. */
export function dotted(node: Node): string | null {
  const at = unwrap(node);
  if (at.type === 'Identifier') return at.name;
  if (at.type === 'ThisExpression') return 'this';
  if (!isMember(at)) return null;
  const name = propertyName(at);
  const object = dotted(at.object);
  return name === null || object === null ? null : `${object}.${name}`;
}

/** Statements of a function's body, or null for an arrow that is one expression. */
export function bodyOf(node: FunctionNode): NodeOf<'BlockStatement'> | null {
  const body = node.body as Node | null;
  return body?.type === 'BlockStatement' ? body : null;
}

/** Whether evaluation cannot come past the end of this statement. */
export function leaves(node: Node): boolean {
  switch (node.type) {
    case 'ReturnStatement':
    case 'ThrowStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
      return true;
    case 'BlockStatement': {
      const last = node.body.at(-1);
      return last !== undefined && leaves(last);
    }
    case 'IfStatement':
      return node.alternate !== null && leaves(node.consequent) && leaves(node.alternate);
    default:
      return false;
  }
}
