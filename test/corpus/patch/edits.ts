import { statement, type Source } from './files.ts';
import type { Random } from './random.ts';

/** Lines of a file taken out and put in. */
export interface Change {
  at: number;
  remove: number;
  insert: string[];
}

/** Some changes of one file, in order, with lines between them that stay. */
export function makeChanges(random: Random, source: Source): Change[] {
  const changes: Change[] = [];
  const wanted = 1 + random.below(4);
  let free = 0;
  const places = source.plain.filter(() => random.chance(0.5));
  for (const at of places) {
    if (changes.length === wanted) break;
    if (at < free) continue;
    const indent = /^\s*/.exec(source.lines[at]!)![0];
    const fresh = (): string => indent + freshStatement(random, source);
    const kind = random.below(5);
    if (kind === 0) changes.push({ at, remove: 1, insert: [fresh()] });
    else if (kind === 1) changes.push({ at, remove: 0, insert: [fresh()] });
    else if (kind === 2) changes.push({ at: at + 1, remove: 0, insert: [fresh(), fresh()] });
    else if (kind === 3 && source.language !== 'yaml') changes.push({ at, remove: 1, insert: [] });
    else changes.push({ at, remove: 1, insert: nested(random, source, indent, source.lines[at]!) });
    free = at + 3;
  }
  return changes;
}

function freshStatement(random: Random, source: Source): string {
  const n = random.below(100_000);
  return { js: `log('new', ${n});`, py: `log("new", ${n})`, go: `log("new", ${n})`, yaml: `new${n}: "${n}"` }[
    source.language
  ];
}

/** The old line, guarded: what it was, one step deeper. */
function nested(random: Random, source: Source, indent: string, old: string): string[] {
  const { step, language } = source;
  if (language === 'yaml') return [indent + freshStatement(random, source)];
  const head = { js: 'if (x) {', py: 'if x:', go: 'if x != 0 {' }[language];
  const body = [`${indent}${head}`, step + old, `${indent}${step}${freshStatement(random, source)}`];
  return language === 'py' ? body : [...body, `${indent}}`];
}

export function changed(lines: readonly string[], changes: readonly Change[]): string[] {
  const after = [...lines];
  for (const { at, remove, insert } of changes.toReversed()) after.splice(at, remove, ...insert);
  return after;
}

/** A statement that stands nowhere in the file. */
export function otherStatement(random: Random, source: Source): string {
  return source.step + statement(random, source.language, 900 + random.below(90)).replace('compute', 'other');
}

/** How many places a run of lines fits, compared by a key; blank lines left out on both sides where asked. */
export function placesOf(
  lines: readonly string[],
  wanted: readonly string[],
  key: (line: string) => string = (line) => line,
  blankless = false,
): number[] {
  const at: number[] = [];
  const keys: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (blankless && line.trim() === '') continue;
    at.push(i);
    keys.push(key(line));
  }
  const want = wanted.filter((line) => !blankless || line.trim() !== '').map(key);
  const found: number[] = [];
  if (want.length === 0) return found;
  for (let i = 0; i + want.length <= keys.length; i++)
    if (want.every((one, k) => keys[i + k] === one)) found.push(at[i]!);
  return found;
}
