import type { Json } from '../../lib/json.ts';
import { canonicalCall } from './commands.ts';
import { redisRequestSchema, redisResponseSchema, type Resp } from './messages.ts';

/** `{ command, args, db }`, a transaction with its `queued` commands. */
export function canonicalRequest(value: Json): Json {
  const { db, queued, ...call } = redisRequestSchema.parse(value);
  const canonical: { [key: string]: Json } = { ...canonicalCall(call), db };
  if (queued) canonical['queued'] = queued.map((one) => ({ ...canonicalCall(one) }));
  return canonical;
}

/** The reply with what differs only by protocol version made equal: maps, sets and pushes as arrays, nulls as null. */
export function comparableResponse(value: Json): Json {
  return value === null ? null : { reply: plain(redisResponseSchema.parse(value).reply) };
}

function plain(value: Resp): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(plain);
  if ('nullArray' in value) return null;
  if ('map' in value) return value.map.flat().map(plain);
  if ('set' in value) return value.set.map(plain);
  if ('push' in value) return value.push.map(plain);
  if ('verbatim' in value) return value.text;
  if ('double' in value) return value.double;
  if ('integer' in value) return value.integer;
  if ('simple' in value) return value.simple;
  return value;
}
