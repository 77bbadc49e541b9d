import { findAll, isCall, calleeName, type Node } from '../../../locate/ast.ts';
import { handlerAround } from '../../../locate/routes.ts';
import { indented, replace } from '../edits.ts';
import { guardText } from '../render-answer.ts';
import { listStatement } from '../places.ts';
import type { Proposal, Site, Transformation } from '../site.ts';

interface Rule {
  pattern: RegExp;
  /** SQLSTATE (PostgreSQL, appendix A). */
  code: string;
  statuses: number[];
  what: string;
}

const RULES: Rule[] = [
  {
    pattern: /duplicate key value violates unique constraint/,
    code: '23505',
    statuses: [409, 400],
    what: 'it is there already',
  },
  {
    pattern: /violates foreign key constraint/,
    code: '23503',
    statuses: [404, 400, 409, 422],
    what: 'what it refers to is not there',
  },
  {
    pattern: /violates not-null constraint/,
    code: '23502',
    statuses: [400, 422],
    what: 'a value is missing',
  },
  {
    pattern: /violates check constraint/,
    code: '23514',
    statuses: [400, 409, 422],
    what: 'a value is not allowed',
  },
  { pattern: /value too long for type/, code: '22001', statuses: [400, 422], what: 'a value is too long' },
  {
    pattern: /invalid input syntax for/,
    code: '22P02',
    statuses: [400, 404],
    what: 'a value is of another kind',
  },
  {
    pattern: /out of range for type|numeric field overflow/,
    code: '22003',
    statuses: [400, 422],
    what: 'a number is out of range',
  },
];

/** The database refuses what the request brought, by a rule of the data: answer with the status that says so. */
export const sqlAnswer: Transformation = {
  name: 'sql-answer',
  kind: 'root-cause',
  applies: (site) =>
    site.fault.kind === 'sql' && site.location.by !== 'commit' && site.location.handler !== null,
  propose(site) {
    const message = site.incident.context.error.message;
    const rule = RULES.find((each) => each.pattern.test(message));
    return rule === undefined ? [] : rule.statuses.flatMap((status, n) => caught(site, rule, status, n));
  },
};

/** In the `catch` that is there already, else in a new one around the statement. */
function caught(site: Site, rule: Rule, status: number, n: number): Proposal[] {
  const { handler } = site.location;
  if (handler === null || site.source !== handler.source) return [];
  const { source } = site;
  const fn = handler.node;
  const { quote, semicolon: end, indent } = source.style;
  const call =
    site.location.by === 'route'
      ? findAll(fn, isCall).find((each) => /^(?:query|execute)$/.test(calleeName(each) ?? ''))
      : site.node;
  const statement = call && listStatement(source, call, source.functionOf(call));
  if (call === undefined || statement === undefined) return [];
  const answer = site.answer({
    source,
    at: statement,
    status,
    entity: null,
    handler: handlerAround(source, statement) ?? handler,
  });
  if (answer === undefined) return [];
  const why = `PostgreSQL answers ${rule.code} when ${rule.what}; ${answer.like === null ? 'the form is the usual one of the framework' : `${answer.like.where} answers ${answer.like.status} in this form`}`;
  const weight = 0.66 + (answer.sameStatus ? 0.05 : 0) - n * 0.07;
  const title = `Answer ${status} when ${rule.what}`;
  const test = (error: string): string => `${error}.code === ${quote}${rule.code}${quote}`;
  for (const each of source.ancestors(call)) {
    if (each === fn) break;
    if (
      each.type !== 'TryStatement' ||
      !each.handler ||
      !(each.block.start <= call.start && call.end <= each.block.end)
    )
      continue;
    const param = each.handler.param;
    if (param?.type !== 'Identifier') return [];
    const first = (each.handler.body.body as Node[])[0];
    const base = first === undefined ? source.indentOf(each) + indent : source.indentOf(first);
    const at = first?.start ?? each.handler.body.start + 1;
    const text = indented(source, guardText(source, test(param.name), answer), base);
    return [
      {
        edits: [{ source, start: at, end: at, text: `${text}\n${base}` }],
        title,
        why,
        weight: weight + 0.05,
      },
    ];
  }
  const base = source.indentOf(statement);
  const body = `if (${test('error')}) {\n${answer.text
    .split('\n')
    .map((line) => indent + line)
    .join('\n')}\n}\nthrow error${end}`;
  const text = aroundWith(source, statement, body);
  return text === undefined
    ? []
    : [{ edits: [replace(source, statement, indented(source, text, base))], title, why, weight }];
}

function aroundWith(source: Site['source'], statement: Node, handling: string): string | undefined {
  const { indent, semicolon: end } = source.style;
  const base = source.indentOf(statement);
  const own = (node: Node): string =>
    source.slice(node).replaceAll('\r\n', '\n').replaceAll(`\n${base}`, '\n');
  const inside = (text: string): string =>
    text
      .split('\n')
      .map((line) => indent + line)
      .join('\n');
  let head = '';
  let body = own(statement);
  if (statement.type === 'VariableDeclaration') {
    const declared = statement.declarations[0];
    if (statement.declarations.length !== 1 || !declared?.init) return undefined;
    if (declared.id.type === 'Identifier') {
      head = `let ${own(declared.id)}${end}\n`;
      body = `${declared.id.name} = ${own(declared.init)}${end}`;
    } else if (
      declared.id.type === 'ObjectPattern' &&
      declared.id.properties.every((each) => each.type === 'Property' && each.value.type === 'Identifier')
    ) {
      const names = declared.id.properties.map((each) =>
        each.type === 'Property' && each.value.type === 'Identifier' ? each.value.name : '',
      );
      head = `let ${names.join(', ')}${end}\n`;
      body = `${end === '' ? ';' : ''}(${own(declared.id)} = ${own(declared.init)})${end}`;
    } else return undefined;
  } else if (statement.type !== 'ExpressionStatement' && statement.type !== 'ReturnStatement')
    return undefined;
  return `${head}try {\n${inside(body)}\n} catch (error) {\n${inside(handling)}\n}`;
}
