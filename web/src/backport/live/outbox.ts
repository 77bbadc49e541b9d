import type { Shelf } from '../keep.ts';
import { findSayings, formatSaying, type Saying } from './saying.ts';

/** What became of a try to send. */
export type Outcome<T> =
  | { kind: 'taken'; answer: T }
  /** Nobody answered, or not now: it is tried again. */
  | { kind: 'later'; why: string }
  /** Never will be taken as it is. */
  | { kind: 'refused'; why: string };

export interface Wire<T> {
  send(by: string, sayings: readonly Saying[]): Promise<Outcome<T>>;
  /** What was sent is known to others now, and how it stands there. */
  taken(sayings: readonly Saying[], answer: T): void;
  /** They are not here any longer: another window sent them, or they were given up. */
  dropped(sayings: readonly Saying[]): void;
}

export interface OutboxState {
  /** How many are not sent yet. */
  readonly waiting: number;
  /** Why, where the last try failed. */
  readonly trouble: string | null;
  /** What the server will not have, and why. It is kept until it is dropped. */
  readonly refused: readonly { saying: Saying; why: string }[];
  /** Whether what waits outlives the page. */
  readonly isKept: boolean;
}

interface Entry {
  name: string;
  saying: Saying;
  mark: string | null;
  /** A note is still being written. */
  isOpen: boolean;
  /** Found in the browser's storage: another window may be sending it. */
  isFound: boolean;
  why: string | null;
}

const MOST = 200_000;
const AT_ONCE = 1000;
const NOTES_AT_ONCE = 500_000;
/** A pause of this length ends a note. */
const PAUSE_MS = 800;
const AGAIN_MS = 1000;
const LONGEST_MS = 30_000;

/**
 * Keeps what a reviewer says until the server has it, in the order of saying, also over a reload. Of one commit and branch
 * nothing is sent before what was said of it earlier.
 */
export class Outbox<T> {
  readonly #shelf: Shelf | null;
  readonly #prefix: string;
  readonly #wire: Wire<T>;
  #entries: Entry[] = [];
  /** How many of a commit and branch are not sent. */
  readonly #counts = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #state: OutboxState = { waiting: 0, trouble: null, refused: [], isKept: true };
  #isSending = false;
  #isClosed = false;
  #isKept: boolean;
  #failures = 0;
  #trouble: string | null = null;
  #size = AT_ONCE;
  #named = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(shelf: Shelf | null, review: string, wire: Wire<T>) {
    this.#shelf = shelf;
    this.#prefix = `vouch.backport.unsaved.${review}.`;
    this.#wire = wire;
    this.#isKept = shelf !== null;
    for (const { name, saying } of findSayings(shelf, this.#prefix).slice(0, MOST))
      this.#push({ name, saying, mark: null, isFound: true });
    this.#tell();
  }

  readonly state = (): OutboxState => this.#state;
  readonly onState = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** In the order of saying. */
  all(): Saying[] {
    return this.#entries.map(({ saying }) => saying);
  }

  has(branch: string, sha: string): boolean {
    return this.#counts.has(keyOf({ branch, sha }));
  }

  room(): number {
    return MOST - this.#entries.length;
  }

  /** The letters of one note have the same mark: only the whole of it is sent. */
  add(sayings: readonly Saying[], mark: string | null): void {
    for (const saying of sayings) {
      const open = mark === null ? undefined : this.#entries.findLast((entry) => entry.mark === mark);
      if (open?.isOpen === true) {
        open.saying = saying;
        this.#write(open);
      } else {
        this.#write(this.#push({ name: this.#newName(), saying, mark, isFound: false }));
      }
    }
    if (mark === null) this.settle();
    else {
      clearTimeout(this.#pause);
      this.#pause = setTimeout(() => this.settle(), PAUSE_MS);
      this.#tell();
    }
  }

  /** Notes are written to their end. */
  settle(): void {
    clearTimeout(this.#pause);
    for (const entry of this.#entries) entry.isOpen = false;
    this.retry();
  }

  /** Tries again, now: the connection is back, or somebody asked. */
  retry(): void {
    clearTimeout(this.#again);
    this.#tell();
    void this.#pump();
  }

  /** What was refused is tried once more. */
  retryRefused(): void {
    for (const entry of this.#entries) entry.why = null;
    this.retry();
  }

  dropRefused(): void {
    this.#drop(this.#entries.filter(({ why }) => why !== null));
  }

  /** What can still be sent is; the rest waits in the browser for the next time. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    clearTimeout(this.#again);
    this.#listeners.clear();
  }

  async #pump(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      // One window after another: what one has sent, the others drop.
      await alone(this.#prefix, async () => {
        while (await this.#sendSome());
      });
    } finally {
      this.#isSending = false;
    }
  }

  /** Whether there may be more to send at once. */
  async #sendSome(): Promise<boolean> {
    this.#drop(this.#entries.filter(({ isFound, name }) => isFound && this.#shelf?.getItem(name) === null));
    const chunk = this.#chunk();
    if (chunk.length === 0) return false;
    const sayings = chunk.map(({ saying }) => saying);
    const outcome = await this.#wire.send(sayings[0]!.by, sayings);
    if (outcome.kind === 'taken') {
      this.#failures = 0;
      this.#trouble = null;
      this.#size = AT_ONCE;
      this.#remove(chunk);
      if (!this.#isClosed) this.#wire.taken(sayings, outcome.answer);
    } else if (outcome.kind === 'refused') {
      // One that cannot be taken does not hold up the others: it is found by sending fewer.
      if (chunk.length === 1) {
        chunk[0]!.why = outcome.why;
        this.#size = AT_ONCE;
      } else this.#size = Math.ceil(chunk.length / 2);
    } else {
      this.#trouble = outcome.why;
      const wait = Math.min(LONGEST_MS, AGAIN_MS * 2 ** this.#failures++);
      if (!this.#isClosed) this.#again = setTimeout(() => this.retry(), wait);
    }
    this.#tell();
    return outcome.kind !== 'later';
  }

  /** The next ones of one person. */
  #chunk(): Entry[] {
    const chunk: Entry[] = [];
    const passed = new Set<string>();
    let letters = 0;
    for (const entry of this.#entries) {
      const { saying, isOpen, why } = entry;
      if (why !== null) continue;
      const key = keyOf(saying);
      const isNext = !isOpen && !passed.has(key) && (chunk[0]?.saying.by ?? saying.by) === saying.by;
      if (!isNext) {
        passed.add(key);
        continue;
      }
      letters += saying.note.length;
      if (chunk.length > 0 && letters > NOTES_AT_ONCE) break;
      chunk.push(entry);
      if (chunk.length >= this.#size) break;
    }
    return chunk;
  }

  #push(part: Omit<Entry, 'isOpen' | 'why'>): Entry {
    const entry = { ...part, isOpen: part.mark !== null, why: null };
    this.#entries.push(entry);
    const key = keyOf(entry.saying);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return entry;
  }

  /** Names are in the order of saying, and of one window only. */
  #newName(): string {
    const time = String(Date.now()).padStart(14, '0');
    return `${this.#prefix}${time}.${String(this.#named++).padStart(7, '0')}.${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  }

  #drop(gone: readonly Entry[]): void {
    if (gone.length === 0) return;
    this.#remove(gone);
    if (!this.#isClosed) this.#wire.dropped(gone.map(({ saying }) => saying));
    this.#tell();
  }

  #remove(gone: readonly Entry[]): void {
    if (gone.length === 0) return;
    const all = new Set(gone);
    this.#entries = this.#entries.filter((entry) => !all.has(entry));
    for (const { name, saying } of gone) {
      const key = keyOf(saying);
      const count = this.#counts.get(key)! - 1;
      if (count === 0) this.#counts.delete(key);
      else this.#counts.set(key, count);
      try {
        this.#shelf?.removeItem(name);
      } catch {
        // Then it is sent once more after a reload, which says the same again.
      }
    }
    if (this.#entries.length === 0) this.#isKept = this.#shelf !== null;
  }

  #write({ name, saying }: Entry): void {
    try {
      this.#shelf?.setItem(name, formatSaying(saying));
    } catch {
      this.#isKept = false;
    }
  }

  #tell(): void {
    const refused = this.#entries.flatMap(({ saying, why }) => (why === null ? [] : [{ saying, why }]));
    const waiting = this.#entries.length - refused.length;
    this.#state = { waiting, trouble: waiting === 0 ? null : this.#trouble, refused, isKept: this.#isKept };
    for (const listener of this.#listeners) listener();
  }
}

function keyOf({ branch, sha }: { branch: string; sha: string }): string {
  return `${sha} ${branch}`;
}

/** Alone among the windows of this browser, where it knows how. */
async function alone(name: string, work: () => Promise<void>): Promise<void> {
  const { locks } = globalThis.navigator as Partial<Navigator>;
  await (locks === undefined ? work() : locks.request(name, work));
}
