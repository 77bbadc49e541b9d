import { describe, expect, it } from 'vitest';
import { call, caseOf, observed } from '../../test/fixtures/facts.ts';
import { behaviourOf, sameBehaviour, writesOf } from './behaviour.ts';
import type { Behaviour } from './evidence.ts';

const write = (during: string, canonical: { [key: string]: number | string }): ReturnType<typeof call> =>
  call(during, { writes: true, canonical });

describe('writes', () => {
  it('are what changes something, or may, in an order of their own', () => {
    const [a, b] = [write('r', { key: 'a' }), write('r', { key: 'b' })];
    const maybe = call('r', { writes: null, canonical: { key: 'c' } });
    const orders = [
      [a, call('r'), b, maybe],
      [maybe, b, a],
    ].map((calls) => writesOf(caseOf(), calls).map(({ canonical }) => canonical));
    expect(orders[0]).toEqual([{ key: 'a' }, { key: 'b' }, { key: 'c' }]);
    expect(orders[1]).toEqual(orders[0]);
  });

  it('are compared without what is noise', () => {
    const at = caseOf([], { noise: { 'simple id,key': ['id'] } });
    const canonicals = ['1', '2'].map((id) => writesOf(at, [write('r', { key: 'a', id })])[0]!.canonical);
    expect(canonicals[0]).toEqual(canonicals[1]);
  });
});

describe('a behaviour', () => {
  it('is the answer and the writes, of variants too, if they were answered from the recording', () => {
    const variants = observed(
      { v: 404, lost: 404, hung: 'timeout' },
      { calls: [write('v', { key: 'a' }), call('lost', { match: 'none' })] },
    );
    const failing = observed(
      { failing: { status: 200, body: { a: 1 } } },
      { calls: [write('failing', { key: 'b' })] },
    );
    expect(behaviourOf(caseOf(), failing, variants, ['v', 'lost', 'hung', 'not sent'])).toEqual({
      status: 200,
      body: { a: 1 },
      writes: [{ key: 'b' }],
      variants: [{ name: 'v', status: 404, body: {}, writes: [{ key: 'a' }] }],
    });
  });

  it('holds the writes of all that overlap, where the failure needs that', () => {
    const at = caseOf([], { schedule: 'recorded', together: [{ ...caseOf().failing, id: 'beside' }] });
    const failing = observed(
      { failing: 200 },
      { calls: [write('beside', { key: 'a' }), write('other', { key: 'b' })] },
    );
    expect(behaviourOf(at, failing, null, []).writes).toEqual([{ key: 'a' }]);
  });

  const one = (part: Partial<Behaviour>): Behaviour => ({
    status: 200,
    body: 1,
    writes: [],
    variants: [],
    ...part,
  });
  it('is the same as another by what can be seen outside', () => {
    expect(sameBehaviour(one({}), one({}))).toBe(true);
    for (const other of [{ status: 201 }, { body: 2 }, { writes: [1] }])
      expect(sameBehaviour(one({}), one(other))).toBe(false);
  });
  it('counts of a server error the status only', () => {
    expect(sameBehaviour(one({ status: 503, body: 'a' }), one({ status: 503, body: 'b' }))).toBe(true);
    expect(sameBehaviour(one({ status: 503 }), one({ status: 500 }))).toBe(false);
  });
  it('is compared on the variants that both were asked', () => {
    const variant = (name: string, status: number): Behaviour['variants'][number] => ({
      name,
      status,
      body: 1,
      writes: [],
    });
    const a = one({ variants: [variant('v', 200), variant('w', 200)] });
    expect(sameBehaviour(a, one({ variants: [variant('v', 200)] }))).toBe(true);
    expect(sameBehaviour(a, one({ variants: [variant('w', 404)] }))).toBe(false);
  });
});
