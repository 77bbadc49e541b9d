import { expect, it } from 'vitest';
import { COLUMN_FLAG, TYPE } from './flags.ts';
import { parameterType, readBinary, writeBinary, type Typed } from './types.ts';
import { Fields } from './wire.ts';

const plain: Typed = { type: 0, flags: 0, decimals: 31, length: 0 };

it.each<[string, Partial<Typed>, string]>([
  ['-5', { type: TYPE.tiny }, 'fb'],
  ['251', { type: TYPE.tiny, flags: COLUMN_FLAG.unsigned }, 'fb'],
  ['000042', { type: TYPE.long, flags: COLUMN_FLAG.unsigned | COLUMN_FLAG.zerofill, length: 6 }, '2a000000'],
  ['18446744073709551615', { type: TYPE.longlong, flags: COLUMN_FLAG.unsigned }, 'ffffffffffffffff'],
  ['2024', { type: TYPE.year }, 'e807'],
  ['0.1', { type: TYPE.double }, '9a9999999999b93f'],
  ['1e16', { type: TYPE.double }, '0080e03779c34143'],
  ['0.1', { type: TYPE.float }, 'cdcccc3d'],
  ['1.50', { type: TYPE.double, decimals: 2 }, '000000000000f83f'],
  ['2024-02-29', { type: TYPE.date, decimals: 0 }, '04e807021d'],
  ['0000-00-00', { type: TYPE.date, decimals: 0 }, '00'],
  ['2024-02-29 00:00:00', { type: TYPE.datetime, decimals: 0 }, '04e807021d'],
  ['2024-02-29 12:34:56.250', { type: TYPE.timestamp, decimals: 3 }, '0be807021d0c223890d00300'],
  ['-123:00:01', { type: TYPE.time, decimals: 0 }, '080105000000030001'],
  ['00:00:00.00', { type: TYPE.time, decimals: 2 }, '00'],
  ['1.20', { type: TYPE.newDecimal, decimals: 2 }, '04312e3230'],
])('%s of %o is %s', (text, typed, hex) => {
  const whole = { ...plain, ...typed };
  expect(readBinary(whole, new Fields(Buffer.from(hex, 'hex')))).toBe(text);
  expect(writeBinary(whole, text)?.toString('hex')).toBe(hex);
});

it('bytes that are no text are kept, and texts that are no values are not written', () => {
  const blob = parameterType(252);
  expect(readBinary(blob, new Fields(Buffer.from('01ff', 'hex')))).toEqual({ base64: '/w==' });
  expect(writeBinary(blob, { base64: '/w==' })?.toString('hex')).toBe('01ff');
  for (const [type, text] of [
    [TYPE.tiny, '300'],
    [TYPE.long, 'a'],
    [TYPE.double, ''],
    [TYPE.datetime, 'now'],
    [TYPE.time, '1'],
  ] as const)
    expect(writeBinary({ ...plain, type }, text)).toBeUndefined();
  expect(() =>
    readBinary({ ...plain, type: TYPE.datetime }, new Fields(Buffer.from('03000000', 'hex'))),
  ).toThrow('a date of 3 bytes');
});
