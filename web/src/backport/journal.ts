import type { Letter } from './calls.ts';

/** What a reviewer said of one commit and branch. */
export interface Choice {
  /** Null for a note alone. */
  call: Letter | null;
  note: string;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
  /** The decision of somebody else that was on the page; null for none. */
  seen: number | null;
}

export interface Change {
  branch: string;
  sha: string;
  before: Choice | null;
  after: Choice | null;
}

/** What is to be changed. */
export interface Wish extends Omit<Change, 'before'> {
  /** Said once more, though it is the same: having seen what others said. */
  again?: boolean;
}

interface Step {
  changes: readonly Change[];
  /** Consecutive steps with the same mark are one: the letters of a note. */
  mark: string | null;
}

const MOST_STEPS = 10_000;

/** All choices of a review, and how to take them back. */
export class Journal {
  readonly #choices = new Map<string, Map<string, Choice>>();
  #done: Step[] = [];
  #undone: Step[] = [];

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  get(branch: string, sha: string): Choice | null {
    return this.#choices.get(branch)?.get(sha) ?? null;
  }

  /** Branch by branch, in the order of saying. */
  *all(): Generator<{ branch: string; sha: string; choice: Choice }> {
    for (const [branch, ofBranch] of this.#choices)
      for (const [sha, choice] of ofBranch) yield { branch, sha, choice };
  }

  /** As it was kept: nothing to be taken back. */
  put(branch: string, sha: string, choice: Choice | null): void {
    const ofBranch = this.#choices.get(branch) ?? new Map<string, Choice>();
    this.#choices.set(branch, ofBranch);
    ofBranch.delete(sha);
    if (choice !== null) ofBranch.set(sha, choice);
  }

  /** One step; what changes nothing is none. */
  say(wishes: readonly Wish[], mark: string | null = null): Change[] {
    const made = wishes
      .map((wish) => ({ ...wish, before: this.get(wish.branch, wish.sha) }))
      .filter(({ before, after, again }) => again === true || !isSame(before, after));
    if (made.length === 0) return made;
    for (const { branch, sha, after } of made) this.put(branch, sha, after);
    this.#undone = [];
    const last = this.#done.at(-1);
    if (mark !== null && last?.mark === mark) {
      const [{ before }] = last.changes as [Change];
      this.#done[this.#done.length - 1] = { mark, changes: made.map((change) => ({ ...change, before })) };
    } else {
      this.#done.push({ changes: made, mark });
      if (this.#done.length > MOST_STEPS) this.#done.shift();
    }
    return made;
  }

  /** What was changed back, last first. */
  undo(): Change[] {
    const step = this.#done.pop();
    if (step === undefined) return [];
    this.#undone.push(step);
    const back = step.changes.map((change) => ({ ...change, before: change.after, after: change.before }));
    for (const { branch, sha, after } of back) this.put(branch, sha, after);
    return back.toReversed();
  }

  redo(): Change[] {
    const step = this.#undone.pop();
    if (step === undefined) return [];
    this.#done.push(step);
    for (const { branch, sha, after } of step.changes) this.put(branch, sha, after);
    return [...step.changes];
  }
}

function isSame(a: Choice | null, b: Choice | null): boolean {
  if (a === null || b === null) return a === b;
  return a.call === b.call && a.note === b.note && a.by === b.by;
}
