import {
  bodyOf,
  dotted,
  findAll,
  isCall,
  isFunction,
  type FunctionNode,
  type Node,
} from '../../../locate/ast.ts';
import type { Source } from '../../../locate/source.ts';
import { insert, replace } from '../edits.ts';
import type { Proposal, Transformation } from '../site.ts';

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
