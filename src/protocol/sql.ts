/** A piece of SQL text: code, a string, a quoted name, or a comment. */
interface Piece {
  kind: 'code' | 'string' | 'name' | 'comment';
  text: string;
}

/** What begins at `at` and where it ends, by the lexical rules of one database; null for plain code. */
export type Lexer = (sql: string, at: number) => { kind: Exclude<Piece['kind'], 'code'>; end: number } | null;

export interface SqlReader {
  /**
   * Text that is equal for statements that differ only in white space, comments (which carry trace ids) and a last `;`.
   * What stands in quotes is kept as it is.
   */
  normaliseSql: (sql: string) => string;
  /** The statements of a text, without empty ones. */
  splitStatements: (sql: string) => string[];
  /** The code alone, upper case, quoted things as `''`: for looking at keywords. */
  codeOf: (sql: string) => string;
  /** Never fails: what does not end is one piece to the end. */
  pieces: (sql: string) => Piece[];
}

const MAX_KNOWN = 2000;
const MAX_KNOWN_LENGTH = 20_000;

/**
 * Reads SQL by a database's lexical rules. `tight` matches a sign with the spaces beside it that mean nothing there, the
 * sign alone as its groups.
 */
export function sqlReader(lexer: Lexer, tight: RegExp): SqlReader {
  function pieces(sql: string): Piece[] {
    const found: Piece[] = [];
    let start = 0;
    let at = 0;
    while (at < sql.length) {
      const next = lexer(sql, at);
      if (next === null) {
        at++;
        continue;
      }
      if (at > start) found.push({ kind: 'code', text: sql.slice(start, at) });
      found.push({ kind: next.kind, text: sql.slice(at, next.end) });
      start = at = next.end;
    }
    if (at > start) found.push({ kind: 'code', text: sql.slice(start, at) });
    return found;
  }

  function normalise(sql: string): string {
    let text = '';
    for (const piece of pieces(sql)) {
      if (piece.kind === 'comment') text += ' ';
      else text += piece.kind === 'code' ? piece.text.replace(/\s+/g, ' ') : piece.text;
    }
    const tidy = pieces(text)
      .map((piece) =>
        piece.kind === 'code' ? piece.text.replace(/ +/g, ' ').replace(tight, '$1') : piece.text,
      )
      .join('');
    return withoutEnd(tidy).trimStart();
  }

  const normaliseSql = remembered(normalise);
  return {
    normaliseSql,
    pieces,
    splitStatements(sql) {
      const statements: string[] = [];
      let current = '';
      for (const piece of pieces(sql)) {
        if (piece.kind !== 'code') {
          current += piece.text;
          continue;
        }
        const parts = piece.text.split(';');
        for (const [index, part] of parts.entries()) {
          current += part;
          if (index < parts.length - 1) {
            statements.push(current);
            current = '';
          }
        }
      }
      statements.push(current);
      return statements
        .map((statement) => statement.trim())
        .filter((statement) => normaliseSql(statement) !== '');
    },
    codeOf(sql) {
      const code = pieces(sql)
        .map(({ kind, text }) => (kind === 'code' ? text.toUpperCase() : kind === 'comment' ? ' ' : "''"))
        .join('');
      return withoutEnd(code.replace(/\s+/g, ' ')).trim();
    },
  };
}

/** Without semicolons and white space at the end. A pattern would look at every run of them to its end. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /[;\s]/.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** A function of a statement's text that is asked for the same texts again and again. Bounded. */
export function remembered<T>(work: (sql: string) => T): (sql: string) => T {
  const known = new Map<string, T>();
  return (sql) => {
    const found = known.get(sql);
    if (found !== undefined || known.has(sql)) return found as T;
    const result = work(sql);
    if (known.size >= MAX_KNOWN) known.clear();
    if (sql.length < MAX_KNOWN_LENGTH) known.set(sql, result);
    return result;
  };
}

/** The end of the line that `at` is in. */
export function lineEnd(sql: string, at: number): number {
  const end = sql.indexOf('\n', at);
  return end === -1 ? sql.length : end;
}

/** The end of what a quote at `at` opens: a doubled quote stands for itself and, with `backslashes`, one behind a backslash. */
export function quoteEnd(sql: string, at: number, backslashes: boolean): number {
  const quote = sql[at];
  for (let i = at + 1; i < sql.length; i++) {
    if (backslashes && sql[i] === '\\') i++;
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return sql.length;
}
