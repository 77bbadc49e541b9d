import {
  calleeName,
  dotted,
  isFunction,
  isIdentifier,
  isMember,
  keyName,
  literalText,
  propertyName,
  unwrap,
  unwrapAwait,
  walk,
  type CallNode,
  type FunctionNode,
  type Node,
} from './ast.ts';
import type { Binding } from './scope.ts';
import type { Source } from './source.ts';
import type { SourceTree } from './tree.ts';

/** A node together with the file that it is in. */
export interface Located<N extends Node = Node> {
  source: Source;
  node: N;
}

/** The specifier that a name is imported or required from, with the name there (`*` the module itself, `default`). */
function importOf(binding: Binding): { specifier: string; name: string } | undefined {
  const at = binding.declaration;
  if (binding.kind === 'import') {
    const parent = at as Node & { parentSource?: string };
    if (at.type === 'ImportSpecifier')
      return {
        specifier: parent.parentSource ?? '',
        name: at.imported.type === 'Literal' ? at.imported.value : at.imported.name,
      };
    return {
      specifier: parent.parentSource ?? '',
      name: at.type === 'ImportDefaultSpecifier' ? 'default' : '*',
    };
  }
  if (at.type !== 'VariableDeclarator' || at.init === null) return undefined;
  const init = unwrapAwait(at.init);
  const base = isMember(init) ? unwrapAwait(init.object) : init;
  const specifier = requiredFrom(base);
  if (specifier === undefined) return undefined;
  if (isMember(init)) return { specifier, name: propertyName(init) ?? '*' };
  if (at.id.type === 'Identifier') return { specifier, name: '*' };
  if (at.id.type !== 'ObjectPattern') return undefined;
  for (const each of at.id.properties) {
    if (each.type === 'Property' && each.value === binding.id)
      return { specifier, name: keyName(each) ?? '*' };
  }
  return undefined;
}

function requiredFrom(node: Node): string | undefined {
  if (node.type === 'ImportExpression') return literalText(node.source) ?? undefined;
  if (node.type !== 'CallExpression' || !isIdentifier(node.callee) || node.callee.name !== 'require')
    return undefined;
  const first = node.arguments[0];
  return first === undefined ? undefined : (literalText(first) ?? undefined);
}

/** The module that a name comes from: `pg`, `./db.js`, `node:fs`. */
export function moduleOf(source: Source, binding: Binding): { specifier: string; name: string } | undefined {
  if (binding.kind === 'import') {
    const declaration = source.parent(binding.declaration);
    if (declaration?.type !== 'ImportDeclaration') return undefined;
    const found = importOf(binding);
    return found && { specifier: declaration.source.value, name: found.name };
  }
  return importOf(binding);
}

/** What a module exports under a name, ESM or CommonJS. `*` and `default` also give `module.exports = …`. */
export function exported(tree: SourceTree, source: Source, name: string, depth = 0): Located | undefined {
  if (depth > 4) return undefined;
  for (const node of source.program.body as Node[]) {
    if (node.type === 'ExportNamedDeclaration') {
      if (node.declaration) {
        const found = declaredIn(node.declaration as Node, name);
        if (found !== undefined) return { source, node: found };
      }
      for (const each of node.specifiers) {
        const outer = each.exported.type === 'Literal' ? each.exported.value : each.exported.name;
        const inner = each.local.type === 'Literal' ? each.local.value : each.local.name;
        if (outer !== name) continue;
        if (node.source === null) return named(tree, source, inner, node, depth);
        const from = tree.resolve(source.file, node.source.value);
        return from && exported(tree, from, inner, depth + 1);
      }
    } else if (node.type === 'ExportAllDeclaration' && node.exported === null) {
      const from = tree.resolve(source.file, node.source.value);
      const found = from && exported(tree, from, name, depth + 1);
      if (found !== undefined) return found;
    } else if (node.type === 'ExportDefaultDeclaration' && name === 'default') {
      return valueOf(tree, { source, node: node.declaration as Node }, depth);
    } else if (node.type === 'ExpressionStatement' && node.expression.type === 'AssignmentExpression') {
      const target = dotted(node.expression.left);
      const value: Located = { source, node: node.expression.right };
      if (target === `exports.${name}` || target === `module.exports.${name}`)
        return valueOf(tree, value, depth);
      if (target !== 'module.exports') continue;
      if (name === '*' || name === 'default') return valueOf(tree, value, depth);
      const found = member(tree, value, name, depth);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function declaredIn(node: Node, name: string): Node | undefined {
  if ((node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && node.id?.name === name)
    return node;
  if (node.type !== 'VariableDeclaration') return undefined;
  for (const each of node.declarations)
    if (each.id.type === 'Identifier' && each.id.name === name && each.init) return unwrap(each.init);
  return undefined;
}

function named(tree: SourceTree, source: Source, name: string, at: Node, depth: number): Located | undefined {
  const binding = source.scopes.resolve(name, at);
  return binding && bound(tree, source, binding, depth);
}

/** The value that a name stands for: function, class, object literal or other initial value. */
export function bound(tree: SourceTree, source: Source, binding: Binding, depth = 0): Located | undefined {
  if (depth > 6) return undefined;
  const from = moduleOf(source, binding);
  if (from !== undefined) {
    const target = tree.resolve(source.file, from.specifier);
    if (target === undefined) return undefined;
    return (
      exported(tree, target, from.name, depth + 1) ??
      (from.name === '*' ? { source: target, node: target.program } : undefined)
    );
  }
  const at = binding.declaration;
  if (binding.kind === 'function' || binding.kind === 'class') return { source, node: at };
  if (at.type === 'VariableDeclarator' && at.init && at.id.type === 'Identifier')
    return valueOf(tree, { source, node: at.init }, depth + 1);
  return undefined;
}

/** Through names to what they stand for. */
export function valueOf(tree: SourceTree, at: Located, depth = 0): Located | undefined {
  const node = unwrapAwait(at.node);
  if (depth > 6) return undefined;
  if (isIdentifier(node)) {
    const binding = at.source.scopes.resolve(node.name, node);
    return binding && bound(tree, at.source, binding, depth + 1);
  }
  if (isMember(node)) {
    const name = propertyName(node);
    const object = valueOf(tree, { source: at.source, node: node.object }, depth + 1);
    return name === null || object === undefined ? undefined : member(tree, object, name, depth + 1);
  }
  return { source: at.source, node };
}

function member(tree: SourceTree, at: Located, name: string, depth: number): Located | undefined {
  if (depth > 8) return undefined;
  const node = unwrap(at.node);
  if (node.type === 'Program') return exported(tree, at.source, name, depth + 1);
  if (node.type === 'ObjectExpression') {
    for (const each of node.properties) {
      if (each.type === 'Property' && keyName(each) === name)
        return valueOf(tree, { source: at.source, node: each.value }, depth + 1);
    }
  }
  if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression')
    return method(at.source, node, name);
  if (node.type === 'CallExpression') {
    // A factory: what it returns.
    const made = valueOf(tree, { source: at.source, node: node.callee }, depth + 1);
    const given =
      made === undefined || !isFunction(made.node) ? undefined : returnedObject(made.source, made.node);
    return given === undefined
      ? undefined
      : member(tree, { source: made!.source, node: given }, name, depth + 1);
  }
  if (node.type === 'NewExpression') {
    const made = valueOf(tree, { source: at.source, node: node.callee }, depth + 1);
    return made && member(tree, made, name, depth + 1);
  }
  return undefined;
}

function returnedObject(source: Source, fn: FunctionNode): Node | undefined {
  const body = fn.body as Node | null;
  if (body === null) return undefined;
  if (body.type !== 'BlockStatement') return unwrap(body);
  const last = (body.body as Node[]).findLast((each) => each.type === 'ReturnStatement');
  if (last?.type !== 'ReturnStatement' || last.argument === null) return undefined;
  const given = unwrap(last.argument);
  const binding = isIdentifier(given) ? source.scopes.resolve(given.name, given) : undefined;
  const at = binding?.declaration;
  return at?.type === 'VariableDeclarator' && at.init ? unwrap(at.init) : given;
}

function method(source: Source, node: Node, name: string): Located | undefined {
  if (node.type !== 'ClassDeclaration' && node.type !== 'ClassExpression') return undefined;
  for (const each of node.body.body as Node[]) {
    if (keyName(each) !== name) continue;
    if (each.type === 'MethodDefinition') return { source, node: each.value as Node };
    if (each.type === 'PropertyDefinition' && each.value) return { source, node: unwrap(each.value) };
  }
  return undefined;
}

/** The app's own function that a call runs, if it can be told; a method whose name is the app's only one is taken as it. */
export function calledFunction(
  tree: SourceTree,
  source: Source,
  call: CallNode,
): Located<FunctionNode> | undefined {
  const callee = unwrap(call.callee);
  const found = valueOf(tree, { source, node: callee });
  if (found !== undefined)
    return isFunction(found.node) ? { source: found.source, node: found.node } : undefined;
  if (!isMember(callee)) return undefined;
  const name = calleeName(call);
  if (name === null) return undefined;
  if (unwrap(callee.object).type === 'ThisExpression') {
    for (const each of source.ancestors(call)) {
      const own = method(source, each, name);
      if (own !== undefined && isFunction(own.node)) return { source: own.source, node: own.node };
    }
  }
  // `db.query` of a driver must not be mistaken for a method of ours.
  const root = rootBinding(source, callee);
  const from = root && moduleOf(source, root);
  if (from !== undefined && !from.specifier.startsWith('.')) return undefined;
  return COMMON_METHODS.has(name) ? undefined : onlyFunction(tree, name);
}

const COMMON_METHODS = new Set(
  'get set has delete find filter map reduce forEach push pop shift slice query connect end send json status then catch finally on once emit close write call apply bind toString keys values entries includes join split trim'.split(
    ' ',
  ),
);

function rootBinding(source: Source, node: Node): Binding | undefined {
  let at = unwrap(node);
  while (isMember(at)) at = unwrap(at.object);
  return isIdentifier(at) ? source.scopes.resolve(at.name, at) : undefined;
}

function onlyFunction(tree: SourceTree, name: string): Located<FunctionNode> | undefined {
  if (!/^[\w$]+$/.test(name)) return undefined;
  const found: Located<FunctionNode>[] = [];
  for (const source of tree.matching(new RegExp(`(?:^|[^\\w$.])${name.replaceAll('$', '\\$')}\\s*[=:(]`))) {
    walk(source.program, (node) => {
      const key = keyName(node);
      if (key === name && node.type === 'MethodDefinition')
        found.push({ source, node: node.value as FunctionNode });
      else if (key === name && node.type === 'Property' && isFunction(node.value))
        found.push({ source, node: node.value });
      else if (node.type === 'FunctionDeclaration' && node.id?.name === name) found.push({ source, node });
    });
    if (found.length > 1) return undefined;
  }
  return found[0];
}

/** The name under which a function is known: its own, its variable's, its property's. */
export function functionName(source: Source, fn: FunctionNode): string | null {
  if (fn.id) return fn.id.name;
  const parent = source.parent(fn);
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') return parent.id.name;
  if (parent?.type === 'AssignmentExpression' && isMember(parent.left)) return propertyName(parent.left);
  return parent === undefined ? null : keyName(parent);
}
