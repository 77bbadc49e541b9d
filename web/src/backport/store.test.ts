import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LETTERS } from './calls.ts';
import { Journal, type Choice } from './journal.ts';
import { commitOf, dataOf, idOf, MemoryShelf, reviewOf, verdictOf } from './doubles.ts';

const had = { sha: 'f'.repeat(40), how: 'picked-from' } as const;

/** Yes, wait, uncertain, no; the first is on 3.0 already. */
function four(): ReturnType<typeof dataOf> {
  const both = (call: 'y' | 'w' | 'u' | 'n') => verdictOf({ verdict: call });
  return dataOf([
    commitOf(1, { verdicts: [verdictOf({ verdict: 'y', already: had }), both('y')] }),
    commitOf(2, { verdicts: [both('w'), both('y')] }),
    commitOf(3, { verdicts: [both('u'), both('n')], subject: 'BUG/MINOR: Mux: x', body: 'about quic' }),
    commitOf(4, { verdicts: [verdictOf({ verdict: 'y', needs: [idOf(3)] }), null] }),
  ]);
}

function callsOf(review: ReturnType<typeof reviewOf>['review']): string {
  return Array.from({ length: review.model.count }, (_, row) => review.row(row).call).join('');
}

describe('a review', () => {
  it('begins with the verdicts, after the last commit that the branch has', () => {
    const { review } = reviewOf(four());
    expect(callsOf(review)).toBe('ywuy');
    expect(review.view().start).toBe(2);
    expect(review.view().totals).toMatchObject({
      shown: 3,
      before: 1,
      wantedBefore: 0,
      fresh: 3,
      backported: 0,
    });
    review.switchTo(1);
    expect(callsOf(review)).toBe('yynu');
    expect(review.view().start).toBe(0);
  });

  it('gives ids by call, from the start on and without what the branch has, hidden or not', () => {
    const { review } = reviewOf(four());
    const short = (n: number): string => idOf(n).slice(0, 10);
    const all = [`cid_n=( )`, `cid_u=( ${short(3)} )`, `cid_w=( ${short(2)} )`, `cid_y=( ${short(4)} )`];
    expect(review.view().totals.arrays.split('\n\n')).toEqual(all);
    review.startAt(0);
    review.show({
      calls: { n: false, u: false, w: false, y: false },
      fresh: false,
      backported: false,
      disputed: false,
    });
    review.search('nothing that is there');
    expect(review.view().totals.arrays.split('\n\n')).toEqual(all);
    review.say(1, 'y');
    review.startAt(3);
    expect(review.view().totals.arrays).toContain('cid_w=( )');
    expect(review.view().totals.arrays).toContain(`cid_y=( ${short(4)} )`);
  });

  it('says what a pick lacks until that is picked, or on the branch', () => {
    const { review } = reviewOf(four());
    expect(review.row(3).lacks).toEqual([2]);
    expect(review.view().totals.lacking).toEqual([3]);
    review.say(2, 'y');
    expect(review.row(3).lacks).toEqual([]);
    review.say(2, 'w');
    expect(review.row(3).lacks).toEqual([2]);
    review.say(3, 'n');
    expect(review.row(3).lacks).toEqual([]);
  });

  it('shows what its switches, its start and its search leave', () => {
    const { review, hash } = reviewOf(four());
    review.startAt(0);
    expect(hash()).toBe('#show=nuwy,new,backported&start=0');
    const { show } = review.view();
    review.show({ ...show, backported: false, calls: { ...show.calls, w: false } });
    expect(hash()).toBe('#show=nuy,new&start=0');
    expect([0, 1, 2, 3].filter((row) => review.row(row).shown)).toEqual([2, 3]);
    review.search('QUIC mux');
    expect([0, 1, 2, 3].filter((row) => review.row(row).shown)).toEqual([2]);
    review.search('quic muxx');
    expect(review.view().totals.shown).toBe(0);
    review.search('');
    review.reveal(0);
    expect(review.row(0)).toMatchObject({ shown: true, current: true });
  });

  it('begins as its address says', () => {
    const { review } = reviewOf(four(), { hash: '#show=y,new,backported&start=1&branch=2.9' });
    expect(review.view()).toMatchObject({ branch: 1, start: 1 });
    expect([0, 1, 2, 3].filter((row) => review.row(row).shown)).toEqual([0, 1]);
  });

  it('keeps what was said, by branch', () => {
    const shelf = new MemoryShelf();
    const first = reviewOf(four(), { shelf }).review;
    first.name(' Jane ');
    first.say(1, 'y');
    first.note(2, 'ask Bob', 'a');
    first.switchTo(1);
    first.say(1, 'n');
    const { review } = reviewOf(four(), { shelf });
    expect(review.row(1)).toMatchObject({ call: 'y', choice: { by: 'Jane' } });
    expect(review.row(2)).toMatchObject({ call: 'u', choice: { call: null, note: 'ask Bob' } });
    review.switchTo(1);
    expect(review.row(1).call).toBe('n');
    const other = reviewOf({ ...four(), key: 'other' }, { shelf }).review;
    expect(other.row(1).choice).toBeNull();
  });

  it('goes on where nothing can be kept, and says so', () => {
    const full = new MemoryShelf();
    full.setItem = () => {
      throw new Error('QuotaExceededError');
    };
    const { review } = reviewOf(four(), { shelf: full });
    expect(review.view().storage).toBe('kept');
    review.say(1, 'y');
    expect(review.row(1).call).toBe('y');
    expect(review.view().storage).toBe('refused');
    expect(reviewOf(four(), { shelf: null }).review.view().storage).toBe('refused');
  });

  it('is not led astray by what others left in the storage', () => {
    const shelf = new MemoryShelf();
    for (const text of ['', '{}', '[]', '["y"]', '["q","","",1,null]', '[null,5,"",1]', 'null'])
      shelf.setItem(`vouch.backport.abc.3.0.${idOf(2)}`, text);
    shelf.setItem('vouch.backport.abc.3.0.__proto__', '["y","","",1,null]');
    expect(callsOf(reviewOf(four(), { shelf }).review)).toBe('ywuy');
  });

  it('shows what people disagree on, until somebody says it having seen both', () => {
    const against = { by: 'Bob', call: 'n', at: 1 } as const;
    const said = { sha: idOf(3), branch: '3.0', call: 'y', by: 'Ann', at: 2, note: '' } as const;
    const shelf = new MemoryShelf();
    const { review } = reviewOf({ ...four(), decisions: [{ ...said, id: 7, against }] }, { shelf });
    expect(review.row(2)).toMatchObject({ call: 'y', against });
    expect(review.view().totals.disputed).toBe(1);
    expect(review.nextDisputed(null)).toBe(2);
    review.show({ ...review.view().show, disputed: true });
    expect(review.view().totals.shown).toBe(1);
    review.name('Jane');
    review.say(2, 'y');
    expect(review.row(2).against).toBeNull();
    expect(review.nextDisputed(null)).toBeUndefined();
    // A later page has what was said since.
    const later = reviewOf({ ...four(), decisions: [{ ...said, id: 9, call: 'w' }] }, { shelf }).review;
    expect(later.row(2)).toMatchObject({ call: 'y', against: { by: 'Ann', call: 'w' } });
  });

  it('takes back and says again, whatever was done', () => {
    const step = fc.record({
      row: fc.nat(3),
      call: fc.constantFrom(...LETTERS, null),
      branch: fc.nat(1),
      note: fc.option(fc.string({ maxLength: 3 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const shelf = new MemoryShelf();
        const { review } = reviewOf(four(), { shelf });
        review.startAt(0);
        const begun = new Map(shelf.entries);
        for (const [i, { row, call, branch, note }] of steps.entries()) {
          review.switchTo(branch);
          if (note === null) review.say(row, call);
          else review.note(row, note, String(i));
        }
        const ended = new Map(shelf.entries);
        let undone = 0;
        for (; review.view().canUndo; undone++) review.undo();
        expect(shelf.entries).toEqual(begun);
        for (; review.view().canRedo; undone--) review.redo();
        expect(undone).toBe(0);
        expect(shelf.entries).toEqual(ended);
      }),
    );
  });

  it('takes a note back as a whole, and the older one before it', () => {
    const { review } = reviewOf(four());
    for (const text of ['a', 'ab', 'abc']) review.note(1, text, 'first');
    for (const text of ['abcd', 'abcde']) review.note(1, text, 'second');
    review.undo();
    expect(review.row(1).choice?.note).toBe('abc');
    review.undo();
    expect(review.row(1).choice).toBeNull();
    review.undo();
    review.redo();
    review.redo();
    expect(review.row(1).choice?.note).toBe('abcde');
  });

  it('follows another window of the same review', () => {
    const { review } = reviewOf(four());
    review.heard(`vouch.backport.abc.3.0.${idOf(3)}`, '["y","","Bob",5,null]');
    expect(review.row(2)).toMatchObject({ call: 'y', choice: { by: 'Bob' } });
    expect(review.row(3).lacks).toEqual([]);
    review.heard(`vouch.backport.abc.3.0.${idOf(3)}`, null);
    expect(review.row(2).choice).toBeNull();
    review.heard('something else', 'x');
  });

  it('puts what people said before above the verdict, and own choices above both', () => {
    const known = { id: 7, sha: idOf(3), branch: '3.0', call: 'w', by: 'Ann', at: 1, note: '' } as const;
    const { review } = reviewOf({ ...four(), decisions: [known] });
    expect(review.row(2)).toMatchObject({ call: 'w', known: { id: 7, by: 'Ann' }, choice: null });
    review.say(2, 'y');
    expect(review.row(2)).toMatchObject({ call: 'y', choice: { seen: 7 } });
    review.say(2, null);
    expect(review.row(2).call).toBe('w');
  });
});

describe('decisions', () => {
  it('go from one reviewer to another', () => {
    const first = reviewOf(four()).review;
    first.name('Jane');
    first.say(1, 'y');
    first.say(2, 'n');
    first.note(3, 'later', 'a');
    const second = reviewOf(four()).review;
    second.say(2, 'w');
    second.read(first.export());
    const read = second.view().imported!;
    expect(read.taken.map(({ row, choice }) => [row, choice.call, choice.by, choice.note])).toEqual([
      [1, 'y', 'Jane', ''],
      [3, null, 'Jane', 'later'],
    ]);
    expect(read.conflicts.map(({ own, choice }) => [own.call, choice.call])).toEqual([['w', 'n']]);
    second.take([]);
    expect(callsOf(second)).toBe('yywy');
    second.undo();
    expect(callsOf(second)).toBe('ywwy');
    second.read(first.export());
    second.take(second.view().imported!.conflicts);
    expect(callsOf(second)).toBe('yyny');
    second.read(first.export());
    expect(second.view().imported).toMatchObject({ taken: [], same: 3, conflicts: [], refused: [] });
  });

  it.each([
    '',
    'nonsense',
    '[]',
    'null',
    '{"format":2,"decisions":[]}',
    '{"format":1}',
    '{"format":1,"decisions":{}}',
  ])('are not read from %s', (text) => {
    const { review } = reviewOf(four());
    review.read(text);
    expect(review.view()).toMatchObject({ imported: null, importError: expect.stringMatching(/^The file/) });
  });

  it('that make no sense are refused one by one, with the reason', () => {
    const sha = idOf(2);
    const decisions = [
      { sha: 'xyz', branch: '3.0', call: 'y' },
      { sha: 'f'.repeat(40), branch: '3.0', call: 'y' },
      { sha, branch: '1.8', call: 'y' },
      { sha, branch: '__proto__', call: 'y' },
      { sha, branch: '3.0', call: 'toString' },
      { sha, branch: '3.0', call: 'y', note: 5 },
      { sha, branch: '3.0', call: 'y', by: {} },
      { sha, branch: '3.0', call: null },
      null,
      5,
      { sha: idOf(3).slice(0, 9).toUpperCase(), branch: '3.0', call: 'yes', at: '2024-01-01T00:00:00Z' },
      { sha, branch: '3.0', call: 'y', at: 1 },
      { sha, branch: '3.0', call: 'n', at: 2 },
    ];
    const { review } = reviewOf(four());
    review.read(JSON.stringify({ format: 1, decisions }));
    const { refused, taken } = review.view().imported!;
    expect(refused).toHaveLength(11);
    expect(taken.map(({ row, choice }) => [row, choice.call])).toEqual([
      [2, 'y'],
      [1, 'n'],
    ]);
  });
});

describe('a journal', () => {
  it('takes back ten thousand steps, and forgets those before', () => {
    const journal = new Journal();
    const choice = (at: number): Choice => ({ call: 'y', note: String(at), by: '', at, seen: null });
    for (let at = 1; at <= 10_005; at++) journal.say([{ branch: 'b', sha: 'a', after: choice(at) }]);
    let steps = 0;
    for (; journal.canUndo; steps++) journal.undo();
    expect(steps).toBe(10_000);
    expect(journal.get('b', 'a')).toEqual(choice(5));
  });
});
