import { describe, expect, it } from 'vitest';
import { exchange, inbound, slice } from '../../test/fixtures/recordings.ts';
import type { Json } from '../lib/json.ts';
import type { Exchange } from '../protocol/port.ts';
import type { Case } from './case.ts';
import type { Behaviour } from './evidence.ts';
import type { Observed } from './observe.ts';
import { protocolOf } from '../protocol/registry.ts';
import { callKey, type Step } from './ways.ts';
import { determine, type Survivor } from './gates/determined.ts';

function survivor(
  proposal: string,
  status: number,
  body: Json,
  part: Partial<Behaviour> = {},
  invented: string[] = [],
): Survivor {
  return {
    proposal,
    why: proposal,
    rank: 0,
    proved: true,
    invented,
    decisions: { adds: true, leavesOut: false },
    way: [],
    behaviour: { status, body, writes: [], variants: [], ...part },
  };
}

function caseOf(failing: Exchange, others: Exchange[], callsOf: Record<string, string[]> = {}): Case {
  return {
    failing,
    prefix: [] as Exchange[],
    schedule: 'sequential',
    unpatched: [] as Observed[],
    slice: slice([failing, ...others], { failing: failing.id, callsOf }),
  } as Case;
}

function query(rows: Json[]): Exchange {
  return exchange({
    protocol: 'postgres',
    request: {
      sql: 'SELECT * FROM coupons WHERE code = $1',
      params: ['x'],
      paramTypes: [25],
      resultFormats: [0],
      kind: 'extended',
    },
    response: { columns: [], rows, tag: 'SELECT', error: null, transaction: 'I', notices: [] },
  });
}

const failing = inbound('POST', '/checkout', 500, { error: 'internal' });
const lost = query([]);
const refuse = survivor('refuse', 404, { error: 'no such coupon' });
const ignore = survivor('ignore', 200, { total: 10 });

describe('a fix that goes on past the fault', () => {
  const call = (sql: string, rows: Json[] = []): Exchange =>
    exchange({
      protocol: 'postgres',
      request: { sql, params: [], paramTypes: [], resultFormats: [], kind: 'extended' },
      response: { columns: [], rows, tag: 'SELECT 1', error: null, transaction: 'I', notices: [] },
    });
  const step = (kind: string): Step => ({
    kind: `postgres ${kind}`,
    key: kind,
    rebuilt: kind.startsWith('INSERT'),
  });
  const [read, theirRead, theirWrite] = [
    call('SELECT * FROM seats', [['1']]),
    call('SELECT * FROM seats', [['1']]),
    call('INSERT INTO journal (a) VALUES (1)'),
  ];
  const sibling = inbound('POST', '/seats/1', 201, { seat: 'a1' });
  const broken = inbound('POST', '/seats/7', 500, { error: 'internal' });
  const at = caseOf(broken, [sibling, read, theirRead, theirWrite], {
    [broken.id]: [read.id],
    [sibling.id]: [theirRead.id, theirWrite.id],
  });
  const goesOn = (part: Partial<Survivor> = {}): Survivor => ({
    ...survivor('goes on', 201, { seat: 'k1' }),
    decisions: { adds: false, leavesOut: false },
    way: [step('SELECT seats'), step('INSERT journal')],
    ...part,
  });
  const givesUp = survivor('gives up', 404, { error: 'no such seat' });

  it('as its siblings did is singled out, whatever else could be answered', () => {
    expect(determine(at, goesOn(), [givesUp]).gate).toMatchObject({
      holds: true,
      detail: expect.stringContaining('goes on from where the recording broke off'),
    });
    expect(determine(at, givesUp, [goesOn()]).gate.holds).toBe(false);
  });

  it('is so whatever its driver asks on the new connections of a replay, as the unpatched app asked too', () => {
    const types = 'SELECT oid FROM pg_type';
    const calls = [types, 'SELECT * FROM seats'].map((sql) => ({
      during: broken.id,
      protocol: 'postgres',
      canonical: { sql, params: [] },
    }));
    const replayed = { ...at, unpatched: [{ run: { result: { calls } } } as unknown as Observed] };
    const asks = goesOn({ way: [step('SELECT pg_type'), ...goesOn().way] });
    expect(determine(replayed, asks, [givesUp]).gate.holds).toBe(true);
    expect(determine(at, asks, [givesUp]).gate.holds).toBe(false);
    const twice = goesOn({ way: [...asks.way, step('SELECT pg_type')] });
    expect(determine(replayed, twice, [givesUp]).gate.holds).toBe(false);
  });

  it('is one of several where another goes on and answers otherwise', () => {
    const other = goesOn({ behaviour: { ...goesOn().behaviour, body: { seat: '1' } } });
    expect(determine(at, goesOn(), [other]).gate.holds).toBe(false);
  });

  it('is a choice where it decides something, leaves something out, makes something up or stops half-way', () => {
    for (const part of [
      { decisions: { adds: true, leavesOut: false } },
      { decisions: { adds: false, leavesOut: true } },
      { invented: ['0 (a.js:1)'] },
      { way: [step('SELECT seats')] },
      { way: [step('INSERT journal')] },
      { behaviour: { ...goesOn().behaviour, status: 200 } },
    ] satisfies Partial<Survivor>[])
      expect(determine(at, goesOn(part), [givesUp]).gate.holds).toBe(false);
    expect(determine(at, goesOn(), [givesUp], 1).gate.holds).toBe(false);
  });

  it('by asking rightly is not bound by what the wrong question found', () => {
    const nothing = call('SELECT * FROM coupons WHERE code = $1');
    const refused = inbound('GET', '/other', 404, { error: 'not found' });
    const lost = call('SELECT * FROM coupons WHERE code = $1');
    const asked = caseOf(broken, [sibling, nothing, refused, lost], {
      [broken.id]: [nothing.id],
      [refused.id]: [lost.id],
    });
    const refuse = survivor('refuse', 404, { error: 'not found' });
    const key = callKey('postgres', protocolOf('postgres').canonical(nothing.request));
    refuse.way = [{ kind: 'postgres SELECT coupons', key, rebuilt: false }];
    expect(determine(asked, refuse, []).gate.holds).toBe(true);
    const mended = { ...goesOn(), way: [step('SELECT coupons BY id')] };
    expect(determine(asked, refuse, [mended]).gate).toMatchObject({
      holds: false,
      otherwise: 'inconclusive',
    });
  });
});

describe('rivals', () => {
  it('that do the same leave the answer determined', () => {
    const at = caseOf(failing, []);
    expect(determine(at, refuse, [survivor('twin', 404, { error: 'no such coupon' })]).gate.holds).toBe(true);
  });

  it('that answer otherwise make it a choice, where nothing singles one out', () => {
    const { gate, alternatives } = determine(caseOf(failing, []), refuse, [ignore]);
    expect(gate).toMatchObject({ holds: false, otherwise: 'inconclusive' });
    expect(alternatives.map(({ proposal }) => proposal).sort()).toEqual(['ignore', 'refuse']);
  });

  it('that differ on a variant only are told apart as well', () => {
    const variant = (body: Json): Partial<Behaviour> => ({
      variants: [{ name: 'v', status: 200, body, writes: [] }],
    });
    const at = caseOf(failing, []);
    expect(
      determine(at, survivor('a', 200, 1, variant(1)), [survivor('b', 200, 1, variant(2))]).gate.holds,
    ).toBe(false);
  });

  it('that could not be judged leave it open, unless the recording singles an answer out', () => {
    expect(determine(caseOf(failing, []), refuse, [], 1).gate).toMatchObject({
      holds: false,
      otherwise: 'inconclusive',
    });
    const again = inbound('POST', '/checkout', 200, { total: 10 });
    expect(determine(caseOf(failing, [again]), ignore, [], 1).gate.holds).toBe(true);
  });

  it('or none, do not let an answer be replaced that was no failure', () => {
    const refused = inbound('POST', '/members', 409, { error: 'already a member' });
    const same = survivor('same', 409, { error: 'already a member' });
    expect(determine(caseOf(refused, []), same, []).gate.holds).toBe(true);
    const { gate } = determine(caseOf(refused, []), survivor('goes on', 201, { id: 1 }), []);
    expect(gate.detail).toContain('was answered 409 when it was recorded');
  });

  it('are more than three: three are offered', () => {
    const rivals = [1, 2, 3, 4].map((n) => survivor(`r${n}`, 400 + n, { error: String(n) }));
    expect(determine(caseOf(failing, []), refuse, rivals).alternatives).toHaveLength(3);
  });
});

it('an answer that stands alone is a choice where a constant in it could be another', () => {
  const made = survivor('made up', 200, { total: 0 }, {}, ['0 (server.js:4)']);
  const { gate, alternatives } = determine(caseOf(failing, []), made, [
    { ...survivor('goes on', 500, null), proved: false, rank: 1 },
  ]);
  expect(gate.detail).toContain('nothing recorded determines 0 (server.js:4)');
  expect(alternatives.map(({ proposal }) => proposal)).toEqual(['goes on', 'made up']);
});

it('a candidate that some gate could not tell is offered, never determined', () => {
  const open = { ...survivor('open', 200, { total: 3 }), proved: false };
  const { gate, alternatives } = determine(caseOf(failing, []), open, [refuse]);
  expect(gate.holds).toBe(false);
  expect(alternatives.map(({ proposal }) => proposal).sort()).toEqual(['open', 'refuse']);
});

describe('an answer is singled out', () => {
  it('by a request that met the same outcome of the same call', () => {
    const found = query([]);
    const sibling = inbound('GET', '/coupons/NOPE', 404, { error: 'no such coupon' });
    const at = caseOf(failing, [lost, found, sibling], { [failing.id]: [lost.id], [sibling.id]: [found.id] });
    expect(determine(at, refuse, [ignore]).gate.holds).toBe(true);
    const other = determine(at, ignore, [refuse]);
    expect(other.gate.detail).toContain('another answer is singled out');
    expect(other.alternatives[0]!.proposal).toBe('refuse');
  });

  it('by the same request, answered at another time', () => {
    const again = inbound('POST', '/checkout', 200, { total: 10 });
    expect(determine(caseOf(failing, [again]), ignore, [refuse]).gate.holds).toBe(true);
  });

  it('by the text, where two answers have the form of it', () => {
    const found = query([]);
    const sibling = inbound('GET', '/coupons/NOPE', 404, { error: 'no such coupon' });
    const at = caseOf(failing, [lost, found, sibling], { [failing.id]: [lost.id], [sibling.id]: [found.id] });
    expect(determine(at, refuse, [survivor('curt', 404, { error: 'not found' })]).gate.holds).toBe(true);
  });

  it('whatever values of the request stand in the text', () => {
    const found = query([]);
    const asked = inbound('POST', '/checkout', 500, {}, { sent: { coupon: 'MINE' } });
    const sibling = inbound('GET', '/coupons/NOPE', 404, { error: 'no coupon NOPE' });
    const at = caseOf(asked, [lost, found, sibling], { [asked.id]: [lost.id], [sibling.id]: [found.id] });
    expect(determine(at, survivor('same', 404, { error: 'no coupon MINE' }), [ignore]).gate.holds).toBe(true);
    expect(determine(at, survivor('other', 404, { error: 'no voucher MINE' }), [ignore]).gate.holds).toBe(
      false,
    );
  });

  it('by a request that was odd in the same way, on another route too', () => {
    const odd = inbound('GET', '/log?limit=x', 500, {});
    const good = [
      inbound('GET', '/log?limit=5', 200, { a: 1 }),
      inbound('GET', '/audit?limit=5', 200, { a: 1 }),
    ];
    const refused = inbound('GET', '/audit?limit=all', 400, { error: 'limit must be a number' });
    const at = caseOf(odd, [...good, refused]);
    expect(determine(at, survivor('same', 400, { error: 'limit must be a number' }), []).gate.holds).toBe(
      true,
    );
    expect(determine(at, survivor('default', 200, { a: 1 }), []).gate.holds).toBe(false);
  });

  it('not by precedents that disagree', () => {
    const [one, two] = [query([]), query([])];
    const a = inbound('GET', '/coupons/NOPE', 404, { error: 'no such coupon' });
    const b = inbound('GET', '/offers/NOPE', 200, { total: 10 });
    const at = caseOf(failing, [lost, one, two, a, b], {
      [failing.id]: [lost.id],
      [a.id]: [one.id],
      [b.id]: [two.id],
    });
    expect(determine(at, refuse, [ignore]).gate.holds).toBe(false);
  });

  it('not by an answer that was itself an error of the app', () => {
    const found = query([]);
    const broken = inbound('GET', '/coupons/NOPE', 500, { error: 'internal' });
    const at = caseOf(failing, [lost, found, broken], { [failing.id]: [lost.id], [broken.id]: [found.id] });
    expect(determine(at, refuse, [ignore]).gate.holds).toBe(false);
  });
});
