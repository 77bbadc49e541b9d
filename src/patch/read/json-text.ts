/**
 * JSON as models write it. Strict JSON has one meaning; text that is not quite JSON may have several, and a string then
 * has one reading for each way to take its escapes.
 */
export type Node =
  | { kind: 'string'; text: Escaped }
  | { kind: 'object'; members: readonly (readonly [string, Node])[] }
  | { kind: 'array'; items: readonly Node[] }
  | { kind: 'other'; value: number | boolean | null };

/** The readings of a string by `MODES`, the likeliest first. */
export interface Escaped {
  readings: readonly string[];
  /** Nothing in the string itself says which reading is meant. */
  uncertain: boolean;
}

export interface Parsed {
  node: Node;
  /** The syntax had to be mended. */
  mended: boolean;
}

const MAX_DEPTH = 64;
const MAX_NODES = 200_000;
export const MODES = 5;

/** Strict JSON as nodes; null where it is none. */
export function parseStrict(text: string): Parsed | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const node = nodeOf(value, 0);
  return node === null ? null : { node, mended: false };
}

function nodeOf(value: unknown, depth: number): Node | null {
  if (depth > MAX_DEPTH) return null;
  if (typeof value === 'string') return { kind: 'string', text: certain(value) };
  if (Array.isArray(value)) {
    const items = value.map((item) => nodeOf(item, depth + 1));
    return items.includes(null) ? null : { kind: 'array', items: items as Node[] };
  }
  if (typeof value === 'object' && value !== null) {
    const members: [string, Node][] = [];
    for (const [key, member] of Object.entries(value)) {
      const node = nodeOf(member, depth + 1);
      if (node === null) return null;
      members.push([key, node]);
    }
    return { kind: 'object', members };
  }
  return { kind: 'other', value: value as number | boolean | null };
}

/** What valid JSON says; only where it holds `\n` as two characters and no line end may it have been escaped twice. */
function certain(value: string): Escaped {
  const twice = !value.includes('\n') && /\\[nt"]/.test(value) ? decode(value, 'std') : value;
  return { readings: [value, value, value, value, twice], uncertain: false };
}

class Cut extends Error {}
class Malformed extends Error {}

/** Text that should be JSON: 'cut' when it ends too early, null when it cannot be read. `keys`: names of members, which tell where a string ends. */
export function parseLenient(text: string, keys: ReadonlySet<string>): Parsed | 'cut' | null {
  const reader = new Reader(text, keys);
  try {
    const node = reader.value(0);
    return reader.ended() ? { node, mended: true } : null;
  } catch (error) {
    if (error instanceof Cut) return 'cut';
    if (error instanceof Malformed) return null;
    throw error;
  }
}

class Reader {
  private at = 0;
  private nodes = 0;
  private readonly text: string;
  private readonly keys: ReadonlySet<string>;

  constructor(text: string, keys: ReadonlySet<string>) {
    this.text = text;
    this.keys = keys;
  }

  value(depth: number): Node {
    this.skip();
    if (depth > MAX_DEPTH || ++this.nodes > MAX_NODES) throw new Malformed();
    const char = this.text[this.at];
    if (char === undefined) throw new Cut();
    if (char === '{') return this.object(depth);
    if (char === '[') return this.array(depth);
    if (char === '"' || char === "'" || char === '`') return { kind: 'string', text: this.string(char) };
    const word = /^(?:true|false|null|True|False|None|undefined|-?\d[\d.eE+-]*)/.exec(
      this.text.slice(this.at, this.at + 40),
    )?.[0];
    if (word === undefined) throw new Malformed();
    this.at += word.length;
    const lower = word.toLowerCase();
    if (lower === 'true' || lower === 'false') return { kind: 'other', value: lower === 'true' };
    return { kind: 'other', value: /^-?\d/.test(word) ? Number(word) : null };
  }

  ended(): boolean {
    this.skip();
    return this.at >= this.text.length || this.text[this.at] === ';';
  }

  private object(depth: number): Node {
    const members: [string, Node][] = [];
    this.at++;
    for (;;) {
      this.skip(',');
      const char = this.text[this.at];
      if (char === undefined) throw new Cut();
      if (char === '}') {
        this.at++;
        return { kind: 'object', members };
      }
      const key = this.key();
      this.skip();
      if (this.text[this.at] === undefined) throw new Cut();
      if (this.text[this.at] !== ':') throw new Malformed();
      this.at++;
      members.push([key, this.value(depth + 1)]);
    }
  }

  private array(depth: number): Node {
    const items: Node[] = [];
    this.at++;
    for (;;) {
      this.skip(',');
      const char = this.text[this.at];
      if (char === undefined) throw new Cut();
      if (char === ']') {
        this.at++;
        return { kind: 'array', items };
      }
      items.push(this.value(depth + 1));
    }
  }

  private key(): string {
    const rest = this.text.slice(this.at, this.at + 1100);
    const quoted = /^(["'])((?:(?!\1)[^\\\n]){0,1000})\1/.exec(rest);
    const found = quoted ?? /^([A-Za-z_$])([\w$-]{0,60})/.exec(rest);
    if (found === null) throw new Malformed();
    this.at += found[0].length;
    return quoted ? quoted[2]! : found[0];
  }

  private string(quote: string): Escaped {
    const triple = this.text.startsWith(quote.repeat(3), this.at) && quote !== '`';
    const mark = triple ? quote.repeat(3) : quote;
    const from = this.at + mark.length;
    for (let i = from; i < this.text.length; i++) {
      if (this.text[i] === '\\') {
        i++;
        continue;
      }
      if (!this.text.startsWith(mark, i)) continue;
      if (this.endsHere(i + mark.length)) {
        this.at = i + mark.length;
        return readingsOf(this.text.slice(from, i));
      }
    }
    throw new Cut();
  }

  /** Whether structure goes on at an offset, so that the quote before it ends a string. */
  private endsHere(offset: number): boolean {
    const next = this.after(offset);
    const char = this.text[next];
    if (char === undefined) return true;
    if (char === '}' || char === ']') return this.closes(next);
    if (char === ',') {
      const then = this.after(next + 1);
      const follows = this.text[then];
      return (
        follows === undefined ||
        follows === '}' ||
        follows === ']' ||
        follows === '{' ||
        follows === '[' ||
        this.isKey(then)
      );
    }
    return this.isKey(next) && this.text.slice(offset, next).includes('\n');
  }

  /** Brackets that close, one behind the other, up to what may follow a value. */
  private closes(offset: number): boolean {
    let at = offset;
    for (let i = 0; i < MAX_DEPTH; i++) {
      const char = this.text[at];
      if (char === undefined) return true;
      if (char !== '}' && char !== ']') return char === ',' || char === ';';
      at = this.after(at + 1);
    }
    return false;
  }

  private isKey(at: number): boolean {
    const found = /^["']?([\w-]{1,60})["']?\s{0,100}:/.exec(this.text.slice(at, at + 200));
    return found !== null && this.keys.has(found[1]!);
  }

  private after(offset: number): number {
    let at = offset;
    while (at < this.text.length && /\s/.test(this.text[at]!)) at++;
    return at;
  }

  /** White space, comments, and `also`. */
  private skip(also = ''): void {
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined) return;
      if (/\s/.test(char) || (also !== '' && char === also)) this.at++;
      else if (this.text.startsWith('//', this.at) || char === '#') {
        const end = this.text.indexOf('\n', this.at);
        this.at = end === -1 ? this.text.length : end;
      } else if (this.text.startsWith('/*', this.at)) {
        const end = this.text.indexOf('*/', this.at);
        this.at = end === -1 ? this.text.length : end + 2;
      } else return;
    }
  }
}

/** Escapes that JSON does not know and that are plainly a backslash of the code: regular expressions. */
const OF_CODE = /[dDsSwWBpPkZzAG()[\]{}.*+?|^\-0-9]/;
/** Those that are plainly none: marks that other languages escape in texts. */
const OF_QUOTING = /['`]/;

function readingsOf(raw: string): Escaped {
  const rawBreaks = raw.includes('\n');
  const escapes = raw.match(/\\[^]/g) ?? [];
  const escaped = escapes.map((escape) => escape[1]!);
  const unknown = escaped.some(
    (char) => !/["\\/bfnrtu\n]/.test(char) && !OF_CODE.test(char) && !OF_QUOTING.test(char),
  );
  const careful = escaped.some((char) => char === '"' || char === '\\');
  // Tabs that indent are no tabs of the code's own texts.
  const inner = raw.replace(/(^|\n)(?:[ \t]|\\t)+/g, '$1');
  const mixed = rawBreaks && /\\[nt]/.test(inner) && !careful;
  const std = decode(raw, 'std');
  const twice = !std.includes('\n') && /\\[nt"]/.test(std) ? decode(std, 'std') : std;
  const verbatim = raw.replace(/\\"/g, '"');
  return {
    readings: [std, decode(raw, 'keep'), decode(raw, 'drop'), verbatim, twice],
    uncertain: unknown || mixed,
  };
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
    const plain = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', '/': '/' }[next];
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
