import type { Json } from '../../lib/json.ts';
import { oneLine } from '../bytes.ts';
import { pgRequestSchema, pgResponseSchema, type PgRequest } from './messages.ts';
import { normaliseSql } from './sql.ts';
import { canonicalText } from './types.ts';

/**
 * `{ sql, params }` and, where they are not the usual, `describe`, `part`, `copy`: text without white space and comments
 * that mean nothing, parameters by value. Simple or extended, text or binary, prepared or not makes no difference.
 */
export function canonicalRequest(value: Json): Json {
  const request = pgRequestSchema.parse(value);
  const canonical: { [key: string]: Json } = {
    sql: normaliseSql(request.sql),
    params: request.params.map((param, i) =>
      typeof param === 'string' ? canonicalText(request.paramTypes[i] ?? 0, param) : param,
    ),
  };
  if (request.describeOnly) canonical['describe'] = true;
  if (request.part > 0) canonical['part'] = request.part;
  if (request.copy !== null) canonical['copy'] = request.copy;
  return canonical;
}

/** `{ columns, rows, tag, error }`: names of columns, cells, and of an error its code and message. */
export function comparableResponse(value: Json): Json {
  if (value === null) return null;
  const response = pgResponseSchema.parse(value);
  const { error, copyOut } = response;
  return {
    columns: response.columns?.map(({ name }) => name) ?? null,
    rows: response.rows,
    tag: response.tag,
    error: error && { code: error.code, message: error.message },
    ...(copyOut === null ? {} : { copyOut: copyOut.data }),
    ...(response.suspended ? { suspended: true } : {}),
  };
}

export function summaryOfRequest(request: PgRequest): string {
  const text = oneLine(request.sql);
  if (text === '') return '(empty query)';
  return request.describeOnly ? oneLine(`describe ${text}`) : text;
}
