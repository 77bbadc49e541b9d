import type { PageDecision, PageVerdict } from '../../../src/desks/backport/page/data.ts';
import { LETTERS, WORDS, type Letter } from './calls.ts';
import { exportText, readDecisions, type Incoming, type Read } from './exchange.ts';
import { EVERYTHING, formatHash, parseHash, type Shown } from './hash.ts';
import { Journal, type Change, type Choice } from './journal.ts';
import { entryOf, keep, kept, parseKept, type Shelf } from './keep.ts';
import { wordsOf, type PageModel } from './page-model.ts';
import { shellArrays } from './picks.ts';

/** One row, as it stands. Replaced when anything of it changes. */
export interface RowState {
  readonly row: number;
  readonly call: Letter;
  readonly choice: Choice | null;
  readonly verdict: PageVerdict | null;
  readonly known: PageDecision | null;
  /** Rows that it needs and that are neither picked nor on the branch; empty unless it is picked. */
  readonly lacks: readonly number[];
  readonly shown: boolean;
  readonly current: boolean;
  readonly open: boolean;
}

/** What is not of one row. */
export interface View {
  readonly branch: number;
  readonly show: Shown;
  readonly start: number;
  readonly query: string;
  readonly reviewer: string;
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

export interface Totals {
  /** From the start on, and of the states shown. */
  readonly calls: Readonly<Record<Letter, number>>;
  readonly fresh: number;
  readonly backported: number;
  readonly shown: number;
  readonly decided: number;
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

export interface Places {
  /** Null where the browser refuses. */
  shelf: Shelf | null;
  readHash(): string;
  writeHash(hash: string): void;
  now(): number;
}

const NO_ROWS: readonly number[] = [];
const REVIEWER = 'vouch.backport.reviewer';

/** A review: what is chosen and shown, and who is to be told when that changes. */
export class Review {
  readonly model: PageModel;
  readonly #places: Places;
  readonly #journal = new Journal();
  #rows: RowState[];
  #view: View;
  #current: number | null = null;
  readonly #open = new Set<number>();
  #matches: Uint8Array | null = null;
  readonly #starts = new Map<number, number>();
  readonly #rowListeners = new Map<number, () => void>();
  readonly #viewListeners = new Set<() => void>();

  constructor(model: PageModel, places: Places) {
    this.model = model;
    this.#places = places;
    const { key, branches } = model.data;
    let storage: View['storage'] = places.shelf === null ? 'refused' : 'kept';
    let reviewer = '';
    try {
      reviewer = places.shelf?.getItem(REVIEWER) ?? '';
      for (const branch of places.shelf === null ? [] : branches)
        for (const { sha, choice } of [...kept(places.shelf!, key, branch)].sort(
          (a, b) => a.choice.at - b.choice.at,
        ))
          this.#journal.put(branch, sha, choice);
    } catch {
      storage = 'refused';
    }
    const { branch, show, start } = this.#hashed();
    this.#view = {
      branch,
      show,
      start,
      query: '',
      reviewer,
      canUndo: false,
      canRedo: false,
      totals: undefined as unknown as Totals,
      said: '',
      storage,
      imported: null,
      importError: null,
    };
    this.#rows = model.data.commits.map((_, row) => this.#rowState(row));
    this.#view = { ...this.#view, totals: this.#count() };
  }

  readonly row = (row: number): RowState => this.#rows[row]!;
  readonly view = (): View => this.#view;
  get current(): number | null {
    return this.#current;
  }

  /** One listener a row. */
  readonly onRow = (row: number, listener: () => void): (() => void) => {
    this.#rowListeners.set(row, listener);
    return () => {
      if (this.#rowListeners.get(row) === listener) this.#rowListeners.delete(row);
    };
  };

  readonly onView = (listener: () => void): (() => void) => {
    this.#viewListeners.add(listener);
    return () => this.#viewListeners.delete(listener);
  };

  get #branchName(): string {
    return this.model.data.branches[this.#view.branch]!;
  }

  // What a reviewer says

  say(row: number, call: Letter | null): void {
    const { sha } = this.model.commit(row);
    const before = this.#journal.get(this.#branchName, sha);
    const note = before?.note ?? '';
    const after = call === null && note === '' ? null : this.#choice(row, call, note);
    this.#changed(this.#journal.say([{ branch: this.#branchName, sha, after }]));
    this.#announce(
      `Row ${row + 1}: ${call === null ? 'as it was suggested' : WORDS[call]}. ${totalsText(this.#view.totals)}`,
    );
  }

  /** `mark` is the same for the letters of one note. */
  note(row: number, note: string, mark: string): void {
    const { sha } = this.model.commit(row);
    const call = this.#journal.get(this.#branchName, sha)?.call ?? null;
    const after = call === null && note === '' ? null : this.#choice(row, call, note);
    this.#changed(this.#journal.say([{ branch: this.#branchName, sha, after }], mark));
  }

  #choice(row: number, call: Letter | null, note: string): Choice {
    const seen = this.model.known(row, this.#view.branch)?.id ?? null;
    return { call, note, by: this.#view.reviewer.trim(), at: this.#places.now(), seen };
  }

  undo(): void {
    this.#tookBack(this.#journal.undo(), 'Undone');
  }

  redo(): void {
    this.#tookBack(this.#journal.redo(), 'Redone');
  }

  #tookBack(changes: readonly Change[], word: string): void {
    const [first] = changes;
    if (first === undefined) return this.#announce('Nothing more');
    const branch = this.model.data.branches.indexOf(first.branch);
    if (branch !== this.#view.branch) this.switchTo(branch);
    this.#changed(changes);
    const row = this.model.find(first.sha);
    if (row !== undefined && changes.length === 1) this.moveTo(row);
    this.#announce(`${word}: ${changes.length === 1 ? `row ${(row ?? 0) + 1}` : `${changes.length} rows`}`);
  }

  name(reviewer: string): void {
    this.#set({ reviewer });
    this.#store((shelf) => shelf.setItem(REVIEWER, reviewer));
  }

  // What comes from elsewhere, and goes there

  export(): string {
    return exportText(this.#journal, this.model.data.project, this.#view.reviewer.trim());
  }

  read(text: string): void {
    try {
      this.#set({ imported: readDecisions(text, this.model, this.#journal), importError: null });
    } catch (error) {
      this.#set({ imported: null, importError: error instanceof Error ? error.message : String(error) });
    }
  }

  refuse(importError: string): void {
    this.#set({ imported: null, importError });
  }

  /** Takes what is new, and of the conflicts those that were chosen. One step to take back. */
  take(chosen: readonly Incoming[]): void {
    const { imported } = this.#view;
    if (imported === null) return;
    const all = [...imported.taken, ...chosen];
    this.#changed(this.#journal.say(all.map(({ branch, sha, choice }) => ({ branch, sha, after: choice }))));
    this.#set({ imported: null, importError: null });
    this.#announce(`Imported ${all.length}. ${totalsText(this.#view.totals)}`);
  }

  dismiss(): void {
    this.#set({ imported: null, importError: null });
  }

  /** Another window of the same review changed its storage. */
  heard(name: string, text: string | null): void {
    const entry = entryOf(name, this.model.data.key, this.model.data.branches);
    const row = entry === undefined ? undefined : this.model.find(entry.sha);
    if (entry === undefined || row === undefined) return;
    this.#journal.put(entry.branch, entry.sha, parseKept(text));
    this.#refresh([row, ...this.model.dependents(row, this.#view.branch)]);
  }

  // What is shown

  moveTo(row: number | null): void {
    const before = this.#current;
    if (before === row) return;
    this.#current = row;
    for (const one of [before, row]) if (one !== null) this.#redraw(one);
  }

  /** The next row that is shown, or undefined at the end. */
  next(from: number | null, by: 1 | -1): number | undefined {
    let row = from === null ? (by === 1 ? 0 : this.model.count - 1) : from + by;
    while (row >= 0 && row < this.model.count && !this.#rows[row]!.shown) row += by;
    return row >= 0 && row < this.model.count ? row : undefined;
  }

  toggle(row: number): void {
    if (!this.#open.delete(row)) this.#open.add(row);
    this.#redraw(row);
  }

  show(show: Shown): void {
    this.#set({ show });
    this.#redrawAll();
    this.#write();
  }

  startAt(start: number): void {
    this.#starts.set(this.#view.branch, start);
    this.#set({ start });
    this.#redrawAll();
    this.#write();
  }

  search(query: string): void {
    const words = wordsOf(query);
    const before = this.#view.query;
    const texts = words.length === 0 ? [] : this.model.texts(this.#view.branch);
    // Longer words match less: only what matched so far is looked at.
    const narrower =
      this.#matches !== null && before !== '' && query.startsWith(before) ? this.#matches : null;
    this.#matches =
      words.length === 0
        ? null
        : Uint8Array.from(texts, (text, row) =>
            narrower?.[row] === 0 ? 0 : words.every((word) => text.includes(word)) ? 1 : 0,
          );
    this.#set({ query });
    this.#redrawAll();
    this.#announce(words.length === 0 ? '' : `${this.#view.totals.shown} found`);
  }

  /** Shows a row, whatever hides it now. */
  reveal(row: number): void {
    const { call, verdict } = this.#rows[row]!;
    const { show, start } = this.#view;
    if (!this.#rows[row]!.shown) {
      this.#matches = null;
      const backported = (verdict?.already ?? null) !== null;
      this.#set({
        query: '',
        start: row + 1 < start ? 0 : start,
        show: {
          calls: { ...show.calls, [call]: true },
          fresh: show.fresh || !backported,
          backported: show.backported || backported,
        },
      });
      this.#redrawAll();
      this.#write();
    }
    this.moveTo(row);
  }

  switchTo(branch: number): void {
    if (branch === this.#view.branch || this.model.data.branches[branch] === undefined) return;
    this.#set({ branch, start: this.#starts.get(branch) ?? this.model.firstStart(branch) });
    const { query } = this.#view;
    this.#matches = null;
    if (query !== '') this.#set({ query: '' });
    this.#redrawAll();
    if (query !== '') this.search(query);
    this.#write();
    this.#announce(`Branch ${this.#branchName}. ${totalsText(this.#view.totals)}`);
  }

  /** The address was changed by hand. */
  readAddress(): void {
    this.#set(this.#hashed());
    this.#redrawAll();
  }

  #hashed(): Pick<View, 'branch' | 'show' | 'start'> {
    const { branch: name, show, start } = parseHash(this.#places.readHash());
    const branch = Math.max(0, name === null ? 0 : this.model.data.branches.indexOf(name));
    return { branch, show: show ?? EVERYTHING, start: start ?? this.model.firstStart(branch) };
  }

  #write(): void {
    const { show, start, branch } = this.#view;
    this.#places.writeHash(formatHash(show, start, branch === 0 ? null : this.#branchName));
  }

  // How it is told

  #changed(changes: readonly Change[]): void {
    const { key } = this.model.data;
    this.#store((shelf) => {
      for (const { branch, sha, after } of changes) keep(shelf, key, branch, sha, after);
    });
    const rows = new Set<number>();
    for (const { branch, sha } of changes) {
      const row = this.model.find(sha);
      if (row === undefined || branch !== this.#branchName) continue;
      rows.add(row);
      for (const dependent of this.model.dependents(row, this.#view.branch)) rows.add(dependent);
    }
    this.#refresh(rows);
  }

  #store(write: (shelf: Shelf) => void): void {
    try {
      if (this.#places.shelf !== null) write(this.#places.shelf);
    } catch {
      this.#set({ storage: 'refused' });
    }
  }

  #refresh(rows: Iterable<number>): void {
    for (const row of rows) this.#redraw(row);
    this.#set({ canUndo: this.#journal.canUndo, canRedo: this.#journal.canRedo, totals: this.#count() });
  }

  #redrawAll(): void {
    for (let row = 0; row < this.model.count; row++) this.#redraw(row);
    this.#set({ totals: this.#count() });
  }

  #redraw(row: number): void {
    this.#replace(row);
    this.#rowListeners.get(row)?.();
  }

  #replace(row: number): void {
    const before = this.#rows[row]!;
    const after = this.#rowState(row);
    if (after.lacks !== before.lacks && String(after.lacks) === String(before.lacks))
      (after as { lacks: readonly number[] }).lacks = before.lacks;
    const names = Object.keys(after) as (keyof RowState)[];
    if (names.some((name) => after[name] !== before[name])) this.#rows[row] = after;
  }

  #rowState(row: number): RowState {
    const { branch, show, start } = this.#view;
    const verdict = this.model.verdict(row, branch);
    const choice = this.#journal.get(this.#branchName, this.model.commit(row).sha);
    const call = this.#callOf(row);
    const isBackported = (verdict?.already ?? null) !== null;
    const shown =
      row + 1 >= start &&
      show.calls[call] &&
      (isBackported ? show.backported : show.fresh) &&
      (this.#matches === null || this.#matches[row] === 1);
    return {
      row,
      call,
      choice,
      verdict,
      known: this.model.known(row, branch),
      lacks: call === 'y' && !isBackported ? this.#lacks(row) : NO_ROWS,
      shown,
      current: this.#current === row,
      open: this.#open.has(row),
    };
  }

  #callOf(row: number): Letter {
    const { branch } = this.#view;
    const own = this.#journal.get(this.#branchName, this.model.commit(row).sha)?.call;
    return own ?? this.model.known(row, branch)?.call ?? this.model.verdict(row, branch)?.verdict ?? 'u';
  }

  #lacks(row: number): readonly number[] {
    const needs = this.model.needs(row, this.#view.branch);
    if (needs.length === 0) return NO_ROWS;
    return needs.filter((needed) => {
      if (this.model.verdict(needed, this.#view.branch)?.already) return false;
      return this.#callOf(needed) !== 'y' || needed + 1 < this.#view.start;
    });
  }

  #count(): Totals {
    const { start, show } = this.#view;
    const calls = { n: 0, u: 0, w: 0, y: 0 };
    const ids: Record<Letter, string[]> = { n: [], u: [], w: [], y: [] };
    const lacking: number[] = [];
    let fresh = 0;
    let backported = 0;
    let shown = 0;
    let decided = 0;
    let wantedBefore = 0;
    let conflicting = 0;
    for (const { row, call, choice, verdict, lacks, shown: isShown } of this.#rows) {
      const isBackported = (verdict?.already ?? null) !== null;
      if (row + 1 < start) {
        if (call === 'y' && !isBackported) wantedBefore++;
        continue;
      }
      if (isShown) shown++;
      if (choice !== null && choice.call !== null) decided++;
      if (isBackported) backported++;
      else fresh++;
      if (isBackported ? show.backported : show.fresh) calls[call]++;
      if (isBackported) continue;
      ids[call].push(this.model.short(this.model.commit(row).sha));
      if (lacks.length > 0) lacking.push(row);
      if (call === 'y' && (verdict?.conflicts?.length ?? 0) > 0) conflicting++;
    }
    const before = Math.min(this.model.count, Math.max(0, start - 1));
    const picked = ids.y.length;
    const arrays = shellArrays(ids);
    return {
      calls,
      fresh,
      backported,
      shown,
      decided,
      before,
      wantedBefore,
      arrays,
      picked,
      lacking,
      conflicting,
    };
  }

  #announce(said: string): void {
    this.#set({ said });
  }

  #set(part: Partial<View>): void {
    this.#view = { ...this.#view, ...part };
    for (const listener of this.#viewListeners) listener();
  }
}

export function totalsText({ calls }: Totals): string {
  return LETTERS.toReversed()
    .map((letter) => `${calls[letter]} ${WORDS[letter].toLowerCase()}`)
    .join(', ');
}
