import { describe, expect, it } from 'vitest';
import { exchange, inbound, slice } from '../../test/fixtures/recordings.ts';
import type { Exchange } from '../protocol/port.ts';
import type { Slice } from '../record/model.ts';
import { makePlan, type Asked, type PlanOptions } from './make-plan.ts';
import type { ReplayPlan } from './plan.ts';

const MS = 1_000;
const at = (startMs: number, endMs: number | null): Partial<Exchange> => ({
  startedAt: startMs * MS,
  endedAt: endMs === null ? null : endMs * MS,
});
const request = inbound('GET', '/a', 200, {}, { id: 'r', ...at(100, 200) });
const call = exchange({ id: 'call', request: { key: 'a' }, response: 1, ...at(110, 120) });

function plan(
  exchanges: Exchange[],
  asked: Asked[],
  part: Partial<Slice> = {},
  options: Partial<PlanOptions> = {},
): ReplayPlan {
  return makePlan(slice(exchanges, part), asked, {
    port: 3000,
    schedule: 'sequential',
    readyTimeoutMs: 1,
    lingerMs: 2,
    noise: {},
    ...options,
  });
}

it('asks in the given order, each with the calls that belong to it', () => {
  const made = plan([request, call], [{ exchange: request }], { callsOf: { r: ['call', 'not kept'] } });
  expect(made.requests).toMatchObject([
    { id: 'r', pool: ['call'], late: [], offsetMs: null, notBeforeMs: 0 },
  ]);
  expect(made.exchanges.map(({ id }) => id)).toEqual(['call']);
  expect(made.destinations).toEqual([{ host: '10.0.0.1', port: 7, protocol: 'simple', facts: null }]);
});

it('gives each request a multiple of the time that it took, within bounds', () => {
  const timeoutOf = (endMs: number | null): number =>
    plan([], [{ exchange: { ...request, ...at(0, endMs) } }]).requests[0]!.timeoutMs;
  expect([1, 2_000, 60_000, null].map(timeoutOf)).toEqual([4_000, 10_000, 30_000, 30_000]);
});

it('names calls that came after the answer', () => {
  const late = { ...call, id: 'late', ...at(210, 220) };
  const made = plan([request, call, late], [{ exchange: request }], { callsOf: { r: ['call', 'late'] } });
  expect(made.requests[0]!.late).toEqual(['late']);
});

it('puts a changed answer into the pool of its variant only', () => {
  const made = plan(
    [request, call],
    [{ exchange: request }, { exchange: request, id: 'v', request: { x: 1 }, answers: { call: 2 } }],
    { callsOf: { r: ['call'] } },
  );
  expect(made.requests.map(({ pool }) => pool)).toEqual([['call'], ['call~v']]);
  expect(made.requests[1]).toMatchObject({ id: 'v', request: { x: 1 } });
  expect(made.exchanges.map(({ id, response }) => [id, response])).toEqual([
    ['call', 1],
    ['call~v', 2],
  ]);
});

it('keeps the recorded distances of those that overlap; others are sent alone before', () => {
  const [before, beside] = [
    { ...request, id: 'before', ...at(10, 20) },
    { ...request, id: 'beside', ...at(90, 150) },
  ];
  const made = plan(
    [],
    [{ exchange: before, alone: true }, { exchange: beside }, { exchange: request }],
    {},
    { schedule: 'recorded', clock: { exchange: 'beside', leadMs: 40 } },
  );
  expect(made.requests.map(({ offsetMs, notBeforeMs }) => [offsetMs, notBeforeMs])).toEqual([
    [null, 0],
    [0, 40],
    [10, 0],
  ]);
});

it('has no destination for names: there is one listener for all', () => {
  const dns = { ...call, id: 'dns', protocol: 'dns', destination: { host: '10.0.0.53', port: 53 } };
  expect(plan([dns], []).destinations).toEqual([]);
});

describe('a destination that could not be reached', () => {
  const here = { host: '10.0.0.1', port: 7 };
  const refused = (times: number[], callsOf: Record<string, string[]> = {}): string[] =>
    plan([request, call], [{ exchange: request }], {
      callsOf,
      refused: [{ ...here, at: times.map((ms) => ms * MS) }],
    }).requests[0]!.refused;

  it('refuses during the requests that met it', () => {
    expect(refused([150])).toEqual(['10.0.0.1:7']);
    expect(refused([50, 250])).toEqual([]);
  });
  it('does not where it also answered that request, or one beside it', () => {
    expect(refused([150], { r: ['call'] })).toEqual([]);
    const beside = { ...request, id: 'beside' };
    const made = plan(
      [request, beside, call],
      [{ exchange: request }, { exchange: beside }],
      { callsOf: { beside: ['call'] }, refused: [{ ...here, at: [150 * MS] }] },
      { schedule: 'recorded' },
    );
    expect(made.requests.map((one) => one.refused)).toEqual([[], []]);
  });
});
