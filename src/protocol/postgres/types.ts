import { parseJson, canonicalJson } from '../../lib/json.ts';

/**
 * PostgreSQL's binary forms, both ways, for the types that drivers send so. Anything else stays bytes.
 * Source: src/backend/utils/adt of PostgreSQL 15, the `*send` and `*recv` functions.
 */
interface Codec {
  /** Undefined: not a value of this type. */
  decode(bytes: Buffer): string | undefined;
  encode(text: string): Buffer | undefined;
  /** A spelling that is equal for equal values. */
  canonical?(text: string): string;
}

const EPOCH_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;

const plainText: Codec = {
  decode: (bytes) => bytes.toString('utf8'),
  encode: (text) => Buffer.from(text, 'utf8'),
};

function integer(size: 2 | 4 | 8, unsigned = false): Codec {
  return {
    decode(bytes) {
      if (bytes.length !== size) return undefined;
      if (size === 8) return bytes.readBigInt64BE().toString();
      return String(unsigned ? bytes.readUIntBE(0, size) : bytes.readIntBE(0, size));
    },
    encode(text) {
      if (!/^\s*[-+]?\d{1,19}\s*$/.test(text)) return undefined;
      const value = BigInt(text.trim().replace('+', ''));
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(BigInt.asIntN(64, value));
      return bytes.subarray(8 - size);
    },
    canonical: (text) =>
      /^\s*[-+]?\d+\s*$/.test(text) ? BigInt(text.trim().replace('+', '')).toString() : text,
  };
}

function float(size: 4 | 8): Codec {
  const special: Readonly<Record<string, number>> = { nan: NaN, infinity: Infinity, '-infinity': -Infinity };
  const number = (text: string): number =>
    special[text.trim().toLowerCase()] ?? (text.trim() === '' ? NaN : Number(text));
  return {
    decode(bytes) {
      if (bytes.length !== size) return undefined;
      return floatText(size === 8 ? bytes.readDoubleBE() : bytes.readFloatBE(), size);
    },
    encode(text) {
      const bytes = Buffer.alloc(size);
      if (size === 8) bytes.writeDoubleBE(number(text));
      else bytes.writeFloatBE(number(text));
      return bytes;
    },
    canonical: (text) => (Number.isNaN(number(text)) ? text : String(number(text))),
  };
}

/** As the server prints it: the fewest digits that give the same number, an exponent from so many digits on. */
function floatText(value: number, size: 4 | 8): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits, exponentText] = shortest(value, size).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= (size === 8 ? 15 : 6)) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${pad(Math.abs(exponent))}`;
  }
  const bare = digits.replace(/[-.]/g, '');
  const sign = value < 0 ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${bare}`;
  const whole = bare.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = bare.slice(exponent + 1);
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** `d.ddde±x` with as few digits as tell the number apart from its neighbours of that size. */
function shortest(value: number, size: 4 | 8): string {
  if (size === 8) return value.toExponential();
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return Number(text).toExponential();
  }
  return value.toExponential();
}

const bool: Codec = {
  decode: (bytes) => (bytes.length !== 1 ? undefined : bytes[0] === 0 ? 'f' : 't'),
  encode: (text) => Buffer.from([isTrue(text) ? 1 : 0]),
  canonical: (text) =>
    isTrue(text) ? 't' : /^\s*(f|fa|fal|fals|false|n|no|of|off|0)\s*$/i.test(text) ? 'f' : text,
};

function isTrue(text: string): boolean {
  return /^\s*(t|tr|tru|true|y|ye|yes|on|1)\s*$/i.test(text);
}

const bytea: Codec = {
  decode: (bytes) => `\\x${bytes.toString('hex')}`,
  encode: (text) => (/^\\x([0-9a-f]{2})*$/i.test(text) ? Buffer.from(text.slice(2), 'hex') : undefined),
  canonical: (text) => (text.startsWith('\\x') ? text.toLowerCase() : text),
};

const uuid: Codec = {
  decode(bytes) {
    return bytes.length === 16
      ? bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      : undefined;
  },
  encode(text) {
    const hex = text.replace(/[-{}]/g, '');
    return /^[0-9a-f]{32}$/i.test(hex) ? Buffer.from(hex, 'hex') : undefined;
  },
  canonical: (text) => text.toLowerCase(),
};

const json: Codec = { ...plainText, canonical: canonicalJsonText };
const jsonb: Codec = {
  decode: (bytes) => (bytes[0] === 1 ? bytes.toString('utf8', 1) : undefined),
  encode: (text) => Buffer.concat([Buffer.from([1]), Buffer.from(text, 'utf8')]),
  canonical: canonicalJsonText,
};

function canonicalJsonText(text: string): string {
  const value = parseJson(text);
  return value === undefined ? text : canonicalJson(value);
}

const numeric: Codec = {
  decode(bytes) {
    if (bytes.length < 8 || bytes.length !== 8 + bytes.readUInt16BE(0) * 2) return undefined;
    const sign = bytes.readUInt16BE(4);
    if (sign === 0xc000) return 'NaN';
    if (sign === 0xd000) return 'Infinity';
    if (sign === 0xf000) return '-Infinity';
    const [count, weight, scale] = [bytes.readUInt16BE(0), bytes.readInt16BE(2), bytes.readUInt16BE(6)];
    if (Math.abs(weight) > 4000 || scale > 16_383) return undefined;
    const group = (index: number): string =>
      String(index >= 0 && index < count ? bytes.readUInt16BE(8 + index * 2) : 0).padStart(4, '0');
    let whole = '';
    for (let i = 0; i <= weight; i++) whole += group(i);
    let fraction = '';
    for (let i = weight + 1; fraction.length < scale; i++) fraction += group(i);
    const text = `${whole.replace(/^0+(?=\d)/, '') || '0'}${scale > 0 ? `.${fraction.slice(0, scale)}` : ''}`;
    return sign === 0x4000 ? `-${text}` : text;
  },
  encode(text) {
    const match = /^\s*([-+]?)(\d*)\.?(\d*)\s*$/.exec(text);
    if (!match || (match[2] === '' && match[3] === ''))
      return text.trim() === 'NaN' ? special(0xc000) : undefined;
    const whole = match[2]!.replace(/^0+/, '');
    const padded =
      whole.padStart(Math.ceil(whole.length / 4) * 4, '0') +
      match[3]!.padEnd(Math.ceil(match[3]!.length / 4) * 4, '0');
    const groups = padded.match(/.{4}/g)?.map(Number) ?? [];
    let weight = Math.ceil(whole.length / 4) - 1;
    while (groups[0] === 0) {
      groups.shift();
      weight--;
    }
    while (groups.at(-1) === 0) groups.pop();
    const bytes = Buffer.alloc(8 + groups.length * 2);
    bytes.writeUInt16BE(groups.length, 0);
    bytes.writeInt16BE(groups.length === 0 ? 0 : weight, 2);
    bytes.writeUInt16BE(match[1] === '-' && groups.length > 0 ? 0x4000 : 0, 4);
    bytes.writeUInt16BE(match[3]!.length, 6);
    for (const [index, digits] of groups.entries()) bytes.writeUInt16BE(digits, 8 + index * 2);
    return bytes;
  },
  /** Numbers that differ in trailing zeros are equal to the server. */
  canonical(text) {
    const match = /^\s*([-+]?)0*(\d*?)(?:\.(\d*?)0*)?\s*$/.exec(text);
    if (!match || !/\d/.test(text)) return text;
    const plain = `${match[2] || '0'}${match[3] ? `.${match[3]}` : ''}`;
    return match[1] === '-' && plain !== '0' ? `-${plain}` : plain;
  },
};

function special(sign: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(sign, 4);
  return bytes;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

function microText(micros: number): string {
  return micros === 0 ? '' : `.${pad(micros, 6).replace(/0+$/, '')}`;
}

const INFINITE = { late: 0x7fffffffffffffffn, early: -0x8000000000000000n };
const INFINITE_DAYS = { late: 0x7fffffff, early: -0x80000000 };

function timestamp(zone: boolean): Codec {
  return {
    decode(bytes) {
      if (bytes.length !== 8) return undefined;
      const micros = bytes.readBigInt64BE();
      if (micros === INFINITE.late) return 'infinity';
      if (micros === INFINITE.early) return '-infinity';
      return instantText(micros, zone);
    },
    encode(text) {
      const micros =
        text === 'infinity' ? INFINITE.late : text === '-infinity' ? INFINITE.early : instantOf(text);
      if (micros === undefined) return undefined;
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(micros);
      return bytes;
    },
    canonical(text) {
      const micros = instantOf(text, !zone);
      return micros === undefined ? text : (instantText(micros, zone) ?? text);
    },
  };
}

function instantText(micros: bigint, zone: boolean): string | undefined {
  const rest = Number(((micros % 1_000_000n) + 1_000_000n) % 1_000_000n);
  const date = new Date(EPOCH_MS + Number((micros - BigInt(rest)) / 1000n));
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1) return undefined;
  const day = `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`;
  const time = `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}`;
  return `${day} ${time}${microText(rest)}${zone ? '+00' : ''}`;
}

/** Microseconds since 2000 of ISO text; without a zone it is taken as UTC (and a zone is not looked at on demand). */
function instantOf(text: string, ignoreZone = false): bigint | undefined {
  const match =
    /^\s*(\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?(?::\d\d)?)?\s*$/i.exec(
      text,
    );
  if (!match) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  const offset = /^([+-])(\d\d):?(\d\d)?/.exec(zone);
  const minutes =
    offset && !ignoreZone
      ? (Number(offset[2]) * 60 + Number(offset[3] ?? 0)) * (offset[1] === '-' ? -1 : 1)
      : 0;
  const ms = date.getTime() - minutes * 60_000 - EPOCH_MS;
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

const date: Codec = {
  decode(bytes) {
    if (bytes.length !== 4) return undefined;
    const days = bytes.readInt32BE();
    if (days === INFINITE_DAYS.late) return 'infinity';
    if (days === INFINITE_DAYS.early) return '-infinity';
    return instantText(BigInt(days) * BigInt(DAY_MS) * 1000n, false)?.slice(0, -9);
  },
  encode(text) {
    const micros = instantOf(text.slice(0, 10));
    const infinite =
      text === 'infinity' ? INFINITE_DAYS.late : text === '-infinity' ? INFINITE_DAYS.early : undefined;
    const days = infinite ?? (micros === undefined ? undefined : Number(micros / 1000n) / DAY_MS);
    if (days === undefined) return undefined;
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(days);
    return bytes;
  },
  canonical: (text) => /^\s*(\d{4}-\d\d-\d\d)(?:[T ].*)?$/.exec(text)?.[1] ?? text,
};

const time: Codec = {
  decode(bytes) {
    if (bytes.length !== 8) return undefined;
    const micros = bytes.readBigInt64BE();
    if (micros < 0n || micros > 86_400_000_000n) return undefined;
    const seconds = Number(micros / 1_000_000n);
    const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
      .map((part) => pad(part))
      .join(':');
    return clock + microText(Number(micros % 1_000_000n));
  },
  encode(text) {
    const match = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/.exec(text.trim());
    if (!match) return undefined;
    const bytes = Buffer.alloc(8);
    const seconds = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3] ?? 0);
    bytes.writeBigInt64BE(BigInt(seconds) * 1_000_000n + BigInt((match[4] ?? '').padEnd(6, '0')));
    return bytes;
  },
};

const SCALARS: Readonly<Record<number, Codec>> = {
  16: bool,
  17: bytea,
  18: plainText,
  19: plainText,
  20: integer(8),
  21: integer(2),
  23: integer(4),
  25: plainText,
  26: integer(4, true),
  114: json,
  142: plainText,
  700: float(4),
  701: float(8),
  705: plainText,
  1042: plainText,
  1043: plainText,
  1082: date,
  1083: time,
  1114: timestamp(false),
  1184: timestamp(true),
  1700: numeric,
  2950: uuid,
  3802: jsonb,
};

/** Array types: oid of the array → oid of its elements. */
const ARRAYS: Readonly<Record<number, number>> = {
  1000: 16,
  1001: 17,
  1005: 21,
  1007: 23,
  1009: 25,
  1014: 1042,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1028: 26,
  1115: 1114,
  1182: 1082,
  1183: 1083,
  1185: 1184,
  1231: 1700,
  2951: 2950,
  199: 114,
  3807: 3802,
};

/** The text form of a value in binary form, or undefined where the type is not known or the bytes are not of it. */
export function decodeBinary(type: number, bytes: Buffer): string | undefined {
  const element = ARRAYS[type];
  return element === undefined ? SCALARS[type]?.decode(bytes) : decodeArray(element, bytes);
}

/** The binary form of a value in text form, or undefined. */
export function encodeBinary(type: number, text: string): Buffer | undefined {
  const element = ARRAYS[type];
  return element === undefined ? SCALARS[type]?.encode(text) : encodeArray(element, text);
}

/** A spelling of a value's text form that is equal for values that are equal to the server. */
export function canonicalText(type: number, text: string): string {
  return SCALARS[type]?.canonical?.(text) ?? text;
}

function decodeArray(element: number, bytes: Buffer): string | undefined {
  if (bytes.length < 12) return undefined;
  const dimensions = bytes.readInt32BE(0);
  if (dimensions === 0) return '{}';
  if (dimensions !== 1 || bytes.length < 20) return undefined;
  const type = bytes.readInt32BE(8) || element;
  const parts: string[] = [];
  let at = 20;
  for (let left = bytes.readInt32BE(12); left > 0; left--) {
    if (at + 4 > bytes.length) return undefined;
    const size = bytes.readInt32BE(at);
    at += 4;
    if (size < 0) {
      parts.push('NULL');
      continue;
    }
    if (at + size > bytes.length) return undefined;
    const text = SCALARS[type]?.decode(bytes.subarray(at, at + size));
    if (text === undefined) return undefined;
    at += size;
    const bare = text !== '' && !/[\s,{}"\\]/.test(text) && text.toLowerCase() !== 'null';
    parts.push(bare ? text : `"${text.replace(/["\\]/g, '\\$&')}"`);
  }
  return at === bytes.length ? `{${parts.join(',')}}` : undefined;
}

function encodeArray(element: number, text: string): Buffer | undefined {
  if (!text.startsWith('{') || !text.endsWith('}') || text.slice(1, -1).includes('{')) return undefined;
  const items: Buffer[] = [];
  let nulls = 0;
  const inner = text.slice(1, -1);
  const item = /"((?:[^"\\]|\\.)*)"|([^,"]+)/gs;
  let count = 0;
  for (const match of inner.matchAll(item)) {
    count++;
    const size = Buffer.alloc(4);
    if (match[1] === undefined && match[2]!.toUpperCase() === 'NULL') {
      nulls = 1;
      size.writeInt32BE(-1);
      items.push(size);
      continue;
    }
    const value = SCALARS[element]?.encode(match[1]?.replace(/\\(.)/gs, '$1') ?? match[2]!);
    if (value === undefined) return undefined;
    size.writeInt32BE(value.length);
    items.push(size, value);
  }
  const head = Buffer.alloc(count === 0 ? 12 : 20);
  head.writeInt32BE(count === 0 ? 0 : 1, 0);
  head.writeInt32BE(nulls, 4);
  head.writeInt32BE(element, 8);
  if (count > 0) {
    head.writeInt32BE(count, 12);
    head.writeInt32BE(1, 16);
  }
  return Buffer.concat([head, ...items]);
}
