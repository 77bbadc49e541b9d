import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '../lib/json.ts';
import { asBuffer } from './bytes.ts';
import { exchangeSchema, type Answers, type Chunk, type Decoded, type Protocol, type Side } from './port.ts';

/** What a protocol's folder brings to the suite that every protocol passes. */
export interface Fixture {
  protocol: Protocol;
  /** Whole, healthy connections, from their first byte. */
  conversations: {
    name: string;
    chunks: Chunk[];
    exchanges: number;
    /** The last response ends with the connection, so that a cut one cannot be told from a whole one. */
    endsWithConnection?: true;
  }[];
  /** First bytes of a client that are not of this protocol, or break its limits: the decoder has to give up. */
  hostile: { name: string; chunks: Chunk[] }[];
  /** Whether recorded answers can be served (`raw` cannot). */
  served: boolean;
  /** Whether a healthy conversation gives complete exchanges (`raw` never does). */
  decoded: boolean;
}

/** Chunks from pieces in turn, 10 µs apart. */
export function chunksOf(...pieces: [Side, string | Uint8Array][]): Chunk[] {
  return pieces.map(([side, bytes], index) => ({
    side,
    at: 1_000_000 + index * 10,
    bytes: typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes,
  }));
}

export function decodeAll(
  protocol: Protocol,
  chunks: readonly Chunk[],
): { exchanges: Decoded[]; failed: string | null } {
  const decoder = protocol.decoder();
  const exchanges = chunks.flatMap((chunk) => decoder.push(chunk));
  exchanges.push(...decoder.end((chunks.at(-1)?.at ?? 0) + 10));
  return { exchanges, failed: decoder.failed?.reason ?? null };
}

/** Answers from decoded exchanges by canonical request, each once, the last one again and again. */
export function answersFrom(
  protocol: Protocol,
  exchanges: readonly Decoded[],
  facts: Json,
): Answers & { missed: Json[] } {
  const byKey = new Map<string, Decoded[]>();
  for (const exchange of exchanges) {
    const key = canonicalJson(protocol.canonical(exchange.request));
    byKey.set(key, [...(byKey.get(key) ?? []), exchange]);
  }
  const missed: Json[] = [];
  return {
    facts,
    missed,
    answer(request) {
      const list = byKey.get(canonicalJson(protocol.canonical(request)));
      const found = list !== undefined && list.length > 1 ? list.shift() : list?.[0];
      if (found) return { found: true, response: found.response };
      missed.push(request);
      return { found: false, reason: 'never recorded' };
    },
  };
}

/** What a mock server says to these client bytes, all sent at once. */
async function serveBytes(
  protocol: Protocol,
  client: readonly Uint8Array[],
  answers: Answers,
): Promise<Buffer> {
  const said: Buffer[] = [];
  const [near, far] = pair();
  near.on('data', (chunk: Buffer) => said.push(chunk));
  const served = protocol.serve(far, answers);
  for (const bytes of client) near.write(bytes);
  near.end();
  await served;
  if (!near.readableEnded && !near.destroyed)
    await new Promise<void>((resolve) => near.once('close', resolve));
  return Buffer.concat(said);
}

/** Two ends of one connection, in memory. */
function pair(): [Duplex, Duplex] {
  const ends: Duplex[] = [];
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        if (!other().destroyed) other().push(chunk);
        done();
      },
      final(done) {
        if (!other().destroyed) other().push(null);
        done();
      },
      destroy(error, done) {
        if (!other().destroyed) other().push(null);
        done(error);
      },
    });
  ends.push(
    end(() => ends[1]!),
    end(() => ends[0]!),
  );
  return [ends[0]!, ends[1]!];
}

function bytesOf(chunks: readonly Chunk[], side: Side): Uint8Array[] {
  return chunks.filter((chunk) => chunk.side === side).map((chunk) => chunk.bytes);
}

/** The same bytes in other pieces: cut at every `sizes` in turn. */
function rechunked(chunks: readonly Chunk[], sizes: readonly number[]): Chunk[] {
  const result: Chunk[] = [];
  let turn = 0;
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.bytes.length;) {
      const size = sizes[turn++ % sizes.length]!;
      result.push({ side: chunk.side, at: chunk.at, bytes: chunk.bytes.subarray(at, at + size) });
      at += size;
    }
  }
  return result;
}

/** The suite. */
export function describeProtocol(fixture: Fixture): void {
  const { protocol } = fixture;
  describe(`protocol ${protocol.name}`, () => {
    for (const conversation of fixture.conversations) {
      describe(conversation.name, () => {
        const whole = decodeAll(protocol, conversation.chunks);
        decodes(fixture, conversation, whole.exchanges);
        loses(fixture, conversation, whole.exchanges);
        if (fixture.served) serves(fixture, conversation, whole.exchanges);
      });
    }
    survives(fixture);
  });
}

type Conversation = Fixture['conversations'][number];

function decodes(
  { protocol, decoded }: Fixture,
  { chunks, exchanges }: Conversation,
  whole: Decoded[],
): void {
  it('gives its exchanges, complete, in the schema', () => {
    expect(whole.length).toBe(exchanges);
    for (const exchange of whole) {
      expect(exchange.incomplete === null).toBe(exchange.complete);
      if (decoded) expect(exchange.incomplete).toBeNull();
      const full = {
        version: 1,
        id: 'c.0',
        connection: 'c',
        protocol: protocol.name,
        direction: 'outbound',
      } as const;
      exchangeSchema.parse({ ...full, destination: { host: 'h', port: 1 }, ...exchange });
      expect(exchange.endedAt).toBeGreaterThanOrEqual(exchange.startedAt);
      expect(exchange.summary).toBe(decoded ? protocol.summary(exchange.request) : exchange.summary);
      expect(exchange.summary).not.toContain('\n');
    }
  });

  it('gives the same byte by byte, and in any pieces', () => {
    expect(decodeAll(protocol, rechunked(chunks, [1])).exchanges).toEqual(whole);
    const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(pieces, (sizes) => {
        expect(decodeAll(protocol, rechunked(chunks, sizes)).exchanges).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('is recognised by its first bytes', () => {
    const client = Buffer.concat(bytesOf(chunks, 'client').slice(0, 1));
    expect(protocol.recognise({ client, server: Buffer.alloc(0), port: 1 })).toBeGreaterThan(
      decoded ? 0.5 : 0,
    );
  });

  it('survives JSON, and its canonical forms are equal to themselves', () => {
    for (const { request, response } of whole) {
      const copy = JSON.parse(JSON.stringify({ request, response })) as { request: Json; response: Json };
      expect(copy).toEqual({ request, response });
      expect(canonicalJson(protocol.canonical(copy.request))).toBe(
        canonicalJson(protocol.canonical(request)),
      );
      expect(protocol.comparable(copy.response)).toEqual(protocol.comparable(response));
      expect([true, false, null]).toContain(protocol.writes(request));
    }
  });
}

function loses({ protocol }: Fixture, { chunks, endsWithConnection }: Conversation, whole: Decoded[]): void {
  it('never calls an exchange complete of which bytes were lost', () => {
    const originals = new Set(whole.map((exchange) => canonicalJson(contents(exchange))));
    const total = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    const gap = fc.record({
      from: fc.nat(total - 1),
      length: fc.integer({ min: 1, max: 200 }),
      size: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(gap, ({ from, length, size }) => {
        const { exchanges } = decodeAll(protocol, withGap(rechunked(chunks, [size]), from, length));
        const complete = exchanges.filter((exchange) => exchange.complete);
        for (const exchange of complete) expect(originals).toContain(canonicalJson(contents(exchange)));
        expect(complete.length).toBeLessThanOrEqual(whole.length);
      }),
      { numRuns: 200 },
    );
  });

  if (endsWithConnection) return;
  it('marks what is under way at the end as incomplete', () => {
    for (let cut = 1; cut < chunks.length; cut++) {
      const { exchanges } = decodeAll(protocol, chunks.slice(0, cut));
      const complete = exchanges.filter(({ complete }) => complete);
      expect(complete.map(contents)).toEqual(whole.slice(0, complete.length).map(contents));
    }
  });
}

function contents({ request, response }: Decoded): Json {
  return { request, response };
}

/** The chunks without the bytes [from, from + length), with `lost` on what follows in each direction. */
function withGap(chunks: readonly Chunk[], from: number, length: number): Chunk[] {
  const result: Chunk[] = [];
  const lost = { client: 0, server: 0 };
  let at = 0;
  for (const chunk of chunks) {
    const [start, end] = [at, at + chunk.bytes.length];
    at = end;
    const [low, high] = [Math.max(start, from), Math.min(end, from + length)];
    const before = chunk.bytes.subarray(0, low < high ? low - start : chunk.bytes.length);
    if (before.length > 0) emit(chunk, before);
    if (low >= high) continue;
    lost[chunk.side] += high - low;
    if (high < end) emit(chunk, chunk.bytes.subarray(high - start));
  }
  for (const side of ['client', 'server'] as const) {
    if (lost[side] > 0)
      result.push({ side, at: chunks.at(-1)!.at, bytes: Buffer.alloc(0), lost: lost[side] });
  }
  return result;

  function emit(chunk: Chunk, bytes: Uint8Array): void {
    const gone = lost[chunk.side];
    lost[chunk.side] = 0;
    result.push({ side: chunk.side, at: chunk.at, bytes, ...(gone > 0 ? { lost: gone } : {}) });
  }
}

function serves({ protocol }: Fixture, { chunks }: Conversation, whole: Decoded[]): void {
  it('serves what was recorded so that it decodes to the same responses', async () => {
    const facts = factsOf(protocol, chunks);
    const client = bytesOf(chunks, 'client');
    const answers = answersFrom(protocol, whole, facts);
    const said = await serveBytes(protocol, client, answers);
    const again = decodeAll(protocol, [
      ...client.map((bytes) => ({ side: 'client' as const, at: 1, bytes })),
      { side: 'server', at: 2, bytes: said },
    ]);
    expect(answers.missed).toEqual([]);
    expect(again.failed).toBeNull();
    // Sorted: some protocols may answer in another order.
    const comparable = (list: Decoded[]): string[] =>
      list
        .filter(({ request }) => !protocol.housekeeping(request))
        .map(({ request, response }) =>
          canonicalJson([protocol.canonical(request), protocol.comparable(response)]),
        )
        .sort();
    expect(comparable(again.exchanges)).toEqual(comparable(whole));
  });

  it('says in its own error message that something was not recorded, and why', async () => {
    if (whole.every(({ request }) => protocol.housekeeping(request))) return;
    const answers: Answers = { facts: null, answer: () => ({ found: false, reason: 'because of the moon' }) };
    const said = await serveBytes(protocol, bytesOf(chunks, 'client'), answers);
    expect(said.toString('utf8')).toContain('because of the moon');
  });
}

function factsOf(protocol: Protocol, chunks: readonly Chunk[]): Json {
  const decoder = protocol.decoder();
  for (const chunk of chunks) decoder.push(chunk);
  return decoder.facts();
}

function survives({ protocol, hostile, conversations, served }: Fixture): void {
  it.each(hostile)('gives up on $name', ({ chunks }) => {
    const before = process.memoryUsage().arrayBuffers;
    const { failed } = decodeAll(protocol, chunks);
    expect(failed).not.toBeNull();
    expect(failed).not.toContain('internal error');
    const size = chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size * 8 + 8 * 1024 * 1024);
  });

  it('never throws, and ignores what comes after it gave up', () => {
    const real = conversations.flatMap(({ chunks }) => chunks.map(({ bytes }) => asBuffer(bytes)));
    const noise = fc.uint8Array({ maxLength: 60 });
    const bent = fc
      .record({ piece: fc.constantFrom(...real), at: fc.nat(), byte: fc.nat(255) })
      .map(({ piece, at, byte }) => {
        const copy = Buffer.from(piece);
        if (copy.length > 0) copy[at % copy.length] = byte;
        return copy;
      });
    const chunk = fc.record({
      side: fc.constantFrom<Side>('client', 'server'),
      bytes: fc.oneof(noise, fc.constantFrom(...real), bent),
      at: fc.nat(1_000_000),
      lost: fc.option(fc.nat(100), { nil: undefined, freq: 8 }),
    });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
        const { exchanges, failed } = decodeAll(protocol, chunks);
        expect(failed ?? '').not.toContain('internal error');
        for (const { request, response } of exchanges) {
          protocol.canonical(request);
          protocol.writes(request);
          protocol.housekeeping(request);
          if (response !== null) protocol.comparable(response);
        }
      }),
      { numRuns: 400 },
    );
  });

  if (!served) return;
  it('serves any client to its end without rejecting', async () => {
    const real = conversations.flatMap(({ chunks }) => bytesOf(chunks, 'client').map(asBuffer));
    const piece = fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...real));
    const answers: Answers = { facts: null, answer: () => ({ found: false, reason: 'nothing is' }) };
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        await serveBytes(protocol, pieces, answers);
      }),
      { numRuns: 100 },
    );
  });
}
