import { calleeName, isCall, isIdentifier, unwrap, unwrapAwait, type Node } from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';

export function isBig(source: Source, node: Node): boolean {
  const inner = unwrap(node);
  if (inner.type === 'Literal') return typeof inner.value === 'bigint' || /^\d+n$/.test(source.slice(inner));
  if (isCall(inner)) return calleeName(inner) === 'BigInt';
  if (inner.type === 'BinaryExpression')
    return isBig(source, inner.left as Node) || isBig(source, inner.right);
  const at = isIdentifier(inner) ? source.scopes.resolve(inner.name, inner)?.declaration : undefined;
  return at?.type === 'VariableDeclarator' && at.init !== null && isBig(source, unwrapAwait(at.init));
}
