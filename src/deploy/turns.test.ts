import { describe, expect, it } from 'vitest';
import { createTurns } from './turns.ts';

describe('turns', () => {
  it('are taken in order of arrival, one app apart from another', async () => {
    const turns = createTurns(10_000);
    const order: string[] = [];
    const first = await turns.take('shop', 'a push');
    const waiting: string[] = [];
    const onWait = (ahead: string): void => void waiting.push(ahead);
    const second = turns.take('shop', 'a rollback', { onWait }).then((leave) => {
      order.push('second');
      return leave;
    });
    const third = turns.take('shop', 'a deploy').then((leave) => {
      order.push('third');
      return leave;
    });
    (await turns.take('other', 'a push'))();
    expect(order).toEqual([]);
    expect(waiting).toEqual(['a push']);
    first();
    first();
    (await second)();
    (await third)();
    expect(order).toEqual(['second', 'third']);
    (await turns.take('shop', 'a push'))();
  });

  it('are given up after a while, saying what was in the way', async () => {
    const turns = createTurns(10_000);
    const first = await turns.take('shop', 'a push');
    await expect(turns.take('shop', 'a push', { waitMs: 1 })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('shop is being changed by a push'),
    });
    first();
    (await turns.take('shop', 'a push', { waitMs: 1 }))();
  });

  it('are refused at once when many wait', async () => {
    const turns = createTurns(10_000, 1);
    const first = await turns.take('shop', 'a push');
    const second = turns.take('shop', 'a push');
    await expect(turns.take('shop', 'a push')).rejects.toMatchObject({ code: 'conflict' });
    first();
    (await second)();
  });
});
