import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createWorks } from './work.ts';

const never = new AbortController().signal;

describe('works', () => {
  it('are done once at a time per subject', async () => {
    const works = createWorks();
    const { promise, resolve } = Promise.withResolvers<string>();
    const first = works.run('inc_1', never, () => promise);
    await expect(works.run('inc_1', never, async () => 'second')).rejects.toMatchObject({ code: 'conflict' });
    expect(await works.run('inc_2', never, async () => 'other')).toBe('other');
    resolve('first');
    expect(await first).toBe('first');
    expect(await works.run('inc_1', never, async () => 'again')).toBe('again');
  });

  it('are bounded', async () => {
    const works = createWorks();
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = Array.from({ length: 8 }, (_, i) => works.run(`inc_${i}`, never, () => promise));
    await expect(works.run('inc_8', never, async () => {})).rejects.toMatchObject({ code: 'unavailable' });
    resolve();
    await Promise.all(all);
  });

  it('end with the one who asked, or all with the server', async () => {
    const works = createWorks();
    const asker = new AbortController();
    const until = async (signal: AbortSignal): Promise<string> => {
      await once(signal, 'abort');
      return 'stopped';
    };
    const mine = works.run('inc_1', asker.signal, until);
    const others = works.run('inc_2', never, until);
    asker.abort();
    expect(await mine).toBe('stopped');
    await works.stop(1000);
    expect(await others).toBe('stopped');
    await expect(works.run('inc_3', never, until)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
