import type { Read } from './exchange.ts';
import type { Shown } from './hash.ts';
import type { Shelf } from './keep.ts';
import type { Keeper } from './keeper.ts';
import type { Totals } from './totals.ts';

/** What is not of one row. */
export interface View {
  readonly branch: number;
  readonly show: Shown;
  readonly start: number;
  readonly query: string;
  readonly reviewer: string;
  /** A name is asked for: what others are to see needs one. */
  readonly asking: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly totals: Totals;
  /** For who cannot see the page: what just happened. */
  readonly said: string;
  /** Why choices last only as long as the page is open. */
  readonly storage: 'kept' | 'refused';
  readonly imported: Read | null;
  readonly importError: string | null;
}

export interface Places {
  keeper: Keeper;
  /** Where a reviewer's name is remembered; null where the browser refuses. */
  shelf: Shelf | null;
  /** Why this person may look only. */
  refusal?: string | undefined;
  readHash(): string;
  writeHash(hash: string): void;
  now(): number;
}
