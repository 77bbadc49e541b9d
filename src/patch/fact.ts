import { propertyOf, type Binding } from './modules.ts';
import { isNode, type Node } from './syntax.ts';

/**
 * Something that code does which a patch may not newly do, or that it has which a patch may not take away. Facts of
 * the code before and after are compared by `key`, so that moved code is no change.
 */
export interface Fact {
  kind:
    | 'import' // a module, by its name
    | 'power' // use of a module's member, or a global, that gives power
    | 'network' // a call out, to `target`
    | 'env' // an environment variable's name; `*` for all of them
    | 'detect' // looks at how the process was started or where it runs
    | 'swallow' // an error is made to vanish
    | 'tamper' // a built-in is changed
    | 'tls' // verification switched off
    | 'secret' // a literal under a secret's name
    | 'unchecked' // a checker switched off by a comment
    | 'route' // must stay
    | 'path'; // must stay, somewhere
  key: string;
  says: string;
  line: number;
  /** For `network`: `host:NAME`, or the source of the expression that the address starts with. For `route`: its method. */
  target?: string;
}

export type Add = (kind: Fact['kind'], node: Node, detail: string, says: string, target?: string) => void;

export interface Scope {
  source: string;
  bindings: Map<string, Binding>;
  /** Local names of `process.env`. */
  envNames: Set<string>;
  add: Add;
}

export function isGlobal(node: unknown, scope: Scope): boolean {
  if (!isNode(node)) return false;
  if (node.type === 'MemberExpression')
    return (
      isGlobal(node['object'], scope) && /^(?:globalThis|global|window|self)$/.test(propertyOf(node) ?? '')
    );
  return (
    node.type === 'Identifier' &&
    /^(?:globalThis|global|window|self)$/.test(String(node['name'])) &&
    !scope.bindings.has(String(node['name']))
  );
}

/** The source of a node, its white space squeezed, at most 120 characters. */
export function squeezed(source: string, node: Node): string {
  return source.slice(node.start, node.end).replace(/\s+/g, ' ').slice(0, 120);
}
