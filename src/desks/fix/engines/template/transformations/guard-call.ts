import {
  calleeName,
  dotted,
  findAll,
  isCall,
  isIdentifier,
  isMember,
  keyName,
  leaves,
  unwrapAwait,
  type CallNode,
  type Node,
} from '../../../locate/ast.ts';
import { inputKind, type InputKind } from '../../../locate/flow.ts';
import { handlerAround } from '../../../locate/routes.ts';
import type { Source } from '../../../locate/source.ts';
import { indented, replace } from '../edits.ts';
import { entityOf, listStatement } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';
import { statusesOf } from './validate-input.ts';

/** Calls that throw on a text that is not what they parse. */
const PARSERS: Record<string, string> = {
  'JSON.parse': 'JSON',
  decodeURIComponent: 'an encoded text',
  decodeURI: 'an encoded text',
  BigInt: 'a whole number',
  URL: 'a URL',
  RegExp: 'a regular expression',
};

/** A parser throws on what came from outside: catch it there, and answer by where the text came from. */
export const guardCall: Transformation = {
  name: 'guard-call',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    ['json', 'uri', 'url', 'bigint-parse', 'regex'].includes(site.fault.kind) &&
    parserCall(site) !== undefined,
  propose(site) {
    const call = parserCall(site)!;
    const origin = originKind(site, call);
    return [...answering(site, call, origin), ...withNull(site, call, origin)];
  },
};

type From = 'request' | 'cache' | 'upstream' | 'other';

function parserCall(site: Site): CallNode | undefined {
  const { node } = site;
  const calls = isCall(node) ? [node, ...findAll(node, isCall)] : findAll(node, isCall);
  return calls.find(
    (call) =>
      (dotted(call.callee) ?? '') in PARSERS ||
      (calleeName(call) === 'json' && isMember(unwrapAwait(call.callee))),
  );
}

function originKind(site: Site, call: CallNode): { from: From; input: InputKind | null } {
  const argument =
    call.arguments[0] ??
    (isMember(unwrapAwait(call.callee))
      ? (unwrapAwait(call.callee) as { object: Node } & Node).object
      : undefined);
  if (argument === undefined) return { from: 'other', input: null };
  const own = inputKind(site.source, argument);
  if (own !== null) return { from: 'request', input: own };
  const text = textBehind(site.source, argument, 0);
  if (
    /\b(?:redis|cache|memcached?|kv|store|session)\w*\s*\??\.\s*(?:get|hget|hGet|getdel|mget)|\bcached?\b/i.test(
      text,
    )
  )
    return { from: 'cache', input: null };
  if (/\bfetch\(|\.text\(\)|axios|got\(|https?\.(?:get|request)|upstream/i.test(text))
    return { from: 'upstream', input: null };
  const input = inputBehind(site.source, argument, 0);
  if (input !== null) return { from: 'request', input };
  if (/\b(?:req|request)\b|\bbody\b|chunks?\b/i.test(text)) return { from: 'request', input: 'body' };
  return { from: 'other', input: null };
}

function inputBehind(source: Source, node: Node, depth: number): InputKind | null {
  const own = inputKind(source, node);
  if (own !== null || depth > 4) return own;
  for (const each of findAll(node, (n): n is Node => isMember(n) || isIdentifier(n))) {
    const kind = inputKind(source, each);
    if (kind !== null) return kind;
    if (!isIdentifier(each)) continue;
    const at = source.scopes.resolve(each.name, each)?.declaration;
    if (
      at?.type === 'VariableDeclarator' &&
      at.init &&
      !(at.init.start <= node.start && node.end <= at.init.end)
    ) {
      const found = inputBehind(source, at.init, depth + 1);
      if (found !== null) return found;
    }
  }
  return null;
}

function textBehind(source: Source, node: Node, depth: number): string {
  let text = source.slice(node);
  if (depth > 3) return text;
  for (const each of findAll(node, (n): n is Node => isIdentifier(n))) {
    const binding = isIdentifier(each) ? source.scopes.resolve(each.name, each) : undefined;
    const at = binding?.declaration;
    if (at?.type === 'VariableDeclarator' && at.init && at.init !== node)
      text += ` ${textBehind(source, at.init, depth + 1)}`;
    else if (binding?.kind === 'param') text += ` ${binding.name}`;
  }
  return text;
}

const SOURCES: Record<From, string> = {
  request: 'the request',
  cache: 'a cache, whose content may be old or broken',
  upstream: 'another service, which may answer with an error page',
  other: 'outside',
};

/** `let x; try { x = PARSE } catch { ANSWER }` around the declaration or the statement. */
function answering(site: Site, call: CallNode, origin: { from: From; input: InputKind | null }): Proposal[] {
  const { source } = site;
  const statement = listStatement(source, call, source.functionOf(call));
  const handler = handlerAround(source, call) ?? null;
  if (statement === undefined) return [];
  const statuses =
    origin.from === 'request'
      ? origin.input === 'params'
        ? [400, 404]
        : statusesOf(site)
      : origin.from === 'upstream'
        ? [502]
        : origin.from === 'other'
          ? [400]
          : [];
  const found: Proposal[] = [];
  for (const [n, status] of statuses.entries()) {
    const declared =
      statement.type === 'VariableDeclaration' && statement.declarations.length === 1
        ? statement.declarations[0]
        : undefined;
    const name = declared?.id.type === 'Identifier' ? declared.id.name : null;
    const entity =
      origin.from === 'request'
        ? (inputName(call) ?? (name === null ? null : entityOf(site, source, name, null)))
        : null;
    const answer = site.answer({
      source,
      at: statement,
      status,
      entity,
      handler,
      parser: dotted(call.callee) ?? calleeName(call) ?? '',
    });
    if (answer === undefined) continue;
    const text = tryAround(source, statement, answer.text);
    if (text === undefined) continue;
    found.push({
      edits: [replace(source, statement, text)],
      title: `Answer ${status} when ${origin.from === 'upstream' ? "the other service's answer" : 'the input'} is not ${PARSERS[dotted(call.callee) ?? ''] ?? 'JSON'}`,
      why: `the text comes from ${SOURCES[origin.from]}; ${answer.like === null ? 'the form of the answer is the usual one of the framework' : `${answer.like.where} answers ${answer.like.status} in this form`}`,
      weight:
        (origin.from === 'other' ? 0.5 : 0.78) +
        (answer.sameStatus ? 0.1 : 0) +
        (answer.like?.catches.has(dotted(call.callee) ?? '') === true ? 0.1 : 0) -
        n * 0.08,
    });
  }
  return found;
}

function inputName(call: CallNode): string | null {
  const argument = call.arguments[0];
  if (argument === undefined) return null;
  const text = dotted(argument);
  return text === null || /^(?:raw|body|text|data|chunks?|payload|buffer)$/i.test(text)
    ? null
    : (text.split('.').at(-1) ?? null);
}

/** A declaration keeps its name outside of the `try`, as its later uses need it there. */
function tryAround(source: Source, statement: Node, handling: string): string | undefined {
  const { indent, semicolon: end } = source.style;
  const base = source.indentOf(statement);
  const inside = (text: string): string =>
    text
      .split('\n')
      .map((line) => indent + line)
      .join('\n');
  const own = (node: Node): string =>
    source.slice(node).replaceAll('\r\n', '\n').replaceAll(`\n${base}`, '\n');
  let head = '';
  let body = own(statement);
  if (statement.type === 'VariableDeclaration') {
    const [declared, more] = statement.declarations;
    if (more !== undefined || !declared?.init) return undefined;
    if (declared.id.type === 'Identifier') {
      head = `let ${own(declared.id)}${end}\n`;
      body = `${declared.id.name} = ${own(declared.init)}${end}`;
    } else {
      const names = patternText(declared.id);
      if (names === undefined) return undefined;
      head = `let ${names.join(', ')}${end}\n`;
      body =
        declared.id.type === 'ObjectPattern'
          ? `(${own(declared.id)} = ${own(declared.init)})${end}`
          : `${own(declared.id)} = ${own(declared.init)}${end}`;
    }
  } else if (
    statement.type.endsWith('Declaration') ||
    statement.type === 'ForOfStatement' ||
    !(
      statement.type === 'ExpressionStatement' ||
      statement.type === 'ReturnStatement' ||
      statement.type === 'IfStatement'
    )
  )
    return undefined;
  return indented(source, `${head}try {\n${inside(body)}\n} catch {\n${inside(handling)}\n}`, base);
}

function patternText(pattern: Node): string[] | undefined {
  if (pattern.type !== 'ObjectPattern') return undefined;
  const names = pattern.properties.map((each) =>
    each.type === 'Property' && each.value.type === 'Identifier'
      ? each.value.name
      : keyName(each) === null
        ? undefined
        : undefined,
  );
  return names.every((each) => each !== undefined) ? (names as string[]) : undefined;
}

/** The value becomes null, and the code's own check for "nothing" does the rest: a cache miss loads afresh. */
function withNull(site: Site, call: CallNode, origin: { from: From }): Proposal[] {
  const { source } = site;
  const statement = listStatement(source, call, source.functionOf(call));
  if (statement === undefined || origin.from === 'request') return [];
  const { semicolon: end } = source.style;
  // `if (cached) return JSON.parse(cached)`: a broken entry falls through to what loads it.
  if (statement.type === 'IfStatement' && leaves(statement.consequent) && statement.alternate === null) {
    const inner =
      statement.consequent.type === 'BlockStatement'
        ? (statement.consequent.body as Node[])
        : [statement.consequent as Node];
    const target = inner.find((each) => each.start <= call.start && call.end <= each.end);
    if (target !== undefined && statement.consequent !== target)
      return fallThrough(source, target, origin.from);
    if (target !== undefined) {
      const { indent } = source.style;
      const base = source.indentOf(statement);
      const body = `{\n${indent}try {\n${indent}${indent}${source.slice(target)}\n${indent}} catch {\n${indent}${indent}// a broken entry counts as none\n${indent}}\n}`;
      return [
        {
          edits: [replace(source, target, indented(source, body, base))],
          title: 'Treat a broken entry as a missing one',
          why: `the text comes from ${SOURCES[origin.from]}, and the code after it loads the value when there is none`,
          weight: 0.85,
        },
      ];
    }
  }
  if (statement.type === 'ReturnStatement' && source.parent(statement)?.type === 'BlockStatement') {
    const block = source.parent(statement)!;
    if (source.parent(block)?.type === 'IfStatement') return fallThrough(source, statement, origin.from);
  }
  if (statement.type === 'VariableDeclaration') {
    const declared = statement.declarations[0];
    if (
      statement.declarations.length === 1 &&
      declared?.id.type === 'Identifier' &&
      checkedLater(source, declared.id)
    ) {
      const text = tryAround(source, statement, `${declared.id.name} = null${end}`);
      if (text !== undefined)
        return [
          {
            edits: [replace(source, statement, text)],
            title: `Let ${declared.id.name} be null when it cannot be parsed`,
            why: `the text comes from ${SOURCES[origin.from]}, and ${declared.id.name} is checked for being empty below`,
            weight: origin.from === 'cache' ? 0.84 : 0.6,
          },
        ];
    }
  }
  return [];
}

function fallThrough(source: Source, target: Node, from: From): Proposal[] {
  const { indent } = source.style;
  const base = source.indentOf(target);
  const body = source.slice(target).replaceAll(`\n${base}`, `\n${indent}`);
  const text = indented(
    source,
    `try {\n${indent}${body}\n} catch {\n${indent}// a broken entry counts as none: it is loaded afresh below\n}`,
    base,
  );
  return [
    {
      edits: [replace(source, target, text)],
      title: 'Treat a broken entry as a missing one',
      why: `the text comes from ${SOURCES[from]}, and the code after it loads the value when there is none`,
      weight: from === 'cache' ? 0.88 : 0.5,
    },
  ];
}

/** Whether some `if` after it asks whether the name holds anything. */
function checkedLater(source: Source, id: Node & { name: string }): boolean {
  const binding = source.scopes.resolve(id.name, id);
  if (binding === undefined) return false;
  return source.scopes.references(binding).some((each) => {
    let at: Node = each;
    for (const parent of source.ancestors(each)) {
      if (parent.type === 'IfStatement' || parent.type === 'ConditionalExpression') return parent.test === at;
      if (parent.type === 'LogicalExpression' && parent.left === at) return true;
      if (
        parent.type !== 'UnaryExpression' &&
        parent.type !== 'BinaryExpression' &&
        parent.type !== 'LogicalExpression'
      )
        return false;
      at = parent;
    }
    return false;
  });
}
