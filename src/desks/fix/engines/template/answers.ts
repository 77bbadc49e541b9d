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
import { asHandler, handlerAround, routeOf, subjectOfPath } from '../../locate/routes.ts';
import type { Source } from '../../locate/source.ts';
import { isTest, type SourceTree } from '../../locate/tree.ts';
import { type ErrorAnswer } from './answer-model.ts';

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
