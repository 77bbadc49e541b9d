import {
  calleeName,
  findAll,
  isCall,
  isFunction,
  isIdentifier,
  isMember,
  isStatement,
  literalText,
  unwrap,
  unwrapAwait,
  type FunctionNode,
  type Node,
  type NodeOf,
} from '../../locate/ast.ts';
import { inputKind } from '../../locate/flow.ts';
import { functionName } from '../../locate/modules.ts';
import { handlerAround, routeOf, singular, subjectOfPath, type Handler } from '../../locate/routes.ts';
import type { Source } from '../../locate/source.ts';
import { after, before, type Edit } from './edits.ts';
import type { Site } from './site.ts';

/** Where a missing value can be noticed, and how it is told there. */
export interface Place {
  source: Source;
  statement: Node;
  position: 'before' | 'after';
  /** True when the value is missing. */
  test: string;
  /** The name or expression that is tested. */
  value: string;
  handler: Handler | null;
  fn: FunctionNode | undefined;
  /** Inside of a callback of map, forEach and their like, where leaving leaves only the callback. */
  loop: 'callback' | 'statement' | null;
  entity: string | null;
  /** Other words for it: what it was asked of (`accounts.find`), its table. */
  also: string[];
  /** What the value was looked up by comes from this part of the request. */
  input: 'body' | 'query' | 'params' | 'headers' | 'cookies' | null;
}

const LIST_CALLS =
  /^(?:map|forEach|filter|find|some|every|flatMap|findIndex|reduce|sort|toSorted|findLast|reduceRight)$/;
const GENERIC =
  /^(?:rows?|results?|res|data|items?|r|rec|records?|docs?|found|value|val|entry|raw|obj|response|body|payload|json|parsed|x|v|first|it|el|match|hit|cached|ret)$/i;

/** Places along the way of the value, nearest to its making first, each in its own function. */
export function placesOf(site: Site): Place[] {
  const { origin } = site;
  if (origin === null || site.subject === null) return [];
  const places: Place[] = [];
  const seen = new Set<Node>();
  const add = (place: Place | undefined): void => {
    if (place === undefined || seen.has(place.statement)) return;
    seen.add(place.statement);
    places.push(place);
  };
  for (const step of origin.steps.toReversed()) {
    if (step.kind === 'variable' && step.name !== null)
      add(variablePlace(site, step.source, step.node, step.name));
    if (step.kind === 'param' && step.name !== null && isFunction(step.node))
      add(useOf(site, step.source, step.node, step.name));
  }
  add(expressionPlace(site, site.source, site.subject));
  add(callerPlace(site));
  for (const step of origin.steps)
    if (step.kind === 'use' && step.source !== undefined && step.node !== site.subject)
      add(expressionPlace(site, step.source, step.node));
  return places;
}

function variablePlace(site: Site, source: Source, declarator: Node, name: string): Place | undefined {
  const statement = source.parent(declarator);
  if (statement?.type !== 'VariableDeclaration') return undefined;
  const outer = source.parent(statement);
  if (
    outer?.type === 'ForOfStatement' ||
    outer?.type === 'ForStatement' ||
    outer?.type === 'ForInStatement'
  ) {
    const first = outer.body.type === 'BlockStatement' ? (outer.body.body as Node[])[0] : undefined;
    return first && placeAt(site, source, first, 'before', `!${name}`, name);
  }
  if (outer?.type === 'ExportNamedDeclaration') return undefined;
  if (
    statement.declarations.length > 1 &&
    statement.kind !== 'var' &&
    statement.declarations.at(-1) !== declarator
  ) {
    const rest = statement.declarations.slice(
      statement.declarations.findIndex((each) => each === declarator) + 1,
    );
    if (rest.some((each) => new RegExp(`\\b${name}\\b`).test(source.slice(each)))) return undefined;
  }
  return placeAt(site, source, statement, 'after', `!${name}`, name);
}

/** Before the first statement of a function that uses its parameter's members. */
function useOf(site: Site, source: Source, fn: FunctionNode, name: string): Place | undefined {
  const subject = site.subject;
  const inside =
    subject !== null && site.source === source && subject.start >= fn.start && subject.end <= fn.end;
  const statement = inside ? listStatement(source, subject, fn) : undefined;
  return statement && placeAt(site, source, statement, 'before', `!${name}`, name);
}

/** `user.address` of a helper, seen from its caller: the argument's member, before the call. */
function callerPlace(site: Site): Place | undefined {
  const subject = site.subject === null ? undefined : unwrapAwait(site.subject);
  const step = site.origin?.steps.find((each) => each.kind === 'param') ?? paramOf(site, subject);
  const caller = site.incident.locations[site.location.depth + 1];
  if (subject === undefined || step === undefined || caller === undefined || !isCall(caller.node))
    return undefined;
  if (!isMember(subject) || !isFunction(step.node) || step.node !== site.source.functionOf(site.node))
    return undefined;
  const index = step.node.params.findIndex(
    (param) => param.type === 'Identifier' && param.name === step.name,
  );
  const argument = caller.node.arguments[index];
  const text = site.source.slice(subject);
  if (argument === undefined || !/^[\w$.]+$/.test(text) || !text.startsWith(`${step.name}.`))
    return undefined;
  const given = caller.source.slice(argument);
  if (!/^[\w$.]+$/.test(given)) return undefined;
  const statement = listStatement(caller.source, caller.node, caller.source.functionOf(caller.node));
  const value = given + text.slice(step.name!.length);
  return statement && placeAt(site, caller.source, statement, 'before', `!${value}`, value);
}

function paramOf(site: Site, subject: Node | undefined): { name: string | null; node: Node } | undefined {
  let root = subject;
  while (root !== undefined && isMember(root)) root = unwrapAwait(root.object);
  const binding =
    root !== undefined && isIdentifier(root) ? site.source.scopes.resolve(root.name, root) : undefined;
  return binding?.kind === 'param' ? { name: binding.name, node: binding.declaration } : undefined;
}

function expressionPlace(site: Site, source: Source, subject: Node): Place | undefined {
  const inner = unwrapAwait(subject);
  // What has effects, or is asked anew, must not be run twice for a test.
  if (
    !isMember(inner) ||
    /^(?:req|request|ctx)\.(?:params|query|headers)$/.test(source.slice(inner)) ||
    findAll(inner, isCall).length > 0 ||
    inner !== unwrap(subject)
  )
    return undefined;
  const fn = source.functionOf(subject);
  const statement = listStatement(source, subject, fn);
  if (statement === undefined || statement.start > subject.start) return undefined;
  if (!namesReach(source, subject, statement)) return undefined;
  const text = source.slice(inner);
  const row =
    isMember(inner) && inner.computed && literalText(inner.property) === '0'
      ? source.slice(inner.object)
      : null;
  return placeAt(site, source, statement, 'before', row === null ? `!${text}` : `${row}.length === 0`, text);
}

/** Whether all that a test reads is already there before a statement. */
function namesReach(source: Source, subject: Node, statement: Node): boolean {
  for (const id of findAll(subject, isIdentifier as (node: Node) => node is NodeOf<'Identifier'>)) {
    const parent = source.parent(id);
    if (parent !== undefined && isMember(parent) && parent.property === id && !parent.computed) continue;
    const binding = source.scopes.resolve(id.name, id);
    if (binding !== undefined && binding.id.start > statement.start) return false;
  }
  return true;
}

/** The innermost statement around a node, in the same function, that stands in a list of statements. */
export function listStatement(source: Source, node: Node, fn: FunctionNode | undefined): Node | undefined {
  for (const each of [node, ...source.ancestors(node)]) {
    if (each === fn) return undefined;
    if (!isStatement(each) || each.type === 'BlockStatement') continue;
    const parent = source.parent(each);
    if (parent?.type === 'BlockStatement' || parent?.type === 'Program' || parent?.type === 'SwitchCase')
      return each;
  }
  return undefined;
}

export function placeAt(
  site: Site,
  source: Source,
  statement: Node,
  position: Place['position'],
  test: string,
  value: string,
): Place {
  const fn = source.functionOf(statement);
  const handler = handlerAround(source, statement) ?? null;
  return {
    source,
    statement,
    position,
    test,
    value,
    handler,
    fn,
    loop: loopAround(source, statement, handler),
    entity: entityOf(site, source, value, handler),
    also: otherWords(site),
    input: inputBehind(site),
  };
}

function loopAround(source: Source, node: Node, handler: Handler | null): Place['loop'] {
  for (const each of source.ancestors(node)) {
    if (each === handler?.node) return null;
    if (
      each.type === 'ForOfStatement' ||
      each.type === 'ForStatement' ||
      each.type === 'ForInStatement' ||
      each.type === 'WhileStatement'
    )
      return 'statement';
    if (isFunction(each)) {
      const parent = source.parent(each);
      if (
        parent !== undefined &&
        isCall(parent) &&
        LIST_CALLS.test(calleeName(parent) ?? '') &&
        isMember(unwrap(parent.callee))
      )
        return 'callback';
      if (handler === null) return null;
    }
  }
  return null;
}

/** What the value is, in a word: from its name, else from the function or the route that it is made in. */
export function entityOf(site: Site, source: Source, value: string, handler: Handler | null): string | null {
  const key = /\[([A-Za-z]\w*)\]$/.exec(value)?.[1];
  if (key !== undefined && site.origin?.kind === 'table') return key;
  const last =
    value
      .replace(/\[[^\]]*\]|\(.*\)/g, '')
      .split('.')
      .at(-1) ?? '';
  const word = last.replace(/(?:Row|Rows|Record|Result|Doc|Data|Id)$/, '');
  if (word.length > 1 && !GENERIC.test(word) && /^[a-z]\w*$/i.test(word))
    return singular(word)
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase();
  const made = site.origin?.node;
  const fn = made === undefined || site.origin === null ? undefined : site.origin.source.functionOf(made);
  const name = fn === undefined || site.origin === null ? null : functionName(site.origin.source, fn);
  const named =
    name === null ? null : /^(?:get|find|load|fetch|read|lookup)([A-Z]\w*?)(?:By\w+)?$/.exec(name)?.[1];
  if (named) return singular(named).toLowerCase();
  const table =
    site.origin === null || made === undefined
      ? null
      : tableOf(site.origin.source, rowMaker(site.origin.source, made));
  if (table !== null) return table;
  const route = handler === null ? undefined : routeOf(site.tree, handler);
  if (route !== undefined) return subjectOfPath(route.path);
  return handler === null ? null : tableOf(source, handler.node);
}

/** What the value was asked of: `account` for `accounts.find(…)`, `findAccount(…)`, `… FROM accounts`. */
function otherWords(site: Site): string[] {
  const words: string[] = [];
  for (const step of site.origin?.steps ?? []) {
    const call = unwrapAwait(step.node);
    if (step.kind !== 'use' || !isCall(call)) continue;
    const callee = unwrap(call.callee);
    if (isMember(callee)) {
      const owner = step.source.slice(callee.object).split('.').at(-1)!;
      if (
        /^[a-z]\w*$/i.test(owner) &&
        !/^(?:this|db|pool|client|redis|cache|repo|store|service)$/i.test(owner)
      )
        words.push(singular(owner.replace(/(?:Repo|Repository|Store|Service|Dao|Model)$/, '')).toLowerCase());
    }
    const named = /^(?:get|find|load|fetch|read|lookup)([A-Z]\w*?)(?:By\w+)?$/.exec(
      calleeName(call) ?? '',
    )?.[1];
    if (named) words.push(singular(named).toLowerCase());
  }
  const { origin } = site;
  const table = origin === null ? null : tableOf(origin.source, rowMaker(origin.source, origin.node));
  if (table !== null) words.push(table);
  return words;
}

/** The table that a query asks. */
function tableOf(source: Source, node: Node): string | null {
  const table = /\bfrom\s+["`]?(\w+)/i.exec(source.slice(node))?.[1];
  return table === undefined ? null : singular(table.toLowerCase());
}

/** Which part of the request the lookup's arguments come from, seen in the function that makes it and its callers. */
function inputBehind(site: Site): Place['input'] {
  const { origin } = site;
  if (origin === null) return null;
  const made = origin.kind === 'row' ? rowMaker(origin.source, origin.node) : origin.node;
  const texts = new Set<Place['input']>();
  const look = (source: Source, node: Node, depth: number): void => {
    if (depth > 3) return;
    const kind = inputKind(source, node);
    if (kind !== null) texts.add(kind);
    for (const id of findAll(node, (each): each is Node => isIdentifier(each) || isMember(each))) {
      const own = inputKind(source, id);
      if (own !== null) texts.add(own);
      if (!isIdentifier(id)) continue;
      const binding = source.scopes.resolve(id.name, id);
      const at = binding?.declaration;
      if (at?.type === 'VariableDeclarator' && at.init && binding!.scope.parent !== null) {
        const init = inputKind(source, at.init);
        if (init !== null) texts.add(init);
        else look(source, at.init, depth + 1);
      } else if (binding?.kind === 'param') {
        for (const other of site.incident.locations)
          if (isCall(other.node) && other.source.functionOf(other.node) !== at)
            for (const each of other.node.arguments) {
              const kinds = inputKind(other.source, each);
              if (kinds !== null) texts.add(kinds);
            }
      }
    }
  };
  look(origin.source, made, 0);
  return (['params', 'body', 'query', 'headers'] as const).find((kind) => texts.has(kind)) ?? null;
}

/** The query that `rows[0]` is the first row of. */
function rowMaker(source: Source, node: Node): Node {
  let at = unwrapAwait(node);
  while (isMember(at)) at = unwrapAwait(at.object);
  if (!isIdentifier(at)) return at;
  const declaration = source.scopes.resolve(at.name, at)?.declaration;
  return declaration?.type === 'VariableDeclarator' && declaration.init ? declaration.init : at;
}

/** Statements put at a place; undefined where they cannot stand. */
export function putAt(place: Place, text: string): Edit[] | undefined {
  return place.position === 'after'
    ? after(place.source, place.statement, text)
    : before(place.source, place.statement, text);
}
