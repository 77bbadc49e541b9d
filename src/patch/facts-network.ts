import { isGlobal, squeezed, type Scope } from './fact.ts';
import { literalText, loadedModule, plainModule, powerOf, propertyOf } from './modules.ts';
import { isNode, type Node } from './syntax.ts';

/** Members of client modules that open connections; the rest of `http` (status codes, servers) is harmless. */
const CLIENT_MEMBERS =
  /^(?:request|get|connect|createConnection|Socket|TLSSocket|ClientRequest|Agent|Client|Pool|fetch|stream|pipeline|upgrade)$/;
const SERVER_MODULES = new Set(['http', 'https', 'http2', 'net', 'tls']);

/** Calls out, with where they go; and calls that load or run what is computed. */
export function networkFacts(node: Node, scope: Scope): void {
  if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return;
  const callee = node['callee'] as Node;
  const [first] = node['arguments'] as unknown[];
  const name =
    callee.type === 'Identifier'
      ? String(callee['name'])
      : callee.type === 'MemberExpression'
        ? propertyOf(callee)
        : null;
  if (
    /^(?:setTimeout|setInterval|setImmediate)$/.test(name ?? '') &&
    isNode(first) &&
    (literalText(first) !== null || first.type === 'TemplateLiteral')
  )
    scope.add('power', node, `${name}(text)`, `runs text as code (${name} with a string)`);
  if (name === 'require' && callee.type === 'Identifier' && literalText(first) === null)
    scope.add('power', node, 'require(computed)', 'loads a module by a computed name');
  const api = networkApi(node, callee, name, scope);
  if (api !== null) {
    const target = targetOf(first, scope.source);
    scope.add('network', node, `${api} ${target}`, `${api} to ${target.replace(/^host:/, '')}`, target);
  }
}

function networkApi(node: Node, callee: Node, name: string | null, scope: Scope): string | null {
  const isGlobalCall =
    callee.type === 'Identifier'
      ? !scope.bindings.has(name ?? '')
      : callee.type === 'MemberExpression' && isGlobal(callee['object'], scope);
  if (isGlobalCall && name === 'fetch') return 'fetch';
  if (
    isGlobalCall &&
    node.type === 'NewExpression' &&
    /^(?:WebSocket|EventSource|XMLHttpRequest|WebTransport)$/.test(name ?? '')
  )
    return `new ${name}`;
  if (name === 'sendBeacon') return 'sendBeacon';
  let root: unknown = callee;
  while (isNode(root) && root.type === 'MemberExpression') root = root['object'];
  const inline = loadedModule(root);
  const bound =
    isNode(root) && root.type === 'Identifier' ? scope.bindings.get(String(root['name'])) : undefined;
  const module = inline === null ? bound?.module : plainModule(inline);
  if (module === undefined || powerOf(module) !== 'network') return null;
  const member = bound?.member ?? (callee.type === 'MemberExpression' ? name : null);
  if (SERVER_MODULES.has(module) && !CLIENT_MEMBERS.test(member ?? '')) return null;
  if (module === 'ws' && member?.endsWith('Server')) return null;
  return member === null ? module : `${module}.${member}`;
}

/** Where a call goes: the host of a literal address, or the source of what the address begins with. */
function targetOf(node: unknown, source: string): string {
  if (!isNode(node)) return 'nothing';
  const text = literalText(node) ?? (node.type === 'TemplateLiteral' ? firstQuasi(node) : null);
  if (text !== null && text !== '') {
    const host = /^(?:[a-z][a-z0-9+.-]*:)?\/\/([^/?#\s]*)/i
      .exec(text)?.[1]
      ?.replace(/^.*@/, '')
      .toLowerCase();
    if (host !== undefined) return `host:${host}`;
    return text.startsWith('/') ? 'path' : `host:${text.split(/[/:?#]/)[0]!.toLowerCase()}`;
  }
  if (node.type === 'TemplateLiteral') return squeezed(source, (node['expressions'] as Node[])[0]!);
  if (node.type === 'BinaryExpression' && node['operator'] === '+') return targetOf(node['left'], source);
  if (node.type === 'NewExpression' && (node['callee'] as Node)['name'] === 'URL') {
    const [path, base] = node['arguments'] as unknown[];
    const absolute = targetOf(path, source);
    return base === undefined || absolute.startsWith('host:') ? absolute : targetOf(base, source);
  }
  if (node.type === 'ObjectExpression') {
    for (const property of node['properties'] as Node[])
      if (
        /^(?:url|uri|host|hostname|baseURL|origin|prefixUrl|socketPath|path)$/.test(
          propertyOf(property) ?? '',
        )
      )
        return targetOf(property['value'], source);
    return 'nothing';
  }
  return squeezed(source, node);
}

function firstQuasi(node: Node): string {
  return (node['quasis'] as { value: { cooked: string | null } }[])[0]?.value.cooked ?? '';
}
