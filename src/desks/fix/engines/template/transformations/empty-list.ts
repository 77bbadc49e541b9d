import {
  calleeName,
  findAll,
  isCall,
  isIdentifier,
  isMember,
  unwrap,
  type Node,
} from '../../../locate/ast.ts';
import { returnsOf } from '../../../locate/flow.ts';
import { guardText } from '../answers.ts';
import { before, grouped, insert, replace } from '../edits.ts';
import { listStatement } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

/** `reduce` over an empty list has nothing to start with: give it the neutral value of what it does. */
export const reduceInitial: Transformation = {
  name: 'reduce-initial',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'empty-reduce' && isCall(site.node),
  propose(site) {
    const { source, node } = site;
    if (!isCall(node) || node.arguments.length !== 1) return [];
    const text = source.slice(node.arguments[0]!).replaceAll('=>', '');
    const list = unwrap(node.callee);
    const found: Proposal[] = [];
    const add = (value: string, why: string, weight: number): void => {
      found.push({
        edits: [insert(source, node.arguments[0]!.end, `, ${value}`)],
        title: `Start the ${calleeName(node)} at ${value}`,
        why,
        weight,
      });
    };
    if (/\*/.test(text) && !/[+]/.test(text))
      add('1', 'the callback multiplies, and 1 changes no product', 0.7);
    else if (/Math\.max|>/.test(text))
      add(
        /\?/.test(text) && !/Math/.test(text) ? 'null' : '0',
        'the list was empty, and there is no largest of none',
        0.5,
      );
    else if (/Math\.min|</.test(text))
      add(
        /\?/.test(text) && !/Math/.test(text) ? 'null' : '0',
        'the list was empty, and there is no smallest of none',
        0.45,
      );
    else if (/\.\.\.|concat|push/.test(text))
      add(/\{\s*\.\.\./.test(text) ? '{}' : '[]', 'the callback collects, and the list was empty', 0.75);
    else if (/`|join|\+\s*['"]/.test(text))
      add(source.style.quote.repeat(2), 'the callback joins texts, and the list was empty', 0.7);
    else add('0', 'the callback adds up, and the sum of nothing is 0', 0.88);
    if (isMember(list)) found.push(...whenEmpty(site, list.object));
    return found;
  },
};

/** The list is empty: answer or return before it is used. */
function whenEmpty(site: Site, list: Node): Proposal[] {
  const { source } = site;
  const root = unwrap(list);
  if (findAll(root, isCall).length > 0) return [];
  const fn = source.functionOf(site.node);
  const statement = listStatement(source, site.node, fn);
  if (statement === undefined || fn === undefined) return [];
  const text = source.slice(root);
  const handler = site.location.handler?.node === fn ? site.location.handler : null;
  const found: Proposal[] = [];
  const answer = site.answer({ source, at: statement, status: 404, entity: null, handler });
  const edits = answer && before(source, statement, guardText(source, `${text}.length === 0`, answer));
  if (answer && edits)
    found.push({
      edits,
      title: 'Answer 404 when the list is empty',
      why: `${text} was empty at ${site.place(site.node)}; ${answer.like === null ? 'the usual form' : `${answer.like.where} answers so`}`,
      weight: 0.5 + (answer.sameStatus ? 0.1 : 0),
      kind: 'mitigation',
    });
  if (handler === null && returnsOf(source, fn).length > 0) {
    for (const value of ['0', 'null']) {
      const own = before(
        source,
        statement,
        `if (${text}.length === 0) return ${value}${source.style.semicolon}`,
      );
      if (own)
        found.push({
          edits: own,
          title: `Give ${value} for an empty list`,
          why: `${text} was empty at ${site.place(site.node)}`,
          weight: value === '0' ? 0.55 : 0.45,
          kind: 'mitigation',
        });
    }
  }
  return found;
}

/** A quotient whose divisor can be 0: NaN or Infinity goes on as if it were a number, BigInt throws. */
export const guardDivision: Transformation = {
  name: 'guard-division',
  kind: 'root-cause',
  applies: (site) =>
    site.location.depth < 2 &&
    (site.fault.kind === 'count' ||
      site.fault.kind === 'bigint-parse' ||
      site.fault.kind === 'sql' ||
      /NaN|Infinity|[Dd]ivision by zero|integer/.test(site.incident.context.error.message)),
  propose(site) {
    const { source } = site;
    const fn = source.functionOf(site.node);
    if (fn === undefined) return [];
    const found: Proposal[] = [];
    for (const node of findAll(fn, (each): each is Node => each.type === 'BinaryExpression')) {
      if (
        node.type !== 'BinaryExpression' ||
        (node.operator !== '/' && node.operator !== '%') ||
        node.right.type === 'Literal'
      )
        continue;
      const divisor = source.slice(node.right);
      if (
        findAll(node.right, isCall).length > 0 ||
        source
          .ancestors(node)
          .some((each) => each.type === 'ConditionalExpression' && source.slice(each.test).includes(divisor))
      )
        continue;
      const text = `${divisor} === 0 ? 0 : ${source.slice(node)}`;
      found.push({
        edits: [
          replace(
            source,
            node,
            grouped(source, node, text) === text &&
              source.parent(node)?.type !== 'VariableDeclarator' &&
              source.parent(node)?.type !== 'ReturnStatement'
              ? `(${text})`
              : grouped(source, node, text),
          ),
        ],
        title: `Give 0 where ${divisor} is 0`,
        why: `${divisor} can be 0 at ${site.place(node)}, and a quotient by it is no number`,
        weight: 0.55,
      });
    }
    return found;
  },
};

/** An index one too far: `<=` against a length, `[list.length]`, a neighbour past the end. */
export const fixBounds: Transformation = {
  name: 'fix-bounds',
  kind: 'root-cause',
  applies: (site) => site.innermost && site.fault.kind === 'nullish-read' && site.subject !== null,
  propose(site) {
    const { subject } = site;
    if (subject === null) return [];
    const uses = (site.origin?.steps ?? [])
      .filter((each) => each.kind === 'use')
      .map((each) => ({ source: each.source, node: unwrap(each.node) }));
    const hit = [{ source: site.source, node: unwrap(subject) }, ...uses].find(
      ({ node }) => isMember(node) && node.computed,
    );
    if (hit === undefined || !isMember(hit.node)) return [];
    const { source, node: index } = hit;
    const found: Proposal[] = [];
    for (const loop of source.ancestors(index)) {
      if (
        loop.type !== 'ForStatement' &&
        loop.type !== 'WhileStatement' &&
        loop.type !== 'IfStatement' &&
        loop.type !== 'ConditionalExpression'
      )
        continue;
      const test = loop.test;
      if (test?.type !== 'BinaryExpression') continue;
      const operator = source.text.indexOf(test.operator, test.left.end);
      const names = findAll(index.property, (each): each is Node => isIdentifier(each)).map((each) =>
        source.slice(each),
      );
      if (!names.includes(source.slice(test.left))) continue;
      if (test.operator === '<=' && /length|size|count/i.test(source.slice(test.right))) {
        found.push({
          edits: [replace(source, { start: operator, end: operator + 2 }, '<')],
          title: 'Stop before the end of the list',
          why: `the test at ${site.place(test, source)} lets the index be ${source.slice(test.right)}, one too many for ${source.slice(index)}`,
          weight: 0.97,
        });
      } else if (
        test.operator === '<' &&
        index.property.type === 'BinaryExpression' &&
        index.property.operator === '+'
      ) {
        found.push({
          edits: [insert(source, test.right.end, ` - ${source.slice(index.property.right)}`)],
          title: 'Stop where there is no next item',
          why: `the test at ${site.place(test, source)} lets it read ${source.slice(index)}, which the last round does not have`,
          weight: 0.8,
        });
      }
    }
    const property = unwrap(index.property);
    if (
      isMember(property) &&
      source.slice(property.property) === 'length' &&
      source.slice(property.object) === source.slice(index.object)
    ) {
      found.push({
        edits: [insert(source, property.end, ' - 1')],
        title: 'Read the last item',
        why: `${source.slice(index)} is one past the last item`,
        weight: 0.97,
      });
    }
    return found;
  },
};
