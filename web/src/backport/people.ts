import type { Choice } from './journal.ts';
import type { Known, Said } from './page-model.ts';

/** Who decided, if anybody did. */
export function personOf(choice: Choice | null, known: Known | null): string | undefined {
  if (choice !== null && choice.call !== null) return choice.by || 'you';
  return known === null || known.call === null ? undefined : known.by;
}

/** Notes of others. */
export function othersOf(choice: Choice | null, known: Known | null): Known['notes'] {
  if (known === null) return [];
  return known.notes.filter(({ by, note }) => by !== choice?.by && note !== choice?.note);
}

/** A reviewer's own part of what is known: a choice where theirs holds, and their note. */
export function ownPartOf({ id, call, by, at, notes }: Known, reviewer: string): Choice | null {
  const own = by === reviewer ? call : null;
  const note = notes.find((one) => one.by === reviewer)?.note ?? '';
  return own === null && note === '' ? null : { call: own, note, by: reviewer, at, seen: id };
}

/** What holds, as a choice. */
export function standingOf(known: Known | null): Choice | null {
  if (known === null || known.call === null) return null;
  const { call, by, at, id: seen, notes } = known;
  return { call, by, at, seen, note: notes.find((one) => one.by === by)?.note ?? '' };
}

/** What somebody else said otherwise after what a choice was made in view of. */
export function unseenBy(choice: Choice, { id, call, by, at }: Known): Said | null {
  const isOther = call !== null && call !== choice.call && by !== choice.by && id > (choice.seen ?? 0);
  return isOther ? { by, call, at } : null;
}
