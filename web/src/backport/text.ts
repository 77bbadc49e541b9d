/**
 * Texts of commits are written by anybody: what a reader could not see, or what turns the order of the words around it, is
 * shown by its name.
 */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
/** All of the above, as a question. */
const ANY_HIDDEN = new RegExp(HIDDEN.source);

export function plainText(text: string): string {
  return ANY_HIDDEN.test(text) ? text.replaceAll('\r\n', '\n').replace(HIDDEN, nameOf) : text;
}

function nameOf(mark: string): string {
  return `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'strong'; text: string }
  | { kind: 'issue'; text: string; number: string }
  | { kind: 'commit'; text: string; sha: string };

/**
 * What a maintainer looks for in a sentence about backports: issues, commits, versions, waiting, risks, dependencies, and
 * what turns its sense around. No alternative can begin where another one is still going on: linear in the text.
 */
const PARTS = new RegExp(
  [
    String.raw`(?<issue>(?<![\w/&])#(?<number>\d{1,7})(?!\w))`,
    String.raw`(?<sha>(?<![\w.-])[0-9a-f]{7,40}(?![\w-]))`,
    String.raw`(?<version>(?<![\w.])v?\d{1,3}(?:\.\d{1,3}){1,3}(?:-(?:dev|rc)\d{1,3})?(?![\w]))`,
    String.raw`(?<word>(?<!\w)(?:wait(?:ed|ing)?|a few (?:days|weeks)|(?:some|more) time|observ(?:e|ed|ation)|risk(?:s|y)?|careful(?:ly)?|caution|regressions?|depend(?:s|ed|ing|encies|ency)?|requires?|relies|along with|together with|unless|except|not|n't|only|all (?:stable|supported|maintained) (?:branches|versions|releases))(?![\w:]))`,
  ].join('|'),
  'gi',
);

/** `knows` says whether an id is one of this page's: others need a digit and a letter, so as not to be a word or a number. */
export function partsOf(text: string, knows: (sha: string) => boolean): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(PARTS)) {
    const part = partOf(found, knows);
    if (part === undefined) continue;
    if (found.index > from) parts.push({ kind: 'text', text: text.slice(from, found.index) });
    parts.push(part);
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
}

function partOf(found: RegExpExecArray, knows: (sha: string) => boolean): Part | undefined {
  const [text] = found;
  const { number, sha } = found.groups!;
  if (number !== undefined) return { kind: 'issue', text, number };
  if (sha === undefined) return { kind: 'strong', text };
  const id = sha.toLowerCase();
  if (knows(id) || (/\d/.test(id) && /[a-f]/.test(id))) return { kind: 'commit', text, sha: id };
  return undefined;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `18-Dec23`, as the commit says it: days do not move with the reader's time zone. */
export function shortDate(iso: string): string {
  const [, year, month, day] = /^\d{2}(\d{2})-(\d{2})-(\d{2})/.exec(iso) ?? [];
  const name = MONTHS[Number(month) - 1];
  return name === undefined ? '' : `${day}-${name}${year}`;
}
