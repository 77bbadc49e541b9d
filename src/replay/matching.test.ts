import { describe, expect, it } from 'vitest';
import { exchange, simple } from '../../test/fixtures/recordings.ts';
import type { Exchange } from '../protocol/port.ts';
import type { Json } from '../lib/json.ts';
import { createMatcher, type Matcher } from './matching.ts';
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
      offsetMs: 0,
      timeoutMs: 1,
      lateCalls: false,
    })),
    lingerMs: 0,
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
  const { answer, call } = at.match(WHERE, simple, request, active);
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
  const { call: made } = matcher([call], { r: [call.id] }).match(WHERE, simple, { key: 'a', n: 2 }, ['r']);
  expect(made.nearest).toMatchObject({
    exchange: call.id,
    differences: [{ path: 'n', before: 1, after: 2 }],
  });
});
