import { loadModule, parseSync, type Node, type RangeVar } from 'libpg-query';
import { remembered } from '../../sql.ts';

export type { Node };

/** The kinds of a node are its only key. */
type KindOf<T> = T extends unknown ? keyof T : never;
export type Kind = KindOf<Node>;
export type Body<K extends Kind> = Extract<Node, Record<K, unknown>>[K];

/** PostgreSQL's own parser as WASM; it has to be loaded before `statementOf` is called. */
export function loadParser(): Promise<void> {
  return loadModule();
}

/** The one statement of a text; null for none, several, or what does not parse. */
export const statementOf: (sql: string) => Node | null = remembered((sql) => {
  try {
    const { stmts } = parseSync(sql);
    return stmts?.length === 1 ? (stmts[0]!.stmt ?? null) : null;
  } catch {
    return null;
  }
});

/** The body of a node if it is of that kind. */
export function as<K extends Kind>(node: Node | undefined, kind: K): Body<K> | undefined {
  return node !== undefined && kind in node ? (node as unknown as Record<K, Body<K>>)[kind] : undefined;
}

export function kindOf(node: Node): Kind {
  return Object.keys(node)[0] as Kind;
}

/** The texts of a list of String nodes, as names come. */
export function texts(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).map((node) => as(node, 'String')?.sval ?? '');
}

/** Everything inside of a node, itself too, as [kind, body]. What stands in a place of one kind only comes by that place's name. */
export function* walk(value: unknown, name = ''): Generator<[string, Record<string, unknown>]> {
  if (Array.isArray(value)) {
    for (const item of value) yield* walk(item);
  } else if (value !== null && typeof value === 'object') {
    if (name !== '') yield [name, value as Record<string, unknown>];
    for (const [key, inner] of Object.entries(value)) yield* walk(inner, key);
  }
}

export function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

/** Every table or view that is named anywhere in it. */
export function rangesIn(node: unknown): RangeVar[] {
  const found: RangeVar[] = [];
  for (const [name, body] of walk(node)) {
    if ((name === 'RangeVar' || name === 'relation' || name === 'rel') && typeof body['relname'] === 'string')
      found.push(body);
  }
  return found;
}

/** The parts that all have to hold. */
export function conjuncts(node: Node | undefined): Node[] {
  if (node === undefined) return [];
  const bool = as(node, 'BoolExpr');
  return bool?.boolop === 'AND_EXPR' ? (bool.args ?? []).flatMap(conjuncts) : [node];
}
