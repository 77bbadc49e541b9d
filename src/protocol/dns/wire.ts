import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { Nonsense } from '../source.ts';
import type { DnsRecord, DnsRequest, DnsResponse } from './messages.ts';

/** Messages of RFC 1035, read and written. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  41: 'OPT',
  43: 'DS',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
  257: 'CAA',
};
const TYPE_NUMBERS = new Map(Object.entries(TYPES).map(([number, name]) => [name, Number(number)]));
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const MAX_RECORDS = 1000;

export interface Query {
  id: number;
  recursion: boolean;
  /** Whether the client speaks EDNS (RFC 6891), and the datagram it takes. */
  edns: { size: number } | null;
  question: DnsRequest;
}

/** A query with its one question. Throws `Nonsense`. */
export function readQuery(bytes: Buffer): Query {
  const header = readHeader(bytes);
  if (header.isResponse || header.opcode !== 0) throw new Nonsense('not a query of DNS');
  if (header.counts[0] !== 1 || header.counts[1] !== 0) throw new Nonsense('not exactly one question');
  const reader = new Reader(bytes, 12);
  const question = readQuestion(reader);
  let edns: Query['edns'] = null;
  for (let left = header.counts[2] + header.counts[3]; left > 0; left--) {
    const record = readRecordHead(reader);
    if (record.type === 41) edns = { size: record.class };
    reader.skip(record.length);
  }
  if (reader.left > 0) throw new Nonsense('bytes after a query');
  return { id: header.id, recursion: header.recursion, edns, question };
}

/** A response and what it answers. Throws `Nonsense`. */
export function readResponse(bytes: Buffer): {
  id: number;
  question: DnsRequest | null;
  response: DnsResponse;
} {
  const header = readHeader(bytes);
  if (!header.isResponse) throw new Nonsense('not a response of DNS');
  const reader = new Reader(bytes, 12);
  if (header.counts[0] > 1) throw new Nonsense('more than one question');
  const question = header.counts[0] === 1 ? readQuestion(reader) : null;
  const records = (count: number): DnsRecord[] => Array.from({ length: count }, () => readRecord(reader));
  const answers = records(header.counts[1]);
  const authority = header.truncated ? [] : records(header.counts[2]);
  const rcode = RCODES[header.rcode] ?? `RCODE${header.rcode}`;
  return { id: header.id, question, response: { rcode, truncated: header.truncated, answers, authority } };
}

function readHeader(bytes: Buffer): {
  id: number;
  isResponse: boolean;
  opcode: number;
  truncated: boolean;
  recursion: boolean;
  rcode: number;
  counts: [number, number, number, number];
} {
  if (bytes.length < 12) throw new Nonsense('shorter than a header of DNS');
  const flags = bytes.readUInt16BE(2);
  const counts = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at)) as [number, number, number, number];
  if (counts.some((count) => count > MAX_RECORDS)) throw new Nonsense('too many records');
  return {
    id: bytes.readUInt16BE(0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    truncated: (flags & 0x200) !== 0,
    recursion: (flags & 0x100) !== 0,
    rcode: flags & 15,
    counts,
  };
}

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }
  get left(): number {
    return this.#bytes.length - this.#at;
  }
  get at(): number {
    return this.#at;
  }
  skip(count: number): number {
    if (count > this.left) throw new Nonsense('a message shorter than its records');
    this.#at += count;
    return this.#at - count;
  }
  int16(): number {
    return this.#bytes.readUInt16BE(this.skip(2));
  }
  int32(): number {
    return this.#bytes.readUInt32BE(this.skip(4));
  }
  take(count: number): Buffer {
    const start = this.skip(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** A name, its pointers followed: only backwards, so that there is an end to them. */
  name(): string {
    const labels: string[] = [];
    let at = this.#at;
    let after = -1;
    let size = 0;
    for (;;) {
      const length = this.#bytes[at];
      if (length === undefined) throw new Nonsense('a name without an end');
      if ((length & 0xc0) === 0xc0) {
        if (at + 1 >= this.#bytes.length) throw new Nonsense('a name without an end');
        const to = this.#bytes.readUInt16BE(at) & 0x3fff;
        if (to >= at) throw new Nonsense('a name that points forward');
        if (after === -1) after = at + 2;
        at = to;
        continue;
      }
      if (length > 63) throw new Nonsense('a label longer than 63 bytes');
      if (length === 0) break;
      size += length + 1;
      if (size > 255 || at + 1 + length > this.#bytes.length)
        throw new Nonsense('a name longer than 255 bytes');
      labels.push(labelText(this.#bytes.subarray(at + 1, at + 1 + length)));
      at += length + 1;
    }
    this.#at = after === -1 ? at + 1 : after;
    return labels.length === 0 ? '.' : labels.join('.');
  }
}

/** Presentation form: what is not plain is escaped (RFC 1035, section 5.1). */
function labelText(label: Buffer): string {
  let text = '';
  for (const byte of label) {
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else
      text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

function nameBytes(name: string): Buffer {
  const parts: number[] = [];
  if (name !== '.') {
    for (const label of name.match(/(?:\\\d{3}|\\.|[^.\\])+/g) ?? []) {
      const bytes = [...label.matchAll(/\\(\d{3})|\\(.)|([^\\])/g)].map(([, number, escaped, plain]) =>
        number === undefined ? (escaped ?? plain!).charCodeAt(0) & 255 : Number(number) & 255,
      );
      if (bytes.length > 63) throw new Nonsense('a label longer than 63 bytes');
      parts.push(bytes.length, ...bytes);
    }
  }
  return Buffer.from([...parts, 0]);
}

function readQuestion(reader: Reader): DnsRequest {
  const name = reader.name();
  const type = typeName(reader.int16());
  reader.int16(); // class: IN is the only one in use
  return { name, type };
}

function readRecordHead(reader: Reader): {
  name: string;
  type: number;
  class: number;
  ttl: number;
  length: number;
} {
  const name = reader.name();
  return { name, type: reader.int16(), class: reader.int16(), ttl: reader.int32(), length: reader.int16() };
}

function readRecord(reader: Reader): DnsRecord {
  const { name, type, ttl, length } = readRecordHead(reader);
  const start = reader.at;
  const data = readData(reader, typeName(type), length);
  if (reader.at !== start + length) throw new Nonsense('a record longer or shorter than it says');
  return { name, type: typeName(type), ttl, data };
}

function readData(reader: Reader, type: string, length: number): string {
  switch (type) {
    case 'A':
      return length === 4 ? reader.take(4).join('.') : reader.take(length).toString('base64');
    case 'AAAA':
      return length === 16 ? ipv6Text(reader.take(16)) : reader.take(length).toString('base64');
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return reader.name();
    case 'MX':
      return `${reader.int16()} ${reader.name()}`;
    case 'SRV':
      return `${reader.int16()} ${reader.int16()} ${reader.int16()} ${reader.name()}`;
    case 'SOA': {
      const names = `${reader.name()} ${reader.name()}`;
      return `${names} ${[1, 2, 3, 4, 5].map(() => reader.int32()).join(' ')}`;
    }
    case 'TXT': {
      const strings: string[] = [];
      for (let left = length; left > 0;) {
        const size = reader.take(1)[0]!;
        strings.push(JSON.stringify(reader.take(size).toString('latin1')));
        left -= size + 1;
      }
      return strings.join(' ');
    }
    default:
      return reader.take(length).toString('base64');
  }
}

function ipv6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function dataBytes(type: string, data: string): Buffer {
  const words = data.split(' ');
  const int16s = (...texts: string[]): Buffer => Buffer.concat(texts.map((text) => int16(Number(text))));
  switch (type) {
    case 'A':
      return isIPv4(data) ? Buffer.from(data.split('.').map(Number)) : Buffer.from(data, 'base64');
    case 'AAAA':
      return isIPv6(data) ? ipv6Bytes(data) : Buffer.from(data, 'base64');
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return nameBytes(data);
    case 'MX':
      return Buffer.concat([int16s(words[0]!), nameBytes(words[1] ?? '.')]);
    case 'SRV':
      return Buffer.concat([int16s(words[0]!, words[1] ?? '0', words[2] ?? '0'), nameBytes(words[3] ?? '.')]);
    case 'SOA':
      return Buffer.concat([
        nameBytes(words[0]!),
        nameBytes(words[1] ?? '.'),
        ...words.slice(2, 7).map((word) => int32(Number(word))),
      ]);
    case 'TXT':
      return Buffer.concat(
        [...data.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([quoted]) => {
          const text = Buffer.from(JSON.parse(quoted) as string, 'latin1').subarray(0, 255);
          return Buffer.concat([Buffer.from([text.length]), text]);
        }),
      );
    default:
      return Buffer.from(data, 'base64');
  }
}

function ipv6Bytes(text: string): Buffer {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  const hex = (high: string, low: string): string => ((Number(high) << 8) | Number(low)).toString(16);
  const plain = dotted ? `${dotted[1]}${hex(dotted[2]!, dotted[3]!)}:${hex(dotted[4]!, dotted[5]!)}` : text;
  const [head, tail] = plain.split('::') as [string, string | undefined];
  const groups = (part: string | undefined): string[] =>
    part === undefined || part === '' ? [] : part.split(':');
  const [left, right] = [groups(head), groups(tail)];
  const middle = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return Buffer.concat([...left, ...middle, ...right].map((group) => int16(Number.parseInt(group, 16))));
}

/** A response to a query. `explanation` goes with it as an extended error (RFC 8914) where the client speaks EDNS. */
export function responseBytes(query: Query, response: DnsResponse, explanation: string | null): Buffer {
  const flags =
    0x8080 | (query.recursion ? 0x100 : 0) | (response.truncated ? 0x200 : 0) | rcodeNumber(response.rcode);
  const authority = response.authority.filter(({ type }) => type !== 'OPT');
  const edns = query.edns !== null;
  const { name, type } = query.question;
  const records = [...response.answers, ...authority].map((record) => {
    const data = dataBytes(record.type, record.data);
    const head = [nameBytes(record.name), int16(typeNumber(record.type)), int16(1), int32(record.ttl)];
    return Buffer.concat([...head, int16(data.length), data]);
  });
  return Buffer.concat([
    ...[query.id, flags, 1, response.answers.length, authority.length, edns ? 1 : 0].map(int16),
    nameBytes(name),
    int16(typeNumber(type)),
    int16(1),
    ...records,
    ...(edns ? [optRecord(explanation)] : []),
  ]);
}

/** The same response with no records and the mark that it was cut. */
export function cutResponse(query: Query, response: DnsResponse): Buffer {
  return responseBytes(query, { ...response, truncated: true, answers: [], authority: [] }, null);
}

function optRecord(explanation: string | null): Buffer {
  const text = Buffer.from(explanation ?? '', 'utf8').subarray(0, 400);
  const option =
    explanation === null
      ? Buffer.alloc(0)
      : Buffer.concat([int16(15), int16(text.length + 2), int16(0), text]);
  return Buffer.concat([Buffer.from([0]), int16(41), int16(1232), int32(0), int16(option.length), option]);
}

function typeName(type: number): string {
  return TYPES[type] ?? `TYPE${type}`;
}

function typeNumber(name: string): number {
  return TYPE_NUMBERS.get(name) ?? Number(/^TYPE(\d{1,5})$/.exec(name)?.[1] ?? 0);
}

function rcodeNumber(rcode: string): number {
  const known = RCODES.indexOf(rcode);
  return known === -1 ? Number(/^RCODE(\d+)$/.exec(rcode)?.[1] ?? 2) & 15 : known;
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value & 0xffff);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
