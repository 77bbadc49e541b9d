import { lineEnd, quoteEnd, remembered, sqlReader, type Lexer } from '../sql.ts';

/**
 * MySQL's lexical rules (manual, "Language Structure"). What stands in `/*! … *\/` is code to the server, and stays code
 * here. A backslash escapes in strings; servers in the modes ANSI_QUOTES and NO_BACKSLASH_ESCAPES differ.
 */
const lexer: Lexer = (sql, at) => {
  switch (sql[at]) {
    case '#':
      return { kind: 'comment', end: lineEnd(sql, at) };
    case '-':
      return sql[at + 1] === '-' && /^\s?$/.test(sql[at + 2] ?? '')
        ? { kind: 'comment', end: lineEnd(sql, at) }
        : null;
    case '/': {
      if (sql[at + 1] !== '*' || /^(!|M!|\+)/.test(sql.slice(at + 2, at + 4))) return null;
      const end = sql.indexOf('*/', at + 2);
      return { kind: 'comment', end: end === -1 ? sql.length : end + 2 };
    }
    case "'":
    case '"':
      return { kind: 'string', end: quoteEnd(sql, at, true) };
    case '`':
      return { kind: 'name', end: quoteEnd(sql, at, false) };
    default:
      return null;
  }
};

/** A space before `(` means something: `COUNT (*)` is no call of the function. */
const reader = sqlReader(lexer, / ?([),;]) ?|(?<=\() /g);
export const { normaliseSql, codeOf } = reader;

/**
 * The statements of a query, each of which is an exchange of its own. Bodies of routines hold semicolons, and a call has
 * as many results as it likes: what holds one of these is one piece.
 */
export function statementsOf(sql: string): string[] {
  if (!sql.includes(';')) return [sql];
  const code = codeOf(sql);
  const routine = /\bCREATE\b/.test(code) && /\b(PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE)\b/.test(code);
  if (routine || /\b(CALL|EXECUTE|BEGIN NOT ATOMIC)\b/.test(code)) return [sql];
  const statements = reader.splitStatements(sql);
  return statements.length > 1 ? statements : [sql];
}

/** How many `?` a statement has outside of quotes. */
export function placeholders(sql: string): number {
  return reader
    .pieces(sql)
    .reduce((sum, { kind, text }) => sum + (kind === 'code' ? text.split('?').length - 1 : 0), 0);
}

export interface Lifted {
  sql: string;
  /** The literals, in order: texts and numbers. */
  values: (string | number)[];
}

const NUMBER = /(?<![\w$@.`'"])(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?(?![\w$.`])/gi;

/**
 * A statement with `?` in the place of its strings and numbers: drivers for this protocol put values into the text as
 * readily as they bind them. Strings with an introducer (`X'00'`, `_utf8'a'`), numbers that JavaScript would change, and
 * everything in a statement that has placeholders already stay as they are.
 */
export const liftLiterals: (sql: string) => Lifted = remembered((sql) => {
  const normal = normaliseSql(sql);
  if (placeholders(normal) > 0) return { sql: normal, values: [] };
  const values: Lifted['values'] = [];
  let before = '';
  const text = reader
    .pieces(normal)
    .map((piece) => {
      const introduced = /(?:^|[^\w$])(?:[nxb]|_\w+)$/i.test(before);
      before = piece.text.slice(-80);
      if (piece.kind === 'string' && !introduced) {
        const value = unquoted(piece.text);
        if (value === null) return piece.text;
        values.push(value);
        return '?';
      }
      if (piece.kind !== 'code') return piece.text;
      return piece.text.replace(NUMBER, (digits) => {
        const value = Number(digits);
        if (String(value) !== digits) return digits;
        values.push(value);
        return '?';
      });
    })
    .join('');
  return { sql: text, values };
});

const ESCAPED: Readonly<Record<string, string>> = { 0: '\0', n: '\n', r: '\r', t: '\t', b: '\b', Z: '\x1a' };

/** What a string literal says; null for one without an end. */
function unquoted(text: string): string | null {
  const quote = text[0]!;
  if (text.length < 2 || !text.endsWith(quote)) return null;
  return text.slice(1, -1).replace(/\\([^])|''|""/g, (whole, escaped: string | undefined) => {
    if (escaped === undefined) return whole[0] === quote ? quote : whole;
    if (escaped === '%' || escaped === '_') return whole;
    return ESCAPED[escaped] ?? escaped;
  });
}

/** The default database that a USE names. */
export function usedDatabase(sql: string): string | null {
  if (sql.length > 500) return null;
  const match = /^use\s+(?:`((?:[^`]|``)+)`|([^\s;`]+))\s*;?$/i.exec(sql.trim());
  return match ? (match[1]?.replaceAll('``', '`') ?? match[2]!) : null;
}
