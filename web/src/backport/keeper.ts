import type { Change, Choice } from './journal.ts';
import { keep, kept, type Shelf } from './keep.ts';

/** What stands in a review for a commit and a branch; null for what was taken back. */
interface Kept {
  branch: string;
  sha: string;
  choice: Choice | null;
}

/** Where choices are kept: in this browser for a page that is a file, on a server for one that several people look at. */
export interface Keeper {
  /** Others see what is chosen, and the page what they choose. */
  readonly live: boolean;
  /** What was kept and is to be shown, in the order of saying. Throws where the browser refuses. */
  read(): Iterable<Kept>;
  /** Throws where the browser refuses. The letters of one note have the same mark. */
  keep(changes: readonly Change[], mark: string | null): void;
  /** A note is written to its end. */
  settle(): void;
  /** Whether a choice is known here only: what others say of it cannot have taken it into account. */
  isOnlyHere(branch: string, sha: string): boolean;
  /** How many more choices it takes at present. */
  room(): number;
}

/** Of a page that is a file: the choices of one person, in one browser. */
export function browserKeeper(shelf: Shelf | null, key: string, branches: readonly string[]): Keeper {
  return {
    live: false,
    *read() {
      if (shelf === null) throw new Error('nothing can be kept');
      for (const branch of branches)
        for (const { sha, choice } of [...kept(shelf, key, branch)].sort((a, b) => a.choice.at - b.choice.at))
          yield { branch, sha, choice };
    },
    keep(changes) {
      if (shelf === null) return;
      for (const { branch, sha, after } of changes) keep(shelf, key, branch, sha, after);
    },
    settle() {},
    isOnlyHere: () => true,
    room: () => Infinity,
  };
}
