import { distance } from '../../../lib/similar-names.ts';

/** A word, number, version, commit id, quoted title or mark of a sentence. */
export interface Token {
  kind: 'word' | 'number' | 'version' | 'commit' | 'title' | 'mark';
  /** Lower case, but for titles. */
  text: string;
}

/** Longer sentences are cut: nobody asks for a backport in four hundred words. */
const MAX_TOKENS = 400;

// Every alternative is bounded or a plain run of one class, so reading is linear. Titles come first: they hold anything.
const TOKEN = new RegExp(
  [
    /\(\s?"(?<inner>[^\n]{1,200}?)"\s?\)/,
    /"(?<title>[^"\n]{1,200})"/,
    /\b(?<version>v?\d{1,3}\.\d{1,3}(?:\.(?:\d{1,3}|x\b|y\b))?(?:-(?:dev|rc)\d{0,3})?)(?!\.?\w)/,
    /\b(?<commit>(?=[a-f]{0,39}\d)(?=\d{0,39}[a-f])[0-9a-f]{7,40})\b/,
    /(?<number>\d{1,12})(?!\w)/,
    /(?<word>[\p{L}\d_][\p{L}\d_]*(?:['’.-][\p{L}\d_]+)*)/u,
    /(?<mark>[()[\]:;,!?.#<>=+@-])/,
  ]
    .map((part) => part.source)
    .join('|'),
  'gu',
);

/** `doesn't` says `does not`, and so must every rule be able to read it; also as it is misspelt. */
const NEGATED = new Map([
  ['cannot', 'can'],
  ["can't", 'can'],
  ["won't", 'will'],
  ['dont', 'do'],
  ['doesnt', 'does'],
  ['didnt', 'did'],
  ['isnt', 'is'],
  ['wasnt', 'was'],
  ['shouldnt', 'should'],
]);

export function tokensOf(sentence: string): Token[] {
  const tokens: Token[] = [];
  for (const { groups } of sentence.matchAll(TOKEN)) {
    const [kind, text] = Object.entries(groups!).find((entry) => entry[1] !== undefined)!;
    if (kind === 'word') pushWord(tokens, text!.toLowerCase().replaceAll('’', "'"));
    else if (kind === 'title' || kind === 'inner') tokens.push({ kind: 'title', text: text!.trim() });
    else tokens.push({ kind: kind as Token['kind'], text: text!.toLowerCase() });
    if (tokens.length >= MAX_TOKENS) break;
  }
  return tokens;
}

function pushWord(tokens: Token[], given: string): void {
  const word = given.startsWith('back-port') ? given.replace('-', '') : given;
  if (word.startsWith('port') && /^port(?:s|ed|ing)?$/.test(word) && tokens.at(-1)?.text === 'back') {
    tokens.splice(-1, 1, { kind: 'word', text: `back${word}` });
    return;
  }
  if (misspells(word)) {
    tokens.push({ kind: 'word', text: 'backported' });
    return;
  }
  const verb = NEGATED.get(word) ?? (word.endsWith("'t") ? /^(\p{L}+?)n?'t$/u.exec(word)?.[1] : undefined);
  if (verb === undefined) {
    tokens.push({ kind: 'word', text: word });
    return;
  }
  tokens.push({ kind: 'word', text: verb }, { kind: 'word', text: 'not' });
}

/** The word that all is about, with one letter too many, missing or wrong, or two that changed places. */
const FORMS = ['backport', 'backports', 'backported', 'backporting'];

function misspells(word: string): boolean {
  if (!word.startsWith('ba') || word.startsWith('backport')) return false;
  return FORMS.some((form) => distance(word, form, 1) <= 1);
}
