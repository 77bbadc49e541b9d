import type { Token } from './tokens.ts';

/**
 * Phrases of the rules files: words with blanks between. `a|b` one of them, `back*` words that start so, `?` at the end an
 * element that may be missing, `...` up to six tokens of any kind (`...3` up to three), `{version}`, `{commit}`, `{title}`
 * and `{number}` a token of that kind. Matching takes time in proportion to the sentence: nothing is tried twice.
 */
export type Phrase = readonly Element[];

interface Element {
  /** As it was written. */
  source: string;
  optional: boolean;
  /** For a gap: how many tokens at most. Else 0. */
  gap: number;
  words: ReadonlySet<string>;
  prefixes: readonly string[];
  kinds: ReadonlySet<string>;
}

const KINDS = ['version', 'commit', 'title', 'number'];
const GAP = /^\.\.\.(\d{0,2})$/;
const DEFAULT_GAP = 6;

/** Throws an `Error` that says what is wrong with the phrase. */
export function compilePhrase(text: string): Phrase {
  const phrase = text.trim().split(/\s+/).map(compileElement);
  if (phrase.every((element) => element.gap > 0 || element.optional))
    throw new Error(`"${text}": nothing in it must be there`);
  return phrase;
}

function compileElement(source: string): Element {
  const gap = GAP.exec(source);
  if (gap)
    return {
      source,
      optional: false,
      gap: gap[1] === '' ? DEFAULT_GAP : Number(gap[1]),
      words: new Set(),
      prefixes: [],
      kinds: new Set(),
    };
  const optional = source.length > 1 && source.endsWith('?');
  const parts = (optional ? source.slice(0, -1) : source).toLowerCase().split('|');
  const kinds = parts.filter((part) => /^\{.*\}$/.test(part)).map((part) => part.slice(1, -1));
  const unknown = kinds.find((kind) => !KINDS.includes(kind));
  if (unknown !== undefined)
    throw new Error(`{${unknown}}: must be of ${KINDS.map((kind) => `{${kind}}`).join(', ')}`);
  if (parts.includes('') || parts.includes('*')) throw new Error(`"${source}": an empty word`);
  return {
    source,
    optional,
    gap: 0,
    words: new Set(parts.filter((part) => !part.endsWith('*') && !part.startsWith('{'))),
    prefixes: parts.filter((part) => part.endsWith('*')).map((part) => part.slice(0, -1)),
    kinds: new Set(kinds),
  };
}

/** The phrase as it was written. */
export function phraseText(phrase: Phrase): string {
  return phrase.map(({ source }) => source).join(' ');
}

/** Whether the phrase stands anywhere in the tokens. */
export function matches(phrase: Phrase, tokens: readonly Token[]): boolean {
  const n = tokens.length;
  // reached[i]: the elements so far can end before token i
  let reached = new Uint8Array(n + 1).fill(1);
  for (const element of phrase) {
    const next = new Uint8Array(n + 1);
    let any = false;
    for (let at = 0, reach = -1; at <= n; at++) {
      if (element.gap > 0) {
        if (reached[at]) reach = at + element.gap;
        if (at <= reach) next[at] = 1;
      } else {
        if (element.optional && reached[at]) next[at] = 1;
        if (at > 0 && reached[at - 1] && fits(element, tokens[at - 1]!)) next[at] = 1;
      }
      any ||= next[at] === 1;
    }
    if (!any) return false;
    reached = next;
  }
  return true;
}

function fits(element: Element, token: Token): boolean {
  if (element.kinds.has(token.kind)) return true;
  if (token.kind === 'title' || token.kind === 'commit') return false;
  return element.words.has(token.text) || element.prefixes.some((prefix) => token.text.startsWith(prefix));
}
