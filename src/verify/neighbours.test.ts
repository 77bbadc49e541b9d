import { expect, it } from 'vitest';
import { inbound, slice } from '../../test/fixtures/recordings.ts';
import type { Exchange } from '../protocol/port.ts';
import { chooseNeighbours, isHealthy } from './neighbours.ts';

const SECOND = 1_000_000;
const failing = inbound('POST', '/checkout', 500, {}, { startedAt: 100 * SECOND });
const at = (
  second: number,
  target: string,
  status: number | null = 200,
  part: Partial<Exchange> = {},
): Exchange =>
  inbound(
    target === '/checkout' ? 'POST' : 'GET',
    target,
    status,
    {},
    { startedAt: second * SECOND, ...part },
  );

it('were answered, whole, and not with a server error', () => {
  expect([at(1, '/a'), at(1, '/a', 404)].every(isHealthy)).toBe(true);
  expect([at(1, '/a', 500), at(1, '/a', null), at(1, '/a', 200, { complete: false })].some(isHealthy)).toBe(
    false,
  );
});

it('are in recorded order, without the failing request and what was not healthy', () => {
  const good = [at(1, '/a'), at(2, '/checkout'), at(200, '/b')];
  const bad = [at(3, '/a', 502), at(4, '/checkout', null)];
  expect(chooseNeighbours(slice([good[2]!, failing, ...bad, good[1]!, good[0]!]), failing)).toEqual(good);
});

it('are at most 24: half of the same route, the nearest in time, and of the others each route first', () => {
  const same = Array.from({ length: 30 }, (_, i) => at(i, '/checkout'));
  const busy = Array.from({ length: 30 }, (_, i) => at(i + 0.5, '/busy'));
  const rare = [at(0.1, '/rare'), at(0.2, '/busy', 404)];
  const chosen = chooseNeighbours(slice([...same, failing, ...busy, ...rare]), failing);
  expect(chosen).toHaveLength(24);
  expect(chosen.filter((one) => same.includes(one))).toEqual(same.slice(-12));
  expect(rare.every((one) => chosen.includes(one))).toBe(true);
});
