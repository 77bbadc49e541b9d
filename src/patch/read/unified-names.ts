import { unquoteName } from '../quote.ts';

/** Names longer than what any system takes are none. */
const MAX_NAME = 4096;
const PAIRS = new Set(
  'a b,i w,c i,c w,o w,w i,i c,w c,old new,orig new,original modified,before after,a a,b b'.split(','),
);
/** A date or revision behind a name: after a tab anything, after blanks only what looks like one. */
const DATE =
  / (?:\d{4}-\d\d-\d\d\b|\((?:revision|working copy|nonexistent|HEAD|new|old|original|modified|updated|before|after|deleted|empty)\b|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} ).*$/;

/** A name of a header. */
export type Name = { path: string } | 'none';

/** The name that a `---`, `+++` or the like gives: without quoting, date, `./`; `none` for /dev/null, null for no name. */
export function nameOf(raw: string): Name | null {
  if (raw.length > MAX_NAME) return null;
  let text = raw.trimStart();
  if (text.startsWith('"')) text = unquoteName(closed(text));
  else {
    const tab = text.indexOf('\t');
    text = tab >= 0 ? text.slice(0, tab) : text.trimEnd().replace(DATE, '').trimEnd();
    text = /^(?:`[^`]*`|'[^']*'|\*\*[^*]*\*\*)$/.exec(text)?.[0].replace(/^[`'*]+|[`'*]+$/g, '') ?? text;
  }
  while (text.startsWith('./')) text = text.slice(2);
  if (text === '/dev/null' || text === 'dev/null' || text === 'a/dev/null' || text === 'b/dev/null')
    return 'none';
  return text === '' ? null : { path: text };
}

/** A quoted name up to its closing quote. */
function closed(text: string): string {
  for (let i = 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return text.slice(0, i + 1);
  }
  return text;
}

/** The two names of a `diff --git` line; null where they cannot be told apart. */
export function gitNames(rest: string): [string, string] | null {
  if (rest.length > 2 * MAX_NAME) return null;
  let cut: number | null = null;
  if (rest.startsWith('"')) cut = closed(rest).length;
  else if (rest.endsWith('"')) cut = rest.indexOf(' "');
  else {
    // Without quotes both names are of one length, but for renames, which are named in lines of their own.
    const half = (rest.length - 1) / 2;
    if (rest[half] === ' ' && restOf(rest.slice(0, half)) === restOf(rest.slice(half + 1))) cut = half;
    else if (rest.indexOf(' ') === rest.lastIndexOf(' ')) cut = rest.indexOf(' ');
  }
  if (cut === null || cut < 1 || rest[cut] !== ' ') return null;
  const [old, now] = [nameOf(rest.slice(0, cut)), nameOf(rest.slice(cut + 1))];
  if (old === null || now === null) return null;
  return [old === 'none' ? '/dev/null' : old.path, now === 'none' ? '/dev/null' : now.path];
}

/** A path without its first folder; the path itself where it has none. */
function restOf(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

function firstOf(path: string): string {
  const slash = path.indexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => path !== '');
}

/** Candidates for one name alone. Only `a/` and `b/` are certain enough to come off first. */
export function alone(path: string, prefixed = /^[ab]\//.test(path)): string[] {
  return unique(prefixed ? [restOf(path), path] : [path, restOf(path)]);
}

/** What two names stand for: one file, or two where it moves. */
export function paired(old: string, now: string): { same: string[] } | { from: string[]; to: string[] } {
  const [oldRest, nowRest] = [restOf(old), restOf(now)];
  if (old === now) return { same: unique([old, oldRest]) };
  if (/\.(?:orig|old|bak)$|~$/.test(old) && old.startsWith(now)) return { same: alone(now) };
  // Only one has the prefix.
  if (oldRest === now || nowRest === old) return { same: unique(oldRest === now ? [now, old] : [old, now]) };
  const prefixes = PAIRS.has(`${firstOf(old)} ${firstOf(now)}`);
  if (oldRest === nowRest && oldRest !== old && nowRest !== now) return { same: unique([oldRest, now, old]) };
  const base = now.slice(now.lastIndexOf('/') + 1);
  if (old.startsWith('/') !== now.startsWith('/') && old.endsWith(`/${base}`))
    return { same: unique([now, nowRest, old]) };
  // `/tmp/x/a/src/f.js` and `/tmp/x/b/src/f.js`: what both end with.
  if (old.startsWith('/') && now.startsWith('/') && old.endsWith(`/${base}`)) {
    return { same: unique([commonEnd(old, now), now, old]) };
  }
  return { from: alone(old, prefixes), to: alone(now, prefixes) };
}

function commonEnd(a: string, b: string): string {
  const [left, right] = [a.split('/'), b.split('/')];
  let count = 0;
  while (count < Math.min(left.length, right.length) && left.at(-1 - count) === right.at(-1 - count)) count++;
  return left.slice(left.length - count).join('/');
}

/** Whether a pair of names says that their first folders are prefixes of the diff. */
export function hasPrefixes(pair: readonly [string, string] | null): boolean {
  return (
    pair !== null && pair[0] !== pair[1] && restOf(pair[0]) === restOf(pair[1]) && restOf(pair[0]) !== pair[0]
  );
}

/** The one file that a line of prose, a heading, a comment or a fence's info names; null if none or several. */
export function nameInText(line: string): string | null {
  if (line.length > 300) return null;
  const quoted = [...line.matchAll(/`([^`\s]{1,200})`|\*\*([^*\s]{1,200})\*\*|"([^"\s]{1,200})"/g)];
  const named = unique(
    quoted.map((match) => trimmedName(match[1] ?? match[2] ?? match[3] ?? '')).filter(isPathLike),
  );
  if (named.length > 0) return named.length === 1 ? named[0]! : null;
  const tokens = line
    .split(/[\s=]+/)
    .map(trimmedName)
    .filter((token) => token !== '');
  const paths = unique(tokens.filter(isPathLike));
  const [path] = paths;
  if (path === undefined || paths.length > 1) return null;
  // A bare word such as "Node.js" in a sentence is no file.
  const labelled =
    /^(?:\W|\d)*(?:file|path|filename|title|in)\b/i.test(line) ||
    tokens.length <= 2 ||
    line.trimEnd().endsWith(':');
  return path.includes('/') || labelled ? path : null;
}

function trimmedName(text: string): string {
  return text
    .replace(/^[^\w./@\-[]{1,20}/, '')
    .replace(/[^\w)\]]{1,20}$/, '')
    .replace(/^\w+:/, '')
    .replace(/^(?:\.\/)+/, '');
}

function isPathLike(text: string): boolean {
  if (text.includes('://') || !/^[\w.@~+\-/[\]()$,]+$/.test(text)) return false;
  if (/(?:^|\/)\.{3,}|…/.test(text) || text.endsWith('/')) return false;
  return /[^/]\.[A-Za-z]\w{0,9}$/.test(text)
    ? !text.includes('()')
    : /(?:^|\/)(?:Dockerfile|Makefile|Gemfile|Rakefile|Procfile|\.\w[\w.-]*)$/.test(text);
}
