import { describe, expect, it } from 'vitest';
import {
  BUG,
  baseline,
  call,
  caseOf,
  error,
  facts,
  failing,
  observed,
  type Answered,
} from '../../../test/fixtures/facts.ts';
import { exchange, inbound, slice } from '../../../test/fixtures/recordings.ts';
import type { Json } from '../../lib/json.ts';
import { protocolOf } from '../../protocol/registry.ts';
import type { Facts, Gate } from '../facts.ts';
import type { Variant } from '../variants.ts';
import { answered } from './answered.ts';
import { complete } from './complete.ts';
import { effects } from './effects.ts';
import { errorGone } from './error-gone.ts';
import { meaning } from './meaning.ts';
import { neighbours } from './neighbours.ts';
import { nothingNew } from './nothing-new.ts';
import { ownTests } from './own-tests.ts';
import { reproduced } from './reproduced.ts';
import { sound } from './sound.ts';

/** `holds`, `rejected`, `inconclusive`, or null where the gate has nothing to say. */
function of(gate: Gate, part: Partial<Facts> = {}): string | null {
  const result = gate(facts(part));
  return result && (result.otherwise ?? 'holds');
}

const serverError = (status: number, at = 500_000): ReturnType<typeof error> =>
  error(`HTTP ${status}`, { detector: 'server-error', type: `HTTP ${status}`, at });

it('say nothing of what was not run', () => {
  for (const gate of [errorGone, nothingNew, answered, neighbours, effects, meaning])
    expect(of(gate, { failing: null })).toBeNull();
});

describe('reproduced', () => {
  it('holds, and says what else had to be sent', () => {
    expect(of(reproduced)).toBe('holds');
    const at = caseOf([], { prefix: [failing], together: [failing, failing] });
    expect(reproduced(facts({ at }))?.detail).toMatch(/after 1 earlier requests, together with 2/);
  });
  it('is unsure with the reason', () => {
    expect(of(reproduced, { at: caseOf([], { notReproduced: 'no' }) })).toBe('inconclusive');
  });
});

describe('error gone', () => {
  it('holds for an answer without the error', () => expect(of(errorGone)).toBe('holds'));
  it('rejects what raises it again, at any time', () => {
    expect(of(errorGone, { failing: observed({ failing: 200 }, { errors: [BUG] }) })).toBe('rejected');
  });
  it.each<Answered>(['timeout', 'closed'])('rejects %s', (answer) => {
    expect(of(errorGone, { failing: observed({ failing: answer }) })).toBe('rejected');
  });
  it('rejects a request that was never answered, an app that did not start, and one that ended', () => {
    const exit = { code: 1, signal: null, outOfMemory: false, at: 1 };
    expect(of(errorGone, { failing: observed({}) })).toBe('rejected');
    expect(of(errorGone, { failing: observed({ failing: 200 }, { run: { exit } }) })).toBe('rejected');
    const dead = observed({});
    dead.run.result.ready = false;
    dead.run.output = [{ stream: 'stderr', text: 'SyntaxError: x', at: 1 }];
    expect(errorGone(facts({ failing: dead }))?.detail).toMatch(/did not start; it said: SyntaxError/);
  });
});

describe('nothing new', () => {
  it('is unsure of an error of a neighbour that asked what nothing recorded answers', () => {
    const errors = [error('other')];
    const calls = [call('other', { match: 'none' })];
    expect(of(nothingNew, { neighbours: observed({ other: 500 }, { errors }) })).toBe('rejected');
    expect(of(nothingNew, { neighbours: observed({ other: 500 }, { errors, calls }) })).toBe('inconclusive');
  });
  it('holds without errors, and with those that the unpatched code raises too', () => {
    expect(of(nothingNew)).toBe('holds');
    const known = error('known');
    const at = caseOf([], { unpatched: [observed({ failing: 500 }, { errors: [BUG, known] })] });
    expect(of(nothingNew, { at, failing: observed({ failing: 404 }, { errors: [known] }) })).toBe('holds');
  });
  it('rejects another error, in the failing request or in a neighbour, and an app that ends', () => {
    const other = observed({ failing: 404 }, { errors: [error('other')] });
    expect(of(nothingNew, { failing: other })).toBe('rejected');
    expect(of(nothingNew, { neighbours: other })).toBe('rejected');
    const exit = { code: 0, signal: null, outOfMemory: false, at: 1 };
    expect(of(nothingNew, { neighbours: observed({}, { run: { exit } }) })).toBe('rejected');
  });
  it('rejects a patch that only keeps the error quiet: the 5xx is what it was', () => {
    const unpatched = [observed({ failing: 500 }, { errors: [BUG, serverError(500)] })];
    const quiet = observed({ failing: 500 }, { errors: [serverError(500)] });
    expect(of(nothingNew, { at: caseOf([], { unpatched }), failing: quiet })).toBe('rejected');
  });
  it('lets a 5xx be that the app gives on purpose elsewhere, in the same form', () => {
    const sibling = inbound('GET', '/quotes', 503, {});
    const answer = observed({ failing: 503 }, { errors: [serverError(503)] });
    expect(of(nothingNew, { at: caseOf([sibling]), failing: answer })).toBe('holds');
    expect(of(nothingNew, { failing: answer })).toBe('rejected');
  });
  it('is unsure of an error that follows a call which nothing recorded answers', () => {
    const left = observed(
      { failing: 404 },
      { errors: [error('other')], calls: [call('failing', { match: 'none' })] },
    );
    expect(of(nothingNew, { failing: left })).toBe('inconclusive');
  });
});

describe('answered', () => {
  const withCalls = (...calls: ReturnType<typeof call>[]): Partial<Facts> => ({
    failing: observed({ failing: 404 }, { calls }),
  });
  it('holds where every call has an exact or a normalised answer', () => {
    expect(of(answered, withCalls(call('failing'), call('failing', { match: 'normalised' })))).toBe('holds');
  });
  it('is unsure of a call without an answer, at start-up too, and of one that is only similar', () => {
    expect(of(answered, withCalls(call('failing', { match: 'none' })))).toBe('inconclusive');
    expect(of(answered, withCalls(call('failing', { match: 'similar' })))).toBe('inconclusive');
    expect(of(answered, withCalls(call(null, { match: 'none' })))).toBe('inconclusive');
  });
  it('is unsure of a destination that was never recorded, and of calls beyond what is kept', () => {
    const strays = [{ address: '8.8.8.8', port: 443, count: 1 }];
    expect(of(answered, { failing: observed({ failing: 404 }, { run: { strays } }) })).toBe('inconclusive');
    expect(of(answered, { failing: observed({ failing: 404 }, { moreCalls: 1 }) })).toBe('inconclusive');
  });
  it('does not mind what another request asked for', () => {
    expect(of(answered, withCalls(call('before', { match: 'none' })))).toBe('holds');
  });
  it('names the nearest recorded call and the difference', () => {
    const nearest = { exchange: 'x', summary: 'GET /a', differences: [{ path: 'n', before: 1, after: 2 }] };
    expect(answered(facts(withCalls(call('failing', { match: 'none', nearest }))))?.detail).toMatch(
      /nearest: GET \/a: n 1 → 2/,
    );
  });
});

describe('complete', () => {
  const cut = exchange({ request: {}, response: 1, complete: false, incomplete: 'cut' });
  it('holds where nothing was lost', () => expect(of(complete)).toBe('holds'));
  it('is unsure where a call of the failing request, or of one sent with it, was cut', () => {
    const before = inbound('GET', '/', 200, {});
    const at = caseOf([cut, before]);
    at.slice.callsOf = { [before.id]: [cut.id] };
    expect(of(complete, { at })).toBe('holds');
    expect(of(complete, { at: { ...at, prefix: [before] } })).toBe('inconclusive');
    expect(of(complete, { at: { ...at, together: [before] } })).toBe('inconclusive');
    at.slice.callsOf = { failing: [cut.id] };
    expect(of(complete, { at })).toBe('inconclusive');
  });
  it('is unsure where bytes were lost or not understood', () => {
    const withSlice = (part: Parameters<typeof slice>[1]): Partial<Facts> => ({
      at: caseOf([], { slice: slice([failing], part) }),
    });
    expect(of(complete, withSlice({ lostBytes: 1 }))).toBe('inconclusive');
    expect(of(complete, withSlice({ undecoded: { 'x:1': 'unknown' } }))).toBe('inconclusive');
  });
});

describe('neighbours', () => {
  const other = inbound('GET', '/products/1', 200, { id: 1, at: 'a' }, { id: 'other' });
  const run = (body: Json, part: Parameters<typeof observed>[1] = {}): ReturnType<typeof observed> =>
    observed({ other: { status: 200, body } }, part);
  const withRuns = (first: Json, second: Json): Facts['baseline'] =>
    baseline({ neighbours: [other], runs: [run(first), run(second)] });

  it('holds for the same answers, but for what differs by itself', () => {
    const noisy = withRuns({ id: 1, at: 'a' }, { id: 1, at: 'b' });
    expect(of(neighbours, { baseline: noisy, neighbours: run({ id: 1, at: 'c' }) })).toBe('holds');
    expect(of(neighbours, { baseline: noisy, neighbours: run({ id: 2, at: 'c' }) })).toBe('rejected');
  });
  it('rejects another answer, and none', () => {
    const same = withRuns({ id: 1 }, { id: 1 });
    expect(of(neighbours, { baseline: same, neighbours: run({ id: 2 }) })).toBe('rejected');
    expect(of(neighbours, { baseline: same, neighbours: observed({ other: 'timeout' }) })).toBe('rejected');
    expect(of(neighbours, { baseline: same, neighbours: observed({}) })).toBe('rejected');
  });
  it('is unsure with nothing to compare: no neighbour, or answers that differ as a whole by themselves', () => {
    expect(of(neighbours, { neighbours: observed({}) })).toBe('inconclusive');
    expect(of(neighbours, { baseline: withRuns('one', 'two'), neighbours: run('three') })).toBe(
      'inconclusive',
    );
    const wrong = baseline({
      neighbours: [other],
      runs: [observed({ other: 404 }), observed({ other: 404 })],
    });
    expect(of(neighbours, { baseline: wrong, neighbours: observed({ other: 404 }) })).toBe('inconclusive');
  });
  it('is unsure of another answer on rows in an order of our own, and holds for the same', () => {
    const same = withRuns({ id: 1 }, { id: 1 });
    const calls = [call('other', { match: 'rebuilt', anyOrder: true })];
    expect(of(neighbours, { baseline: same, neighbours: run({ id: 2 }, { calls }) })).toBe('inconclusive');
    expect(of(neighbours, { baseline: same, neighbours: run({ id: 1 }, { calls }) })).toBe('holds');
  });
  it('is unsure of a call or a destination that was never recorded', () => {
    const same = withRuns({ id: 1 }, { id: 1 });
    const calls = [call('other', { match: 'none' })];
    expect(of(neighbours, { baseline: same, neighbours: run({ id: 1 }, { calls }) })).toBe('inconclusive');
    const strays = [{ address: '8.8.8.8', port: 443, count: 1 }];
    const after = run({ id: 1 }, { run: { strays } });
    expect(of(neighbours, { baseline: same, neighbours: after })).toBe('inconclusive');
    const before = baseline({ neighbours: [other], runs: [after, after] });
    expect(of(neighbours, { baseline: before, neighbours: after })).toBe('holds');
  });
});

describe('effects', () => {
  const write = (during: string, key: string): ReturnType<typeof call> =>
    call(during, { writes: true, canonical: { [key]: 1 }, summary: key });
  const other = inbound('GET', '/products/1', 200, {}, { id: 'other' });
  const runs = (...calls: ReturnType<typeof call>[]): ReturnType<typeof observed> =>
    observed({ other: { status: 200, body: {} } }, { calls });

  it('holds for the same writes of the neighbours', () => {
    const before = baseline({
      neighbours: [other],
      runs: [runs(write('other', 'a')), runs(write('other', 'a'))],
    });
    const same = { baseline: before, neighbours: runs(write('other', 'a')) };
    expect(of(effects, same)).toBe('holds');
    for (const changed of [[], [write('other', 'b')], [write('other', 'a'), write('other', 'a')]])
      expect(of(effects, { ...same, neighbours: runs(...changed) })).toBe('rejected');
  });
  it('rejects a write that the failing request no longer makes', () => {
    const unpatched = [observed({ failing: 500 }, { calls: [write('failing', 'a')] })];
    const at = caseOf([], { unpatched });
    expect(of(effects, { at, neighbours: runs() })).toBe('rejected');
  });
  it('does not count one that the server refused', () => {
    const refused = exchange({ request: {}, response: { error: { code: '23505' } } });
    const made = { ...write('failing', 'a'), exchange: refused.id };
    const at = caseOf([refused], { unpatched: [observed({ failing: 500 }, { calls: [made] })] });
    expect(of(effects, { at, neighbours: runs() })).toBe('holds');
  });
  it('looks at what is written: leftovers of missing values are rejected, NULL where siblings have none is unsure', () => {
    const sibling = inbound('POST', '/checkout', 200, {});
    const insert = (note: Json): Json => ({
      kind: 'extended',
      sql: 'INSERT INTO a VALUES ($1)',
      params: [note],
      paramTypes: [25],
      resultFormats: [],
    });
    const theirs = exchange({ protocol: 'postgres', request: insert('fine') });
    const at = caseOf([sibling, theirs]);
    at.slice.callsOf[sibling.id] = [theirs.id];
    const writing = (note: Json): Partial<Facts> => ({
      at,
      neighbours: observed({}),
      failing: observed(
        { failing: 200 },
        {
          calls: [
            call('failing', {
              protocol: 'postgres',
              writes: true,
              canonical: protocolOf('postgres').canonical(insert(note)),
            }),
          ],
        },
      ),
    });
    expect(of(effects, writing('good'))).toBe('holds');
    expect(of(effects, writing('undefined-1'))).toBe('rejected');
    expect(of(effects, writing(null))).toBe('inconclusive');
  });
  describe('of statements with their values in the text', () => {
    const plain = (sql: string): Json => ({
      kind: 'simple',
      sql,
      params: [],
      paramTypes: [],
      resultFormats: [],
    });
    const siblings = [1, 2].map((id) => inbound('POST', '/checkout', 200, {}, { id: `sibling-${id}` }));
    const theirs = siblings.map((_, i) =>
      exchange({ protocol: 'postgres', request: plain(`INSERT INTO a (n, what) VALUES (${i}, 'lent')`) }),
    );
    const at = caseOf([...siblings, ...theirs]);
    siblings.forEach(({ id }, i) => (at.slice.callsOf[id] = [theirs[i]!.id]));

    it.each([
      ["INSERT INTO a (n, what) VALUES (7, 'lent')", 'holds'],
      ["INSERT INTO a (n, what) VALUES (7, 'lost')", 'inconclusive'],
      ["INSERT INTO a (n, what) VALUES (NULL, 'lent')", 'inconclusive'],
      ["INSERT INTO a (n, what) VALUES (7, 'undefined')", 'rejected'],
      ['INSERT INTO a (n) VALUES (7)', 'inconclusive'],
      ["DELETE FROM a WHERE n = 7 AND what = 'lent'", 'rejected'],
    ])('%s: %s', (sql, verdict) => {
      const canonical = protocolOf('postgres').canonical(plain(sql));
      const calls = [call('failing', { protocol: 'postgres', writes: true, canonical })];
      const failing = observed({ failing: 200 }, { calls });
      expect(of(effects, { at, neighbours: observed({}), failing })).toBe(verdict);
    });
  });

  it('rejects one that its siblings never make, and is unsure where there are none', () => {
    const failing = observed({ failing: 404 }, { calls: [write('failing', 'a')] });
    expect(of(effects, { failing, neighbours: runs() })).toBe('inconclusive');
    const sibling = inbound('POST', '/checkout', 200, {});
    expect(of(effects, { at: caseOf([sibling]), failing, neighbours: runs() })).toBe('rejected');
  });
});

it('effects are unsure of a refusal that writes, unless recorded refusals do', () => {
  const sent = exchange({
    protocol: 'http1',
    request: {
      method: 'POST',
      target: '/log',
      version: '1.1',
      headers: [],
      body: null,
      encoding: null,
      trailers: [],
    },
  });
  const logs = call('failing', {
    protocol: 'http1',
    writes: true,
    canonical: { method: 'POST', path: '/log', host: '' },
  });
  const unpatched = [observed({ failing: 500 }, { calls: [logs] })];
  const after = (status: number): Partial<Facts> => ({
    failing: observed({ failing: status }, { calls: [logs] }),
    neighbours: observed({}),
  });
  const sibling = (status: number): Facts['at'] => {
    const other = inbound('POST', '/checkout', status, {});
    const at = caseOf([other, sent], { unpatched });
    at.slice.callsOf = { [other.id]: [sent.id], failing: [sent.id] };
    return at;
  };
  expect(of(effects, { at: sibling(200), ...after(404) })).toBe('inconclusive');
  expect(of(effects, { at: sibling(200), ...after(200) })).toBe('holds');
  expect(of(effects, { at: sibling(400), ...after(404) })).toBe('holds');
});

describe('own tests and sound', () => {
  const passed = { passed: true, detail: 'pass' };
  const failed = { passed: false, detail: 'fail' };
  it('compare before and after', () => {
    expect(of(ownTests, { baseline: baseline({ tests: passed }), tests: passed })).toBe('holds');
    expect(of(ownTests, { baseline: baseline({ tests: passed }), tests: failed })).toBe('rejected');
    expect(of(ownTests, { baseline: baseline({ tests: failed }), tests: failed })).toBeNull();
    expect(of(sound, { baseline: baseline({ types: passed }), types: failed })).toBe('rejected');
    expect(of(sound, { baseline: baseline({ types: failed }), types: failed })).toBe('holds');
  });
  it('reject no change, and what the policy forbids', () => {
    expect(of(sound)).toBe('holds');
    expect(of(sound, { changes: {} })).toBe('rejected');
    expect(of(sound, { policy: ['a test was changed'] })).toBe('rejected');
  });
});

describe('meaning', () => {
  const good = inbound('POST', '/checkout', 201, { total: 1, items: [1] });
  const success = (body: Json, status = 201): Partial<Facts> => ({
    at: caseOf([good]),
    failing: observed({ failing: { status, body } }),
  });
  const variants = (...names: string[]): Variant[] =>
    names.map((name) => ({ name, kind: 'request', asked: { exchange: failing } }));
  const tried = (
    before: ReturnType<typeof observed> | null,
    now: ReturnType<typeof observed>,
  ): Partial<Facts> => ({
    baseline: baseline({ variants: variants('v', 'w'), variantRun: before }),
    variants: now,
  });

  it('holds for a refusal, and for a success that looks like those of its siblings', () => {
    expect(of(meaning)).toBe('holds');
    expect(of(meaning, success({ total: 3, items: [2, 3] }))).toBe('holds');
  });
  it('is unsure of a success in another form, with another status, or that nothing shows the form of', () => {
    const odd: Json[] = [{}, { total: null, items: [] }, '', { total: 1, items: [1], more: 1 }];
    for (const body of odd) expect(of(meaning, success(body))).toBe('inconclusive');
    expect(of(meaning, success({ total: 1, items: [1] }, 200))).toBe('inconclusive');
    expect(of(meaning, { failing: observed({ failing: 200 }) })).toBe('inconclusive');
  });
  it('is unsure of a patch that compares with a value of the request', () => {
    expect(of(meaning, { quoted: ["'NOPE'"] })).toBe('inconclusive');
  });
  it('is unsure of a variant that ends in a 5xx, hangs, or closes', () => {
    const ok = observed({ v: 404, w: 404 });
    expect(of(meaning, tried(ok, ok))).toBe('holds');
    for (const answer of [500, 'timeout', 'closed'] as const)
      expect(of(meaning, tried(ok, observed({ v: answer, w: 404 })))).toBe('inconclusive');
  });
  it('does not take a 5xx for known because the bug gave it before', () => {
    const before = observed({ v: 500, w: 500 }, { errors: [BUG, serverError(500)] });
    const now = observed({ v: 500, w: 404 }, { errors: [serverError(500)] });
    expect(of(meaning, tried(before, now))).toBe('inconclusive');
  });
  it('lets another bug be that the same variant met before, and no other variant', () => {
    const other = (at: number): ReturnType<typeof error> => error('other', { at });
    const before = observed({ v: 500, w: 404 }, { errors: [other(100), serverError(500)] });
    expect(of(meaning, tried(before, before))).toBe('holds');
    const elsewhere = observed(
      { v: 404, w: 500 },
      { errors: [other(1_000_100), serverError(500, 1_500_000)] },
    );
    expect(of(meaning, tried(before, elsewhere))).toBe('inconclusive');
  });
  it('lets a variant end badly that ends as badly for a sibling without the patch', () => {
    const other = error('other', { at: 100 });
    const before = observed({ v: 500, w: 404 }, { errors: [BUG, serverError(500)] });
    const now = observed({ v: 500, w: 404 }, { errors: [other, serverError(500)] });
    const sibling = observed({ v: 500 }, { errors: [other, serverError(500)] });
    expect(of(meaning, tried(before, now))).toBe('inconclusive');
    expect(of(meaning, { ...tried(before, now), siblingVariants: sibling })).toBe('holds');
    const fine = observed({ v: 200 }, { errors: [] });
    expect(of(meaning, { ...tried(before, now), siblingVariants: fine })).toBe('inconclusive');
  });
  it('counts only variants whose calls the recording could answer', () => {
    const left = observed({ v: 500 }, { calls: [call('v', { match: 'none' })] });
    expect(meaning(facts(tried(null, left)))?.detail).toMatch(/0 variants/);
  });
});
