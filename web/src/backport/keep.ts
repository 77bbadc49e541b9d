import { letterOf } from './calls.ts';
import type { Choice } from './journal.ts';

/** What of a browser's storage is used. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Asked by writing: some browsers show a storage and then refuse. */
export function browserShelf(): Shelf | null {
  try {
    localStorage.setItem('vouch.backport.asked', '1');
    localStorage.removeItem('vouch.backport.asked');
    return localStorage;
  } catch {
    return null;
  }
}

/** One entry a choice: two windows of the same review do not overwrite each other. */
function prefixOf(key: string, branch: string): string {
  return `vouch.backport.${key}.${encodeURIComponent(branch)}.`;
}

export function* kept(shelf: Shelf, key: string, branch: string): Generator<{ sha: string; choice: Choice }> {
  const prefix = prefixOf(key, branch);
  for (let i = 0; i < shelf.length; i++) {
    const name = shelf.key(i);
    if (name?.startsWith(prefix) !== true) continue;
    const choice = parseKept(shelf.getItem(name));
    if (choice !== null) yield { sha: name.slice(prefix.length), choice };
  }
}

export function keep(shelf: Shelf, key: string, branch: string, sha: string, choice: Choice | null): void {
  const name = prefixOf(key, branch) + sha;
  if (choice === null) shelf.removeItem(name);
  else shelf.setItem(name, JSON.stringify([choice.call, choice.note, choice.by, choice.at, choice.seen]));
}

/** The branch and commit that an entry is of. */
export function entryOf(
  name: string,
  key: string,
  branches: readonly string[],
): { branch: string; sha: string } | undefined {
  for (const branch of branches) {
    const prefix = prefixOf(key, branch);
    if (name.startsWith(prefix)) return { branch, sha: name.slice(prefix.length) };
  }
  return undefined;
}

export function parseKept(text: string | null): Choice | null {
  if (text === null) return null;
  try {
    const [call, note, by, at, seen] = JSON.parse(text) as unknown[];
    const letter = letterOf(call);
    if (letter === undefined && call !== null) return null;
    if (typeof note !== 'string' || typeof by !== 'string' || typeof at !== 'number') return null;
    return { call: letter ?? null, note, by, at, seen: typeof seen === 'number' ? seen : null };
  } catch {
    return null;
  }
}
