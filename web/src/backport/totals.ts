import { LETTERS, WORDS, type Letter } from './calls.ts';
import type { PageModel } from './page-model.ts';
import { shellArrays } from './picks.ts';
import type { RowState } from './row-state.ts';
import type { View } from './view.ts';

export interface Totals {
  /** From the start on, and of the states shown. */
  readonly calls: Readonly<Record<Letter, number>>;
  readonly fresh: number;
  readonly backported: number;
  readonly shown: number;
  readonly decided: number;
  /** Said otherwise by two people who had not seen each other. */
  readonly disputed: number;
  /** Before the start: how many, and how many of those are wanted and not on the branch. */
  readonly before: number;
  readonly wantedBefore: number;
  /** Shell lines. */
  readonly arrays: string;
  readonly picked: number;
  /** Rows that are picked without what they need, or against conflicts. */
  readonly lacking: readonly number[];
  readonly conflicting: number;
}

/** What the rows come to. `isDecided` says whose decisions count. */
export function totalsOf(
  model: PageModel,
  rows: readonly RowState[],
  { start, show }: Pick<View, 'start' | 'show'>,
  isDecided: (row: RowState) => boolean,
): Totals {
  const calls = { n: 0, u: 0, w: 0, y: 0 };
  const ids: Record<Letter, string[]> = { n: [], u: [], w: [], y: [] };
  const lacking: number[] = [];
  let fresh = 0;
  let backported = 0;
  let shown = 0;
  let decided = 0;
  let disputed = 0;
  let wantedBefore = 0;
  let conflicting = 0;
  for (const state of rows) {
    const { row, call, verdict, lacks } = state;
    const isBackported = (verdict?.already ?? null) !== null;
    if (row + 1 < start) {
      if (call === 'y' && !isBackported) wantedBefore++;
      continue;
    }
    if (state.shown) shown++;
    if (isDecided(state)) decided++;
    if (state.against !== null) disputed++;
    if (isBackported) backported++;
    else fresh++;
    if (isBackported ? show.backported : show.fresh) calls[call]++;
    if (isBackported) continue;
    ids[call].push(model.short(model.commit(row).sha));
    if (lacks.length > 0) lacking.push(row);
    if (call === 'y' && (verdict?.conflicts?.length ?? 0) > 0) conflicting++;
  }
  const before = Math.min(model.count, Math.max(0, start - 1));
  const picked = ids.y.length;
  const arrays = shellArrays(ids);
  return {
    calls,
    fresh,
    backported,
    shown,
    decided,
    disputed,
    before,
    wantedBefore,
    arrays,
    picked,
    lacking,
    conflicting,
  };
}

export function totalsText({ calls }: Totals): string {
  return LETTERS.toReversed()
    .map((letter) => `${calls[letter]} ${WORDS[letter].toLowerCase()}`)
    .join(', ');
}
