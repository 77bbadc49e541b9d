import {
  calleeName,
  isCall,
  isIdentifier,
  isMember,
  propertyName,
  unwrap,
  type Node,
} from '../../locate/ast.ts';
import type { Source } from '../../locate/source.ts';
import { wordsOf } from '../../../../lib/similar-names.ts';

const NUMERIC = new Set(
  'count total price amount qty quantity percent percentage rate discount number sum score age size length limit offset tax fee cent balance points point stock weight height width rank level duration minute hour day second average avg mean max min cost rating'.split(
    ' ',
  ),
);

/** A value that stands for "nothing" in the place where an expression is used, as source text; null where none is natural. */
export function neutralFor(source: Source, node: Node): string | null {
  const empty = source.style.quote.repeat(2);
  let at = node;
  let parent = source.parent(at);
  while (parent !== undefined && (parent.type === 'ChainExpression' || parent.type.startsWith('TS'))) {
    at = parent;
    parent = source.parent(at);
  }
  // `… ?? null` is there already: it is the default.
  if (parent?.type === 'LogicalExpression' && parent.left === at && parent.operator !== '&&') return null;
  const own = byOwnKind(source, at);
  if (own !== null && parent?.type !== 'BinaryExpression') return own;
  switch (parent?.type) {
    case 'BinaryExpression': {
      if (/^(?:[-*/%]|\*\*|<=?|>=?)$/.test(parent.operator)) return '0';
      if (parent.operator !== '+') return null;
      const other = parent.left === at ? parent.right : parent.left;
      return isText(other) ? empty : '0';
    }
    case 'UnaryExpression':
      return parent.operator === '-' || parent.operator === '+' ? '0' : null;
    case 'AssignmentExpression':
      if (parent.right === at && /^[-+*/]=$/.test(parent.operator)) return '0';
      return byName(node) ?? 'null';
    case 'TemplateLiteral':
      return empty;
    case 'SpreadElement':
      return source.parent(parent)?.type === 'ObjectExpression' ? '{}' : '[]';
    case 'ForOfStatement':
      return '[]';
    case 'Property':
    case 'ReturnStatement':
    case 'ArrowFunctionExpression':
      return byName(node) === '0' && source.parent(parent)?.type !== 'ObjectExpression' ? '0' : 'null';
    case 'VariableDeclarator':
      return parent.id.type === 'ArrayPattern'
        ? '[]'
        : parent.id.type === 'ObjectPattern'
          ? '{}'
          : (byUse(source, parent.id) ?? byName(node) ?? byName(parent.id) ?? 'null');
    case 'CallExpression':
    case 'NewExpression':
      if (parent.callee === at) return null;
      if (/^(?:Number|parseInt|parseFloat|round|floor|ceil|max|min|abs)$/.test(calleeName(parent) ?? ''))
        return '0';
      if (/^(?:keys|values|entries|assign)$/.test(calleeName(parent) ?? '')) return '{}';
      if (/^(?:Set|Map|all|from|fromEntries|allSettled)$/.test(calleeName(parent) ?? '')) return '[]';
      return null;
    default:
      return null;
  }
}

/** A chain that ends with a method tells what it gives: a list, a text, a number. */
function byOwnKind(source: Source, node: Node): string | null {
  const inner = unwrap(node);
  if (isMember(inner)) return propertyName(inner) === 'length' || propertyName(inner) === 'size' ? '0' : null;
  const name = isCall(inner) && isMember(unwrap(inner.callee)) ? (calleeName(inner) ?? '') : '';
  if (/^(?:map|filter|flatMap|sort|toSorted|concat|split|reverse)$/.test(name)) return '[]';
  if (
    /^(?:trim|toLowerCase|toUpperCase|replace|replaceAll|padStart|padEnd|substring|join|normalize)$/.test(
      name,
    )
  )
    return source.style.quote.repeat(2);
  return null;
}

function byName(node: Node): string | null {
  const inner = unwrap(node);
  const name = isIdentifier(inner)
    ? inner.name
    : isMember(inner)
      ? propertyName(inner)
      : isCall(inner)
        ? calleeName(inner)
        : null;
  if (name === null) return null;
  const words = wordsOf(name);
  return NUMERIC.has(words.at(-1) ?? '') || NUMERIC.has(words[0] ?? '') ? '0' : null;
}

/** From how a variable is used later. */
function byUse(source: Source, id: Node): string | null {
  if (!isIdentifier(id)) return null;
  const binding = source.scopes.resolve(id.name, id);
  if (binding === undefined) return null;
  for (const each of source.scopes.references(binding)) {
    const parent = source.parent(each);
    if (parent === undefined) continue;
    if (isMember(parent) && parent.object === each) {
      const call = source.parent(parent);
      const name = propertyName(parent) ?? '';
      if (
        call !== undefined &&
        isCall(call) &&
        /^(?:map|filter|forEach|reduce|push|some|every|flatMap|join)$/.test(name)
      )
        return '[]';
      if (
        call !== undefined &&
        isCall(call) &&
        /^(?:trim|toLowerCase|toUpperCase|split|startsWith|endsWith|padStart)$/.test(name)
      )
        return source.style.quote.repeat(2);
      if (name === 'toFixed') return '0';
      continue;
    }
    const value = parent.type === 'VariableDeclarator' ? null : neutralFor(source, each);
    if (value !== null && value !== 'null') return value;
  }
  return null;
}

function isText(node: Node): boolean {
  const inner = unwrap(node);
  if (inner.type === 'TemplateLiteral') return true;
  if (inner.type === 'Literal') return typeof inner.value === 'string';
  return (
    inner.type === 'BinaryExpression' &&
    inner.operator === '+' &&
    (isText(inner.left as Node) || isText(inner.right))
  );
}

/** The whole chain that would be cut short with a member: `a.b.c()` for `a.b`. */
export function chainTop(source: Source, node: Node): Node {
  let at = node;
  for (;;) {
    const parent = source.parent(at);
    if (parent === undefined) return at;
    const continues =
      (isMember(parent) && parent.object === at) ||
      (parent.type === 'CallExpression' && parent.callee === at) ||
      parent.type === 'ChainExpression' ||
      parent.type === 'TSNonNullExpression';
    if (!continues) return at;
    at = parent;
  }
}
