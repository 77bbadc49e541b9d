import { lineEnd, quoteEnd, sqlReader, type Lexer } from '../sql.ts';

/** PostgreSQL's lexical rules (documentation, section 4.1). */
const lexer: Lexer = (sql, at) => {
  switch (sql[at]) {
    case '-':
      return sql[at + 1] === '-' ? { kind: 'comment', end: lineEnd(sql, at) } : null;
    case '/':
      return sql[at + 1] === '*' ? { kind: 'comment', end: commentEnd(sql, at) } : null;
    case "'":
      return { kind: 'string', end: quoteEnd(sql, at, isEscapeString(sql, at)) };
    case '"':
      return { kind: 'name', end: quoteEnd(sql, at, false) };
    case '$': {
      const end = /[\w$]/.test(sql[at - 1] ?? ' ') ? undefined : dollarEnd(sql, at);
      return end === undefined ? null : { kind: 'string', end };
    }
    default:
      return null;
  }
};

export const { normaliseSql, splitStatements, codeOf } = sqlReader(lexer, / ?([(),;]) ?/g);

/** Comments nest in PostgreSQL. */
function commentEnd(sql: string, at: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = at;
  let depth = 0;
  for (let match = marks.exec(sql); match; match = marks.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}

function isEscapeString(sql: string, at: number): boolean {
  return /[eE]/.test(sql[at - 1] ?? '') && !/\w/.test(sql[at - 2] ?? ' ');
}

function dollarEnd(sql: string, at: number): number | undefined {
  const opening = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
  opening.lastIndex = at;
  const tag = opening.exec(sql)?.[0];
  if (tag === undefined) return undefined;
  const end = sql.indexOf(tag, at + tag.length);
  return end === -1 ? sql.length : end + tag.length;
}
