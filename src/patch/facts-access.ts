import { isGlobal, type Scope } from './fact.ts';
import { literalText, loadedModule, plainModule, powerOf, propertyOf } from './modules.ts';
import { isNode, walk, type Node } from './syntax.ts';

/** What the code reaches: modules, globals, the process, the environment. */
export function accessFacts(node: Node, above: readonly Node[], scope: Scope): void {
  imports(node, scope);
  references(node, above, scope);
  members(node, above, scope);
}

function imports(node: Node, { add }: Scope): void {
  const isExport = node.type === 'ExportNamedDeclaration' || node.type === 'ExportAllDeclaration';
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return;
  const from =
    node.type === 'ImportDeclaration' || isExport ? literalText(node['source']) : loadedModule(node);
  if (from !== null && node.type !== 'AwaitExpression')
    add('import', node, plainModule(from), plainModule(from));
  if (node.type === 'ImportExpression' && literalText(node['source']) === null)
    add('power', node, 'import(computed)', 'loads a module by a computed name');
}

/** Uses of names that stand for a module with power. */
function references(node: Node, above: readonly Node[], scope: Scope): void {
  if (node.type !== 'Identifier') return;
  const name = String(node['name']);
  const parent = above.at(-1);
  if (!parent || isDeclaration(node, parent) || isType(parent)) return;
  const binding = scope.bindings.get(name);
  if (binding === undefined) {
    if (/^(?:eval|Function|WebAssembly|XMLHttpRequest|ShadowRealm)$/.test(name))
      scope.add('power', node, name, `runs text as code, or opens connections (${name})`);
    return;
  }
  const power = powerOf(binding.module);
  if (power === undefined || power === 'network') return;
  const member =
    binding.member ??
    (parent.type === 'MemberExpression' && parent['object'] === node ? propertyOf(parent) : null) ??
    '*';
  const what = `${binding.module}.${member}`;
  if (binding.module === 'process') return; // looked at as the global of that name
  const says = {
    spawn: `starts another program or runs text as code (${what})`,
    files: `reads or writes files (${what})`,
    machine: `looks at the machine it runs on (${what})`,
    swallow: `catches errors of other code (${what})`,
  }[power];
  scope.add('power', node, what, says);
}

function isDeclaration(node: Node, parent: Node): boolean {
  if (parent.type.startsWith('Import') || parent.type.startsWith('Export'))
    return parent.type !== 'ExportDefaultDeclaration';
  if (parent.type === 'VariableDeclarator') return parent['id'] === node;
  if (parent.type === 'MemberExpression') return parent['property'] === node && parent['computed'] !== true;
  if (
    parent.type === 'Property' ||
    parent.type === 'MethodDefinition' ||
    parent.type === 'PropertyDefinition'
  )
    return parent['key'] === node && parent['computed'] !== true && parent['shorthand'] !== true;
  return parent.type === 'LabeledStatement';
}

/** Type positions; `x as T` and `x!` hold values. */
function isType(parent: Node): boolean {
  return (
    parent.type.startsWith('TS') &&
    !/^TS(?:As|NonNull|Satisfies|Instantiation)Expression$|^TSTypeAssertion$/.test(parent.type)
  );
}

const STARTED_HOW =
  /^(?:argv|argv0|execArgv|execPath|title|ppid|mainModule|report|uptime|constrainedMemory|getuid|geteuid)$/;
const NATIVE = /^(?:kill|dlopen|binding|_linkedBinding|reallyExit|_debugProcess|setuid|setgid|chdir|abort)$/;

function members(node: Node, above: readonly Node[], scope: Scope): void {
  if (node.type !== 'MemberExpression') return;
  const property = propertyOf(node);
  if (isGlobal(node['object'], scope)) {
    if (property === null) scope.add('power', node, 'global[computed]', 'reads a global by a computed name');
    else if (/^(?:eval|Function|WebAssembly)$/.test(property))
      scope.add('power', node, property, `runs text as code (${property})`);
  }
  if (
    property === 'constructor' &&
    above.at(-1)?.type === 'MemberExpression' &&
    propertyOf(above.at(-1)!) === 'constructor'
  )
    scope.add('power', node, 'constructor.constructor', 'reaches Function through constructors');
  if (isProcess(node['object'], scope)) {
    if (property === null) scope.add('power', node, 'process[computed]', 'reads process by a computed name');
    else if (STARTED_HOW.test(property))
      scope.add(
        'detect',
        node,
        `process.${property}`,
        `looks at how the process was started (process.${property})`,
      );
    else if (NATIVE.test(property))
      scope.add('power', node, `process.${property}`, `uses process.${property}`);
    else if (property === 'env') envUse(node, above, scope);
  }
  const object = node['object'];
  if (isNode(object) && object.type === 'Identifier' && scope.envNames.has(String(object['name'])))
    envMember(node, property, above, scope);
  if (isMeta(object) && property === 'env') envUse(node, above, scope);
}

function envUse(node: Node, above: readonly Node[], scope: Scope): void {
  const parent = above.at(-1);
  if (parent?.type === 'MemberExpression' && parent['object'] === node)
    return envMember(parent, propertyOf(parent), above.slice(0, -1), scope);
  if (parent?.type === 'VariableDeclarator' && parent['init'] === node) {
    const id = parent['id'] as Node;
    if (id.type === 'Identifier') return;
    if (id.type === 'ObjectPattern') {
      for (const property of id['properties'] as Node[])
        addEnv(property, property.type === 'RestElement' ? null : propertyOf(property), scope);
      return;
    }
  }
  scope.add('env', node, '*', 'reads the whole environment');
}

function envMember(node: Node, name: string | null, above: readonly Node[], scope: Scope): void {
  const parent = above.at(-1);
  if (parent?.type === 'AssignmentExpression' && parent['left'] === node)
    scope.add('tamper', node, `env ${name ?? '*'}`, `sets an environment variable (${name ?? 'computed'})`);
  else addEnv(node, name, scope);
}

function addEnv(node: Node, name: string | null, scope: Scope): void {
  scope.add(
    'env',
    node,
    name ?? '*',
    name === null ? 'reads the environment by a computed name' : `reads the environment variable ${name}`,
  );
}

/** Local names of `process.env` in a file. */
export function envAliases(program: Node): Set<string> {
  const names = new Set<string>();
  walk(program, (node) => {
    if (node.type === 'ImportSpecifier' && isNode(node['imported']) && node['imported']['name'] === 'env')
      names.add(String((node['local'] as Node)['name']));
    if (node.type !== 'VariableDeclarator' || (node['id'] as Node).type !== 'Identifier') return;
    const init = node['init'];
    if (isNode(init) && init.type === 'MemberExpression' && propertyOf(init) === 'env')
      names.add(String((node['id'] as Node)['name']));
  });
  return names;
}

function isProcess(node: unknown, scope: Scope): boolean {
  if (!isNode(node)) return false;
  if (node.type === 'MemberExpression')
    return isGlobal(node['object'], scope) && propertyOf(node) === 'process';
  if (node.type !== 'Identifier') return loadedModule(node) === 'process';
  const binding = scope.bindings.get(String(node['name']));
  return binding === undefined
    ? node['name'] === 'process'
    : binding.module === 'process' && binding.member === null;
}

function isMeta(node: unknown): boolean {
  return isNode(node) && node.type === 'MetaProperty';
}
