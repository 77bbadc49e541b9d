import type { Json } from '../../lib/json.ts';
import { oneLine } from '../bytes.ts';
import {
  myRequestSchema,
  myResponseSchema,
  type MyRequest,
  type MyResult,
  type MyValue,
} from './messages.ts';
import { liftLiterals } from './sql.ts';
import { isNumeric } from './types.ts';

/**
 * `{ sql, params }` and, where they are not the usual, `prepare`, `bulk`, `database`: text without white space and comments
 * that mean nothing, values apart from it whether they were bound or written into the text. Numbers are numbers: to the
 * server, 5 and '5' may compare differently.
 */
export function canonicalRequest(value: Json): Json {
  const request = myRequestSchema.parse(value);
  const { sql, values } = liftLiterals(request.sql);
  const bound = request.params.map((param, i) => canonicalParam(param, request.paramTypes, i));
  const canonical: { [key: string]: Json } = { sql, params: [...values, ...bound] };
  if (request.prepareOnly) canonical['prepare'] = true;
  if (request.bulk !== null) canonical['bulk'] = request.bulk;
  if (request.database !== null) canonical['database'] = request.database;
  return canonical;
}

/** A number where JavaScript holds it exactly, else its text. */
function canonicalParam(param: MyValue, types: readonly number[], index: number): Json {
  // The rows of a bulk execution are bound alike.
  const type = types.length === 0 ? undefined : types[index % types.length];
  if (typeof param !== 'string' || type === undefined || !isNumeric(type & 0xff)) return param;
  const number = Number(param);
  return String(number) === param ? number : param;
}

/** `{ columns, rows, affectedRows, insertId, error }`: names of columns, cells, and of an error its code and message. */
export function comparableResponse(value: Json): Json {
  if (value === null) return null;
  const { more, ...first } = myResponseSchema.parse(value);
  return { ...comparableResult(first), ...(more.length === 0 ? {} : { more: more.map(comparableResult) }) };
}

function comparableResult({ columns, rows, affectedRows, insertId, error }: MyResult): {
  [key: string]: Json;
} {
  return {
    columns: columns?.map(({ name }) => name) ?? null,
    rows,
    affectedRows,
    insertId,
    error: error && { code: error.code, message: error.message },
  };
}

export function summaryOfRequest(request: MyRequest): string {
  const text = oneLine(request.sql);
  if (text === '') return '(empty query)';
  return request.prepareOnly ? oneLine(`prepare ${text}`) : text;
}
