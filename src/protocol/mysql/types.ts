import { fromTextOrBytes, toTextOrBytes } from '../bytes.ts';
import { Nonsense } from '../source.ts';
import { COLUMN_FLAG, TYPE } from './flags.ts';
import type { Column, MyValue } from './messages.ts';
import { string, type Fields } from './wire.ts';

/** What the form of a value hangs on: of a column, or of a parameter (which has no width and no decimals). */
export type Typed = Pick<Column, 'type' | 'flags' | 'decimals' | 'length'>;

/** More decimals than any value has: "as many as it takes". */
const ANY_DECIMALS = 31;

export function parameterType(bound: number): Typed {
  const flags = (bound & 0x8000) === 0 ? 0 : COLUMN_FLAG.unsigned;
  return { type: bound & 0xff, flags, decimals: ANY_DECIMALS, length: 0 };
}

const INTEGER_BYTES: Readonly<Record<number, number>> = {
  [TYPE.tiny]: 1,
  [TYPE.short]: 2,
  [TYPE.year]: 2,
  [TYPE.long]: 4,
  [TYPE.int24]: 4,
  [TYPE.longlong]: 8,
};

/** Whether a value of this type is a number to the server, so that 5 and '5' are not the same. */
export function isNumeric(type: number): boolean {
  return (
    INTEGER_BYTES[type] !== undefined ||
    type === TYPE.float ||
    type === TYPE.double ||
    type === TYPE.decimal ||
    type === TYPE.newDecimal
  );
}

/**
 * Reads a value in binary form (MySQL documentation, "Binary Protocol Value") as the text that the text protocol has for
 * it. FLOAT keeps all of its digits, of which the text protocol sends six.
 */
export function readBinary(typed: Typed, fields: Fields): MyValue {
  const { type } = typed;
  const width = INTEGER_BYTES[type];
  if (width !== undefined) return integerText(typed, fields.bytes(width));
  switch (type) {
    case TYPE.float:
      return realText(fields.bytes(4).readFloatLE(), typed.decimals, true);
    case TYPE.double:
      return realText(fields.bytes(8).readDoubleLE(), typed.decimals, false);
    case TYPE.null:
      return null;
    case TYPE.date:
    case TYPE.newDate:
    case TYPE.datetime:
    case TYPE.datetime2:
    case TYPE.timestamp:
    case TYPE.timestamp2:
      return dateText(typed, fields.bytes(fields.byte()));
    case TYPE.time:
    case TYPE.time2:
      return timeText(typed, fields.bytes(fields.byte()));
    default:
      return toTextOrBytes(fields.string());
  }
}

/** The binary form of a stored value, or undefined where it is not one of the type. */
export function writeBinary(typed: Typed, value: string | { base64: string }): Buffer | undefined {
  const { type } = typed;
  const width = INTEGER_BYTES[type];
  const isText = typeof value === 'string';
  if (width !== undefined) return isText ? integerBytes(value, width) : undefined;
  switch (type) {
    case TYPE.float:
    case TYPE.double:
      return isText ? realBytes(value, type === TYPE.float) : undefined;
    case TYPE.null:
      return Buffer.alloc(0);
    case TYPE.date:
    case TYPE.newDate:
    case TYPE.datetime:
    case TYPE.datetime2:
    case TYPE.timestamp:
    case TYPE.timestamp2:
      return isText ? dateBytes(value) : undefined;
    case TYPE.time:
    case TYPE.time2:
      return isText ? timeBytes(value) : undefined;
    default:
      return string(fromTextOrBytes(value));
  }
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

function integerText({ type, flags, length }: Typed, bytes: Buffer): string {
  const raw = bytes.length === 8 ? bytes.readBigUInt64LE() : BigInt(bytes.readUIntLE(0, bytes.length));
  const unsigned = (flags & COLUMN_FLAG.unsigned) !== 0 || type === TYPE.year;
  const text = String(unsigned ? raw : BigInt.asIntN(bytes.length * 8, raw));
  if (type === TYPE.year) return text.padStart(4, '0');
  return (flags & COLUMN_FLAG.zerofill) === 0 ? text : text.padStart(Math.min(length, 255), '0');
}

function integerBytes(text: string, width: number): Buffer | undefined {
  if (!/^-?\d{1,255}$/.test(text)) return undefined;
  const value = BigInt(text);
  const bits = BigInt(width * 8);
  if (value >= 1n << bits || value < -(1n << (bits - 1n))) return undefined;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes.subarray(0, width);
}

/** As the server prints it: the fewest digits that tell the value, an exponent beyond 15 places. */
function realText(value: number, decimals: number, single: boolean): string {
  if (!Number.isFinite(value)) return String(value);
  if (decimals < ANY_DECIMALS) return value.toFixed(decimals);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponent = '0'] = (single ? shortestSingle(value) : value.toExponential()).split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  const point = Number(exponent) + 1;
  if (point < -14 || point > 15) {
    return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${Number(exponent)}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

function shortestSingle(value: number): string {
  for (let digits = 5; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text.replace(/\.?0*e/, 'e');
  }
  return value.toExponential(8);
}

function realBytes(text: string, single: boolean): Buffer | undefined {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) return undefined;
  const bytes = Buffer.alloc(single ? 4 : 8);
  if (single) bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return bytes;
}

/** So many decimals as the column has; where it has no number, those that are not zero. */
function fraction(micros: number, decimals: number): string {
  if (decimals === 0) return '';
  const digits = pad(micros, 6);
  if (decimals <= 6) return `.${digits.slice(0, decimals)}`;
  return micros === 0 ? '' : `.${digits.replace(/0+$/, '')}`;
}

function dateText({ type, decimals }: Typed, bytes: Buffer): string {
  const { length } = bytes;
  if (length !== 0 && length !== 4 && length !== 7 && length !== 11)
    throw new Nonsense(`a date of ${length} bytes`);
  const date =
    length === 0 ? '0000-00-00' : `${pad(bytes.readUInt16LE(0), 4)}-${pad(bytes[2]!)}-${pad(bytes[3]!)}`;
  if (type === TYPE.date || type === TYPE.newDate) return date;
  const [hour, minute, second] = length >= 7 ? bytes.subarray(4, 7) : [0, 0, 0];
  const micros = length === 11 ? bytes.readUInt32LE(7) : 0;
  return `${date} ${pad(hour!)}:${pad(minute!)}:${pad(second!)}${fraction(micros, decimals)}`;
}

function dateBytes(text: string): Buffer | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const micros = Number((match[7] ?? '').padEnd(6, '0'));
  const bytes = Buffer.from([0, 0, 0, month!, day!, hour!, minute!, second!, 0, 0, 0, 0]);
  bytes.writeUInt16LE(year!, 1);
  bytes.writeUInt32LE(micros, 8);
  const timed = hour! + minute! + second! > 0;
  const length = micros > 0 ? 11 : timed ? 7 : year! + month! + day! > 0 ? 4 : 0;
  bytes[0] = length;
  return bytes.subarray(0, length + 1);
}

function timeText({ decimals }: Typed, bytes: Buffer): string {
  const { length } = bytes;
  if (length !== 0 && length !== 8 && length !== 12) throw new Nonsense(`a time of ${length} bytes`);
  if (length === 0) return `00:00:00${fraction(0, decimals)}`;
  const hours = bytes.readUInt32LE(1) * 24 + bytes[5]!;
  const micros = length === 12 ? bytes.readUInt32LE(8) : 0;
  return `${bytes[0] === 1 ? '-' : ''}${pad(hours)}:${pad(bytes[6]!)}:${pad(bytes[7]!)}${fraction(micros, decimals)}`;
}

function timeBytes(text: string): Buffer | undefined {
  const match = /^(-?)(\d{2,6}):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/.exec(text);
  if (!match) return undefined;
  const hours = Number(match[2]);
  const micros = Number((match[5] ?? '').padEnd(6, '0'));
  const bytes = Buffer.alloc(13);
  bytes[1] = match[1] === '-' ? 1 : 0;
  bytes.writeUInt32LE(Math.floor(hours / 24), 2);
  bytes[6] = hours % 24;
  bytes[7] = Number(match[3]);
  bytes[8] = Number(match[4]);
  bytes.writeUInt32LE(micros, 9);
  const zero = hours + bytes[7] + bytes[8] === 0;
  const length = micros > 0 ? 12 : zero ? 0 : 8;
  bytes[0] = length;
  return bytes.subarray(0, length + 1);
}
