import type {
  PageCommit,
  PageData,
  Letter,
  PageDecision,
  PageVerdict,
} from '../../../src/desks/backport/page/data.ts';

const SHORTEST = 10;

/** What people said of a commit and a branch, as far as this page knows. */
export interface Known {
  /** Of the last thing that was said. */
  readonly id: number;
  readonly sha: string;
  readonly branch: string;
  /** Null for notes alone. */
  readonly call: Letter | null;
  readonly by: string;
  readonly at: number;
  /** Who said otherwise without either having seen the other. */
  readonly against: Said | null;
  readonly notes: readonly { by: string; note: string; at: number }[];
}

export interface Said {
  readonly by: string;
  readonly call: Letter;
  readonly at: number;
}

/** The commits of a page, numbered, and how they hang together. */
export class PageModel {
  readonly data: PageData;
  /** How many digits of an id tell all of the page's apart. */
  readonly digits: number;
  readonly #indexOf = new Map<string, number>();
  readonly #sorted: readonly string[];
  readonly #known: Map<string, Known>[];
  readonly #dependents = new Map<number, ReadonlyMap<number, readonly number[]>>();
  readonly #words = new Map<number, readonly string[]>();

  constructor(data: PageData) {
    this.data = data;
    for (const [i, { sha }] of data.commits.entries()) this.#indexOf.set(sha, i);
    this.#sorted = [...this.#indexOf.keys()].sort();
    this.digits = digitsOf(this.#sorted);
    this.#known = data.branches.map((name) => {
      const own = data.decisions.filter(({ branch }) => branch === name);
      return new Map(own.map((decision) => [decision.sha, knownOf(decision)]));
    });
  }

  get count(): number {
    return this.data.commits.length;
  }

  commit(row: number): PageCommit {
    return this.data.commits[row]!;
  }

  verdict(row: number, branch: number): PageVerdict | null {
    return this.commit(row).verdicts[branch] ?? null;
  }

  known(row: number, branch: number): Known | null {
    return this.#known[branch]?.get(this.commit(row).sha) ?? null;
  }

  /** Learns what was said; nothing of what is known already. Returns its row, or undefined. */
  learn(known: Known): number | undefined {
    const row = this.#indexOf.get(known.sha);
    const ofBranch = this.#known[this.data.branches.indexOf(known.branch)];
    if (row === undefined || ofBranch === undefined || (ofBranch.get(known.sha)?.id ?? 0) >= known.id)
      return undefined;
    ofBranch.set(known.sha, known);
    return row;
  }

  /** All that is known, in no order. */
  *allKnown(): Generator<Known> {
    for (const ofBranch of this.#known) yield* ofBranch.values();
  }

  short(sha: string): string {
    return sha.slice(0, this.digits);
  }

  /** The row of an id, or of the only one that begins so. */
  find(id: string): number | undefined {
    const whole = this.#indexOf.get(id);
    if (whole !== undefined || id.length < 7) return whole;
    const at = lowerBound(this.#sorted, id);
    const found = this.#sorted[at];
    if (found?.startsWith(id) !== true || this.#sorted[at + 1]?.startsWith(id) === true) return undefined;
    return this.#indexOf.get(found);
  }

  /** Rows that need this one, on a branch. */
  dependents(row: number, branch: number): readonly number[] {
    let ofBranch = this.#dependents.get(branch);
    if (ofBranch === undefined) {
      const made = new Map<number, number[]>();
      for (let i = 0; i < this.count; i++)
        for (const needed of this.needs(i, branch)) {
          const list = made.get(needed) ?? [];
          list.push(i);
          made.set(needed, list);
        }
      this.#dependents.set(branch, made);
      ofBranch = made;
    }
    return ofBranch.get(row) ?? [];
  }

  /** Rows that this one needs, on a branch. */
  needs(row: number, branch: number): number[] {
    const verdict = this.verdict(row, branch);
    if (verdict === null || (verdict.needs.length === 0 && verdict.prerequisites.length === 0)) return [];
    const rows = [...verdict.prerequisites, ...verdict.needs].map((id) => this.find(id));
    return [...new Set(rows)].filter((found) => found !== undefined && found !== row) as number[];
  }

  /** All words of each row, in lower case, for searching. */
  texts(branch: number): readonly string[] {
    let texts = this.#words.get(branch);
    if (texts === undefined) {
      texts = this.data.commits.map((commit) => textOf(commit, commit.verdicts[branch] ?? null));
      this.#words.set(branch, texts);
    }
    return texts;
  }

  /** Where the review starts by itself: after the last commit that the branch has. 0 for the beginning. */
  firstStart(branch: number): number {
    const last = this.data.commits.findLastIndex(
      ({ verdicts }) => (verdicts[branch]?.already ?? null) !== null,
    );
    return last === -1 ? 0 : last + 2;
  }
}

function knownOf({ note, against = null, ...rest }: PageDecision): Known {
  const { by, at } = rest;
  return { ...rest, against, notes: note === '' ? [] : [{ by, note, at }] };
}

function textOf({ sha, author, subject, body, files }: PageCommit, verdict: PageVerdict | null): string {
  const paths = files.map(([path]) => path);
  const said = verdict === null ? [] : [verdict.reason, ...verdict.evidence, ...(verdict.conflicts ?? [])];
  return [sha, subject, author ?? '', body, ...paths, ...said].join('\n').toLowerCase();
}

function digitsOf(sorted: readonly string[]): number {
  let digits = SHORTEST;
  for (let i = 1; i < sorted.length; i++) {
    const a = sorted[i - 1]!;
    const b = sorted[i]!;
    while (digits < b.length && a.slice(0, digits) === b.slice(0, digits)) digits++;
  }
  return digits;
}

function lowerBound(sorted: readonly string[], id: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether a text has all the words. */
export function wordsOf(query: string): string[] {
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}
