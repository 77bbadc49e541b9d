/** The readings of a string by `MODES`, the likeliest first. */
export interface Escaped {
  readings: readonly string[];
  /** Escapes of which nothing in the string itself says what they mean, as written: `\y`. */
  open: readonly string[];
  /** Line ends stand in it as they are, and as `\n` that may as well be of the code. */
  raw: boolean;
  written: boolean;
}

/**
 * How the escapes of a string are taken: as JSON has them and by what others are; those that JSON does not know, or that
 * no code has, kept; dropped; no escape but that of a quote; once more, for a text that was escaped twice.
 */
export const MODES = 5;
export const TWICE = 4;

/** Escapes that JSON does not know and that are plainly a backslash of the code: regular expressions. */
const OF_CODE = /[dDsSwWBpPkZzAG()[\]{}.*+?|^\-0-9]/;
/** Those that are plainly none where all such marks have one: other languages escape them in texts. */
const OF_QUOTING = /['`]/;

/** What stands between the quotes of a string, in valid JSON. */
export function ofStrict(raw: string): Escaped {
  const value = JSON.parse(`"${raw}"`) as string;
  // No code holds a backspace: it is a regular expression's word boundary, of which the backslash was not escaped.
  const open = /[\b\f]/.test(value) ? ['\\b'] : [];
  if (partlyEscaped(raw, '/')) open.push('\\/');
  if (outOfQuotes(value)) open.push('\\n');
  const keep = open.length === 0 ? value : decode(raw, 'keep');
  return {
    readings: [value, keep, value, value, twice(value)],
    open,
    raw: false,
    written: false,
  };
}

/** The same of JSON that is not valid. */
export function ofLenient(text: string): Escaped {
  const escaped = (text.match(/\\[^]/g) ?? []).map((escape) => escape[1]!);
  const open = new Set<string>();
  for (const char of escaped)
    if (!/["\\/bfnrtu\n]/.test(char) && !OF_CODE.test(char) && !OF_QUOTING.test(char)) open.add(`\\${char}`);
  for (const mark of ["'", '`', '/']) if (partlyEscaped(text, mark)) open.add(`\\${mark}`);
  const careful = escaped.some((char) => char === '"' || char === '\\');
  // Tabs that indent are no tabs of the code's own texts.
  const inner = text.replace(/(^|\n)(?:[ \t]|\\t)+/g, '$1');
  const std = decode(text, 'std');
  if (outOfQuotes(std)) open.add('\\n');
  if (quotesTwice(text, std)) open.add('\\\"');
  return {
    readings: [std, decode(text, 'keep'), decode(text, 'drop'), text.replace(/\\"/g, '"'), twice(std)],
    open: [...open],
    raw: text.includes('\n'),
    written: /\\[nt]/.test(inner) && !careful,
  };
}

/** A text given as a list of its lines, which may have their line ends. */
export function joined(lines: readonly Escaped[]): Escaped {
  const ended = lines.slice(0, -1).every((line) => line.readings[0]!.endsWith('\n'));
  const between = ended && lines.length > 1 ? '' : '\n';
  return {
    readings: Array.from({ length: MODES }, (_, mode) =>
      lines.map((line) => line.readings[mode]!).join(between),
    ),
    open: [...new Set(lines.flatMap((line) => line.open))],
    raw: false,
    written: false,
  };
}

/** Escapes whose meaning nothing tells; those that `beside` has too are read as it is found in the file. */
export function openIn(text: Escaped, beside?: Escaped): string[] {
  const open = text.open.filter((escape) => beside?.open.includes(escape) !== true);
  const raw = text.raw || beside?.raw === true;
  if (raw && text.written && beside?.written !== true) open.push('\\n');
  return open;
}

/** Some of these marks have a backslash and some have none, so that the backslash may be one of the code. */
function partlyEscaped(text: string, mark: string): boolean {
  let [bare, escaped] = [false, false];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') {
      i++;
      escaped ||= text[i] === mark;
    } else bare ||= text[i] === mark;
  }
  return bare && escaped;
}

/**
 * Line ends as they are, and every quote with a backslash still: escaped twice, or a text in quotes of a language that keeps
 * them so.
 */
function quotesTwice(text: string, value: string): boolean {
  return text.includes('\n') && value.includes('\\"') && !/(?:^|[^\\])"/.test(value);
}

/** One line that has `\n` where code has none, outside of quotes and regular expressions: a line end escaped twice? */
function outOfQuotes(value: string): boolean {
  if (value.includes('\n') || !value.includes('\\n')) return false;
  let quote = '';
  for (let i = 0; i < value.length; i++) {
    const char = value[i]!;
    if (char === '\\') {
      if (quote === '' && value[i + 1] === 'n') return true;
      i++;
    } else if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '/') return false;
    else if (/["'`]/.test(char)) quote = char;
  }
  return false;
}

function twice(value: string): string {
  return value.includes('\n') ? value : decode(value, 'std');
}

/** Takes a string's escapes: JSON's as JSON does; of others the backslash goes, stays, or by what they are (`std`). */
function decode(raw: string, others: 'std' | 'keep' | 'drop'): string {
  let out = '';
  for (let i = 0; i < raw.length; i++) {
    const char = raw[i]!;
    if (char !== '\\' || i + 1 >= raw.length) {
      out += char;
      continue;
    }
    const next = raw[++i]!;
    const plain = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', '/': others === 'keep' ? '\\/' : '/' }[
      next
    ];
    const code = next === 'u' ? /^[0-9a-fA-F]{4}/.exec(raw.slice(i + 1, i + 5))?.[0] : undefined;
    if (plain !== undefined) out += plain;
    else if (code !== undefined) {
      out += String.fromCharCode(Number.parseInt(code, 16));
      i += 4;
    } else if (others === 'drop' || (others === 'std' && OF_QUOTING.test(next))) out += next;
    // a backspace or form feed in code is a backslash that was not escaped
    else out += `\\${next}`;
  }
  return out;
}
