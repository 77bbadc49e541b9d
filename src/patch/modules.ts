import { builtinModules } from 'node:module';
import { isNode, walk, type Node } from './syntax.ts';

/** What a module gives access to, for those that a patch may not newly use. */
export type Power = 'spawn' | 'network' | 'files' | 'machine' | 'swallow';

const POWERS: Record<Power, string> = {
  spawn:
    'child_process worker_threads cluster vm repl inspector inspector/promises wasi v8 module ' +
    'execa cross-spawn shelljs zx vm2 isolated-vm piscina ffi-napi koffi',
  network:
    'net tls dgram http https http2 dns dns/promises undici axios got ky node-fetch superagent needle request ' +
    'cross-fetch isomorphic-fetch phin ws socket.io-client nodemailer',
  files: 'fs fs/promises fs-extra graceful-fs memfs',
  machine: 'os process systeminformation',
  swallow: 'domain',
};

const POWER_OF = new Map<string, Power>(
  Object.entries(POWERS).flatMap(([power, names]) =>
    names.split(' ').map((name) => [name, power as Power] as const),
  ),
);
const BUILT_IN = new Set(builtinModules);

/** `node:fs` and `fs` are one. */
export function plainModule(name: string): string {
  return name.startsWith('node:') ? name.slice(5) : name;
}

export function powerOf(module: string): Power | undefined {
  return POWER_OF.get(plainModule(module));
}

/** The package of a bare import (`@scope/name/deep` → `@scope/name`); null for files, aliases and what Node brings. */
export function packageOf(specifier: string): string | null {
  if (/^(?:[./#~]|@\/|[a-z]+:)/i.test(specifier) && !specifier.startsWith('npm:')) return null;
  if (BUILT_IN.has(specifier) || BUILT_IN.has(specifier.split('/')[0]!)) return null;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}

/** A local name that stands for a module, or for one of its members. */
export interface Binding {
  module: string;
  /** Null: the module itself (namespace or default). */
  member: string | null;
}

/** The module that an expression loads, when it says so: `require('x')`, `await import('x')`, `process.getBuiltinModule('x')`. */
export function loadedModule(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'AwaitExpression') return loadedModule(node['argument']);
  if (node.type === 'ImportExpression') return literalText(node['source']);
  if (node.type !== 'CallExpression') return null;
  const callee = node['callee'];
  const [first] = node['arguments'] as unknown[];
  const isRequire = isNode(callee) && callee.type === 'Identifier' && callee['name'] === 'require';
  const isBuiltin =
    isNode(callee) && callee.type === 'MemberExpression' && propertyOf(callee) === 'getBuiltinModule';
  return isRequire || isBuiltin ? literalText(first) : null;
}

/** A string literal's value, or that of a template without holes. */
export function literalText(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type === 'TemplateLiteral' && (node['expressions'] as unknown[]).length === 0) {
    const [quasi] = node['quasis'] as { value: { cooked: string | null } }[];
    return quasi?.value.cooked ?? null;
  }
  return null;
}

/** The static name that a member expression or property asks for; null when it is computed. */
export function propertyOf(node: Node): string | null {
  const property = node.type === 'MemberExpression' ? node['property'] : node['key'];
  if (!isNode(property)) return null;
  if (node['computed'] !== true && (property.type === 'Identifier' || property.type === 'PrivateIdentifier'))
    return String(property['name']);
  if (property.type === 'Literal' && typeof property['value'] === 'number') return String(property['value']);
  return literalText(property);
}

/** Local names of modules in a file. By name, not by scope: a file that shadows one is judged more strictly. */
export function moduleBindings(program: Node): Map<string, Binding> {
  const bindings = new Map<string, Binding>();
  walk(program, (node) => {
    if (node.type === 'ImportDeclaration' && node['importKind'] !== 'type') {
      const module = plainModule(literalText(node['source']) ?? '');
      for (const specifier of node['specifiers'] as Node[]) {
        const local = specifier['local'] as Node;
        const imported = specifier['imported'];
        const member = isNode(imported) ? String(imported['name'] ?? imported['value']) : null;
        bindings.set(String(local['name']), { module, member: member === 'default' ? null : member });
      }
    }
    if (node.type === 'VariableDeclarator') bindDeclarator(node, bindings);
  });
  return bindings;
}

function bindDeclarator(node: Node, bindings: Map<string, Binding>): void {
  const init = node['init'];
  const id = node['id'] as Node;
  const direct = loadedModule(init);
  const viaMember = isNode(init) && init.type === 'MemberExpression' ? loadedModule(init['object']) : null;
  const alias = isNode(init) && init.type === 'Identifier' ? bindings.get(String(init['name'])) : undefined;
  const module = direct ?? viaMember ?? alias?.module;
  if (module === undefined || module === null) return;
  const member = viaMember === null ? (alias?.member ?? null) : propertyOf(init as Node);
  if (id.type === 'Identifier') bindings.set(String(id['name']), { module: plainModule(module), member });
  if (id.type !== 'ObjectPattern') return;
  for (const property of id['properties'] as Node[]) {
    let value = property.type === 'RestElement' ? property['argument'] : property['value'];
    if (isNode(value) && value.type === 'AssignmentPattern') value = value['left'];
    if (isNode(value) && value.type === 'Identifier')
      bindings.set(String(value['name']), {
        module: plainModule(module),
        member: property.type === 'RestElement' ? null : propertyOf(property),
      });
  }
}
