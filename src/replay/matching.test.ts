import { describe, expect, it } from 'vitest';
import { exchange, simple } from '../../test/fixtures/recordings.ts';
import type { Exchange } from '../protocol/port.ts';
import type { Json } from '../lib/json.ts';
import { NO_ANSWER } from '../record/exchanges.ts';
import { createMatcher, type Active, type Matcher } from './matching.ts';
import type { ReplayPlan } from './plan.ts';

const WHERE = '10.0.0.1:7';

function matcher(
  exchanges: Exchange[],
  pools: Record<string, string[]>,
  part: Partial<ReplayPlan> = {},
): Matcher {
  const plan: ReplayPlan = {
    version: 1,
    app: { host: '127.0.0.1', port: 1, readyTimeoutMs: 1 },
    exchanges,
    destinations: [],
    schedule: 'sequential',
    startup: [],
    requests: Object.entries(pools).map(([id, pool]) => ({
      id,
      request: null,
      pool,
      recordedAt: 5_000_000,
      offsetMs: null,
      notBeforeMs: 0,
      timeoutMs: 1,
      late: [],
      refused: [],
    })),
    lingerMs: 0,
    rebuilt: [],
    noise: {},
    ...part,
  };
  return createMatcher(plan, () => simple);
}

function ask(
  at: Matcher,
  request: Json,
  active: string[] = ['r'],
): { match: string; response: Json | undefined } {
  const { answer, call } = at.match(WHERE, simple, request, { underWay: active, answered: [] });
  return { match: call.match, response: answer.found ? answer.response : undefined };
}

describe('answers from the pool of a request', () => {
  it('are served in recorded order, and the last one again while nothing is written', () => {
    const [a, b] = [
      exchange({ request: { key: 'a' }, response: 1 }),
      exchange({ request: { key: 'a' }, response: 2 }),
    ];
    const at = matcher([a, b], { r: [a.id, b.id] });
    expect(
      [ask(at, { key: 'a' }), ask(at, { key: 'a' }), ask(at, { key: 'a' })].map(({ response }) => response),
    ).toEqual([1, 2, 2]);
  });

  it('skip what was read before a write that the run has made', () => {
    const before = exchange({ request: { key: 'a' }, response: 'old', startedAt: 1000 });
    const write = exchange({ request: { key: 'a', write: true }, response: 'ok', startedAt: 2000 });
    const after = exchange({ request: { key: 'a' }, response: 'new', startedAt: 3000 });
    const at = matcher([before, write, after], { r: [before.id, write.id, after.id] });
    expect(ask(at, { key: 'a', write: true }).response).toBe('ok');
    expect(ask(at, { key: 'a' }).response).toBe('new');
  });

  it('do not answer a read again after a write that the recording does not have', () => {
    const read = exchange({ request: { key: 'a' }, response: 1 });
    const at = matcher([read], { r: [read.id] });
    expect(ask(at, { key: 'a' }).match).toBe('exact');
    expect(ask(at, { key: 'b', write: true }).match).toBe('none');
    expect(ask(at, { key: 'a' }).match).toBe('none');
  });

  it('serve a write once', () => {
    const write = exchange({ request: { key: 'a', write: true }, response: 'ok' });
    const at = matcher([write], { r: [write.id] });
    expect([ask(at, { key: 'a', write: true }).match, ask(at, { key: 'a', write: true }).match]).toEqual([
      'exact',
      'none',
    ]);
  });

  it('are not taken from another destination', () => {
    const read = exchange({ request: { key: 'a' }, response: 1, destination: { host: '10.0.0.2', port: 7 } });
    expect(ask(matcher([read], { r: [read.id] }), { key: 'a' }).match).toBe('none');
  });

  it('are found where only what is proved to be noise differs', () => {
    const call = exchange({ request: { key: 'a', nonce: 'x1' }, response: 1 });
    const noise = { 'simple key,nonce': ['nonce'] };
    const at = matcher([call], { r: [call.id] }, { noise });
    expect(ask(at, { key: 'a', nonce: 'x2' }).match).toBe('normalised');
    expect(ask(at, { key: 'b', nonce: 'x2' }).match).toBe('none');
  });
});

describe('answers from elsewhere', () => {
  it('serve a read that nothing has changed since', () => {
    const elsewhere = exchange({ request: { key: 'a' }, response: 1, startedAt: 4_000_000 });
    expect(ask(matcher([elsewhere], { r: [] }), { key: 'a' })).toEqual({ match: 'normalised', response: 1 });
  });

  it('do not serve a read with a write in between, unless it read the same on both sides', () => {
    const before = exchange({ request: { key: 'a' }, response: 1, startedAt: 4_000_000 });
    const write = exchange({ request: { key: 'a', write: true }, response: 'ok', startedAt: 4_500_000 });
    const changed = exchange({ request: { key: 'a' }, response: 2, startedAt: 6_000_000 });
    const late = exchange({ request: { key: 'b', write: true }, response: 'ok', startedAt: 5_500_000 });
    expect(ask(matcher([before, write, late, changed], { r: [] }), { key: 'a' }).match).toBe('none');
    const same = { ...changed, response: 1 };
    expect(ask(matcher([before, write, late, same], { r: [] }), { key: 'a' }).match).toBe('normalised');
  });

  it('never serve a write, nor a read after a write of this run', () => {
    const write = exchange({ request: { key: 'a', write: true }, response: 'ok' });
    const read = exchange({ request: { key: 'c' }, response: 1, startedAt: 4_900_000 });
    const at = matcher([write, read], { r: [] });
    expect(ask(at, { key: 'a', write: true }).match).toBe('none');
    expect(ask(at, { key: 'c' }).match).toBe('none');
  });
});

describe('start-up answers', () => {
  it('are served any number of times', () => {
    const boot = exchange({ request: { key: 'config' }, response: 'c' });
    const at = matcher([boot], { r: [] }, { startup: [boot.id] });
    expect(
      [ask(at, { key: 'config' }, []), ask(at, { key: 'config' }, ['r'])].map(({ match }) => match),
    ).toEqual(['exact', 'exact']);
  });
});

it('names the nearest recorded call of one that is not answered', () => {
  const call = exchange({ request: { key: 'a', n: 1 }, response: 1 });
  const { call: made } = matcher([call], { r: [call.id] }).match(
    WHERE,
    simple,
    { key: 'a', n: 2 },
    {
      underWay: ['r'],
      answered: [],
    },
  );
  expect(made.nearest).toMatchObject({
    exchange: call.id,
    differences: [{ path: 'n', before: 1, after: 2 }],
  });
});

describe('a call that was never answered', () => {
  const made = (part: Partial<Exchange>): Exchange =>
    exchange({ request: { key: 'a' }, complete: false, startedAt: 1_000, endedAt: 3_000, ...part });

  it('is not answered again where the connection was closed, and says for how long it was waited', () => {
    const call = made({ incomplete: NO_ANSWER });
    const {
      answer,
      call: seen,
      latencyUs,
    } = matcher([call], { r: [call.id] }).match(
      WHERE,
      simple,
      { key: 'a' },
      { underWay: ['r'], answered: [] },
    );
    expect(answer).toEqual({ found: true, response: null });
    expect([seen.match, latencyUs]).toEqual(['exact', 2_000]);
  });

  it('is unanswered where the app ended first: nobody knows what it would have been told', () => {
    const call = made({ incomplete: 'the recording ended', endedAt: null });
    const at = matcher([call], { r: [call.id] });
    expect(ask(at, { key: 'a' })).toEqual({ match: 'none', response: undefined });
  });
});

describe('a call belongs to', () => {
  const ownerOf = (at: Matcher, request: Json, active: Active): string | null =>
    at.match(WHERE, simple, request, active).call.during;

  it('the request in whose pool its answer was, of several under way', () => {
    const [a, b] = ['a', 'b'].map((key) => exchange({ request: { key }, response: key }));
    const at = matcher([a!, b!], { first: [a!.id], second: [b!.id] });
    const both = { underWay: ['first', 'second'], answered: [] };
    expect(ownerOf(at, { key: 'b' }, both)).toBe('second');
    expect(ownerOf(at, { key: 'unknown' }, both)).toBe('first');
  });

  it('the one that was answered last, when none is under way', () => {
    const at = matcher([], { first: [], second: [] });
    expect(ownerOf(at, { key: 'a' }, { underWay: [], answered: ['first', 'second'] })).toBe('second');
    expect(ownerOf(at, { key: 'a' }, { underWay: [], answered: [] })).toBeNull();
  });

  it('one that was answered before, if it came late there when it was recorded', () => {
    const [log, early] = ['log', 'early'].map((key) =>
      exchange({ request: { key, write: true }, response: 'ok' }),
    );
    const request = (id: string, pool: Exchange[], late: Exchange[]): ReplayPlan['requests'][number] => ({
      id,
      request: null,
      pool: pool.map((one) => one.id),
      recordedAt: 5_000_000,
      offsetMs: null,
      notBeforeMs: 0,
      timeoutMs: 1,
      late: late.map((one) => one.id),
      refused: [],
    });
    const requests = [request('first', [log!, early!], [log!]), request('second', [], [])];
    const at = matcher([log!, early!], {}, { requests });
    const active = { underWay: ['second'], answered: ['first'] };
    expect(at.awaitsLate('first')).toBe(true);
    expect(ownerOf(at, { key: 'log', write: true }, active)).toBe('first');
    expect(at.awaitsLate('first')).toBe(false);
    expect(ownerOf(at, { key: 'early', write: true }, active)).toBe('second');
  });
});

it('what another variant of the same request wrote does not make an answer out of date', () => {
  const read = exchange({ request: { key: 'a' }, response: 1, startedAt: 1_000 });
  const write = exchange({ request: { key: 'a', write: true }, response: 'ok', startedAt: 2_000 });
  const pool = [read.id, write.id];
  const at = matcher([read, write], { 'variant 1': pool, 'variant 2': pool });
  for (const variant of ['variant 1', 'variant 2']) {
    expect(ask(at, { key: 'a' }, [variant]).match).toBe('exact');
    expect(ask(at, { key: 'a', write: true }, [variant]).match).toBe('exact');
    expect(ask(at, { key: 'a' }, [variant]).match).toBe('none');
  }
});
