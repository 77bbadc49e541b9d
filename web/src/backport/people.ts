import type { Choice } from './journal.ts';
import type { Known } from './page-model.ts';

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
