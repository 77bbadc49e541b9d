import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, decodeBinary, encodeBinary } from './types.ts';

const TYPES = [
  16, 17, 20, 21, 23, 25, 26, 114, 700, 701, 1043, 1082, 1083, 1114, 1184, 1700, 2950, 3802, 1007, 1009, 1231,
];

function roundTrip(type: number, text: string): string | undefined {
  const bytes = encodeBinary(type, text);
  return bytes === undefined ? undefined : decodeBinary(type, bytes);
}

describe('binary forms', () => {
  it.each([
    [16, 't'],
    [17, '\\x00ff'],
    [20, '-9223372036854775808'],
    [21, '-32768'],
    [23, '2147483647'],
    [26, '4294967295'],
    [700, '0.1'],
    [701, '-1.5e-10'],
    [1082, '1999-12-31'],
    [1083, '23:59:59.000001'],
    [1114, '1969-07-20 20:17:40.5'],
    [1184, '2024-02-29 12:00:00+00'],
    [1700, '-12345678.000900'],
    [1700, '0.00'],
    [1700, '100000000'],
    [1700, '0.0001'],
    [2950, '00112233-4455-6677-8899-aabbccddeeff'],
    [3802, '{"a": 1}'],
    [1007, '{1,NULL,-3}'],
    [1009, '{a,"b c","d\\"e","",NULL}'],
    [1009, '{}'],
  ])('type %i: %s', (type, text) => {
    expect(roundTrip(type, text)).toBe(type === 701 ? '-1.5e-10' : text);
  });

  it('numbers of any size survive', () => {
    const digits = fc.stringMatching(/^[1-9]\d{0,40}$/);
    const fraction = fc.stringMatching(/^\d{0,40}$/);
    fc.assert(
      fc.property(digits, fraction, fc.boolean(), (whole, part, negative) => {
        const text = `${negative ? '-' : ''}${whole}${part === '' ? '' : `.${part}`}`;
        expect(roundTrip(1700, text)).toBe(text);
      }),
    );
  });

  it('bytes that are not of the type are no value, and never an exception', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), fc.uint8Array({ maxLength: 40 }), (type, bytes) => {
        const text = decodeBinary(type, Buffer.from(bytes));
        if (text !== undefined) expect(typeof canonicalText(type, text)).toBe('string');
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), fc.string({ maxLength: 20 }), (type, text) => {
        encodeBinary(type, text);
        expect(typeof canonicalText(type, text)).toBe('string');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('canonical text', () => {
  it.each([
    [23, '007', '7'],
    [16, 'TRUE', 't'],
    [1700, '1.500', '1.5'],
    [1700, '-0.0', '0'],
    [1184, '2024-01-01T01:00:00.000+01:00', '2024-01-01 00:00:00+00'],
    [2950, '00112233-4455-6677-8899-AABBCCDDEEFF', '00112233-4455-6677-8899-aabbccddeeff'],
    [3802, '{"b":1, "a":2}', '{"a":2,"b":1}'],
    [25, '007', '007'],
    [0, '1.50', '1.50'],
  ])('type %i: %s is %s', (type, text, expected) => {
    expect(canonicalText(type, text)).toBe(expected);
  });
});
