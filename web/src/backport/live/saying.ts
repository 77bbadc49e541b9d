import { letterOf, type Letter } from '../calls.ts';
import type { Shelf } from '../keep.ts';

/** Something that is to be sent. */
export interface Saying {
  branch: string;
  sha: string;
  /** `x` takes back what was said; null leaves it as it is, and changes the note alone. */
  call: Letter | 'x' | null;
  note: string;
  by: string;
  at: number;
  /** What was in view; null for nothing. */
  seen: number | null;
}

/** As it waits in the browser. */
export function formatSaying({ branch, sha, call, note, by, at, seen }: Saying): string {
  return JSON.stringify([branch, sha, call, note, by, at, seen]);
}

/** What waits there under names that begin so, by name. */
export function findSayings(shelf: Shelf | null, prefix: string): { name: string; saying: Saying }[] {
  const found: { name: string; saying: Saying }[] = [];
  for (let i = 0; i < (shelf?.length ?? 0); i++) {
    const name = shelf!.key(i)!;
    const saying = name.startsWith(prefix) ? parse(shelf!.getItem(name)) : undefined;
    if (saying !== undefined) found.push({ name, saying });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function parse(text: string | null): Saying | undefined {
  try {
    const [branch, sha, call, note, by, at, seen] = JSON.parse(text ?? '') as unknown[];
    const letter = call === null || call === 'x' ? call : letterOf(call);
    if (typeof branch !== 'string' || typeof sha !== 'string' || letter === undefined) return;
    if (typeof note !== 'string' || typeof by !== 'string' || typeof at !== 'number') return;
    return { branch, sha, call: letter, note, by, at, seen: typeof seen === 'number' ? seen : null };
  } catch {
    return undefined;
  }
}
