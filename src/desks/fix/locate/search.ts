import {
  calleeName,
  dotted,
  findAll,
  isCall,
  isFunction,
  isMember,
  keyName,
  propertyName,
  unwrap,
  unwrapAwait,
  type Node,
} from './ast.ts';
import type { Fault } from './fault.ts';
import { calledFunction, type Located } from './modules.ts';
import type { Source } from './source.ts';
import { patternValue, type Subject } from './subject.ts';
import type { SourceTree } from './tree.ts';

export interface Hit extends Subject {
  source: Source;
}

const MAX_HITS = 4;

/**
 * Places that could have raised a fault whose stack shows none of the app's own frames (a body parsed inside of fetch, an error that was
 * logged by its message only): in the handler, then in the app's functions that it calls.
 */
export function searchFault(tree: SourceTree, start: Located, fault: Fault): Hit[] {
  const found: Hit[] = [];
  for (const { source, node } of reachable(tree, start)) {
    for (const hit of hitsIn(source, node, fault)) {
      if (found.length < MAX_HITS && !found.some((each) => each.node === hit.node)) found.push(hit);
    }
  }
  return found;
}

/** A node and the bodies of the app's functions that it calls, two calls deep, at most 12. */
function reachable(tree: SourceTree, start: Located): Located[] {
  const found: Located[] = [start];
  for (let i = 0, depth = 0; i < found.length && depth < 3 && found.length < 12; depth++) {
    for (const end = found.length; i < end; i++) {
      const { source, node } = found[i]!;
      for (const call of findAll(node, isCall)) {
        const fn = calledFunction(tree, source, call);
        if (fn !== undefined && found.length < 12 && !found.some((each) => each.node === fn.node))
          found.push(fn);
      }
    }
  }
  return found;
}

function hitsIn(source: Source, root: Node, fault: Fault): Hit[] {
  const found: Hit[] = [];
  const nodes = findAll(
    root,
    (node): node is Node =>
      isCall(node) || isMember(node) || node.type === 'ObjectPattern' || node.type === 'ForOfStatement',
  );
  for (const node of nodes) {
    const hit = hitAt(source, node, fault);
    if (hit !== undefined) found.push({ source, ...hit });
  }
  return found;
}

function hitAt(source: Source, node: Node, fault: Fault): Subject | undefined {
  switch (fault.kind) {
    case 'nullish-read':
      if (fault.key === null) return undefined;
      if (isMember(node) && !node.optional && propertyName(node) === fault.key)
        return { node, subject: node.object };
      if (
        node.type === 'ObjectPattern' &&
        node.properties.some((each) => keyName(each) === fault.key) &&
        !isFunction(source.parent(node))
      )
        return { node, subject: patternValue(source, node) };
      return undefined;
    case 'not-function': {
      if (!isCall(node) || fault.key === null || calleeName(node) !== fault.key) return undefined;
      const callee = unwrap(node.callee);
      return { node, subject: isMember(callee) ? callee.object : callee };
    }
    case 'not-iterable':
      return node.type === 'ForOfStatement' &&
        (fault.expression === null || source.slice(node.right) === fault.expression)
        ? { node, subject: node.right }
        : undefined;
    case 'json': {
      if (!isCall(node)) return undefined;
      if (dotted(node.callee) === 'JSON.parse') return { node, subject: node.arguments[0] ?? null };
      const callee = unwrapAwait(node.callee);
      return isMember(callee) && calleeName(node) === 'json' && node.arguments.length === 0
        ? { node, subject: null }
        : undefined;
    }
    case 'date':
      return isCall(node) && calleeName(node) === 'toISOString' && isMember(unwrap(node.callee))
        ? { node, subject: (unwrap(node.callee) as Node & { object: Node }).object }
        : undefined;
    case 'sql':
      return isCall(node) && /^(?:query|execute)$/.test(calleeName(node) ?? '')
        ? { node, subject: node.arguments[0] ?? null }
        : undefined;
    case 'uri':
    case 'url':
    case 'regex':
      return isCall(node) && /^(?:decodeURIComponent|decodeURI|URL|RegExp)$/.test(calleeName(node) ?? '')
        ? { node, subject: node.arguments[0] ?? null }
        : undefined;
    default:
      return undefined;
  }
}
