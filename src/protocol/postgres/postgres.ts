import { canonicalJson, isObject, type Json } from '../../lib/json.ts';
import { asBuffer } from '../bytes.ts';
import type { Protocol } from '../port.ts';
import { catalog } from './catalog.ts';
import { canonicalRequest, comparableResponse, summaryOfRequest } from './canonical.ts';
import { pgDecoder } from './decode.ts';
import { isHousekeeping, writesSql } from './meaning.ts';
import { pgFactsSchema, pgRequestSchema } from './messages.ts';
import { servePostgres } from './serve.ts';

/** Codes in the place of the version: SSLRequest, GSSENCRequest, CancelRequest. */
const SPECIAL = new Set([80877102, 80877103, 80877104]);

const MAX_STATEMENTS = 2000;
const MAX_OPENINGS = 20;

/** PostgreSQL's protocol 3 (PostgreSQL documentation, "Frontend/Backend Protocol"). Shapes in `messages.ts`. */
export const postgres: Protocol = {
  name: 'postgres',
  recognise({ client, port }) {
    const bytes = asBuffer(client);
    if (bytes.length < 5) return 0;
    const length = bytes.readUInt32BE(0);
    if (bytes[0] === 0) {
      if (bytes.length < 8) return port === 5432 ? 0.6 : 0;
      const code = bytes.readUInt32BE(4);
      if (SPECIAL.has(code)) return 1;
      return code >>> 16 === 3 && length >= 8 && length <= 10_000 ? 1 : 0;
    }
    // Joined in mid-connection: a message that a client begins with, and a length that is likely.
    const size = bytes.readUInt32BE(1);
    const likely = 'QPBCSX'.includes(String.fromCharCode(bytes[0]!)) && size >= 4 && size < 0x0100_0000;
    const fits =
      likely && (size + 1 <= bytes.length ? bytes.length === size + 1 || isMessage(bytes[size + 1]!) : true);
    return fits ? (port === 5432 ? 0.9 : 0.6) : 0;
  },
  decoder: pgDecoder,
  /** Each connection describes only the statements that it used. */
  mergeFacts(older, newer) {
    const [a, b] = [older, newer].map((facts) => pgFactsSchema.nullable().safeParse(facts).data ?? null);
    if (!a || !b) return newer ?? older;
    const statements = new Map(
      [...a.statements, ...b.statements].map((statement) => [statement.sql, statement]),
    );
    return {
      ...b,
      parameters: { ...a.parameters, ...b.parameters },
      authentication: b.authentication ?? a.authentication,
      statements: [...statements.values()].slice(-MAX_STATEMENTS),
      openings: distinct([...a.openings, ...b.openings]).slice(-MAX_OPENINGS),
    };
  },
  canonical: canonicalRequest,
  writes(request) {
    const { sql, describeOnly } = pgRequestSchema.parse(request);
    return describeOnly ? false : writesSql(sql);
  },
  comparable: comparableResponse,
  summary: (request) => summaryOfRequest(pgRequestSchema.parse(request)),
  ofConnection: (response) =>
    isObject(response) && isObject(response['error']) && response['error']['code'] === '25P02',
  housekeeping: (request) => isHousekeeping(pgRequestSchema.parse(request).sql),
  serve: servePostgres,
  schema: catalog,
  // Only a judgement needs it, and it brings a server along.
  rebuild: async (recorded) => (await import('./rebuilt/rebuild.ts')).rebuildPostgres(recorded),
};

function distinct<T extends Json>(values: readonly T[]): T[] {
  return [...new Map(values.map((value) => [canonicalJson(value), value])).values()];
}

function isMessage(byte: number): boolean {
  return 'QPBDECSHX'.includes(String.fromCharCode(byte));
}
