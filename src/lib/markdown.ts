/**
 * Text that came from outside, inside Markdown as forges read it (GitHub flavoured): shown as it is, and able to do
 * nothing. Links, images, HTML, mentions (`@name`), references (`#1`, `owner/repo#1`, commit ids, `GH-1`) and
 * instructions to a forge (`Fixes …`) all need one of the characters or words that are broken here.
 */
export function text(untrusted: string): string {
  return oneLine(untrusted)
    .replace(/[\\`*_{}[\]()#+!|<>~$^=-]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/\\</g, '&lt;')
    .replace(/\\>/g, '&gt;')
    .replace(/@/g, `@${JOINER}`)
    .replace(/:\/\//g, `:${JOINER}//`)
    .replace(/\bwww\./gi, (found) => `${found.slice(0, 3)}${JOINER}.`)
    .replace(/\bGH(?=\\-\d)/gi, (found) => `${found}${JOINER}`)
    .replace(/\b[0-9a-f]{7,64}\b/gi, (found) => `${found.slice(0, 4)}${JOINER}${found.slice(4)}`)
    .replace(
      /\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)(?=:? )/gi,
      (found) => `${found.slice(0, 2)}${JOINER}${found.slice(2)}`,
    )
    .replace(/^(\d+)([.)])/, '$1\\$2')
    .replace(/^:/, '\\:');
}

/** Word joiner: unseen, and it ends any word that a forge would act on. */
const JOINER = '\u2060';

/** The same for a cell of a table. */
export function tableCell(untrusted: string): string {
  return text(untrusted.slice(0, 500)); // cut before escaping: a cut escape would eat the cell's end
}

/** As inline code: nothing in it is read but backticks, so the fence is one longer than any run of them. */
export function code(untrusted: string): string {
  const inner = oneLine(untrusted).slice(0, 300);
  const fence = '`'.repeat(longestRun(inner) + 1);
  return `${fence}${inner.startsWith('`') || inner.endsWith('`') ? ` ${inner} ` : inner}${fence}`;
}

/** As a block of code. Control and direction characters are shown as their number. */
export function codeBlock(untrusted: string): string {
  const inner = untrusted.replace(/\r\n?/g, '\n').replace(HIDDEN, hex);
  const fence = '`'.repeat(Math.max(3, longestRun(inner) + 1));
  return `${fence}text\n${inner.replace(/\n+$/, '')}\n${fence}`;
}

/** Control characters but tab and line feed, and those that reorder or hide text (CVE-2021-42574). */
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function oneLine(untrusted: string): string {
  return untrusted
    .replace(/[\s\u2028\u2029]+/g, ' ')
    .replace(HIDDEN, hex)
    .trim();
}

function hex(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function longestRun(inner: string): number {
  return (inner.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
}
