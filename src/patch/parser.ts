import jsTokens from 'js-tokens';
import { parseSync, type ParserOptions, type ParseResult } from 'oxc-parser';

/** The text is nested deeper than anybody writes; `line` is where it becomes so. */
export interface TooDeep {
  tooDeep: true;
  line: number;
}

/**
 * The parser's recursion was seen to overflow a stack of 8 MiB at 3,000 to 4,500 levels, which ends the process; threads
 * have 4 MiB. What walks the trees recurses too.
 */
const SAFE_LEVELS = 1200;

/** The one place where code of apps and patches is parsed: what could end the process is not given to the parser. */
export function parseBounded(path: string, text: string, options: ParserOptions = {}): ParseResult | TooDeep {
  const line = lineTooDeep(text, /x$/i.test(options.lang ?? path));
  return line === null ? parseSync(path, text, options) : { tooDeep: true, line };
}

const OPENS = new Set(['(', '[', '{']);
const CLOSES = new Set([')', ']', '}']);
/** Each of these can hold the next one as its body or its argument, whatever stands between them. */
const STICKY = new Set(['if', 'else', 'for', 'while', 'do', 'with', '<']);
/** Names that may follow a `}` without beginning a statement or a member. */
const GOES_ON = new Set(
  'in of instanceof as satisfies extends implements is from catch finally'.split(' ').concat([...STICKY]),
);

const SAYS_NOTHING = new Set(
  'WhiteSpace LineTerminatorSequence HashbangComment SingleLineComment JSXText'.split(' '),
);

interface Level {
  /** Tokens since the last that ends everything which began before it: each may be one more level of recursion. */
  open: number;
  sticky: number;
}

/**
 * The line (from 1) at which the text may be nested deeper than is safe, or null. An upper bound, from tokens alone:
 * brackets that are open, and within each all tokens since the last `;`, `,` or statement's end. Long lists and long
 * files are not deep; an expression of a thousand operators is.
 */
function lineTooDeep(text: string, jsx: boolean): number | null {
  if (text.length <= SAFE_LEVELS) return null;
  const levels: Level[] = [{ open: 0, sticky: 0 }];
  let sum = 0;
  let line = 1;
  let closed = false;
  for (const { type, value } of jsx ? jsTokens(text, { jsx: true }) : jsTokens(text)) {
    if (type === 'LineTerminatorSequence') line++;
    if (SAYS_NOTHING.has(type)) continue;
    if (type === 'MultiLineComment') {
      line += value.split('\n').length - 1;
      continue;
    }
    const top = levels.at(-1)!;
    const name = type === 'IdentifierName' || type === 'PrivateIdentifier';
    // Asked for each token of large files: what a token cannot be is not looked up.
    const mark = type === 'Punctuator' || type === 'JSXPunctuator';
    if ((mark && (value === ';' || value === ',')) || (closed && name && !GOES_ON.has(value))) {
      sum -= top.open;
      top.open = 0;
    }
    closed = mark && value === '}';
    if (mark ? OPENS.has(value) : type === 'TemplateHead') {
      levels.push({ open: 1, sticky: 0 });
      sum++;
    } else if (mark ? CLOSES.has(value) : type === 'TemplateTail') {
      if (levels.length > 1) sum -= levels.pop()!.open + top.sticky;
      levels.at(-1)!.open++;
      sum++;
    } else if ((name || mark) && STICKY.has(value)) {
      top.sticky++;
      sum++;
    } else {
      top.open++;
      sum++;
    }
    if (sum > SAFE_LEVELS || (value.length > SAFE_LEVELS && bracketsIn(type, value))) return line;
    if (!name && !mark && type.includes('Template')) line += value.split('\n').length - 1;
  }
  return null;
}

/** What we take for text may be code to the parser: tokens of TypeScript and JSX can be told wrongly. Such a text would be full of brackets. */
function bracketsIn(type: string, value: string): boolean {
  if (!/String|Template|Literal|JSXText/.test(type)) return false;
  let depth = 0;
  for (const [bracket] of value.matchAll(/[([{}\])]/g)) {
    depth = OPENS.has(bracket) ? depth + 1 : Math.max(0, depth - 1);
    if (depth > SAFE_LEVELS) return true;
  }
  return false;
}
