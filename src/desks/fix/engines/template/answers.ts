import {
  calleeName,
  dotted,
  findAll,
  isCall,
  isFunction,
  isIdentifier,
  isMember,
  keyName,
  leaves,
  propertyName,
  unwrap,
  walk,
  type CallNode,
  type Node,
  type NodeOf,
} from '../../locate/ast.ts';
import { calledFunction } from '../../locate/modules.ts';
import {
  asHandler,
  handlerAround,
  routeOf,
  singular,
  subjectOfPath,
  type Handler,
  type HandlerKind,
} from '../../locate/routes.ts';
import type { Source } from '../../locate/source.ts';
import { isTest, type SourceTree } from '../../locate/tree.ts';

/** An error answer that the app gives somewhere: the model for one that it should give elsewhere. */
export interface ErrorAnswer {
  source: Source;
  status: number;
  /** The statements, without braces. */
  statements: Node[];
  braces: boolean;
  /** How the handler around names what it is given; null in a helper that only throws. */
  handler: Handler | null;
  throws: boolean;
  /** Position of the status in the text, if it is written there as a number. */
  statusAt: { start: number; end: number } | null;
  messages: { start: number; end: number; value: string }[];
  /** What the handler's route is about. */
  entity: string | null;
  /** The route, for the reader. */
  where: string;
  /** The error answer is for something that is not there (its test is a negation), not for a wrong input. */
  missing: boolean;
  /** The field that its test looks at, as it may be named in the message. */
  tested: string | null;
  /** Calls in the `try` whose `catch` this is. */
  catches: Set<string>;
  /** Names that it uses and that must exist where it is put. */
  free: Set<string>;
}

const HTTP_STATUS =
  /\b(?:4\d\d|50[0-4])\b|NotFound|BadRequest|Unprocessable|HttpError|createError|notFound|badRequest|invalid/;
const CLASS_STATUS: [RegExp, number][] = [
  [/NotFound/i, 404],
  [/BadRequest|Validation|InvalidInput|invalid/i, 400],
  [/Unprocessable/i, 422],
  [/Conflict/i, 409],
  [/BadGateway|Upstream/i, 502],
];

/** All error answers of the app's code, in the order of its files. */
export function errorAnswers(tree: SourceTree): ErrorAnswer[] {
  const found: ErrorAnswer[] = [];
  for (const source of tree.matching(HTTP_STATUS)) {
    if (isTest(source.file)) continue;
    walk(source.program, (node) => {
      if (found.length >= 400) return false;
      for (const { body, test, hasElse } of branchesOf(node)) {
        const answer = answerOf(tree, source, body, test, hasElse);
        if (answer !== undefined) found.push(answer);
      }
      return undefined;
    });
  }
  return found;
}

/** Bodies that are run when something is wrong: branches of `if`, catch blocks; and statements by themselves at a function's end. */
function branchesOf(node: Node): { body: Node; test: Node | null; hasElse: boolean }[] {
  if (node.type === 'IfStatement') {
    const branches = [
      { body: node.consequent as Node, test: node.test as Node | null, hasElse: node.alternate !== null },
    ];
    if (node.alternate !== null && node.alternate.type !== 'IfStatement')
      branches.push({ body: node.alternate, test: null, hasElse: true });
    return branches;
  }
  if (node.type === 'CatchClause') return [{ body: node.body, test: null, hasElse: true }];
  if (
    node.type === 'ReturnStatement' ||
    node.type === 'ThrowStatement' ||
    node.type === 'ExpressionStatement'
  )
    return [{ body: node, test: null, hasElse: false }];
  return [];
}

function answerOf(
  tree: SourceTree,
  source: Source,
  body: Node,
  test: Node | null,
  hasElse: boolean,
): ErrorAnswer | undefined {
  const braces = body.type === 'BlockStatement';
  const statements = (braces ? body.body : [body]) as Node[];
  const last = statements.at(-1);
  if (last === undefined || statements.length > 4 || source.slice(body).length > 600) return undefined;
  const lone = test === null && !hasElse;
  const final = lone && last.type === 'ExpressionStatement' && isFinal(source, last);
  if (!leaves(last) && !hasElse && !final && !(lone && leaves(last))) return undefined;
  if (lone && ((!leaves(last) && !final) || source.parent(body)?.type === 'IfStatement')) return undefined;
  if (statements.some((each) => findAll(each, (node): node is Node => isFunction(node)).length > 0))
    return undefined;
  const status = statusOf(tree, source, statements);
  if (status === undefined) return undefined;
  const handler = handlerAround(source, body) ?? null;
  const throws = last.type === 'ThrowStatement' && !/\.(?:throw|code|status)\(/.test(source.slice(last));
  if (handler === null && !throws && !answersItself(source, body)) return undefined;
  if (lone && last.type === 'ReturnStatement' && last.argument === null) return undefined;
  const route = handler === null ? undefined : routeOf(tree, handler);
  return {
    source,
    status: status.value,
    statements,
    braces,
    handler,
    throws,
    statusAt: status.at,
    messages: messagesOf(statements),
    entity: route === undefined ? null : subjectOfPath(route.path),
    where:
      route === undefined
        ? `${source.file}:${source.line(body.start)}`
        : `${route.method ?? 'any'} ${route.path}`,
    missing: test !== null && isAbsence(source, test),
    tested: test === null ? null : testedName(test),
    catches: callsTried(source, body),
    free: freeNames(source, statements),
  };
}

/** The last statement of a function: what is answered when nothing else fitted. */
function isFinal(source: Source, statement: Node): boolean {
  const block = source.parent(statement);
  return (
    block?.type === 'BlockStatement' && block.body.at(-1) === statement && isFunction(source.parent(block))
  );
}

/** `notFound(res)` itself is not an answer to copy, but a statement of a function that is handed a response is. */
function answersItself(source: Source, body: Node): boolean {
  for (const each of source.ancestors(body))
    if (isFunction(each)) return asHandler(source, each) !== undefined;
  return false;
}

function statusOf(
  tree: SourceTree,
  source: Source,
  statements: Node[],
): { value: number; at: { start: number; end: number } | null } | undefined {
  let found: { value: number; at: { start: number; end: number } | null } | undefined;
  for (const statement of statements) {
    walk(statement, (node) => {
      if (found !== undefined) return false;
      if (
        node.type === 'Literal' &&
        typeof node.value === 'number' &&
        node.value >= 400 &&
        node.value <= 504 &&
        isStatusPlace(source, node)
      ) {
        found = { value: node.value, at: { start: node.start, end: node.end } };
      } else if (isCall(node)) {
        const name = calleeName(node);
        const byName = name === null ? undefined : CLASS_STATUS.find(([pattern]) => pattern.test(name))?.[1];
        if (
          byName !== undefined &&
          !node.arguments.some((each) => each.type === 'Literal' && typeof each.value === 'number')
        ) {
          const known: boolean =
            node.type === 'NewExpression' ||
            calledFunction(tree, source, node) !== undefined ||
            isMember(unwrap(node.callee));
          if (known) found = { value: byName, at: null };
        } else if (byName === undefined && node.type === 'CallExpression') {
          const value = helperStatus(tree, source, node);
          if (value !== undefined) found = { value, at: null };
        }
      }
      return undefined;
    });
  }
  return found;
}

/** `unavailable(reply)`: the only status that a small function of the app's own answers. */
function helperStatus(tree: SourceTree, source: Source, call: CallNode): number | undefined {
  const fn = calledFunction(tree, source, call);
  if (fn === undefined || fn.node.end - fn.node.start > 500) return undefined;
  const found = findAll(
    fn.node,
    (node): node is NodeOf<'Literal'> =>
      node.type === 'Literal' &&
      typeof node.value === 'number' &&
      node.value >= 400 &&
      node.value <= 504 &&
      isStatusPlace(fn.source, node),
  );
  return found.length === 1 ? Number((found[0] as { value: unknown }).value) : undefined;
}

/** A number that is a status: an argument, or what is assigned to or given for `status`, `statusCode`, `code`. */
function isStatusPlace(source: Source, node: Node): boolean {
  const parent = source.parent(node);
  if (parent === undefined) return false;
  if (isCall(parent)) return !/^(?:setTimeout|toFixed|slice|padStart|repeat)$/.test(calleeName(parent) ?? '');
  if (parent.type === 'AssignmentExpression') return /status|code/i.test(source.slice(parent.left));
  return parent.type === 'Property' && /^(?:status|statusCode|code)$/.test(keyName(parent) ?? '');
}

function messagesOf(statements: Node[]): ErrorAnswer['messages'] {
  const found: ErrorAnswer['messages'] = [];
  for (const statement of statements) {
    walk(statement, (node) => {
      if (
        node.type === 'Property' &&
        node.value.type === 'Literal' &&
        typeof node.value.value === 'string' &&
        /content-type|charset|code|type/i.test(keyName(node) ?? '')
      )
        return false;
      if (
        node.type === 'Literal' &&
        typeof node.value === 'string' &&
        !/^[a-z]+\/[a-z+-]+/.test(node.value) &&
        !/^content-type$/i.test(node.value)
      ) {
        found.push({ start: node.start, end: node.end, value: node.value });
      }
      if (node.type === 'TemplateLiteral') {
        found.push({
          start: node.start,
          end: node.end,
          value: node.quasis
            .map((each) => each.value.cooked ?? '')
            .join('')
            .trim(),
        });
        return false;
      }
      return undefined;
    });
  }
  return found;
}

/** `!row`, `row === null`, `rows.length === 0`, `result.rowCount < 1`, `row == null`. */
function isAbsence(source: Source, test: Node): boolean {
  const text = source.slice(test);
  return /^!|=== (?:undefined|null|0)\b|== null|\.length === 0|length < 1|rowCount === 0|!\w/.test(text);
}

function callsTried(source: Source, body: Node): Set<string> {
  const clause = source.parent(body);
  const attempt = clause === undefined ? undefined : source.parent(clause);
  if (clause?.type !== 'CatchClause' || attempt?.type !== 'TryStatement') return new Set();
  return new Set(findAll(attempt.block, isCall).map((call) => dotted(call.callee) ?? calleeName(call) ?? ''));
}

/** The last name that a test looks at: `name` of `!req.body.name`. */
function testedName(test: Node): string | null {
  const names = findAll(test, (node): node is Node => isIdentifier(node) || isMember(node)).map((node) =>
    isMember(node) ? propertyName(node) : isIdentifier(node) ? node.name : null,
  );
  return (
    names.find(
      (name) =>
        name !== null &&
        !/^(?:req|request|res|ctx|body|query|params|length|rows|Number|Array|isInteger|isArray|isNaN|trim)$/.test(
          name,
        ),
    ) ?? null
  );
}

const GLOBALS = new Set(
  'JSON Object Error String Number Boolean Date Math Array Promise Buffer URL console undefined process'.split(
    ' ',
  ),
);

function freeNames(source: Source, statements: Node[]): Set<string> {
  const names = new Set<string>();
  for (const statement of statements) {
    for (const id of findAll(statement, isIdentifier as (node: Node) => node is NodeOf<'Identifier'>)) {
      const parent = source.parent(id);
      if (parent !== undefined && isMember(parent) && parent.property === id && !parent.computed) continue;
      if (parent?.type === 'Property' && parent.key === id && !parent.computed && !parent.shorthand) continue;
      if (!GLOBALS.has(id.name)) names.add(id.name);
    }
  }
  return names;
}

export interface Wanted {
  source: Source;
  /** Where it will stand: what is in scope there. */
  at: Node;
  status: number;
  /** What is missing or wrong: `user`, `coupon`, `limit`. */
  entity: string | null;
  handler: Handler | null;
  /** It was left out of the request, so "… is required" is true of it. */
  absent?: boolean;
  /** Other words for it, which a model's message may use as it is. */
  also?: readonly string[];
  /** The call that throws and is to be caught: an answer of a `catch` around such a call fits best. */
  parser?: string;
}

export interface Rendered {
  /** Lines of statements that answer and leave. */
  text: string;
  braces: boolean;
  /** The answer that it was modelled on; null where only the framework's usual form is known. */
  like: ErrorAnswer | null;
  /** The model had this status itself. */
  sameStatus: boolean;
}

/** An error answer for another place, in the words and form of the app's own nearest one. */
export function renderAnswer(answers: readonly ErrorAnswer[], wanted: Wanted): Rendered | undefined {
  const scored = answers
    .map((answer) => ({ answer, score: fitness(answer, wanted) }))
    .filter((each) => each.score > 0)
    .sort((a, b) => b.score - a.score);
  const best = scored[0]?.answer;
  if (best === undefined) {
    const text = usual(wanted);
    return text === undefined
      ? undefined
      : { text, braces: text.includes('\n'), like: null, sameStatus: false };
  }
  return {
    text: transplant(best, wanted),
    braces: best.braces || best.statements.length > 1,
    like: best,
    sameStatus: best.status === wanted.status,
  };
}

function fitness(answer: ErrorAnswer, wanted: Wanted): number {
  if (
    answer.status !== wanted.status &&
    (answer.statusAt === null || answer.status >= 500 !== wanted.status >= 500)
  ) {
    if (answer.statusAt === null || answer.handler === null) return 0;
  }
  if (
    !answer.throws &&
    (wanted.handler === null || answer.handler === null || answer.handler.kind !== wanted.handler.kind)
  )
    return 0;
  const names = renames(answer, wanted);
  const visible = wanted.source.scopes.visible(wanted.at);
  const sameFile = answer.source === wanted.source;
  for (const name of answer.free) {
    const to = names.get(name) ?? name;
    const there = visible.get(to);
    if (there === undefined) return 0;
    if (names.has(name)) continue;
    const here = answer.source.scopes.resolve(name, answer.statements[0]!);
    if (sameFile ? here !== there : here?.scope.parent !== null || there.scope.parent !== null) return 0;
  }
  let score = 1;
  if (answer.status === wanted.status) score += 40;
  if (sameFile) score += 12;
  if (wanted.parser !== undefined && answer.catches.has(wanted.parser)) score += 25;
  if (answer.handler?.node === wanted.handler?.node && wanted.handler !== null) score += 6;
  if (wanted.status === 404 && answer.missing) score += 4;
  if (
    wanted.entity !== null &&
    (answer.entity === wanted.entity ||
      answer.messages.some((each) => each.value.toLowerCase().includes(wanted.entity!.toLowerCase())))
  )
    score += 8;
  else if (
    wanted.also?.some((word) => answer.messages.some((each) => each.value.toLowerCase().includes(word))) ===
    true
  )
    score += 7;
  if (answer.throws && wanted.handler !== null) score -= 2;
  if (Math.floor(answer.status / 100) === Math.floor(wanted.status / 100)) score += 3;
  return score - answer.statements.length * 0.5 - answer.free.size * 0.2;
}

function renames(answer: ErrorAnswer, wanted: Wanted): Map<string, string> {
  const names = new Map<string, string>();
  if (answer.handler === null || wanted.handler === null) return names;
  for (const part of ['request', 'response', 'next'] as const) {
    const from = answer.handler[part];
    const to = wanted.handler[part];
    if (from !== null && to !== null && answer.free.has(from)) names.set(from, to);
  }
  return names;
}

const MESSAGES: Record<number, (entity: string | null) => string> = {
  400: (entity) => (entity === null ? 'invalid request' : `invalid ${entity}`),
  404: (entity) => (entity === null ? 'not found' : `${entity} not found`),
  409: (entity) => (entity === null ? 'already exists' : `${entity} already exists`),
  422: (entity) => (entity === null ? 'invalid request' : `invalid ${entity}`),
  502: () => 'bad gateway',
  504: () => 'upstream timed out',
};

export function usualMessage(status: number, entity: string | null): string {
  return (MESSAGES[status] ?? (() => 'error'))(entity);
}

function transplant(answer: ErrorAnswer, wanted: Wanted): string {
  const { source } = answer;
  const names = renames(answer, wanted);
  const base = source.indentOf(answer.statements[0]!);
  const changes: { start: number; end: number; text: string }[] = [];
  for (const statement of answer.statements) {
    for (const id of findAll(statement, isIdentifier as (node: Node) => node is NodeOf<'Identifier'>)) {
      const parent = source.parent(id);
      if (parent !== undefined && isMember(parent) && parent.property === id && !parent.computed) continue;
      const to = names.get(id.name);
      if (to !== undefined && to !== id.name) changes.push({ start: id.start, end: id.end, text: to });
    }
  }
  if (answer.statusAt !== null && answer.status !== wanted.status)
    changes.push({ ...answer.statusAt, text: String(wanted.status) });
  const message = answer.messages.at(-1);
  const words = message === undefined ? undefined : messageFor(answer, wanted, message.value);
  if (message !== undefined && words !== undefined)
    changes.push({ start: message.start, end: message.end, text: quoted(wanted.source, words) });
  const texts = answer.statements.map((statement) => {
    let text = '';
    let at = statement.start;
    for (const change of changes
      .filter((each) => each.start >= statement.start && each.end <= statement.end)
      .sort((a, b) => a.start - b.start)) {
      if (change.start < at) continue;
      text += source.text.slice(at, change.start) + change.text;
      at = change.end;
    }
    text += source.text.slice(at, statement.end);
    return text.replaceAll('\r\n', '\n').replaceAll(`\n${base}`, '\n');
  });
  const last = answer.statements.at(-1)!;
  if (!leaves(last)) {
    const end = wanted.source.style.semicolon;
    if (last.type === 'ExpressionStatement' && wanted.handler?.kind !== 'koa')
      texts[texts.length - 1] = `return ${texts.at(-1)!}`;
    else texts.push(`return${end}`);
  }
  return texts.join('\n');
}

/** Other words only where the model's do not fit: another status, or another thing that is missing. */
function messageFor(answer: ErrorAnswer, wanted: Wanted, message: string): string | undefined {
  const like = (text: string): string => {
    if (/^[a-z0-9]+(?:_[a-z0-9]+)+$/.test(message)) return text.replaceAll(' ', '_');
    if (/^[A-Z0-9]+(?:_[A-Z0-9]+)*$/.test(message)) return text.toUpperCase().replaceAll(' ', '_');
    return /^[A-Z]/.test(message) ? text[0]!.toUpperCase() + text.slice(1) : text;
  };
  if (answer.status !== wanted.status) return like(usualMessage(wanted.status, wanted.entity));
  if (wanted.parser !== undefined && answer.catches.has(wanted.parser)) return undefined;
  const names = (word: string | null): boolean =>
    word !== null && new RegExp(`(?:^|[^A-Za-z])${word}(?:$|[^A-Za-z])`, 'i').test(message);
  if (wanted.entity === null)
    return names(answer.entity) || names(answer.tested) ? like(usualMessage(wanted.status, null)) : undefined;
  if (
    wanted.status < 500 &&
    wanted.status !== 404 &&
    answer.tested !== null &&
    answer.tested !== wanted.entity &&
    names(answer.tested)
  ) {
    if (wanted.absent !== true && /required|missing|empty|must/i.test(message))
      return like(usualMessage(wanted.status, wanted.entity));
    return message.replace(
      new RegExp(`(^|[^A-Za-z])${answer.tested}(?=$|[^A-Za-z])`),
      (_, before: string) => before + wanted.entity!,
    );
  }
  if (wanted.status === 404 && wanted.also?.some(names) === true) return undefined;
  if (names(wanted.entity) && (wanted.absent === true || !/required|missing/i.test(message)))
    return undefined;
  const words = message.split(/(\W+|_)/);
  const at =
    answer.entity === null
      ? -1
      : words.findIndex((word) => singular(word.toLowerCase()) === answer.entity!.toLowerCase());
  if (at >= 0) {
    const first = words[at]!;
    words[at] = /^[A-Z]/.test(first)
      ? wanted.entity[0]!.toUpperCase() + wanted.entity.slice(1)
      : wanted.entity;
    return words.join('');
  }
  // The words for another field or thing would mislead; words that name nothing are fine for all.
  if (wanted.status === 404) {
    const generic = /^(?:\W|_)*not?(?:\W|_)*found\W*$/i.test(message);
    return generic ? undefined : like(usualMessage(404, wanted.entity));
  }
  if (wanted.status === 502 || wanted.status >= 500) return undefined;
  const generic =
    /^(?:bad|invalid|malformed)(?:[ _-](?:request|input|body|payload|data|parameters?))?$/i.test(message);
  return generic ? undefined : like(usualMessage(wanted.status, wanted.entity));
}

export function quoted(source: Source, text: string): string {
  const { quote } = source.style;
  return `${quote}${text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)}${quote}`;
}

/** The framework's own way, for an app that answers no error anywhere. */
function usual(wanted: Wanted): string | undefined {
  const { handler, source, status } = wanted;
  if (handler === null) return undefined;
  const end = source.style.semicolon;
  const body = `{ error: ${quoted(source, usualMessage(status, wanted.entity))} }`;
  const forms: Record<HandlerKind, string | undefined> = {
    express:
      handler.response === null
        ? undefined
        : `return ${handler.response}.status(${status}).json(${body})${end}`,
    fastify:
      handler.response === null
        ? undefined
        : `return ${handler.response}.code(${status}).send(${body})${end}`,
    koa: `${handler.request}.status = ${status}${end}\n${handler.request}.body = ${body}${end}\nreturn${end}`,
    hono: `return ${handler.request}.json(${body}, ${status})${end}`,
    http:
      handler.response === null
        ? undefined
        : `${handler.response}.writeHead(${status}, { ${quoted(source, 'content-type')}: ${quoted(source, 'application/json')} })${end}\nreturn ${handler.response}.end(JSON.stringify(${body}))${end}`,
  };
  return forms[handler.kind];
}

/** `if (TEST) ANSWER` in the model's form: on one line, or with braces. */
export function guardText(source: Source, test: string, answer: { text: string; braces: boolean }): string {
  if (!answer.braces && !answer.text.includes('\n')) return `if (${test}) ${answer.text}`;
  const { indent } = source.style;
  const lines = answer.text.split('\n').map((line) => indent + line);
  return `if (${test}) {\n${lines.join('\n')}\n}`;
}
