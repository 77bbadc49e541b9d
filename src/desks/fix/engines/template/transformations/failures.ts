import {
  bodyOf,
  calleeName,
  dotted,
  findAll,
  isCall,
  isFunction,
  isIdentifier,
  isMember,
  leaves,
  unwrap,
  unwrapAwait,
  type FunctionNode,
  type Node,
} from '../../../locate/ast.ts';
import { moduleOf } from '../../../locate/modules.ts';
import { paramName, type Handler } from '../../../locate/routes.ts';
import type { Source } from '../../../locate/source.ts';
import { after, before, indented, insert, replace } from '../edits.ts';
import { listStatement } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** Express 4 does not see what an async handler rejects with: hand it to `next`, as errors are handed on. */
export const catchRejection: Transformation = {
  name: 'catch-rejection',
  kind: 'mitigation',
  applies: (site) =>
    site.location.handler?.kind === 'express' &&
    site.location.handler.node.async &&
    (site.incident.context.error.detector === 'unhandled-rejection' ||
      site.incident.context.error.detector === 'crash'),
  propose(site) {
    const handler = site.location.handler!;
    return wrapInTry(handler);
  },
};

function wrapInTry(handler: Handler): Proposal[] {
  const { source, node } = handler;
  const body = bodyOf(node);
  const statements = body?.body as Node[] | undefined;
  if (
    body === null ||
    statements === undefined ||
    statements.length === 0 ||
    statements.some((each) => each.type === 'TryStatement')
  )
    return [];
  const { indent, newline, semicolon: end } = source.style;
  const next = handler.next ?? 'next';
  const edits = [];
  if (handler.next === null) {
    const last = node.params.at(-1);
    if (last === undefined) return [];
    edits.push(insert(source, last.end, ', next'));
  }
  const base = source.indentOf(statements[0]!);
  const inside = source.text
    .slice(statements[0]!.start, statements.at(-1)!.end)
    .split(/\r?\n/)
    .map((line, i) => (i === 0 || line === '' ? line : indent + line))
    .join(newline);
  const text = `try {${newline}${base}${indent}${inside}${newline}${base}} catch (error) {${newline}${base}${indent}${next}(error)${end}${newline}${base}}`;
  edits.push(replace(source, { start: statements[0]!.start, end: statements.at(-1)!.end }, text));
  return [
    {
      edits,
      title: 'Hand errors of the handler to the error handler',
      why: `the async handler at ${source.file}:${source.line(node.start)} rejects, and nothing waits for it`,
      weight: 0.4,
    },
  ];
}

/** A callback's error is not looked at before its value is used. */
export const guardCallbackError: Transformation = {
  name: 'guard-callback-error',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.subject !== null,
  propose(site) {
    const { source } = site;
    const fn = source.functionOf(site.node);
    const error = fn === undefined ? null : paramName((fn.params[0] as Node | undefined) ?? source.program);
    if (fn === undefined || error === null || !/^(?:err|error|e)$/.test(error) || fn.params.length < 2)
      return [];
    const first = (bodyOf(fn)?.body as Node[] | undefined)?.[0];
    if (first === undefined || new RegExp(`\\b${error}\\b`).test(source.slice(bodyOf(fn)!))) return [];
    const { semicolon: end } = source.style;
    const why = `${error} of the callback at ${site.place(fn)} is never looked at, and its value is missing when it is set`;
    const handler = site.location.handler;
    const found: Proposal[] = [];
    const add = (text: string, weight: number): void => {
      const edits = before(source, first, text);
      if (edits) found.push({ edits, title: 'Look at the error before the value', why, weight });
    };
    const outer = outerCallback(source, fn);
    if (outer !== undefined) add(`if (${error}) return ${outer}(${error})${end}`, 0.9);
    if (handler?.next) add(`if (${error}) return ${handler.next}(${error})${end}`, 0.9);
    for (const status of [502, 500]) {
      const answer = site.answer({ source, at: first, status, entity: null, handler });
      if (answer)
        add(
          `if (${error}) ${
            answer.text.includes('\n')
              ? `{\n${answer.text
                  .split('\n')
                  .map((line) => source.style.indent + line)
                  .join('\n')}\n}`
              : answer.text
          }`,
          0.7 + (answer.sameStatus ? 0.1 : 0),
        );
    }
    return found;
  },
};

function outerCallback(source: Source, fn: FunctionNode): string | undefined {
  const outer = source.functionOf(fn);
  const names = outer?.params.map((each) => paramName(each as Node)) ?? [];
  return names.find((name) => name !== null && /^(?:cb|callback|done)$/.test(name)) ?? undefined;
}

/** A `catch` that goes on without the value: what follows uses what was never set. */
export const leaveCatch: Transformation = {
  name: 'leave-catch',
  kind: 'root-cause',
  applies: (site) =>
    site.innermost &&
    (site.fault.kind === 'nullish-read' || site.fault.kind === 'not-iterable') &&
    site.subject !== null,
  propose(site) {
    const found: Proposal[] = [];
    const seen = new Set<Node>();
    for (const step of site.origin?.steps ?? []) {
      const name =
        step.name ??
        (isIdentifier(unwrapAwait(step.node))
          ? (unwrapAwait(step.node) as { name: string } & Node).name
          : null);
      const fn = step.source.functionOf(step.node);
      if (name === null || fn === undefined) continue;
      for (const node of findAll(fn, (each): each is Node => each.type === 'TryStatement')) {
        if (node.type !== 'TryStatement' || !node.handler || leaves(node.handler.body) || seen.has(node))
          continue;
        if (
          !new RegExp(`\\b${name.replaceAll('$', '\\$')}\\s*=[^=]`).test(step.source.slice(node.block)) &&
          node.end > site.node.start
        )
          continue;
        if (!new RegExp(`\\b${name.replaceAll('$', '\\$')}\\s*=[^=]`).test(step.source.slice(node.block)))
          continue;
        seen.add(node);
        found.push(...leaving(site, step.source, node.handler));
      }
    }
    return found;
  },
};

function leaving(site: Site, source: Source, clause: Node & { type: 'CatchClause' }): Proposal[] {
  const fn = source.functionOf(clause);
  const { semicolon: end, indent, newline } = source.style;
  const last = (clause.body.body as Node[]).at(-1);
  const base = source.indentOf(source.parent(clause) ?? clause);
  const put = (text: string): Proposal['edits'] | undefined =>
    last === undefined
      ? [
          insert(
            source,
            clause.body.start + 1,
            `${newline}${base}${indent}${indented(source, text, base + indent)}${newline}${base}`,
          ),
        ]
      : after(source, last, text);
  const why = `the catch at ${source.file}:${source.line(clause.start)} goes on although the value was not made, and ${site.place(site.node)} uses it`;
  const found: Proposal[] = [];
  const handler = site.location.handler?.node === fn ? site.location.handler : null;
  for (const [n, status] of [502, 500].entries()) {
    const answer = site.answer({ source, at: last ?? clause.body, status, entity: null, handler });
    const edits = answer && put(answer.text);
    if (answer && edits)
      found.push({
        edits,
        title: `Answer ${status} when the value cannot be had`,
        why,
        weight: 0.72 + (answer.sameStatus ? 0.1 : 0) - n * 0.1,
      });
  }
  const param = clause.param;
  if (param?.type === 'Identifier') {
    const edits = put(`throw ${param.name}${end}`);
    if (edits) found.push({ edits, title: 'Do not go on after the error', why, weight: 0.6 });
  }
  return found;
}

const EMITTERS = /^(?:pg|redis|ioredis|ws|amqplib|mqtt|node:net|net|node:events|events|mysql2?|node:tls)$/;

/** A client of a database emits `error` when an idle connection ends; without a listener, that ends the process. */
export const listenForErrors: Transformation = {
  name: 'listen-for-errors',
  kind: 'root-cause',
  applies: (site) =>
    site.incident.context.error.detector === 'crash' ||
    site.fault.kind === 'emitter' ||
    /Unhandled 'error' event|Emitted 'error' event/.test(site.incident.context.error.raw),
  propose(site) {
    const found: Proposal[] = [];
    const seen = new Set<string>();
    for (const source of site.tree.matching(
      /createClient|new (?:\w+\.)?(?:Pool|Client|Redis|Cluster|WebSocket)\b|createConnection|\.connect\(/,
    )) {
      for (const node of findAll(
        source.program,
        (each): each is Node => each.type === 'VariableDeclarator',
      )) {
        if (
          node.type !== 'VariableDeclarator' ||
          node.id.type !== 'Identifier' ||
          !node.init ||
          !makesClient(source, node.init)
        )
          continue;
        const name = node.id.name;
        const statement = source.parent(node);
        const listens = new RegExp(
          `\\b${name.replaceAll('$', '\\$')}\\.(?:on|once|addListener)\\(\\s*['"\`]error`,
        ).test(source.text);
        if (listens || statement === undefined || seen.has(source.file + name)) continue;
        seen.add(source.file + name);
        const { quote, semicolon: end } = source.style;
        const log = /\blog(?:ger)?\.error\(/.exec(source.text)?.[0] ?? 'console.error(';
        const owner =
          source.parent(statement)?.type === 'ExportNamedDeclaration' ? source.parent(statement)! : statement;
        const edits = after(
          source,
          owner,
          `${name}.on(${quote}error${quote}, (error) => ${log}${quote}${name}: connection failed${quote}, error))${end}`,
        );
        if (edits)
          found.push({
            edits,
            title: `Survive errors of ${name}'s connections`,
            why: `${name} at ${source.file}:${source.line(node.start)} emits error when a connection is lost, and nothing listens`,
            weight: 0.85,
          });
      }
    }
    return found;
  },
};

function makesClient(source: Source, init: Node): boolean {
  const call = unwrapAwait(init);
  if (!isCall(call)) return false;
  let at: Node = unwrap(call.callee);
  const name = calleeName(call) ?? '';
  while (isMember(at) || isCall(at)) at = unwrap(isMember(at) ? at.object : at.callee);
  const binding = isIdentifier(at) ? source.scopes.resolve(at.name, at) : undefined;
  const from = binding && moduleOf(source, binding);
  return (
    from !== undefined &&
    EMITTERS.test(from.specifier) &&
    /^(?:Pool|Client|Redis|Cluster|WebSocket|createClient|createConnection|connect)$/.test(name)
  );
}

/** A client taken from a pool is not given back when something throws: the pool runs dry, and requests hang. */
export const releaseInFinally: Transformation = {
  name: 'release-in-finally',
  kind: 'root-cause',
  applies: (site) =>
    site.location.by !== 'commit' &&
    (site.fault.kind === 'hang' ||
      site.fault.kind === 'sql' ||
      site.fault.kind === 'other' ||
      site.location.by === 'route'),
  propose(site) {
    const found: Proposal[] = [];
    for (const source of site.tree.matching(/\.release\(|BEGIN/)) {
      for (const fn of findAll(source.program, isFunction)) {
        const proposal = released(source, fn);
        if (proposal !== undefined)
          found.push({
            ...proposal,
            weight:
              proposal.weight +
              (source.slice(site.node).length > 0 &&
              (fn === site.location.handler?.node || source === site.source)
                ? 0.1
                : 0),
          });
      }
    }
    return found;
  },
};

function released(source: Source, fn: FunctionNode): Proposal | undefined {
  const body = bodyOf(fn);
  const statements = body?.body as Node[] | undefined;
  if (statements === undefined) return undefined;
  const taken = statements.findIndex(
    (each) =>
      each.type === 'VariableDeclaration' &&
      each.declarations.length === 1 &&
      /\bawait\s+\w+(?:\.\w+)*\.connect\(\)/.test(source.slice(each)),
  );
  const declared = statements[taken];
  if (declared?.type !== 'VariableDeclaration') return undefined;
  const id = declared.declarations[0]?.id;
  if (id?.type !== 'Identifier') return undefined;
  const name = id.name;
  const rest = statements.slice(taken + 1);
  const safe = rest.some(
    (each) =>
      each.type === 'TryStatement' &&
      each.finalizer !== null &&
      source.slice(each.finalizer).includes(`${name}.release`),
  );
  if (safe || rest.length === 0) return undefined;
  const { indent, newline, semicolon: end } = source.style;
  const base = source.indentOf(declared);
  // A `try` that is there and only lacks `finally`.
  const attempt = rest.find((each) => each.type === 'TryStatement');
  const why = `${source.file}:${source.line(declared.start)} takes a connection that is not given back on every way out`;
  const releases = findAll(fn, isCall)
    .filter((call) => dotted(call.callee) === `${name}.release`)
    .map((call) => source.parent(call))
    .filter((each): each is Node => each?.type === 'ExpressionStatement');
  const gone = releases.map((each) => removal(source, each));
  if (attempt?.type === 'TryStatement' && attempt.finalizer === null) {
    const text = ` finally {${newline}${base}${indent}${name}.release()${end}${newline}${base}}`;
    return {
      edits: [...gone, insert(source, attempt.end, text)],
      title: 'Give the connection back on every way out',
      why,
      weight: 0.7,
    };
  }
  if (attempt !== undefined) return undefined;
  const kept = rest.filter((each) => !releases.includes(each));
  if (kept.length === 0 || releases.some((each) => !rest.includes(each))) return undefined;
  const inTransaction = /['"`]BEGIN/i.test(source.slice(fn)) && !/['"`]ROLLBACK/i.test(source.slice(fn));
  const inside = kept
    .map((each) =>
      source
        .slice(each)
        .split(/\r?\n/)
        .map((line, i) => (i === 0 || line === '' ? line : indent + line))
        .join(newline),
    )
    .join(`${newline}${base}${indent}`);
  const { quote } = source.style;
  const rollback = inTransaction
    ? ` catch (error) {${newline}${base}${indent}await ${name}.query(${quote}ROLLBACK${quote})${end}${newline}${base}${indent}throw error${end}${newline}${base}}`
    : '';
  const text = `try {${newline}${base}${indent}${inside}${newline}${base}}${rollback} finally {${newline}${base}${indent}${name}.release()${end}${newline}${base}}`;
  return {
    edits: [replace(source, { start: rest[0]!.start, end: rest.at(-1)!.end }, text)],
    title: inTransaction
      ? 'Roll back and give the connection back when something fails'
      : 'Give the connection back on every way out',
    why,
    weight: 0.72,
  };
}

function removal(source: Source, statement: Node): Proposal['edits'][number] {
  const start = source.lineStart(source.line(statement.start));
  const newline = source.text.indexOf('\n', statement.end);
  return { source, start, end: newline < 0 ? statement.end : newline + 1, text: '' };
}

/** A transaction is begun, and not every way out ends it: what comes next on the connection is refused, or joins it. */
export const rollBack: Transformation = {
  name: 'roll-back',
  kind: 'root-cause',
  applies: (site) =>
    site.location.depth === 0 &&
    (site.fault.kind === 'sql' || site.fault.kind === 'hang' || site.location.by === 'route'),
  propose(site) {
    const aborted = /current transaction is aborted|already a transaction/.test(
      site.incident.context.error.message,
    );
    const found: Proposal[] = [];
    for (const source of site.tree.matching(/['"`](?:BEGIN|START TRANSACTION)\b/i)) {
      for (const begin of findAll(source.program, isCall)) {
        if (!isCommand(source, begin, /^(?:BEGIN|START TRANSACTION)/i)) continue;
        const fn = source.functionOf(begin);
        const edits = fn === undefined ? [] : openWays(source, fn, begin);
        if (edits.length > 0)
          found.push({
            edits,
            title: 'End the transaction on every way out',
            why: `${source.file}:${source.line(begin.start)} begins a transaction that an error or an early return leaves open`,
            weight: aborted ? 0.9 : 0.5,
          });
      }
    }
    return found;
  },
};

function isCommand(source: Source, call: Node, command: RegExp): boolean {
  const first = isCall(call) ? call.arguments[0] : undefined;
  return (
    first !== undefined &&
    command.test(source.slice(first).slice(1)) &&
    isCall(call) &&
    isMember(unwrap(call.callee))
  );
}

/** A ROLLBACK in each `catch`, and before each return after the beginning, that lacks one. */
function openWays(source: Source, fn: FunctionNode, begin: Node): Proposal['edits'] {
  if (!isCall(begin)) return [];
  const { quote, semicolon: end } = source.style;
  const text = `await ${source.slice(begin.callee)}(${quote}ROLLBACK${quote})${end}`;
  const ends = (node: Node): boolean =>
    findAll(node, isCall).some((call) => isCommand(source, call, /^(?:ROLLBACK|COMMIT)/i));
  const commit = findAll(fn, isCall).findLast((call) => isCommand(source, call, /^COMMIT/i));
  const edits: Proposal['edits'] = [];
  for (const node of findAll(
    fn,
    (each): each is Node => each.type === 'TryStatement' || each.type === 'IfStatement',
  )) {
    if (
      node.type === 'TryStatement' &&
      node.handler &&
      node.end > begin.end &&
      !ends(node.handler) &&
      (node.finalizer === null || !ends(node.finalizer))
    ) {
      const first = (node.handler.body.body as Node[])[0];
      const put = first === undefined ? undefined : before(source, first, text);
      if (put !== undefined) edits.push(...put);
    } else if (
      node.type === 'IfStatement' &&
      node.start > begin.end &&
      (commit === undefined || node.end < commit.start) &&
      leaves(node.consequent) &&
      !ends(node.consequent)
    ) {
      const throwsInTry =
        /\bthrow\b/.test(source.slice(node.consequent)) &&
        source.ancestors(node).some((each) => each.type === 'TryStatement');
      if (throwsInTry) continue;
      const put =
        node.consequent.type === 'BlockStatement'
          ? before(source, (node.consequent.body as Node[])[0]!, text)
          : [
              insert(
                source,
                node.consequent.start,
                `{${source.style.newline}${source.indentOf(node)}${source.style.indent}${text}${source.style.newline}${source.indentOf(node)}${source.style.indent}`,
              ),
              insert(source, node.consequent.end, `${source.style.newline}${source.indentOf(node)}}`),
            ];
      if (put !== undefined) edits.push(...put);
    }
  }
  return edits;
}

/** Another service does not answer, and the request waits for ever: a deadline, in milliseconds. */
export const fetchTimeout: Transformation = {
  name: 'fetch-timeout',
  kind: 'mitigation',
  applies: (site) => site.fault.kind === 'hang' && site.location.by !== 'commit',
  propose(site) {
    const found: Proposal[] = [];
    for (const source of site.tree.matching(/\bfetch\(/)) {
      for (const call of findAll(source.program, isCall)) {
        if (!isIdentifier(call.callee) || call.callee.name !== 'fetch' || /signal/.test(source.slice(call)))
          continue;
        const [url, options] = call.arguments;
        if (url === undefined) continue;
        const limit =
          /(\w*TIMEOUT\w*)/.exec([...source.scopes.visible(call).keys()].join(' '))?.[1] ?? '5000';
        const text = `signal: AbortSignal.timeout(${limit})`;
        const last = options?.type === 'ObjectExpression' ? options.properties.at(-1) : undefined;
        const edits =
          options === undefined
            ? [insert(source, url.end, `, { ${text} }`)]
            : last !== undefined
              ? [insert(source, last.end, `, ${text}`)]
              : undefined;
        if (edits && listStatement(source, call, source.functionOf(call)) !== undefined)
          found.push({
            edits,
            title: 'Give up on the other service in time',
            why: `fetch at ${source.file}:${source.line(call.start)} waits without a limit`,
            weight: source === site.source ? 0.6 : 0.45,
          });
      }
    }
    return found;
  },
};
