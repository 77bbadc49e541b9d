import {
  dotted,
  findAll,
  isCall,
  isIdentifier,
  isMember,
  unwrapAwait,
  type Node,
} from '../../../locate/ast.ts';
import { inputKind, type InputKind } from '../../../locate/flow.ts';
import { handlerAround } from '../../../locate/routes.ts';
import type { Source } from '../../../locate/source.ts';
import { guardText } from '../render-answer.ts';
import { after, before } from '../edits.ts';
import { listStatement } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';
import { statusesOf } from './validate-input.ts';

const NUMBER_SQL =
  /invalid input syntax for (?:type )?(?:integer|bigint|smallint|numeric|double precision|real)|out of range for type|numeric field overflow|must not be negative/;
const UUID_SQL = /invalid input syntax for (?:type )?uuid/;
const DATE_SQL =
  /invalid input syntax for (?:type )?(?:date|timestamp|time)|date\/time field value out of range/;

/** A number, id or date of the request goes on unchecked to what refuses it: answer the request instead. */
export const guardNumber: Transformation = {
  name: 'guard-number',
  kind: 'root-cause',
  applies: (site) =>
    site.location.by !== 'commit' &&
    (site.fault.kind === 'count' ||
      site.fault.kind === 'date' ||
      site.fault.kind === 'bigint-parse' ||
      (site.fault.kind === 'sql' &&
        (NUMBER_SQL.test(messageOf(site)) ||
          UUID_SQL.test(messageOf(site)) ||
          DATE_SQL.test(messageOf(site))))),
  propose(site) {
    const found: Proposal[] = [];
    for (const input of inputsOf(site)) found.push(...guards(site, input));
    return found.sort((a, b) => b.weight - a.weight);
  },
};

function messageOf(site: Site): string {
  return site.incident.context.error.message;
}

interface Input {
  source: Source;
  /** The value that is tested: a name, or the request's member itself. */
  value: string;
  name: string;
  statement: Node;
  position: 'before' | 'after';
  kind: InputKind;
  converted: boolean;
}

/** What the request brings into the function around: first what is named, then what is read in place. */
function inputsOf(site: Site): Input[] {
  const found: Input[] = [];
  const handler =
    site.location.handler ?? site.incident.locations.find((each) => each.handler !== null)?.handler ?? null;
  if (handler === null) return found;
  const { source, node: fn } = handler;
  const taken = new Set<string>();
  for (const node of findAll(
    fn,
    (each): each is Node => each.type === 'VariableDeclarator' || isMember(each),
  )) {
    if (node.type === 'VariableDeclarator') {
      if (!node.init) continue;
      const inside = plainInput(source, node.init);
      if (inside === undefined) continue;
      const kind = inputKind(source, inside)!;
      const statement = source.parent(node);
      if (statement === undefined) continue;
      const converted = isCall(unwrapAwait(node.init)) || unwrapAwait(node.init).type === 'UnaryExpression';
      for (const id of node.id.type === 'Identifier'
        ? [node.id]
        : node.id.type === 'ObjectPattern'
          ? node.id.properties.map((each) =>
              each.type === 'Property' && each.value.type === 'Identifier' ? each.value : undefined,
            )
          : []) {
        if (id === undefined || taken.has(id.name)) continue;
        taken.add(id.name);
        found.push({ source, value: id.name, name: id.name, statement, position: 'after', kind, converted });
      }
    } else {
      const kind = inputKind(source, node);
      const text = dotted(node);
      const inner = source.parent(node);
      if (
        kind === null ||
        text === null ||
        text.split('.').length < 3 ||
        kind === 'headers' ||
        (inner !== undefined && isMember(inner) && inner.object === node)
      )
        continue;
      if (
        source
          .ancestors(node)
          .some(
            (each) =>
              each.type === 'VariableDeclarator' &&
              each.init !== null &&
              plainInput(source, each.init) !== undefined,
          ) ||
        taken.has(text)
      )
        continue;
      const statement = listStatement(source, node, source.functionOf(node));
      if (statement === undefined) continue;
      taken.add(text);
      found.push({
        source,
        value: text,
        name: text.split('.').at(-1)!,
        statement,
        position: 'before',
        kind,
        converted: false,
      });
    }
  }
  const named = found.filter((input) => mentioned(site, input));
  const dates = site.fault.kind === 'date' ? named.filter((input) => isDated(input)) : [];
  return (dates.length > 0 ? dates : named).slice(0, 4);
}

/** The request's member itself, or converted, or with a default: `Number(req.query.page ?? 1)`. */
function plainInput(source: Source, init: Node): Node | undefined {
  const inner = unwrapAwait(init);
  if (inputKind(source, inner) !== null) return inner;
  if (inner.type === 'LogicalExpression') return plainInput(source, inner.left);
  if (inner.type === 'UnaryExpression') return plainInput(source, inner.argument);
  const first =
    isCall(inner) &&
    /^(?:Number|parseInt|parseFloat|Date|String|BigInt|trim|max|min|floor)$/.test(
      dotted(inner.callee)?.split('.').at(-1) ?? '',
    )
      ? inner.arguments
      : [];
  for (const each of first) {
    const found = plainInput(source, each);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Made into a date somewhere in the handler. */
function isDated({ source, value, statement }: Input): boolean {
  const fn = source.functionOf(statement);
  const name = value.replace(/[.$]/g, '\\$&');
  return (
    fn !== undefined &&
    new RegExp(
      `Date(?:\\.parse)?\\(\\s*${name}\\b|\\b${name}\\s*=\\s*new Date\\(|\\b${name}\\.toISOString`,
    ).test(source.slice(fn))
  );
}

/** Only what the failing call can have had: its text, or the function's, names it. */
function mentioned(site: Site, input: Input): boolean {
  const at = site.incident.locations.find(
    (each) =>
      each.handler?.source === input.source && each.handler.node === input.source.functionOf(input.statement),
  );
  if (at === undefined || at.by === 'route') return true;
  const call = listStatement(input.source, at.node, input.source.functionOf(at.node)) ?? at.node;
  const text = input.source.slice(call);
  if (new RegExp(`\\b${input.value.replaceAll('$', '\\$').replaceAll('.', '\\.')}\\b`).test(text))
    return true;
  // one step of naming between
  return findAll(call, (node): node is Node => isIdentifier(node)).some((id) => {
    const declaration = isIdentifier(id) ? input.source.scopes.resolve(id.name, id)?.declaration : undefined;
    return (
      declaration?.type === 'VariableDeclarator' &&
      declaration.init !== null &&
      input.source.slice(declaration.init).includes(input.value)
    );
  });
}

function guards(site: Site, input: Input): Proposal[] {
  const { source } = input;
  const handler = handlerAround(source, input.statement) ?? null;
  const { test, what } = testFor(site, input);
  const statuses = input.kind === 'params' ? [400, 404] : statusesOf(site);
  const found: Proposal[] = [];
  for (const [n, status] of statuses.entries()) {
    const answer = site.answer({ source, at: input.statement, status, entity: input.name, handler });
    if (answer === undefined) continue;
    const text = guardText(source, test, answer);
    const edits =
      input.position === 'after'
        ? after(source, input.statement, text)
        : before(source, input.statement, text);
    if (edits === undefined) continue;
    found.push({
      edits,
      title: `Answer ${status} when ${input.name} is not ${what}`,
      why: `${input.name} comes from the request and is passed on unchecked; ${answer.like === null ? 'the form is the usual one of the framework' : `${answer.like.where} answers ${answer.like.status} in this form`}`,
      weight:
        0.72 +
        (answer.sameStatus ? 0.12 : 0) -
        n * 0.06 -
        (input.kind === 'params' && status === 400 ? 0 : 0.01),
    });
  }
  return found;
}

function testFor(site: Site, input: Input): { test: string; what: string } {
  const { value } = input;
  const message = messageOf(site);
  if (UUID_SQL.test(message))
    return { test: `!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(${value})`, what: 'a UUID' };
  if (site.fault.kind === 'date' || DATE_SQL.test(message)) {
    const isDate = site.source
      .slice(site.source.statementOf(site.node) ?? site.node)
      .includes(`${value}.toISOString`);
    return {
      test: isDate ? `Number.isNaN(${value}.getTime())` : `Number.isNaN(Date.parse(${value}))`,
      what: 'a date',
    };
  }
  if (site.fault.kind === 'count') return { test: `!(${value} >= 0)`, what: 'a number of zero or more' };
  if (/must not be negative/.test(message))
    return {
      test: /page/i.test(value) ? `!(${value} >= 1)` : `!(${value} >= 0)`,
      what: /page/i.test(value) ? 'a number of one or more' : 'a number of zero or more',
    };
  if (/out of range for type integer/.test(message))
    return { test: `!(Math.abs(Number(${value})) <= 2147483647)`, what: 'a number in range' };
  if (/numeric|double|real/.test(message))
    return { test: `!Number.isFinite(Number(${value}))`, what: 'a number' };
  return {
    test: input.converted ? `!Number.isInteger(${value})` : `!/^\\d+$/.test(${value})`,
    what: 'a whole number',
  };
}
