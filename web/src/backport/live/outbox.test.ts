import { describe, expect, it, onTestFinished } from 'vitest';
import { MemoryShelf } from '../doubles.ts';
import { Outbox, type Outcome } from './outbox.ts';
import type { Saying } from './saying.ts';

function saying(n: number, part: Partial<Saying> = {}): Saying {
  return { branch: '3.0', sha: String(n), call: 'y', note: '', by: 'Jane', at: n, seen: null, ...part };
}

/** A server that answers when it is told to. */
function desk(shelf: MemoryShelf | null = new MemoryShelf()): {
  outbox: Outbox<string>;
  /** What was sent, a line each. */
  sent: string[];
  sizes: number[];
  answer: (outcome: Outcome<string>) => Promise<void>;
  refuse: (isBad: (one: Saying) => boolean) => void;
} {
  const sent: string[] = [];
  const sizes: number[] = [];
  let answerIt: ((outcome: Outcome<string>) => void) | undefined;
  let isBad: ((one: Saying) => boolean) | undefined;
  const outbox = new Outbox<string>(shelf, 'rev_1', {
    send(by, all) {
      sent.push(`${by}: ${all.map(({ sha, call, note }) => `${sha}${call}${note}`).join(' ')}`);
      sizes.push(all.length);
      if (isBad !== undefined)
        return Promise.resolve(
          all.some(isBad) ? { kind: 'refused', why: 'no' } : { kind: 'taken', answer: '' },
        );
      return new Promise((resolve) => (answerIt = resolve));
    },
    taken() {},
    dropped() {},
  });
  onTestFinished(() => outbox.close());
  return {
    outbox,
    sent,
    sizes,
    async answer(outcome) {
      await expect.poll(() => answerIt).toBeDefined();
      const resolve = answerIt!;
      answerIt = undefined;
      resolve(outcome);
      await Promise.resolve();
    },
    refuse: (bad) => void (isBad = bad),
  };
}

const TAKEN = { kind: 'taken', answer: '' } as const;

describe('an outbox', () => {
  it('sends at once, and together what came while it was sending', async () => {
    const { outbox, sent, answer } = desk();
    outbox.add([saying(1)], null);
    outbox.add([saying(2)], null);
    outbox.add([saying(1, { call: 'n' })], null);
    expect(outbox.state()).toMatchObject({ waiting: 3, trouble: null });
    await answer(TAKEN);
    await answer(TAKEN);
    await expect.poll(() => outbox.state().waiting).toBe(0);
    expect(sent.join(' | ')).toMatch(/1y.*1n$/);
    expect(outbox.has('3.0', '1')).toBe(false);
  });

  it('keeps what nobody took, also for another window, and drops what that one sent', async () => {
    const shelf = new MemoryShelf();
    const first = desk(shelf);
    first.outbox.add([saying(1), saying(2, { call: 'x' }), saying(3, { call: null, note: 'n' })], null);
    await first.answer({ kind: 'later', why: 'gone' });
    await expect.poll(() => first.outbox.state().trouble).toBe('gone');
    const second = desk(shelf);
    expect(second.outbox.all()).toEqual(first.outbox.all());
    first.outbox.retry();
    await first.answer(TAKEN);
    await expect.poll(() => shelf.length).toBe(0);
    second.outbox.retry();
    await expect.poll(() => second.outbox.state().waiting).toBe(0);
    expect(second.sent).toEqual([]);
  });

  it('sends a note when it is written to its end, and nothing of its commit before', async () => {
    const { outbox, sent, answer } = desk();
    for (const note of ['a', 'as', 'ask']) outbox.add([saying(1, { call: null, note })], 'note 1');
    expect(outbox.state().waiting).toBe(1);
    expect(sent).toEqual([]);
    outbox.settle();
    await answer(TAKEN);
    await expect.poll(() => outbox.state().waiting).toBe(0);
    expect(sent).toEqual(['Jane: 1nullask']);
  });

  it('finds the one that is refused, and lets the others pass', async () => {
    const { outbox, refuse } = desk();
    refuse(({ sha }) => sha === '77');
    outbox.add(
      Array.from({ length: 100 }, (_, i) => saying(i)),
      null,
    );
    await expect.poll(() => outbox.state().waiting).toBe(0);
    expect(outbox.state().refused).toMatchObject([{ saying: { sha: '77' }, why: 'no' }]);
    expect(outbox.has('3.0', '77')).toBe(true);
    outbox.dropRefused();
    expect(outbox.state().refused).toEqual([]);
    expect(outbox.has('3.0', '77')).toBe(false);
  });

  it('sends thousands in parts, person by person', async () => {
    const { outbox, sizes, sent, refuse } = desk(null);
    refuse(() => false);
    outbox.add(
      Array.from({ length: 2500 }, (_, i) => saying(i, { by: i % 2 === 0 ? 'Jane' : 'Bob' })),
      null,
    );
    expect(outbox.state()).toMatchObject({ waiting: 2500, isKept: false });
    await expect.poll(() => outbox.state().waiting).toBe(0);
    expect(sizes).toEqual([1000, 1000, 250, 250]);
    expect(sent.map((line) => line.split(':')[0])).toEqual(['Jane', 'Bob', 'Jane', 'Bob']);
  });

  it('goes on where the browser keeps nothing, and says so', async () => {
    const full = new MemoryShelf();
    full.setItem = () => {
      throw new Error('QuotaExceededError');
    };
    const { outbox, answer } = desk(full);
    outbox.add([saying(1)], null);
    await answer({ kind: 'later', why: 'gone' });
    await expect.poll(() => outbox.state().trouble).toBe('gone');
    expect(outbox.state()).toMatchObject({ waiting: 1, isKept: false });
  });

  it('is not led astray by what others left in the storage', () => {
    const shelf = new MemoryShelf();
    for (const [i, text] of ['', '{}', '[]', '["3.0",5]', '["3.0","1","q","","",1,null]', 'null'].entries())
      shelf.setItem(`vouch.backport.unsaved.rev_1.${i}`, text);
    expect(desk(shelf).outbox.all()).toEqual([]);
  });
});
