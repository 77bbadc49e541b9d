import { ofLenient, ofStrict, type Escaped } from './json-escapes.ts';

/**
 * JSON as models write it. Strict JSON has one meaning; text that is not quite JSON may have several, and a string then
 * has one reading for each way to take its escapes.
 */
export type Node =
  | { kind: 'string'; text: Escaped }
  /** `twice`: a name that two members have. */
  | { kind: 'object'; members: readonly (readonly [string, Node])[]; twice: string | null }
  | { kind: 'array'; items: readonly Node[] }
  | { kind: 'other'; value: number | boolean | null };

export interface Parsed {
  node: Node;
  /** The syntax had to be mended. */
  mended: boolean;
}

const MAX_DEPTH = 64;
const MAX_NODES = 200_000;
const NO_KEYS: ReadonlySet<string> = new Set();

/** Strict JSON as nodes; null where it is none, or is nested deeper than edits are. */
export function parseStrict(text: string): Parsed | null {
  try {
    JSON.parse(text);
    return { node: new Reader(text, NO_KEYS, true).value(0), mended: false };
  } catch {
    return null;
  }
}

class Cut extends Error {}
class Malformed extends Error {}

/** Text that should be JSON: 'cut' when it ends too early, null when it cannot be read. `keys`: names of members, which tell where a string ends. */
export function parseLenient(text: string, keys: ReadonlySet<string>): Parsed | 'cut' | null {
  const reader = new Reader(text, keys, false);
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
  private readonly strict: boolean;

  constructor(text: string, keys: ReadonlySet<string>, strict: boolean) {
    this.text = text;
    this.keys = keys;
    this.strict = strict;
  }

  value(depth: number, inArray = false): Node {
    this.skip();
    if (depth > MAX_DEPTH || ++this.nodes > MAX_NODES) throw new Malformed();
    const char = this.text[this.at];
    if (char === undefined) throw new Cut();
    if (char === '{') return this.object(depth);
    if (char === '[') return this.array(depth);
    if (char === '"' || char === "'" || char === '`')
      return { kind: 'string', text: this.string(char, inArray) };
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
    const names = new Set<string>();
    let twice: string | null = null;
    this.at++;
    for (;;) {
      this.skip(',');
      const char = this.text[this.at];
      if (char === undefined) throw new Cut();
      if (char === '}') {
        this.at++;
        return { kind: 'object', members, twice };
      }
      const key = this.key();
      this.skip();
      if (this.text[this.at] === undefined) throw new Cut();
      if (this.text[this.at] !== ':') throw new Malformed();
      this.at++;
      if (names.has(key)) twice = key;
      names.add(key);
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
      items.push(this.value(depth + 1, true));
    }
  }

  private key(): string {
    if (this.strict) return this.string('"', false).readings[0]!;
    const rest = this.text.slice(this.at, this.at + 1100);
    const quoted = /^(["'])((?:(?!\1)[^\\\n]){0,1000})\1/.exec(rest);
    const found = quoted ?? /^([A-Za-z_$])([\w$-]{0,60})/.exec(rest);
    if (found === null) throw new Malformed();
    this.at += found[0].length;
    return quoted ? quoted[2]! : found[0];
  }

  private string(quote: string, inArray: boolean): Escaped {
    const triple = !this.strict && this.text.startsWith(quote.repeat(3), this.at) && quote !== '`';
    const mark = triple ? quote.repeat(3) : quote;
    const from = this.at + mark.length;
    // Quotes of code come in pairs: behind an odd number of them the next one closes a text of the code.
    let inner = 0;
    for (let i = from; i < this.text.length; i++) {
      if (this.text[i] === '\\') {
        i++;
        continue;
      }
      if (!this.text.startsWith(mark, i)) continue;
      if (this.strict || (inner % 2 === 0 && this.endsHere(i + mark.length, inArray))) {
        this.at = i + mark.length;
        const raw = this.text.slice(from, i);
        return this.strict ? ofStrict(raw) : ofLenient(raw);
      }
      inner++;
    }
    throw new Cut();
  }

  /** Whether structure goes on at an offset, so that the quote before it ends a string. */
  private endsHere(offset: number, inArray: boolean): boolean {
    const next = this.after(offset);
    const char = this.text[next];
    if (char === undefined) return true;
    if (char === '}' || char === ']') return this.closes(next);
    if (char === ',') {
      const then = this.after(next + 1);
      const follows = this.text[then];
      return (
        follows === undefined ||
        '}]{['.includes(follows) ||
        (inArray ? /["'`]/.test(follows) : this.isKey(then) || this.isQuotedName(then))
      );
    }
    return !inArray && this.isKey(next) && this.text.slice(offset, next).includes('\n');
  }

  /** Brackets that close, one behind the other, up to what may follow a value. */
  private closes(offset: number): boolean {
    let at = offset;
    for (let i = 0; i < MAX_DEPTH; i++) {
      const char = this.text[at];
      if (char === undefined) return true;
      if (char === '{') return this.isKey(this.after(at + 1));
      if (char !== '}' && char !== ']') return char === ',' || char === ';';
      at = this.after(at + 1);
    }
    return false;
  }

  private isKey(at: number): boolean {
    const found = /^["']?([\w-]{1,60})["']?\s{0,100}:/.exec(this.text.slice(at, at + 200));
    return found !== null && this.keys.has(found[1]!);
  }

  private isQuotedName(at: number): boolean {
    return /^(["'])[\w-]{1,60}\1\s{0,100}:/.test(this.text.slice(at, at + 200));
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
