import type { PageCommit, PageData, PageVerdict } from '../../../src/desks/backport/page/data.ts';
import type { Shelf } from './keep.ts';
import { browserKeeper } from './keeper.ts';
import { PageModel } from './page-model.ts';
import { Review } from './store.ts';

/** For tests: an id that begins with its number. */
export function idOf(n: number): string {
  return `${String(n).padStart(4, '0')}${'abcdef0123456789abcdef0123456789abcd'}`;
}

export function verdictOf(part: Partial<PageVerdict> = {}): PageVerdict {
  return {
    verdict: 'n',
    confidence: 0.8,
    reason: 'The message says nothing of backports.',
    engine: 'rules',
    evidence: [],
    needs: [],
    conflicts: null,
    prerequisites: [],
    already: null,
    waitUntil: null,
    ...part,
  };
}

export function commitOf(n: number, part: Partial<PageCommit> = {}): PageCommit {
  return {
    sha: idOf(n),
    date: '2023-12-18T10:00:00Z',
    author: 'foo@haproxy',
    subject: `MINOR: commit ${n}`,
    body: '',
    bug: false,
    files: [],
    moreFiles: 0,
    verdicts: [verdictOf(), verdictOf()],
    ...part,
  };
}

export function dataOf(commits: PageCommit[], part: Partial<PageData> = {}): PageData {
  return {
    format: 1,
    key: 'abc',
    title: 'v1..master',
    generatedAt: 0,
    project: 'haproxy',
    branches: ['3.0', '2.9'],
    links: { commit: null, issue: null },
    autoYes: 0.9,
    commits,
    decisions: [],
    ...part,
  };
}

/** A browser's storage. */
export class MemoryShelf implements Shelf {
  readonly entries = new Map<string, string>();
  get length(): number {
    return this.entries.size;
  }
  key(i: number): string | null {
    return [...this.entries.keys()][i] ?? null;
  }
  getItem(name: string): string | null {
    return this.entries.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.entries.set(name, value);
  }
  removeItem(name: string): void {
    this.entries.delete(name);
  }
}

export function reviewOf(
  data: PageData,
  { shelf = new MemoryShelf(), hash = '' }: { shelf?: Shelf | null; hash?: string } = {},
): { review: Review; hash: () => string } {
  let at = hash;
  let now = 1000;
  const review = new Review(new PageModel(data), {
    keeper: browserKeeper(shelf, data.key, data.branches),
    shelf,
    readHash: () => at,
    writeHash: (next) => void (at = next),
    now: () => now++,
  });
  return { review, hash: () => at };
}
