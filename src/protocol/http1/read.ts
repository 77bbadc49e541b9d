import * as zlib from 'node:zlib';
import { bytesToJson, type BytesJson } from '../bytes.ts';
import { Nonsense, type Reading, type Source } from '../source.ts';
import { headerOf, type Headers } from './messages.ts';

const MAX_HEAD = 64 * 1024;
export const MAX_BODY = 64 * 1024 * 1024;
const MAX_CHUNK_LINE = 4096;

export interface RequestHead {
  method: string;
  target: string;
  version: string;
  headers: Headers;
  startedAt: number;
}

export interface ResponseHead {
  version: string;
  status: number;
  reason: string;
  headers: Headers;
  startedAt: number;
}

export interface Body {
  bytes: Buffer;
  trailers: Headers;
  /** When the last byte of it came, or 0 if it has none. */
  endedAt: number;
  /** Why it is not whole, or null. */
  incomplete: string | null;
}

const NO_BODY: Body = { bytes: Buffer.alloc(0), trailers: [], endedAt: 0, incomplete: null };

/** How the end of a body is told (RFC 9112, section 6.3). */
export type Framing =
  | { kind: 'none' }
  | { kind: 'chunked' }
  | { kind: 'length'; length: number }
  | { kind: 'close' };

/** The head of the next request; undefined at the end of the connection. */
export function* readRequestHead(source: Source): Reading<RequestHead | undefined> {
  const head = yield* readHead(source, /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP\/(1\.[01])$/, 'request');
  if (head === undefined) return undefined;
  const { match } = head;
  return {
    method: match[1]!,
    target: match[2]!,
    version: match[3]!,
    headers: head.headers,
    startedAt: head.startedAt,
  };
}

/** The head of the next response; undefined at the end of the connection. */
export function* readResponseHead(source: Source): Reading<(ResponseHead & { endedAt: number }) | undefined> {
  const head = yield* readHead(source, /^HTTP\/(1\.[01]) ([1-9]\d\d)(?: (.*))?$/, 'status');
  if (head === undefined) return undefined;
  const { match, headers, startedAt, endedAt } = head;
  return {
    version: match[1]!,
    status: Number(match[2]),
    reason: match[3] ?? '',
    headers,
    startedAt,
    endedAt,
  };
}

interface Head {
  match: RegExpExecArray;
  headers: Headers;
  startedAt: number;
  endedAt: number;
}

function* readHead(source: Source, form: RegExp, name: string): Reading<Head | undefined> {
  let first = '';
  let startedAt = 0;
  for (let empty = 0; first === ''; empty++) {
    if (!(yield* source.need(1))) return undefined;
    startedAt = source.timeAt(0);
    const line = yield* source.line(MAX_HEAD);
    // RFC 9112, section 2.2: an empty line before a request is to be ignored. Not a flood of them.
    if (line === undefined) return undefined;
    if (empty > 4) throw new Nonsense('empty lines in place of a message');
    first = line;
  }
  const match = form.exec(first);
  if (!match) throw new Nonsense(`not a ${name} line of HTTP/1`);
  const fields = yield* readFields(source, MAX_HEAD - first.length);
  return fields === undefined ? undefined : { match, startedAt, ...fields };
}

/** Field lines up to the empty line. */
function* readFields(
  source: Source,
  limit: number,
): Reading<{ headers: Headers; endedAt: number } | undefined> {
  const headers: Headers = [];
  let room = limit;
  for (;;) {
    const before = source.offset;
    const line = yield* source.line(Math.max(room, 0));
    if (line === undefined) return undefined;
    if (line === '') return { headers, endedAt: source.lastTime };
    room -= source.offset - before;
    const last = headers.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] = `${last[1]} ${line.trim()}`; // obsolete folding, RFC 9112, section 5.2
      continue;
    }
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
    if (!match) throw new Nonsense('not a header line');
    headers.push([match[1]!, match[2]!]);
  }
}

export function requestFraming(head: RequestHead): Framing {
  const framing = declaredFraming(head.headers);
  return framing.kind === 'close' ? { kind: 'none' } : framing;
}

export function responseFraming(head: ResponseHead, method: string): Framing {
  const { status } = head;
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (method === 'CONNECT' && status < 300) return { kind: 'none' };
  return declaredFraming(head.headers);
}

/** `close` stands for "nothing declared". Transfer-Encoding wins over Content-Length (RFC 9112, section 6.3). */
function declaredFraming(headers: Headers): Framing {
  const transfer = headerOf({ headers }, 'transfer-encoding')?.toLowerCase();
  if (transfer !== undefined && transfer !== 'identity') {
    return /(^|,)\s*chunked\s*$/.test(transfer) ? { kind: 'chunked' } : { kind: 'close' };
  }
  const lengths = new Set(
    headerOf({ headers }, 'content-length')
      ?.split(',')
      .map((length) => length.trim()),
  );
  if (lengths.size === 0) return { kind: 'close' };
  const [length] = lengths;
  if (lengths.size > 1 || !/^\d{1,15}$/.test(length!)) throw new Nonsense('an impossible Content-Length');
  return { kind: 'length', length: Number(length) };
}

/** The body as it was sent. At most `keep` bytes of it are kept; the rest is read over. */
export function* readBody(source: Source, framing: Framing, keep = MAX_BODY): Reading<Body> {
  switch (framing.kind) {
    case 'none':
      return NO_BODY;
    case 'length':
    case 'close': {
      const bulk = yield* source.bulk(framing.kind === 'close' ? Infinity : framing.length, keep);
      return { bytes: bulk.bytes, trailers: [], endedAt: bulk.endedAt, incomplete: flaw(bulk, keep) };
    }
    case 'chunked':
      return yield* readChunked(source, keep);
  }
}

function* readChunked(source: Source, keep: number): Reading<Body> {
  const pieces: Buffer[] = [];
  let kept = 0;
  let endedAt = 0;
  let incomplete: string | null = null;
  const body = (trailers: Headers): Body => ({ bytes: Buffer.concat(pieces), trailers, endedAt, incomplete });
  for (;;) {
    const line = yield* source.line(MAX_CHUNK_LINE);
    const size = line === undefined ? undefined : /^([0-9a-fA-F]{1,12})[ \t]*(;.*)?$/.exec(line)?.[1];
    if (line !== undefined && size === undefined) throw new Nonsense('not the size of a chunk');
    if (size === undefined) {
      incomplete ??= 'the connection ended inside a body';
      return body([]);
    }
    endedAt = source.lastTime;
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    const bulk = yield* source.bulk(length, keep - kept);
    if (bulk.bytes.length > 0) pieces.push(bulk.bytes);
    kept += bulk.bytes.length;
    incomplete ??= flaw(bulk, keep);
    if (bulk.missing > 0) return body([]);
    endedAt = bulk.endedAt;
    const end = yield* source.line(2);
    if (end === undefined) continue; // the next line says that it ended
    if (end !== '') throw new Nonsense('a chunk longer than its size');
  }
  const fields = yield* readFields(source, MAX_HEAD);
  if (fields === undefined) incomplete ??= 'the connection ended inside a body';
  else endedAt = fields.endedAt;
  return body(fields?.headers ?? []);
}

function flaw(bulk: { lost: number; missing: number; cut: boolean }, keep: number): string | null {
  if (bulk.lost > 0) return `${bulk.lost} bytes of a body were lost`;
  if (bulk.missing > 0) return 'the connection ended inside a body';
  return bulk.cut ? `a body longer than ${keep} bytes was cut` : null;
}

const CODINGS: Readonly<Record<string, { undo: Coding; redo: Coding }>> = {
  gzip: { undo: zlib.gunzipSync, redo: zlib.gzipSync },
  'x-gzip': { undo: zlib.gunzipSync, redo: zlib.gzipSync },
  deflate: { undo: zlib.inflateSync, redo: zlib.deflateSync },
  br: { undo: zlib.brotliDecompressSync, redo: zlib.brotliCompressSync },
  zstd: { undo: zlib.zstdDecompressSync, redo: zlib.zstdCompressSync },
};
type Coding = (bytes: Buffer, options?: { maxOutputLength?: number }) => Buffer;

/** The stored form of a body: content codings undone where that works, and which ones they were. */
export function storedBody(
  body: Body,
  headers: Headers,
): { body: BytesJson | null; encoding: string | null } {
  if (body.bytes.length === 0) return { body: null, encoding: null };
  const encoding = headerOf({ headers }, 'content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity' && body.incomplete === null) {
    const plain = undoCodings(body.bytes, encoding);
    if (plain !== undefined) return { body: bytesToJson(plain), encoding };
  }
  return { body: bytesToJson(body.bytes), encoding: null };
}

function undoCodings(bytes: Buffer, encoding: string): Buffer | undefined {
  try {
    let plain = bytes;
    for (const name of codingNames(encoding).reverse()) {
      const coding = CODINGS[name];
      if (coding === undefined) return undefined;
      plain = coding.undo(plain, { maxOutputLength: MAX_BODY });
    }
    return plain;
  } catch {
    return undefined; // not what its header says, or more than the limit: kept as it was sent
  }
}

/** Does what `encoding` of a stored message says, so that its header holds again. */
export function applyCodings(plain: Buffer, encoding: string): Buffer {
  return codingNames(encoding).reduce((bytes, name) => CODINGS[name]?.redo(bytes) ?? bytes, plain);
}

function codingNames(encoding: string): string[] {
  return encoding
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
}
