import { describe, expect, it } from 'vitest';
import { createEvents, type Change } from './events.ts';

const change = (id: string): Change => ({ topic: 'incident', id, app: 'shop', text: null });

describe('events', () => {
  it('reach everyone who listens, in order, and nobody who came later', async () => {
    const events = createEvents();
    const ending = new AbortController();
    events.publish(change('before'));
    const heard = [[], []].map(async (ids: string[]) => {
      for await (const { id } of events.subscribe(ending.signal)) {
        ids.push(id);
        if (ids.length === 2) break;
      }
      return ids;
    });
    events.publish(change('1'));
    events.publish(change('2'));
    expect(await Promise.all(heard)).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
  });

  it('end for one who does not keep up, and for all when it is over', async () => {
    const events = createEvents();
    const ending = new AbortController();
    const slow = events.subscribe(ending.signal)[Symbol.asyncIterator]();
    const first = slow.next();
    for (let i = 0; i < 500; i++) events.publish(change(String(i)));
    expect((await first).value).toEqual(change('0'));
    for (let i = 0; i < 2000; i++) events.publish(change(String(i)));
    let count = 0;
    while (!(await slow.next()).done) count++;
    expect(count).toBeLessThan(1000);

    const waiting = events.subscribe(ending.signal)[Symbol.asyncIterator]().next();
    ending.abort();
    expect((await waiting).done).toBe(true);
  });
});
