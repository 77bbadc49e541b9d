import { WORDS, type Letter } from './calls.ts';
import { exportText, readDecisions, type Incoming } from './exchange.ts';
import { EVERYTHING, formatHash, parseHash, type Shown } from './hash.ts';
import { Journal, type Change, type Choice } from './journal.ts';
import { entryOf, parseKept } from './keep.ts';
import { wordsOf, type Known, type PageModel } from './page-model.ts';
import { ownPartOf, standingOf } from './people.ts';
import { Standings, type RowState } from './row-state.ts';
import { totalsOf, totalsText, type Totals } from './totals.ts';
import type { Places, View } from './view.ts';

const REVIEWER = 'vouch.backport.reviewer';

/** A review: what is chosen and shown, and who is to be told when that changes. */
export class Review {
  readonly model: PageModel;
  readonly #places: Places;
  readonly #journal = new Journal();
  readonly #standings: Standings;
  #rows: RowState[];
  #view: View;
  #current: number | null = null;
  readonly #open = new Set<number>();
  /** Rows that what others say would hide: they stay in sight until the reader says anew what is shown. */
  readonly #stay = new Set<number>();
  /** What is done once there is a name. */
  #then: (() => void) | null = null;
  #matches: Uint8Array | null = null;
  readonly #starts = new Map<number, number>();
  readonly #rowListeners = new Map<number, () => void>();
  readonly #viewListeners = new Set<() => void>();

  constructor(model: PageModel, places: Places) {
    this.model = model;
    this.#places = places;
    this.#standings = new Standings(model, this.#journal, places.keeper);
    let storage: View['storage'] = 'kept';
    let reviewer = '';
    try {
      reviewer = places.shelf?.getItem(REVIEWER) ?? '';
      if (this.isLive) this.#putOwn(reviewer);
      for (const { branch, sha, choice } of places.keeper.read()) this.#journal.put(branch, sha, choice);
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
      asking: false,
      canUndo: false,
      canRedo: false,
      totals: undefined as unknown as Totals,
      said: '',
      storage,
      imported: null,
      importError: null,
    };
    this.#rows = model.data.commits.map((_, row) => this.#rowState(row));
    this.#view = { ...this.#view, totals: this.#totals() };
  }

  readonly row = (row: number): RowState => this.#rows[row]!;
  readonly view = (): View => this.#view;
  get current(): number | null {
    return this.#current;
  }
  get isLive(): boolean {
    return this.#places.keeper.live;
  }
  get refusal(): string | undefined {
    return this.#places.refusal;
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
    if (!this.#may(() => this.say(row, call))) return;
    const { sha } = this.model.commit(row);
    const before = this.#journal.get(this.#branchName, sha);
    const note = before?.note ?? '';
    const after = call === null && note === '' ? null : this.#choice(call, note, this.#seen(row));
    const again = call !== null && this.#rows[row]!.against !== null;
    this.#changed(this.#journal.say([{ branch: this.#branchName, sha, after, again }]));
    this.#announce(
      `Row ${row + 1}: ${call === null ? 'as it was suggested' : WORDS[call]}. ${totalsText(this.#view.totals)}`,
    );
  }

  /** `mark` is the same for the letters of one note. */
  note(row: number, note: string, mark: string): void {
    if (!this.#may(() => this.note(row, note, mark))) return;
    const { sha } = this.model.commit(row);
    const call = this.#journal.get(this.#branchName, sha)?.call ?? null;
    // A disagreement is not settled by a word beside it.
    const seen = this.#rows[row]!.against === null ? this.#seen(row) : null;
    const after = call === null && note === '' ? null : this.#choice(call, note, seen);
    this.#changed(this.#journal.say([{ branch: this.#branchName, sha, after }], mark), mark);
  }

  /** The letters of a note have ended. */
  settle(): void {
    this.#places.keeper.settle();
  }

  #choice(call: Letter | null, note: string, seen: number | null): Choice {
    return { call, note, by: this.#view.reviewer.trim(), at: this.#places.now(), seen };
  }

  /** What is in view of a row: whoever says something has seen it. */
  #seen(row: number, branch = this.#view.branch): number | null {
    return this.model.known(row, branch)?.id ?? null;
  }

  /** Whether something may be said now. Where only the name is missing, that is asked for, and `then` done with it. */
  #may(then: () => void, count = 1): boolean {
    const { keeper, refusal } = this.#places;
    if (refusal !== undefined) {
      this.#announce(refusal);
      return false;
    }
    if (keeper.room() < count) {
      this.#set({ imported: null, importError: 'Too much is not saved yet: wait until the server answers.' });
      return false;
    }
    if (!keeper.live || this.#view.reviewer.trim() !== '') return true;
    this.#then = then;
    this.#set({ asking: true });
    return false;
  }

  askName(): void {
    this.#set({ asking: true });
  }

  /** The name that was asked for; null for none. */
  answerName(name: string | null): void {
    const then = this.#then;
    this.#then = null;
    this.#set({ asking: false });
    if (name === null || name.trim() === '') return;
    this.name(name.trim());
    then?.();
  }

  undo(): void {
    this.#tookBack(this.#journal.undo(), 'Undone');
  }

  redo(): void {
    this.#tookBack(this.#journal.redo(), 'Redone');
  }

  #tookBack(back: readonly Change[], word: string): void {
    const changes = this.isLive ? back.map((change) => this.#again(change)) : back;
    const [first] = changes;
    if (first === undefined) return this.#announce('Nothing more');
    const branch = this.model.data.branches.indexOf(first.branch);
    if (branch !== this.#view.branch) this.switchTo(branch);
    this.#changed(changes);
    const row = this.model.find(first.sha);
    if (row !== undefined && changes.length === 1) this.moveTo(row);
    this.#announce(`${word}: ${changes.length === 1 ? `row ${(row ?? 0) + 1}` : `${changes.length} rows`}`);
  }

  /** What others see is said anew, with what is in view now. */
  #again(change: Change): Change {
    const row = this.model.find(change.sha);
    if (row === undefined || change.after === null) return change;
    const seen = this.#seen(row, this.model.data.branches.indexOf(change.branch));
    const after = { ...change.after, at: this.#places.now(), seen };
    this.#journal.put(change.branch, change.sha, after);
    return { ...change, after };
  }

  name(reviewer: string): void {
    this.#set({ reviewer });
    if (this.isLive) {
      this.#putOwn(reviewer);
      this.#redrawAll();
    }
    this.#store(() => this.#places.shelf?.setItem(REVIEWER, reviewer));
  }

  // What comes from elsewhere, and goes there

  export(): string {
    return exportText(this.#journal, this.model.data.project, this.#view.reviewer.trim());
  }

  read(text: string): void {
    try {
      const here = (branch: string, sha: string): Choice | null =>
        this.#journal.get(branch, sha) ?? (this.isLive ? this.#standing(branch, sha) : null);
      this.#set({ imported: readDecisions(text, this.model, here), importError: null });
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
    if (!this.#may(() => this.take(chosen), all.length)) return;
    this.#changed(
      this.#journal.say(
        all.map(({ row, branch, sha, choice }) => ({
          branch,
          sha,
          // On a server the file was held against what stands there.
          after: this.isLive ? this.#imported(choice, row, branch) : choice,
        })),
      ),
    );
    this.#set({ imported: null, importError: null });
    this.#announce(`Imported ${all.length}. ${totalsText(this.#view.totals)}`);
  }

  #imported(choice: Choice, row: number, branch: string): Choice {
    const by = choice.by.trim() === '' ? this.#view.reviewer.trim() : choice.by;
    return { ...choice, by, seen: this.#seen(row, this.model.data.branches.indexOf(branch)) };
  }

  /** What holds there, as a choice. */
  #standing(branch: string, sha: string): Choice | null {
    return standingOf(this.model.known(this.model.find(sha)!, this.model.data.branches.indexOf(branch)));
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

  /** What others said, or what became of what was said here. Nothing that is in sight goes out of it. */
  learn(all: readonly Known[]): void {
    const { branch, totals, reviewer } = this.#view;
    const rows = new Set<number>();
    for (const known of all) {
      const row = this.model.learn(known);
      if (row === undefined) continue;
      this.#putKnown(known, reviewer.trim());
      if (known.branch !== this.#branchName) continue;
      rows.add(row);
      for (const dependent of this.model.dependents(row, branch)) rows.add(dependent);
    }
    if (rows.size === 0) return;
    const before = new Map([...rows].map((row) => [row, this.#rows[row]!.shown]));
    for (const [row, shown] of before) if (shown && !this.#rowState(row).shown) this.#stay.add(row);
    this.#refresh(rows);
    const { disputed } = this.#view.totals;
    if (disputed > totals.disputed) this.#announce(`${disputed} disputed`);
  }

  /** What was said here is known elsewhere now. */
  arrived(all: readonly { branch: string; sha: string }[]): void {
    const rows: number[] = [];
    for (const { branch, sha } of all) {
      const row = this.model.find(sha);
      if (row === undefined) continue;
      // Others may have said something since, which was learned before.
      const known = this.model.known(row, this.model.data.branches.indexOf(branch));
      if (known !== null) this.#putKnown(known, this.#view.reviewer.trim());
      else if (!this.#places.keeper.isOnlyHere(branch, sha)) this.#journal.put(branch, sha, null);
      if (branch === this.#branchName) rows.push(row);
    }
    this.#refresh(rows);
  }

  #putOwn(reviewer: string): void {
    for (const known of this.model.allKnown()) this.#putKnown(known, reviewer.trim());
  }

  #putKnown(known: Known, reviewer: string): void {
    const { branch, sha } = known;
    if (!this.#places.keeper.isOnlyHere(branch, sha))
      this.#journal.put(branch, sha, ownPartOf(known, reviewer));
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

  /** The next row that two people disagree on, around the end. */
  nextDisputed(from: number | null): number | undefined {
    const { count } = this.model;
    for (let i = 1; i <= count; i++) {
      const row = ((from ?? -1) + i) % count;
      if (this.#rows[row]!.against !== null && row + 1 >= this.#view.start) return row;
    }
    return undefined;
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
          disputed: show.disputed && this.#rows[row]!.against !== null,
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

  #changed(changes: readonly Change[], mark: string | null = null): void {
    this.#store(() => this.#places.keeper.keep(changes, mark));
    const rows = new Set<number>();
    for (const { branch, sha } of changes) {
      const row = this.model.find(sha);
      if (row === undefined || branch !== this.#branchName) continue;
      rows.add(row);
      for (const dependent of this.model.dependents(row, this.#view.branch)) rows.add(dependent);
    }
    this.#refresh(rows);
  }

  #store(write: () => void): void {
    try {
      write();
    } catch {
      this.#set({ storage: 'refused' });
    }
  }

  #refresh(rows: Iterable<number>): void {
    for (const row of rows) this.#redraw(row);
    this.#set({ canUndo: this.#journal.canUndo, canRedo: this.#journal.canRedo, totals: this.#totals() });
  }

  #redrawAll(): void {
    this.#stay.clear();
    for (let row = 0; row < this.model.count; row++) this.#redraw(row);
    this.#set({ totals: this.#totals() });
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
    const { show, start } = this.#view;
    const standing = this.#standings.of(row, this.#view);
    const isBackported = (standing.verdict?.already ?? null) !== null;
    const shown =
      this.#stay.has(row) ||
      (row + 1 >= start &&
        show.calls[standing.call] &&
        (isBackported ? show.backported : show.fresh) &&
        (!show.disputed || standing.against !== null) &&
        (this.#matches === null || this.#matches[row] === 1));
    return { row, ...standing, shown, current: this.#current === row, open: this.#open.has(row) };
  }

  #totals(): Totals {
    return totalsOf(this.model, this.#rows, this.#view, ({ choice, known }) =>
      this.isLive ? (choice?.call ?? known?.call ?? null) !== null : (choice?.call ?? null) !== null,
    );
  }

  #announce(said: string): void {
    this.#set({ said });
  }

  #set(part: Partial<View>): void {
    this.#view = { ...this.#view, ...part };
    for (const listener of this.#viewListeners) listener();
  }
}
