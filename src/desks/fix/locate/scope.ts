import { children, isFunction, type Node } from './ast.ts';

export interface Binding {
  name: string;
  kind: 'const' | 'let' | 'var' | 'function' | 'class' | 'param' | 'import' | 'catch';
  /** The identifier that introduces the name. */
  id: Node;
  /** VariableDeclarator, function, class, import specifier or catch clause. */
  declaration: Node;
  scope: Scope;
}

interface Scope {
  node: Node;
  parent: Scope | null;
  names: Map<string, Binding>;
}

/** The names of a file. A small model: no `with`, no `eval`; type-only names are left out. */
export interface Scopes {
  /** Scope that a node is evaluated in. */
  of(node: Node): Scope;
  resolve(name: string, at: Node): Binding | undefined;
  /** Every name that can be used at a node, the nearest of each. */
  visible(at: Node): Map<string, Binding>;
  /** Reads and writes of a binding, without its declaration. */
  references(binding: Binding): Node[];
}

export function buildScopes(program: Node): Scopes {
  const scopeOf = new Map<Node, Scope>();
  const identifiers = new Map<string, Node[]>();
  const declared = new Set<Node>();

  const declare = (scope: Scope, kind: Binding['kind'], id: Node, declaration: Node): void => {
    if (id.type !== 'Identifier' || id.name === 'this') return;
    declared.add(id);
    if (!scope.names.has(id.name)) scope.names.set(id.name, { name: id.name, kind, id, declaration, scope });
  };
  const declarePattern = (scope: Scope, kind: Binding['kind'], pattern: Node, declaration: Node): void => {
    for (const id of patternNames(pattern)) declare(scope, kind, id, declaration);
  };
  const functionScope = (scope: Scope): Scope => {
    let at = scope;
    while (at.parent !== null && !isFunction(at.node) && at.node.type !== 'Program') at = at.parent;
    return at;
  };

  const root: Scope = { node: program, parent: null, names: new Map() };
  // A stack of our own: hostile code may be nested deeper than calls may be.
  const pending: [Node, Scope][] = [[program, root]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, outer] = next;
    let scope = outer;
    if (opensScope(node)) scope = { node, parent: outer, names: new Map() };
    scopeOf.set(node, scope);
    if (node.type === 'Identifier') {
      const list = identifiers.get(node.name);
      if (list === undefined) identifiers.set(node.name, [node]);
      else list.push(node);
    }
    switch (node.type) {
      case 'VariableDeclaration': {
        const kind = node.kind === 'var' || node.kind === 'let' ? node.kind : 'const';
        for (const each of node.declarations)
          declarePattern(kind === 'var' ? functionScope(outer) : outer, kind, each.id, each);
        break;
      }
      case 'FunctionDeclaration':
        if (node.id) declare(outer, 'function', node.id, node);
        break;
      case 'FunctionExpression':
        if (node.id) declare(scope, 'function', node.id, node);
        break;
      case 'ClassDeclaration':
        if (node.id) declare(outer, 'class', node.id, node);
        break;
      case 'ImportDeclaration':
        if (node.importKind !== 'type')
          for (const each of node.specifiers) declare(outer, 'import', each.local, each);
        break;
      case 'CatchClause':
        if (node.param) declarePattern(scope, 'catch', node.param, node);
        break;
      default:
    }
    if (isFunction(node))
      for (const param of node.params) declarePattern(scope, 'param', param as Node, node);
    for (const child of children(node).reverse()) pending.push([child, scope]);
  }

  const resolve = (name: string, at: Node): Binding | undefined => {
    for (let scope: Scope | null = scopeOf.get(at) ?? root; scope !== null; scope = scope.parent) {
      const found = scope.names.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    of: (node) => scopeOf.get(node) ?? root,
    resolve,
    visible(at) {
      const names = new Map<string, Binding>();
      for (let scope: Scope | null = scopeOf.get(at) ?? root; scope !== null; scope = scope.parent) {
        for (const [name, binding] of scope.names) if (!names.has(name)) names.set(name, binding);
      }
      return names;
    },
    references: (binding) =>
      (identifiers.get(binding.name) ?? []).filter(
        (id) => !declared.has(id) && resolve(binding.name, id) === binding,
      ),
  };
}

function opensScope(node: Node): boolean {
  return (
    isFunction(node) ||
    node.type === 'BlockStatement' ||
    node.type === 'ForStatement' ||
    node.type === 'ForOfStatement' ||
    node.type === 'ForInStatement' ||
    node.type === 'CatchClause' ||
    node.type === 'SwitchStatement' ||
    node.type === 'ClassExpression'
  );
}

/** The identifiers that a pattern introduces. */
function patternNames(pattern: Node): Node[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap((each) =>
        patternNames(each.type === 'RestElement' ? each.argument : each.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((each) => (each === null ? [] : patternNames(each)));
    case 'AssignmentPattern':
      return patternNames(pattern.left);
    case 'RestElement':
      return patternNames(pattern.argument);
    case 'TSParameterProperty':
      return patternNames(pattern.parameter);
    default:
      return [];
  }
}
