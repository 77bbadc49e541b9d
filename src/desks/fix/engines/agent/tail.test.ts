import { expect, test } from 'vitest';
import { tailOf } from './tail.ts';

test.each([
  ['nothing', [], ''],
  ['what fits', ['ab\n', 'cdef\n'], 'ab\ncdef\n'],
  ['exactly as much as fits', ['ab\n', 'cdefgh\n'], 'ab\ncdefgh\n'],
  ['the last lines', ['ab\n', 'cdefg\n', 'hi\n'], 'cdefg\nhi\n'],
  ['the last lines of many pieces', 'ab\ncdefg\nhi\nj\n'.split(''), 'hi\nj\n'],
  ['the end of one large piece', ['x', `${'y'.repeat(25)}\nabc\nde`], 'abc\nde'],
  ['a line that is too long, cut', ['0123456789abcdef'], '6789abcdef'],
])('keeps %s', (_, pieces, kept) => {
  const tail = tailOf(10);
  for (const piece of pieces) tail.push(Buffer.from(piece));
  expect(tail.text()).toBe(kept);
});
