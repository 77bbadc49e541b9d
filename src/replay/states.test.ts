import { beforeEach, describe, expect, it } from 'vitest';
import { exchange, simple } from '../../test/fixtures/recordings.ts';
import type { Json } from '../lib/json.ts';
import type { Protocol, Told } from '../protocol/port.ts';
import type { Happened, ReplayPlan } from './plan.ts';
import { createStates, type RunStates, type States } from './states.ts';

let log: string[];
/** What the server does when it is asked. */
let ask: () => Promise<Told>;
let states: States;
const answer: Told = { dared: true, response: 1, assumptions: [] };

const protocol: Protocol = {
  ...simple,
  rebuild({ exchanges }) {
    log.push(`start ${exchanges.length}`);
    return Promise.resolve({
      at: (moment) => {
        log.push(`at ${moment}`);
        return Promise.resolve({
          follow: (_, request: Json) => Promise.resolve(void log.push(`follow ${JSON.stringify(request)}`)),
          session: () => Promise.resolve(),
          ask: () => ask(),
        });
      },
      close: () => Promise.resolve(void log.push('close')),
    });
  },
};

const recorded = exchange({ request: { key: 'a' }, response: 1 });
const plan = {
  schedule: 'sequential',
  exchanges: [recorded],
  requests: [
    { id: 'r1', recordedAt: 10, offsetMs: null },
    { id: 'r2', recordedAt: 20, offsetMs: null },
  ],
} as unknown as ReplayPlan;
const event = (what: Happened['what'], during = 'r1', key = 'b'): Happened => ({
  type: 'happened',
  what,
  number: 0,
  destination: '10.0.0.1:7',
  connection: 'c',
  during,
  request: { key },
  exchange: what === 'answered' ? recorded.id : null,
});

beforeEach(() => {
  log = [];
  ask = () => Promise.resolve(answer);
  const history = {
    from: 0,
    exchanges: [recorded],
    facts: {},
    unsure: { '10.0.0.2:7': '12 bytes were lost' },
  };
  states = createStates(history, new Map(), () => protocol);
});

describe('rebuilt servers', () => {
  it('start when they are asked, are told what happened before, and have a state for each request', async () => {
    const run = states.begin(plan);
    expect(await run.happened(event('answered', 'r1', 'a'))).toBeNull();
    expect(log).toEqual([]);
    expect(await run.happened(event('asked'))).toEqual(answer);
    expect(await run.happened(event('asked', 'r2'))).toEqual(answer);
    expect(log).toEqual(['start 1', 'at 10', 'follow {"key":"a"}', 'at 20']);
    run.end();
    await states.close();
    expect(log.at(-1)).toBe('close');
  });

  it('can be started before they are asked', async () => {
    states.warm([recorded, exchange({ request: {}, destination: { host: '10.0.0.2', port: 7 } })]);
    expect(log).toEqual(['start 1']);
    expect(await states.begin(plan).happened(event('asked'))).toEqual(answer);
    expect(log).toEqual(['start 1', 'at 10']);
  });

  it('of which something was not seen say so', async () => {
    const told = await states.begin(plan).happened({ ...event('asked'), destination: '10.0.0.2:7' });
    expect(told).toMatchObject({ dared: false, reason: expect.stringContaining('12 bytes were lost') });
  });

  it('that break are ended and started again, but not for ever for one run', async () => {
    ask = () => Promise.reject(new Error('no answer within 5 s'));
    const run = states.begin(plan);
    const broken = { dared: false, reason: expect.stringContaining('no answer within 5 s') };
    for (let i = 0; i < 4; i++) expect(await run.happened(event('asked'))).toMatchObject(broken);
    expect(log.filter((line) => line === 'start 1')).toHaveLength(2);
    expect(log.filter((line) => line === 'close')).toHaveLength(2);
    run.end();
    ask = () => Promise.resolve(answer);
    expect(await states.begin(plan).happened(event('asked'))).toEqual(answer);
  });

  it('serve one run after the other: the next one waits until what the last one asked is over', async () => {
    const gate = Promise.withResolvers<Told>();
    ask = () => gate.promise;
    const [first, second]: RunStates[] = [states.begin(plan), states.begin(plan)];
    const slow = first!.happened(event('asked'));
    const late = first!.happened(event('asked'));
    const next = second!.happened(event('asked'));
    await Promise.resolve();
    first!.end();
    expect(await Promise.race([next, Promise.resolve('waits')])).toBe('waits');
    ask = () => Promise.resolve(answer);
    gate.resolve(answer);
    expect(await slow).toEqual(answer);
    expect(await late).toEqual({ dared: false, reason: 'the run is over' });
    expect(await next).toEqual(answer);
  });
});
