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

it('exchanges two values of one kind, in a body or a query', () => {
  const exchanged = (failing: Exchange): unknown[] =>
    variantsOf(caseOf(failing))
      .filter(({ name }) => name.endsWith('exchanged'))
      .map(({ asked }) => {
        const { body, target } = asked.request as { body: { text: string } | null; target: string };
        return body === null ? target : JSON.parse(body.text);
      });
  const sent = { from: 'A', to: 'B', amount: 5, same: 'A' };
  expect(exchanged(inbound('POST', '/x', 500, null, { sent }))).toEqual([
    { ...sent, from: 'B', to: 'A' },
    { ...sent, to: 'A', same: 'B' },
  ]);
  expect(exchanged(inbound('GET', '/x?from=A&to=B', 500, null))).toEqual(['/x?from=B&to=A']);
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
