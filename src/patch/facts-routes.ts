import { squeezed, type Scope } from './fact.ts';
import { literalText, propertyOf } from './modules.ts';
import { isNode, type Node } from './syntax.ts';

const VERBS = /^(?:get|post|put|patch|delete|del|head|options|all|route)$/;
const HOOKS = /^(?:on|once|addListener|addHook|setErrorHandler|setNotFoundHandler)$/;

/** What the app serves, which a fix may change but not take away: routes, middleware, event handlers, compared paths. */
export function routeFacts(node: Node, above: readonly Node[], scope: Scope): void {
  if (node.type === 'CallExpression') registered(node, scope);
  comparedPath(node, above, scope);
}

function registered(node: Node, { add, source }: Scope): void {
  const callee = node['callee'] as Node;
  if (callee.type !== 'MemberExpression') return;
  const method = propertyOf(callee) ?? '';
  const args = node['arguments'] as Node[];
  const [first, last] = [args[0], args.at(-1)];
  if (first === undefined || last === undefined) return;
  const where = routePath(first, source);
  if (where !== null && VERBS.test(method) && (method === 'route' || (args.length > 1 && isHandler(last)))) {
    add('route', node, `${method} ${where.replace(/["`]/g, "'")}`, `${method.toUpperCase()} ${where}`);
  } else if (method === 'route' && first.type === 'ObjectExpression') {
    const says = `${member(first, 'method', source)} ${member(first, 'url', source)}`; // fastify.route({ method, url, … })
    add('route', node, says, says);
  } else if (method === 'use') {
    const used = last.type === 'CallExpression' ? (last['callee'] as Node) : last;
    if (used.type === 'Identifier' || used.type === 'MemberExpression')
      add('route', node, `use ${squeezed(source, used)}`, `middleware ${squeezed(source, used)}`);
  } else if (HOOKS.test(method)) {
    const event = literalText(first) ?? '';
    add('route', node, `${method} ${event}`, `the handler ${method}(${event})`);
  }
}

/** The path of a route as written: a text that starts with `/` or `*`, a pattern, or a list of these. */
function routePath(node: Node, source: string): string | null {
  const isPath = /^[/*]/.test(literalText(node) ?? '') || node.type === 'ArrayExpression' || isRegex(node);
  return isPath ? squeezed(source, node) : null;
}

/** `axios.get('/x', { … })` is no route. */
function isHandler(node: Node): boolean {
  return node.type !== 'ObjectExpression' && literalText(node) === null;
}

function member(object: Node, name: string, source: string): string {
  const property = (object['properties'] as Node[]).find((one) => propertyOf(one) === name);
  return property !== undefined && isNode(property['value']) ? squeezed(source, property['value']) : '';
}

/** Paths that plain servers tell requests apart by: compared, switched on, looked up. */
function comparedPath(node: Node, above: readonly Node[], { add }: Scope): void {
  const text = literalText(node);
  const parent = above.at(-1);
  if (text === null || parent === undefined || !/^(?:[A-Z]{3,7} )?\/[\w:{*.-]*/.test(text)) return;
  const compared = parent.type === 'BinaryExpression' && /^[!=]==?$/.test(String(parent['operator']));
  const callee = parent['callee'];
  const tested = isNode(callee) && callee.type === 'MemberExpression' && propertyOf(callee) === 'startsWith';
  const mapped = parent.type === 'Property' && parent['key'] === node;
  if (compared || tested || mapped || parent.type === 'SwitchCase')
    add('path', node, text, `the path ${text}`);
}

function isRegex(node: Node): boolean {
  return node.type === 'Literal' && typeof node['regex'] === 'object';
}
