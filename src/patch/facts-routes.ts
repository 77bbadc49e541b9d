import { squeezed, type Scope } from './fact.ts';
import { literalText, propertyOf } from './modules.ts';
import { isNode, type Node } from './syntax.ts';

const VERBS = /^(?:get|post|put|patch|delete|del|head|options|all|route)$/;
const HOOKS = /^(?:on|once|addListener|addHook|setErrorHandler|setNotFoundHandler)$/;

/** What the app serves, which a fix may change but not take away: routes, middleware, event handlers, compared paths. */
export function routeFacts(node: Node, above: readonly Node[], scope: Scope): void {
  if (node.type === 'CallExpression') registered(node, scope);
  if (node.type === 'ArrayExpression') tabled(node, scope);
  if (node.type === 'LogicalExpression' && above.at(-1)?.type !== 'LogicalExpression') chosen(node, scope);
  comparedPath(node, above, scope);
}

const VERB = /^(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/;

/** A row of a table of routes: `['GET', /^\/orders$/, handler]`. */
function tabled(node: Node, { add, source }: Scope): void {
  const [verb, path] = node['elements'] as (Node | null)[];
  const text = literalText(verb);
  if (text === null || !VERB.test(text) || !isNode(path) || routePath(path, source) === null) return;
  const says = `${text} ${squeezed(source, path)}`;
  add('route', node, says, says, text);
}

/** A condition of a hand-written router: `method === 'GET' && kind === 'low'`. */
function chosen(node: Node, { add }: Scope): void {
  const words = comparedWords(node);
  const verb = words.find((word) => VERB.test(word));
  if (verb === undefined || words.length < 2) return;
  const says = [verb, ...words.filter((word) => word !== verb)].join(' ');
  add('route', node, says, says, verb);
}

function comparedWords(node: Node): string[] {
  if (node.type === 'LogicalExpression')
    return [node['left'], node['right']].filter(isNode).flatMap(comparedWords);
  if (node.type !== 'BinaryExpression' || !/^===?$/.test(String(node['operator']))) return [];
  const text = literalText(node['right']) ?? literalText(node['left']);
  return text === null ? [] : [text];
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
    const verb = method.toUpperCase();
    add('route', node, `${method} ${where.replace(/["`]/g, "'")}`, `${verb} ${where}`, verb);
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
  if (
    text === null ||
    parent === undefined ||
    !/^(?:(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)[ :]\S|\/[\w:{*.-]*)/.test(text)
  )
    return;
  const compared = parent.type === 'BinaryExpression' && /^[!=]==?$/.test(String(parent['operator']));
  const callee = parent['callee'];
  const tested = isNode(callee) && callee.type === 'MemberExpression' && propertyOf(callee) === 'startsWith';
  const mapped = parent.type === 'Property' && parent['key'] === node;
  if (compared || tested || mapped || parent.type === 'SwitchCase')
    add('path', node, text, `the path ${text}`, 'path');
}

function isRegex(node: Node): boolean {
  return node.type === 'Literal' && typeof node['regex'] === 'object';
}
