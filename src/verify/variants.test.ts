import { expect, it } from 'vitest';
import { exchange, inbound, slice } from '../../test/fixtures/recordings.ts';
import type { Exchange } from '../protocol/port.ts';
import type { Case } from './case.ts';
import { variantsOf } from './variants.ts';

function caseOf(failing: Exchange, calls: Exchange[] = []): Case {
  return {
    failing,
    slice: slice([failing, ...calls], { callsOf: { [failing.id]: calls.map(({ id }) => id) } }),
  } as Case;
}

it('removes, nulls and retypes the fields of a body', () => {
  const names = variantsOf(caseOf(inbound('POST', '/x', 500, null, { sent: { n: 1, who: 'a' } }))).map(
    ({ name }) => name,
  );
  expect(names).toEqual(['without n', 'n null', 'n retyped', 'without who', 'who null', 'who retyped']);
});

it('removes and retypes the parameters of a query', () => {
  const variants = variantsOf(caseOf(inbound('GET', '/x?page=2', 500, null)));
  expect(variants.map(({ asked }) => (asked.request as { target: string }).target)).toEqual([
    '/x',
    '/x?page=x',
  ]);
});

it('moves numbers in the recorded answers, one at a time, also inside text', () => {
  const call = exchange({ request: { key: 'k' }, response: { value: '{"price":3}' } });
  const variants = variantsOf(caseOf(inbound('GET', '/x', 500, null), [call]));
  expect(variants.map(({ asked }) => asked.answers![call.id])).toEqual([
    { value: '{"price":-4}' },
    { value: '{"price":3007}' },
  ]);
});

it('has none for a request without anything to vary', () => {
  expect(variantsOf(caseOf(inbound('GET', '/x', 500, null)))).toEqual([]);
});
