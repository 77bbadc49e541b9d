import type { PageVerdict } from '../../../src/desks/backport/page/data.ts';
import type { Letter } from './calls.ts';
import type { Choice, Journal } from './journal.ts';
import type { Keeper } from './keeper.ts';
import type { Known, PageModel, Said } from './page-model.ts';
import { unseenBy } from './people.ts';
import type { View } from './view.ts';

/** One row, as it stands. Replaced when anything of it changes. */
export interface RowState {
  readonly row: number;
  readonly call: Letter;
  readonly choice: Choice | null;
  readonly verdict: PageVerdict | null;
  readonly known: Known | null;
  /** Who said otherwise, and neither had seen the other. */
  readonly against: Said | null;
  /** Rows that it needs and that are neither picked nor on the branch; empty unless it is picked. */
  readonly lacks: readonly number[];
  readonly shown: boolean;
  readonly current: boolean;
  readonly open: boolean;
}

/** What is said of a row on the branch that is shown: by the engine, here, and by others. */
export type Standing = Pick<RowState, 'call' | 'choice' | 'verdict' | 'known' | 'against' | 'lacks'>;

const NO_ROWS: readonly number[] = [];

export class Standings {
  readonly #model: PageModel;
  readonly #journal: Journal;
  readonly #keeper: Keeper;

  constructor(model: PageModel, journal: Journal, keeper: Keeper) {
    this.#model = model;
    this.#journal = journal;
    this.#keeper = keeper;
  }

  of(row: number, view: View): Standing {
    const verdict = this.#model.verdict(row, view.branch);
    const choice = this.#choiceOf(row, view);
    const known = this.#knownOf(row, view);
    const call = choice?.call ?? known?.call ?? verdict?.verdict ?? 'u';
    return {
      call,
      choice,
      verdict,
      known,
      against: this.#against(row, choice, known, view),
      lacks: call === 'y' && !verdict?.already ? this.#lacks(row, view) : NO_ROWS,
    };
  }

  #choiceOf(row: number, { branch }: View): Choice | null {
    return this.#journal.get(this.#model.data.branches[branch]!, this.#model.commit(row).sha);
  }

  #callOf(row: number, view: View): Letter {
    const said = this.#choiceOf(row, view)?.call ?? this.#knownOf(row, view)?.call;
    return said ?? this.#model.verdict(row, view.branch)?.verdict ?? 'u';
  }

  /** What others will see: not what this person took back just now. */
  #knownOf(row: number, view: View): Known | null {
    const known = this.#model.known(row, view.branch);
    if (!this.#keeper.live || known === null || known.by !== view.reviewer.trim()) return known;
    const { branch, sha } = known;
    const isBack = this.#keeper.isOnlyHere(branch, sha) && !this.#journal.get(branch, sha)?.call;
    return isBack ? { ...known, call: null, against: null } : known;
  }

  #against(row: number, choice: Choice | null, known: Known | null, { branch }: View): Said | null {
    if (known === null || choice === null || choice.call === null) return known?.against ?? null;
    const name = this.#model.data.branches[branch]!;
    if (!this.#keeper.isOnlyHere(name, this.#model.commit(row).sha)) return known.against;
    return unseenBy(choice, known);
  }

  #lacks(row: number, view: View): readonly number[] {
    const needs = this.#model.needs(row, view.branch);
    if (needs.length === 0) return NO_ROWS;
    return needs.filter((needed) => {
      if (this.#model.verdict(needed, view.branch)?.already) return false;
      return this.#callOf(needed, view) !== 'y' || needed + 1 < view.start;
    });
  }
}
