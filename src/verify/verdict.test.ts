import { expect, it } from 'vitest';
import { GATES, type GateResult } from './evidence.ts';
import { sumUp } from './verdict.ts';

const all: GateResult[] = GATES.map((gate) => ({ gate, holds: true, otherwise: null, detail: '' }));
const failing = (gate: GateResult['gate'], otherwise: 'rejected' | 'inconclusive'): GateResult => ({
  gate,
  holds: false,
  otherwise,
  detail: 'why',
});
const replace = (...results: GateResult[]): GateResult[] =>
  all.map((gate) => results.find((one) => one.gate === gate.gate) ?? gate);

it('is verified only when every gate holds', () => {
  expect(sumUp(all)).toMatchObject({ verdict: 'verified', reasons: [] });
});

it.each(GATES.filter((gate) => gate !== 'own tests'))(
  'is not verified when nobody looked at "%s"',
  (gate) => {
    expect(sumUp(all.filter((one) => one.gate !== gate)).verdict).toBe('inconclusive');
  },
);

it('is verified without tests of the app, which are not there to pass', () => {
  expect(sumUp(all.filter(({ gate }) => gate !== 'own tests')).verdict).toBe('verified');
});

it('lets a rejection win over what could not be told', () => {
  expect(
    sumUp(replace(failing('answered', 'inconclusive'), failing('neighbours', 'rejected'))),
  ).toMatchObject({
    verdict: 'rejected',
    reasons: ['neighbours: why'],
  });
});

it('is inconclusive with every reason when nothing rejects it', () => {
  expect(
    sumUp(replace(failing('answered', 'inconclusive'), failing('meaning', 'inconclusive'))).reasons,
  ).toHaveLength(2);
});
