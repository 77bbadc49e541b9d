import { expect, it } from 'vitest';
import { mapLimited } from './limit.ts';

it('keeps the order, and the limit', async () => {
  let [now, most] = [0, 0];
  const doubled = await mapLimited([3, 1, 2], 2, async (n) => {
    most = Math.max(most, ++now);
    for (let i = 0; i < n; i++) await Promise.resolve();
    now--;
    return n * 2;
  });
  expect([doubled, most]).toEqual([[6, 2, 4], 2]);
});

it('begins nothing after an error, and throws it when what was under way is over', async () => {
  const begun: number[] = [];
  let over = false;
  let finish = (): void => {};
  const slow = new Promise<void>((resolve) => (finish = resolve));
  const work = mapLimited([0, 1, 2, 3], 2, async (n) => {
    begun.push(n);
    if (n === 1) throw new Error('no');
    await slow;
    over = true;
  });
  finish();
  await expect(work).rejects.toThrow('no');
  expect([begun, over]).toEqual([[0, 1], true]);
});
