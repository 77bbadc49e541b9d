import { isDotFile, isFileName, isKnownEnding, notOnlyCode } from './name-words.ts';

/** Longer lines name no file. */
const MAX_LINE = 1000;
const MAX_NAME = 400;
const MAX_NAMES = 8;

/** `direct`: the line is there to name a file; otherwise it is a sentence that mentions some. */
export interface LineNames {
  names: string[];
  direct: boolean;
}

/** How much tells that a text is a file's name: `labelled` by the answer, alone on its `line`, or within `prose`. */
type Place = 'labelled' | 'line' | 'prose';

const TAG =
  /^\s*<[a-z][\w:-]*\s[^>]*?\b(?:path|file|filename|file_?path|name|src|source)\s*=\s*(?:"([^"]+)"|'([^']+)')/i;
const ELEMENT = /^\s*<(?:path|source|file|filename|file_?path|name)>([^<]+)<\//i;
const OPENING = /^(?:\{\/\*+|\/\*+|\/\/+|<!--|#+|--+|;+|%+|={2,}|\*+|>+|[-+•]\s|\d{1,3}[.)]\s)\s*/;
const CLOSING = /(?:\*+\/\}?|-->|#+|={2,}|-{2,})$/;
const LABEL =
  /^(?:\w+ ){0,3}@?(?:file|filename|file[ _-]name|file[ _-]?path|path|document)(?: \d{1,3})?(?:\s?\([^)]{0,40}\))?\**\s?[:=]\**\s*/i;
const ANNOTATION = /^@file(?:name|overview)?\s+/;
const QUOTED = /^(?:`([^`]+)`|"([^"]+)"|'([^']+)')/;
/** What may follow a name on the line that is there for it. */
const REST = /^(?:$|[(:[—–]|-+[\s>]|=)/;
/** Absolute names without an ending are routes, but for these. */
const ROOTS = /^\/(?:etc|usr|var|home|root|tmp|opt|proc|dev|sys|bin|Users)\//;
const COMMANDS =
  /^(?:node|deno|bun|npm|npx|pnpm|yarn|tsx|tsc|python3?|pip3?|pytest|ruby|go|cargo|rustc|java|javac|php|perl|gcc|g\+\+|make|docker|git|sh|bash|zsh|cat|rm|cp|mv|touch|mkdir|cd|ls|vim?|nano|code|curl|open|import|from|require|export|const|let|var|return|POST|GET|PUT|PATCH|DELETE)\s/;

/** What may be a file's name in a line of an answer, the likeliest first. Not judged: absolute names and `..` are handed on. */
export function namesIn(line: string): string[] {
  return namesOfLine(line).names;
}

/** As `namesIn`, and whether the line is there to name a file. */
export function namesOfLine(line: string): LineNames {
  if (line.length > MAX_LINE) return { names: [], direct: false };
  const tag = TAG.exec(line) ?? ELEMENT.exec(line);
  const tagged = tag === null ? null : named(tag[1] ?? tag[2] ?? '', 'labelled', true);
  if (tagged !== null) return { names: [tagged], direct: true };
  const text = unmarked(line);
  const label = LABEL.exec(text) ?? ANNOTATION.exec(text);
  const direct =
    (label === null ? null : first(text.slice(label[0].length), 'labelled')) ?? first(text, 'line');
  if (direct !== null) return { names: [direct], direct: true };
  // Behind `File:` the last word of an unquoted name with blanks would pass for a name.
  return { names: mentioned(text, label !== null), direct: false };
}

/** A name at the very start of a text, with nothing behind it that would make it part of a sentence. */
function first(text: string, place: Place): string | null {
  const quoted = QUOTED.exec(text);
  if (quoted !== null) {
    const rest = text.slice(quoted[0].length).replace(/^\*+/, '').trim();
    return REST.test(rest) ? named(quoted[1] ?? quoted[2] ?? quoted[3]!, place, true) : null;
  }
  const end = text.search(/\s/);
  const token = end === -1 ? text : text.slice(0, end);
  const rest = end === -1 ? '' : text.slice(end).trim();
  return REST.test(rest) ? named(unwrapped(token), place, false) : null;
}

/** Names within a sentence: those in backticks or quotes first. */
function mentioned(text: string, quotedOnly: boolean): string[] {
  const names: string[] = [];
  const add = (name: string | null): void => {
    if (name !== null && names.length < MAX_NAMES && !names.includes(name)) names.push(name);
  };
  const rest = text.replace(/`([^`]+)`|"([^"]+)"/g, (_, ticked: string | undefined, quoted: string) => {
    add(named(ticked ?? quoted, 'prose', true));
    return ' ';
  });
  if (quotedOnly) return names;
  for (const token of rest.split(/\s+/)) if (/[./]/.test(token)) add(named(unwrapped(token), 'prose', false));
  return names;
}

/** Without the marks of headings, lists, comments and emphasis; links as their texts. */
function unmarked(line: string): string {
  let text = line.trim();
  for (let i = 0; i < 6; i++) {
    const mark = OPENING.exec(text);
    if (mark === null) break;
    text = text.slice(mark[0].length);
  }
  for (let i = 0; i < 2; i++) text = text.replace(CLOSING, '').trimEnd();
  text = text.replace(/[*:]+$/, '').trimEnd();
  return text.replace(/\[([^\]]{1,300})\]\([^)]{0,300}\)/g, '$1');
}

/** The text as a name, cleaned of what stands around it; null where it is none. */
function named(given: string, place: Place, quoted: boolean): string | null {
  let name = given.trim();
  if (!quoted) {
    name = name.replace(/^[("'[*`]+(?=[\w./~])/, (marks) =>
      /^[[(]$/.test(marks) && balanced(name) ? marks : '',
    );
    for (let last = ''; last !== name;) {
      last = name;
      name = name.replace(/[,;:.!?*"'`]$/, '');
      if (!balanced(name)) name = name.replace(/[)\]]$/, '');
    }
  }
  name = name.replace(/(?::\d+(?:-\d+)?){1,2}$|#L\d+(?:-L?\d+)?$/, '');
  while (name.startsWith('./')) name = name.slice(2);
  if (name === '' || name.length > MAX_NAME || /[\u0000-\u001f<>|`"*?]/.test(name)) return null;
  if (!/[\p{L}\p{N}_]/u.test(name) || name.includes('://') || /^[!,=&]/.test(name) || /[/\\]$/.test(name))
    return null;
  if (!quoted && /[\s'{}=;,]|(?:^|[^/])\(/.test(name)) return null;
  if (/\s/.test(name) && (COMMANDS.test(name) || /\s-|[=;{}]|\(\)/.test(name))) return null;
  return isName(name, place, quoted) ? name : null;
}

/** Brackets are as in `app/[id]/(shop)/page.tsx`. */
function balanced(name: string): boolean {
  const count = (mark: string): number => name.split(mark).length;
  return count('(') === count(')') && count('[') === count(']');
}

function isName(name: string, place: Place, quoted: boolean): boolean {
  if (place === 'labelled') return quoted || !/\s/.test(name);
  const last = name.split(/[/\\]/).at(-1)!;
  const ending = /\.[A-Za-z][\w+-]{0,15}$/.test(last) && !last.startsWith('.');
  if (/\s/.test(name)) return ending && isKnownEnding(last);
  const folders = last !== name;
  if (folders) {
    if (ending || isFileName(last) || /^\.[A-Za-z]/.test(last)) return true;
    if (/^(?:\.\.|\.git)[/\\]/.test(name) || ROOTS.test(name)) return true;
    return place === 'line' && !name.startsWith('/');
  }
  if (isDotFile(last)) return true;
  if (isFileName(last)) return quoted || place === 'line';
  if (!ending || !notOnlyCode(name, quoted)) return false;
  return isKnownEnding(last) || (place === 'line' && !/\(|\)/.test(name) && /^[^.]+\.[^.]+$/.test(name));
}

const ATTRIBUTE =
  /(?:^|[\s{,;])(title|caption|name|file|filename|file_?name|file_?path|path|source|src)\s?[=:]\s?(?:"([^"]*)"|'([^']*)'|([^\s"'{}]+))/gi;

/** What may be a file's name in a fence's info string, the likeliest first. */
export function namesOfFence(info: string): string[] {
  if (info.length > MAX_LINE) return [];
  const names: string[] = [];
  const add = (name: string | null): void => {
    if (name !== null && !names.includes(name)) names.push(name);
  };
  const rest = info.replace(ATTRIBUTE, (_, key: string, a?: string, b?: string, c?: string) => {
    const caption = /^(?:title|caption|name)$/i.test(key);
    add(named(a ?? b ?? c ?? '', caption ? 'line' : 'labelled', c === undefined));
    return ' ';
  });
  const tokens = rest
    .replace(/\{[^}]*\}?/g, ' ')
    .trim()
    .split(/\s+/);
  for (const [i, token] of tokens.entries()) {
    const reference = /^\d+:\d+:(.+)$/.exec(token);
    const colon = /^(?![A-Za-z]:[\\/])[\w+#.-]*:(?!\d)(.+)$/.exec(token);
    if (reference !== null) add(named(reference[1]!, 'labelled', false));
    else if (colon !== null) add(named(colon[1]!, 'line', false));
    else if (i > 0) add(named(unwrapped(token), 'line', false));
    // The first word is the language, unless it cannot be one.
    else if (!/^(?:text|application|image|audio|video)\/[\w+-]+$/.test(token) && /^.+[./]/.test(token))
      add(named(token, token.includes('/') ? 'line' : 'prose', true));
  }
  return names.slice(0, MAX_NAMES);
}

function unwrapped(token: string): string {
  return /^(?:\(.+\)|\[.+\]|`.+`|".+"|'.+')$/.test(token) ? token.slice(1, -1) : token;
}
