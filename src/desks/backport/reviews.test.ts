import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../../store/store.ts';
import { allDecisions, storedLessons } from './decisions.ts';
import type { PageData } from './page/data.ts';
import { pageDataSchema } from './page/schema.ts';
import { getReview, listReviews, reviewDecisions, saveReview, sayOnReview } from './reviews.ts';

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-reviews-test-'));
  store = await openStore(folder);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const SHA = 'a'.repeat(40);

function page(over: Partial<PageData> = {}): PageData {
  return {
    format: 1,
    key: 'k',
    title: 'a history',
    generatedAt: 1,
    project: 'haproxy',
    branches: ['3.0', '2.9'],
    links: { commit: null, issue: null },
    autoYes: 0.9,
    commits: [
      {
        sha: SHA,
        date: '2026-01-01T00:00:00Z',
        author: 'ann@example',
        subject: 'BUG/MINOR: x: y',
        body: 'Text.',
        bug: true,
        files: [['src/x.c', 1, 2]],
        moreFiles: 0,
        verdicts: [null, null],
      },
    ],
    decisions: [],
    ...over,
  };
}

const say = (
  by: string,
  call: 'y' | 'n' | 'w' | 'u' | 'x' | null,
  seen: number | null,
  id: string,
  note = '',
): ReturnType<typeof sayOnReview> =>
  sayOnReview(store, id, by, [{ sha: SHA, branch: '3.0', call, note, seen }]);

describe('a review', () => {
  it('is one for each history, whose newer page takes the place of the older', async () => {
    const first = await saveReview(store, pageDataSchema.parse(page()));
    const second = await saveReview(store, page({ title: 'newer' }));
    expect(second.id).toBe(first.id);
    expect(await listReviews(store)).toMatchObject([{ id: first.id, title: 'newer', commits: 1 }]);
    expect((await getReview(store, first.id)).page).toEqual(page({ title: 'newer' }));
    await expect(getReview(store, 'rev_none')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('keeps what everybody says, and shows where somebody had not seen what another said', async () => {
    const { id } = await saveReview(store, page());
    const [first] = await say('Jane', 'y', null, id);
    expect(first).toMatchObject({ call: 'yes', by: 'Jane', against: null });
    const [second] = await say('Tom', 'n', null, id);
    expect(second).toMatchObject({ call: 'no', by: 'Tom', against: { by: 'Jane', call: 'yes' } });
    expect(await reviewDecisions(store, id)).toEqual([second]);
    const [settled] = await say('Jane', 'n', second!.id, id);
    expect(settled).toMatchObject({ call: 'no', by: 'Jane', against: null });
    const rows = await store.db
      .selectFrom('backportDecisions')
      .select(['by', 'call'])
      .orderBy('id')
      .execute();
    expect(rows.map(({ by, call }) => `${by} ${call}`)).toEqual(['Jane yes', 'Tom no', 'Jane no']);
  });

  it('does not call it a disagreement when both say the same, or one person changes their mind', async () => {
    const { id } = await saveReview(store, page());
    await say('Jane', 'y', null, id);
    const [same] = await say('Tom', 'y', null, id);
    expect(same!.against).toBeNull();
    expect((await say('Tom', 'n', same!.id, id))[0]!.against).toBeNull();
    expect((await say('Tom', 'w', null, id))[0]!.against).toMatchObject({ by: 'Jane' });
  });

  it('takes nothing without a name, or of what is not on the page', async () => {
    const { id } = await saveReview(store, page());
    await expect(say(' ', 'y', null, id)).rejects.toMatchObject({ code: 'usage' });
    const bad = { sha: 'b'.repeat(40), branch: '3.0', call: 'y', note: '', seen: null } as const;
    await expect(sayOnReview(store, id, 'Jane', [bad])).rejects.toMatchObject({ code: 'usage' });
    await expect(
      sayOnReview(store, id, 'Jane', [
        { ...bad, sha: SHA },
        { ...bad, sha: SHA, branch: '1.0' },
      ]),
    ).rejects.toMatchObject({ code: 'usage' });
    expect(await reviewDecisions(store, id)).toEqual([]);
  });

  it('counts no longer what somebody took back, and keeps it', async () => {
    const { id } = await saveReview(store, page());
    const [first] = await say('Jane', 'y', null, id);
    await say('Tom', 'n', null, id);
    const [back] = await say('Tom', 'x', first!.id, id);
    expect(back).toMatchObject({ call: 'yes', by: 'Jane', against: null });
    expect(await storedLessons(store, 'haproxy')).toMatchObject([{ by: 'Jane', call: 'yes' }]);
    expect((await say('Jane', 'x', back!.id, id))[0]).toMatchObject({ call: null, against: null });
    expect(await allDecisions(store)).toEqual([]);
    expect(await storedLessons(store, 'haproxy')).toEqual([]);
    expect((await say('Tom', 'w', null, id))[0]).toMatchObject({ call: 'wait', by: 'Tom', against: null });
    expect(await store.db.selectFrom('backportDecisions').select('id').execute()).toHaveLength(5);
  });

  it('has the notes of everybody, also without a decision', async () => {
    const { id } = await saveReview(store, page());
    await say('Jane', null, null, id, 'ask Bob');
    const [both] = await say('Tom', 'y', null, id, 'Bob is away');
    expect(both!.notes.map(({ by, note }) => `${by}: ${note}`)).toEqual([
      'Jane: ask Bob',
      'Tom: Bob is away',
    ]);
    expect(both).toMatchObject({ call: 'yes', by: 'Tom', against: null });
    const [one] = await say('Jane', null, null, id);
    expect(one!.notes).toMatchObject([{ by: 'Tom' }]);
    // A note settles nothing, takes nothing back, and belongs to what its person decided.
    await say('Jane', 'n', null, id);
    const [noted] = await say('Tom', null, one!.id, id, 'still');
    expect(noted).toMatchObject({ call: 'no', by: 'Jane', against: { by: 'Tom', call: 'yes' } });
    await say('Jane', null, null, id, 'since it breaks');
    expect(await allDecisions(store)).toMatchObject([{ by: 'Jane', note: 'since it breaks' }]);
  });

  it('tells what is new, and how far it is', async () => {
    const { id } = await saveReview(store, page());
    const [first] = await say('Jane', 'y', null, id);
    expect(await reviewDecisions(store, id, first!.id)).toEqual([]);
    const [second] = await say('Tom', 'n', null, id);
    expect(await reviewDecisions(store, id, first!.id)).toEqual([second]);
    await sayOnReview(store, id, 'Tom', [{ sha: SHA, branch: '2.9', call: 'y', note: '', seen: null }]);
    expect(await reviewDecisions(store, id, second!.id)).toMatchObject([{ branch: '2.9' }]);
    expect(await listReviews(store)).toMatchObject([{ decided: 2, disputed: 1 }]);
  });
});
