/** A piece of SQL text: code, a quoted thing (string, identifier, dollar quote), or a comment. */
interface Piece {
  kind: 'code' | 'quoted' | 'comment';
  text: string;
}

/** Cuts SQL into pieces by PostgreSQL's lexical rules (documentation, section 4.1). Never fails: the rest is one piece. */
function pieces(sql: string): Piece[] {
  const found: Piece[] = [];
  let start = 0;
  let at = 0;
  const add = (kind: Piece['kind'], end: number): void => {
    if (at > start) found.push({ kind: 'code', text: sql.slice(start, at) });
    found.push({ kind, text: sql.slice(at, end) });
    start = at = end;
  };
  while (at < sql.length) {
    const char = sql[at]!;
    if (char === '-' && sql[at + 1] === '-') add('comment', lineEnd(sql, at));
    else if (char === '/' && sql[at + 1] === '*') add('comment', commentEnd(sql, at));
    else if (char === "'") add('quoted', quoteEnd(sql, at, "'", isEscapeString(sql, at)));
    else if (char === '"') add('quoted', quoteEnd(sql, at, '"', false));
    else if (char === '$' && !/[\w$]/.test(sql[at - 1] ?? ' ')) {
      const end = dollarEnd(sql, at);
      if (end === undefined) at++;
      else add('quoted', end);
    } else at++;
  }
  if (at > start) found.push({ kind: 'code', text: sql.slice(start, at) });
  return found;
}

function lineEnd(sql: string, at: number): number {
  const end = sql.indexOf('\n', at);
  return end === -1 ? sql.length : end;
}

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

function quoteEnd(sql: string, at: number, quote: string, backslashes: boolean): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (backslashes && sql[i] === '\\') i++;
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return sql.length;
}

function dollarEnd(sql: string, at: number): number | undefined {
  const opening = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
  opening.lastIndex = at;
  const tag = opening.exec(sql)?.[0];
  if (tag === undefined) return undefined;
  const end = sql.indexOf(tag, at + tag.length);
  return end === -1 ? sql.length : end + tag.length;
}

const normalised = new Map<string, string>();

/**
 * Text that is equal for statements that differ only in white space, comments (which carry trace ids) and a last `;`.
 * What stands in quotes is kept as it is.
 */
export function normaliseSql(sql: string): string {
  const known = normalised.get(sql);
  if (known !== undefined) return known;
  let text = '';
  for (const piece of pieces(sql)) {
    if (piece.kind === 'quoted') text += piece.text;
    else text += piece.kind === 'comment' ? ' ' : piece.text.replace(/\s+/g, ' ');
  }
  const result = tidy(text);
  if (normalised.size >= 2000) normalised.clear();
  if (sql.length < 20_000) normalised.set(sql, result);
  return result;
}

function tidy(text: string): string {
  return pieces(text)
    .map((piece) =>
      piece.kind === 'code' ? piece.text.replace(/ +/g, ' ').replace(/ ?([(),;]) ?/g, '$1') : piece.text,
    )
    .join('')
    .replace(/[;\s]+$/, '')
    .trimStart();
}

/** The statements of a simple query, without empty ones. */
export function splitStatements(sql: string): string[] {
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
}

/** The code alone, upper case, quoted things as `''`: for looking at keywords. */
export function codeOf(sql: string): string {
  return pieces(sql)
    .map(({ kind, text }) => (kind === 'code' ? text.toUpperCase() : kind === 'quoted' ? "''" : ' '))
    .join('')
    .replace(/\s+/g, ' ')
    .replace(/[;\s]+$/, '')
    .trim();
}
