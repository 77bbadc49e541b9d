import { VouchError } from '../../lib/errors.ts';
import { newId } from '../../lib/ids.ts';
import type { Store } from '../../store/store.ts';
import {
  allDecisions,
  commitsSaidAfter,
  sayDecisions,
  standingsOn,
  type Saying,
  type Standing,
} from './decisions.ts';
import type { Letter, PageData } from './page/data.ts';

/** A page that several people look at. */
export interface Review {
  id: string;
  title: string;
  project: string;
  branches: string[];
  commits: number;
  /** Milliseconds since 1970. */
  updatedAt: number;
}

/** How far it is, over all its branches. */
export interface ReviewProgress {
  decided: number;
  /** Decided otherwise by two people who had not seen each other. */
  disputed: number;
}

/** One saying of a reviewer, on the page. */
export interface ReviewSaying {
  sha: string;
  branch: string;
  /** `x` takes back what was said before; null leaves it as it is, and changes the note alone. */
  call: Letter | 'x' | null;
  note: string;
  /** The decision that stood on the page when this was said; null for none. */
  seen: number | null;
}

const CALLS = { n: 'no', u: 'uncertain', w: 'wait', x: 'none', y: 'yes' } as const;
/** Pages are megabytes, and every choice of a reviewer asks for one. Named by what they hold, they cannot get old. */
const pages = new Map<string, PageData>();
const PAGES_KEPT = 4;
/** The commits of a page, by what it holds: the list of reviews needs no more of them. */
const commitsOf = new Map<string, ReadonlySet<string>>();

/** Keeps a page; one of the same history takes the place of the older, under the same id. */
export async function saveReview(store: Store, page: PageData, now = Date.now()): Promise<Review> {
  const hash = await store.blobs.put(JSON.stringify({ ...page, decisions: [] }));
  const values = {
    title: page.title,
    project: page.project,
    branches: JSON.stringify(page.branches),
    commits: page.commits.length,
    page: hash,
    updatedAt: now,
  };
  const before = await store.db
    .selectFrom('backportReviews')
    .select('page')
    .where('key', '=', page.key)
    .executeTakeFirst();
  const row = await store.db
    .insertInto('backportReviews')
    .values({ id: newId('rev', now), key: page.key, ...values })
    .onConflict((on) => on.column('key').doUpdateSet(values))
    .returningAll()
    .executeTakeFirstOrThrow();
  if (before !== undefined && before.page !== hash) await store.blobs.remove(before.page);
  return reviewOf(row);
}

/** Newest first. */
export async function listReviews(store: Store, limit = 100): Promise<(Review & ReviewProgress)[]> {
  const rows = await store.db
    .selectFrom('backportReviews')
    .selectAll()
    .orderBy('updatedAt', 'desc')
    .limit(limit)
    .execute();
  if (rows.length === 0) return [];
  const decisions = await allDecisions(store);
  const reviews: (Review & ReviewProgress)[] = [];
  for (const row of rows) {
    const review = reviewOf(row);
    const shas = commitsOf.get(row.page) ?? shasOf(await pageOf(store, row.page));
    commitsOf.set(row.page, shas);
    const own = decisions.filter(({ sha, branch }) => shas.has(sha) && review.branches.includes(branch));
    const disputed = own.filter(({ against }) => against !== null).length;
    reviews.push({ ...review, decided: own.length, disputed });
  }
  const kept = new Set(rows.map(({ page }) => page));
  for (const hash of commitsOf.keys()) if (!kept.has(hash)) commitsOf.delete(hash);
  return reviews;
}

function shasOf({ commits }: PageData): ReadonlySet<string> {
  return new Set(commits.map(({ sha }) => sha));
}

/** The page with what holds now. Throws `not-found`. */
export async function getReview(
  store: Store,
  id: string,
): Promise<{ review: Review; page: PageData; decisions: Standing[] }> {
  const row = await rowOf(store, id);
  const page = await pageOf(store, row.page);
  return { review: reviewOf(row), page, decisions: await decisionsFor(store, page) };
}

/**
 * What people said of a review's commits and branches; with `after`, where something was said later than the saying of that
 * id. Throws `not-found`.
 */
export async function reviewDecisions(store: Store, id: string, after = 0): Promise<Standing[]> {
  const row = await rowOf(store, id);
  return decisionsFor(store, await pageOf(store, row.page), after);
}

/**
 * Writes down what a named person says. Nobody is overruled unseen: what others said meanwhile stays, and shows as a
 * disagreement. Throws `not-found`, and `usage` for what is not on the page. Returns what holds for the commits concerned.
 */
export async function sayOnReview(
  store: Store,
  id: string,
  by: string,
  sayings: readonly ReviewSaying[],
  at = Date.now(),
): Promise<Standing[]> {
  const row = await rowOf(store, id);
  const page = await pageOf(store, row.page);
  const commits = new Map(page.commits.map((commit) => [commit.sha, commit]));
  const branches = new Set(page.branches);
  const said = sayings.map(({ sha, branch, call, note, seen }): Saying => {
    const commit = commits.get(sha);
    if (commit === undefined || !branches.has(branch))
      throw new VouchError('usage', `${sha.slice(0, 12)} on ${branch.slice(0, 80)}: not on this page`);
    const files = commit.files.map(([path, added, removed]) => ({ path, added, removed }));
    return {
      commit: { ...commit, files },
      branch,
      call: call === null ? 'note' : CALLS[call],
      note,
      by,
      at,
      seen,
    };
  });
  await sayDecisions(store, page.project, said);
  const touched = new Set(sayings.map(({ sha }) => sha));
  return (await standingsOn(store, [...touched])).filter(({ branch }) => branches.has(branch));
}

async function rowOf({ db }: Store, id: string): Promise<ReviewRow> {
  const row = await db.selectFrom('backportReviews').selectAll().where('id', '=', id).executeTakeFirst();
  if (row !== undefined) return row;
  throw new VouchError('not-found', `review ${id.slice(0, 40)}: there is none`, {
    hint: '`vouch backport triage … --publish` makes one',
  });
}

interface ReviewRow {
  id: string;
  title: string;
  project: string;
  branches: string;
  commits: number;
  page: string;
  updatedAt: number;
}

async function pageOf(store: Store, hash: string): Promise<PageData> {
  const page = pages.get(hash) ?? (JSON.parse((await store.blobs.get(hash)).toString('utf8')) as PageData);
  pages.delete(hash);
  pages.set(hash, page);
  for (const old of [...pages.keys()].slice(0, -PAGES_KEPT)) pages.delete(old);
  return page;
}

async function decisionsFor(store: Store, page: PageData, after = 0): Promise<Standing[]> {
  const branches = new Set(page.branches);
  const shas = shasOf(page);
  const asked =
    after === 0 ? [...shas] : (await commitsSaidAfter(store, after)).filter((sha) => shas.has(sha));
  return (await standingsOn(store, asked)).filter(({ branch, id }) => branches.has(branch) && id > after);
}

function reviewOf({ id, title, project, branches, commits, updatedAt }: ReviewRow): Review {
  return { id, title, project, branches: JSON.parse(branches) as string[], commits, updatedAt };
}
