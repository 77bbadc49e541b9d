import {
  calleeName,
  findAll,
  isCall,
  isFunction,
  isIdentifier,
  isMember,
  leaves,
  unwrapAwait,
  type FunctionNode,
  type Node,
  type NodeOf,
} from '../../../locate/ast.ts';
import { handlerAround, routeOf } from '../../../locate/routes.ts';
import type { Source } from '../../../locate/source.ts';
import { after, insert, type Edit } from '../edits.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/**
 * The same value, under the same name or made by the same call, is checked elsewhere in the app, and not here: put the same check
 * here. What the app itself says about such a value is better than any rule of ours.
 */
export const siblingGuard: Transformation = {
  name: 'sibling-guard',
  kind: 'root-cause',
  applies: (site) =>
    site.location.by !== 'commit' &&
    site.location.depth < 4 &&
    site.fault.kind !== 'not-defined' &&
    site.fault.kind !== 'constant-assignment',
  propose(site) {
    const scopes = scopesOf(site);
    if (scopes.length === 0) return [];
    const found: Proposal[] = [];
    for (const value of scopes.flatMap((scope) => valuesOf(site, scope))) {
      for (const guard of guardsOf(site)) {
        const proposal = guarded(site, value, guard);
        if (proposal !== undefined) found.push(proposal);
      }
    }
    return unlike(found.sort((a, b) => b.weight - a.weight));
  },
};

interface Scope {
  source: Source;
  fn: FunctionNode;
}

/** The function of the frame, and the handler around or above it. */
function scopesOf(site: Site): Scope[] {
  const fn = isFunction(site.node) ? site.node : site.source.functionOf(site.node);
  const found: Scope[] = fn === undefined ? [] : [{ source: site.source, fn }];
  const { handler } = site.location;
  if (handler !== null && handler.node !== fn) found.push({ source: handler.source, fn: handler.node });
  return found;
}

interface Value {
  scope: Scope;
  name: string;
  statement: Node;
  position: 'after' | 'start';
  /** What it is made by: the name of the function called, or the text that it is read from. */
  made: string | null;
  /** Among what the failing value came through. */
  involved: boolean;
}

/** Names that are set in a function before the place of the failure. */
function valuesOf(site: Site, scope: Scope): Value[] {
  const { source, fn } = scope;
  const limit = site.source === source && site.node !== fn ? site.node.start : Infinity;
  const names = new Set(site.origin?.steps.map((step) => step.name).filter((each) => each !== null));
  const statement = site.source.statementOf(site.node) ?? site.node;
  for (const id of findAll(
    isFunction(site.node) ? site.node : statement,
    (node): node is NodeOf<'Identifier'> => isIdentifier(node),
  ))
    names.add(id.name);
  const found: Value[] = [];
  for (const node of findAll(
    fn,
    (each): each is NodeOf<'VariableDeclarator'> => each.type === 'VariableDeclarator',
  )) {
    const parent = source.parent(node);
    if (parent?.type !== 'VariableDeclaration' || node.init === null || node.end > limit) continue;
    const around = source.parent(parent)?.type;
    if (around !== 'BlockStatement') continue;
    const made = madeBy(source, node.init);
    const ids =
      node.id.type === 'Identifier'
        ? [node.id.name]
        : node.id.type === 'ObjectPattern'
          ? node.id.properties.flatMap((each) =>
              each.type === 'Property' && each.value.type === 'Identifier' ? [each.value.name] : [],
            )
          : [];
    for (const name of ids)
      found.push({
        scope,
        name,
        statement: parent,
        position: 'after',
        made: node.id.type === 'Identifier' ? made : null,
        involved: names.has(name),
      });
  }
  return found;
}

function madeBy(source: Source, init: Node): string | null {
  const inner = unwrapAwait(init);
  if (isCall(inner)) return calleeName(inner);
  return isMember(inner) ? source.slice(inner).replace(/^.*?\.(?=[\w$]+$)/, '') : null;
}

interface Guard {
  source: Source;
  node: NodeOf<'IfStatement'>;
  /** The name that its test is about, and what that is made by. */
  name: string;
  made: string | null;
}

const cache = new WeakMap<object, Guard[]>();

/** `if (TEST of a name) { … leave }` in all handlers and functions of the app. */
function guardsOf(site: Site): Guard[] {
  const known = cache.get(site.incident);
  if (known !== undefined) return known;
  const found: Guard[] = [];
  for (const source of site.tree.matching(/\bif\s*\(/)) {
    for (const node of findAll(
      source.program,
      (each): each is NodeOf<'IfStatement'> => each.type === 'IfStatement',
    )) {
      if (found.length >= 600) break;
      if (
        node.alternate !== null ||
        !leavesOrThrows(source, node.consequent) ||
        source.slice(node).length > 400
      )
        continue;
      for (const name of testedNames(source, node.test)) {
        const binding = source.scopes.resolve(name, node.test);
        if (binding === undefined || binding.scope.parent === null) continue;
        const at = binding.declaration;
        found.push({
          source,
          node,
          name,
          made:
            at.type === 'VariableDeclarator' && at.init !== null && at.id.type === 'Identifier'
              ? madeBy(source, at.init)
              : null,
        });
      }
    }
  }
  cache.set(site.incident, found);
  return found;
}

/** `ctx.throw(404)` leaves too. */
function leavesOrThrows(source: Source, node: Node): boolean {
  if (leaves(node)) return true;
  const last = node.type === 'BlockStatement' ? (node.body as Node[]).at(-1) : node;
  return (
    last?.type === 'ExpressionStatement' &&
    /^(?:ctx|reply|app|request|context)\.(?:throw|assert)\(|^process\.exit\(/.test(source.slice(last))
  );
}

function testedNames(source: Source, test: Node): string[] {
  const names = new Set<string>();
  for (const id of findAll(test, (node): node is NodeOf<'Identifier'> => isIdentifier(node))) {
    const parent = source.parent(id);
    if (parent !== undefined && isMember(parent) && parent.property === id && !parent.computed) continue;
    if (parent !== undefined && isCall(parent) && parent.callee === id) continue;
    if (/^(?:Number|Array|Object|String|Math|Date|undefined|null|NaN|Boolean)$/.test(id.name)) continue;
    names.add(id.name);
  }
  return [...names];
}

function guarded(site: Site, value: Value, guard: Guard): Proposal | undefined {
  const { scope } = value;
  if (guard.source === scope.source && guard.node.start >= scope.fn.start && guard.node.end <= scope.fn.end)
    return undefined;
  const sameName = guard.name === value.name;
  const sameMade =
    value.made !== null &&
    guard.made === value.made &&
    !/^(?:query|json|get|find|text|parse|split|map|filter|Number)$/.test(value.made);
  if (!sameName && !sameMade) return undefined;
  const moved = transplanted(value, guard);
  if (moved === undefined) return undefined;
  // A second check of the same name is only for another part of it: the part that failed.
  if (alreadyTested(value) && !aboutSubject(site, moved.text)) return undefined;
  const edits = [...moved.edits, ...(after(scope.source, lastTest(value), moved.text) ?? [])];
  if (edits.length === moved.edits.length) return undefined;
  const handler = handlerAround(guard.source, guard.node);
  const route = handler === undefined ? undefined : routeOf(site.tree, handler);
  const where =
    route === undefined
      ? `${guard.source.file}:${guard.source.line(guard.node.start)}`
      : `${route.method ?? 'any'} ${route.path}`;
  const answers = /[45]\d\d|throw|[nN]otFound|[bB]ad|fail|error|unavailable|unknown/.test(
    guard.source.slice(guard.node.consequent),
  );
  const weight =
    0.5 +
    (sameName ? 0.12 : 0) +
    (sameMade ? 0.2 : 0) +
    (value.involved ? 0.15 : -0.2) +
    (answers ? 0.05 : -0.15) +
    (guard.source === scope.source ? 0.04 : 0) -
    (moved.edits.length > 0 ? 0.01 : 0);
  const how = sameMade ? `what ${value.made}() gives` : value.name;
  return {
    edits,
    title: `Check ${value.name} as ${where} does`,
    why: `${where} checks ${how} with "${shown(guard.source.slice(guard.node.test))}", and this code does not`,
    weight,
  };
}

function shown(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 60);
}

/** Whether a check asks about what failed (`room.members` of `room.members[0].who`), in words that the function does not have yet. */
function aboutSubject(site: Site, text: string): boolean {
  const subject = site.subject === null ? undefined : unwrapAwait(site.subject);
  if (subject === undefined || !isMember(subject)) return false;
  const part = site.source.slice(subject.computed ? subject.object : subject);
  const test = text.slice(0, text.indexOf(')') + 1);
  const fn = site.source.functionOf(site.node);
  return (
    part.includes('.') && test.includes(part) && fn !== undefined && !site.source.slice(fn).includes(test)
  );
}

/** The last of the checks of the name that directly follow its declaration, else the declaration. */
function lastTest(value: Value): Node {
  const { source } = value.scope;
  const block = source.parent(value.statement);
  if (block?.type !== 'BlockStatement') return value.statement;
  const statements = block.body as Node[];
  let at = value.statement;
  for (const each of statements.slice(statements.indexOf(at) + 1)) {
    if (each.type !== 'IfStatement' || !leavesOrThrows(source, each.consequent)) break;
    if (!new RegExp(`\\b${value.name.replaceAll('$', '\\$')}\\b`).test(source.slice(each.test))) break;
    at = each;
  }
  return at;
}

/** An `if` right after the declaration that tests the name already. */
function alreadyTested(value: Value): boolean {
  const { source } = value.scope;
  const block = source.parent(value.statement);
  if (block?.type !== 'BlockStatement') return true;
  const name = new RegExp(`\\b${value.name.replaceAll('$', '\\$')}\\b`);
  return (block.body as Node[]).some(
    (each) =>
      each.type === 'IfStatement' &&
      each.start > value.statement.start &&
      leavesOrThrows(source, each.consequent) &&
      name.test(source.slice(each.test)),
  );
}

/** The guard's text with the names of the place it goes to; undefined where something that it needs is not there. */
function transplanted(value: Value, guard: Guard): { text: string; edits: Edit[] } | undefined {
  const { source, fn } = value.scope;
  const names = new Map([[guard.name, value.name]]);
  const edits: Edit[] = [];
  const from = handlerAround(guard.source, guard.node);
  const to = handlerAround(source, value.statement);
  if (from !== undefined && to !== undefined && from.kind === to.kind) {
    names.set(from.request, to.request);
    if (from.next !== null && to.next !== null) names.set(from.next, to.next);
    if (from.response !== null && to.response !== null) names.set(from.response, to.response);
    else if (from.response !== null && uses(guard, from.response)) {
      // A handler that never answered itself: it needs to be given the means.
      const last = fn.params.at(-1);
      if (to.node !== fn || last === undefined || fn.params.length !== 1) return undefined;
      edits.push(insert(source, last.end, `, ${from.response}`), ...parenthesised(source, fn, last as Node));
      names.set(from.response, from.response);
    }
  } else if (
    from !== undefined &&
    [from.request, from.response].some((name) => name !== null && uses(guard, name))
  )
    return undefined;
  const added = new Set(edits.length > 0 && from?.response ? [from.response] : []);
  const visible = source.scopes.visible(value.statement);
  const changes: Edit[] = [];
  for (const id of findAll(guard.node, (node): node is NodeOf<'Identifier'> => isIdentifier(node))) {
    const parent = guard.source.parent(id);
    if (parent !== undefined && isMember(parent) && parent.property === id && !parent.computed) continue;
    if (parent?.type === 'Property' && parent.key === id && !parent.computed && !parent.shorthand) continue;
    const binding = guard.source.scopes.resolve(id.name, id);
    if (binding === undefined) continue;
    if (
      binding.scope.node !== guard.source.program &&
      binding.id.start >= guard.node.start &&
      binding.id.end <= guard.node.end
    )
      continue;
    const want = names.get(id.name) ?? id.name;
    const there = visible.get(want);
    if (there === undefined && !added.has(want)) return undefined;
    if (names.has(id.name)) {
      if (
        there !== undefined &&
        there.id.start > value.statement.end &&
        there.scope.parent !== null &&
        id.name !== guard.name
      )
        return undefined;
    } else if (
      binding.scope.parent !== null ||
      there?.scope.parent !== null ||
      (guard.source === source && there !== binding)
    )
      return undefined;
    if (want !== id.name)
      changes.push({
        source: guard.source,
        start: id.start,
        end: id.end,
        text: parent?.type === 'Property' && parent.shorthand ? `${id.name}: ${want}` : want,
      });
  }
  if (guard.name !== value.name) {
    // `badRequest(res, 'id')`, `'no such post'`: the words name the thing too.
    const word = new RegExp(`\\b${guard.name.replaceAll('$', '\\$')}\\b`, 'i');
    for (const node of findAll(
      guard.node.consequent,
      (each): each is Node => each.type === 'Literal' || each.type === 'TemplateElement',
    )) {
      const written = guard.source.slice(node);
      const at = node.type === 'Literal' && typeof node.value !== 'string' ? -1 : written.search(word);
      if (at < 0) continue;
      const capital = /^[A-Z]/.test(written.slice(at));
      changes.push({
        source: guard.source,
        start: node.start + at,
        end: node.start + at + guard.name.length,
        text: capital ? value.name[0]!.toUpperCase() + value.name.slice(1) : value.name,
      });
    }
  }
  let text = '';
  let at = guard.node.start;
  for (const change of changes.sort((a, b) => a.start - b.start)) {
    if (change.start < at) continue;
    text += guard.source.text.slice(at, change.start) + change.text;
    at = change.end;
  }
  text += guard.source.text.slice(at, guard.node.end);
  return {
    text: text.replaceAll('\r\n', '\n').replaceAll(`\n${guard.source.indentOf(guard.node)}`, '\n'),
    edits,
  };
}

function uses(guard: Guard, name: string): boolean {
  return findAll(guard.node, (node): node is NodeOf<'Identifier'> => isIdentifier(node)).some(
    (id) => id.name === name,
  );
}

/** `x => …` needs parentheses for a second parameter. */
function parenthesised(source: Source, fn: FunctionNode, last: Node): Edit[] {
  if (/^\s*\)/.test(source.text.slice(last.end))) return [];
  return fn.type === 'ArrowFunctionExpression'
    ? [insert(source, last.start, '('), insert(source, last.end, ')')]
    : [];
}

/** One of each text. */
function unlike(found: Proposal[]): Proposal[] {
  const seen = new Set<string>();
  return found.filter((each) => {
    const key = each.edits.map((edit) => `${edit.start}${edit.text.replace(/\s+/g, '')}`).join();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
