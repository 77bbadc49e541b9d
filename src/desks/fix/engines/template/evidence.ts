import { isObject, parseJson, type Json } from '../../../../lib/json.ts';
import type { Exchange } from '../../../../protocol/port.ts';
import type { FixContext } from '../port.ts';

/** What the recording shows, as far as a transformation can rest on it. Names and kinds only; values stay where they are. */
export interface Evidence {
  /** Names of columns that the failing request's queries answered. */
  columns: Set<string>;
  /** Names of members of JSON that upstreams, caches and requests carried. */
  keys: Set<string>;
  /** Names that were null in an answer that the failing request got. */
  nulls: Set<string>;
  /** By name: the JSON types (`string`, `number`, …) it had. */
  types: Map<string, Set<string>>;
  /** A query of the failing request answered no rows. */
  emptyResult: boolean;
  /** A cache lookup of the failing request answered nothing. */
  cacheMiss: boolean;
  /** Statuses of upstream answers that were not 2xx. */
  upstreamErrors: number[];
  /** An upstream's body that is not JSON. */
  upstreamNotJson: boolean;
  /** Whether the failing request's own body is JSON; null without a body. */
  requestJson: boolean | null;
  requestKeys: Set<string>;
  /** Names of the query string, with whether they were empty. */
  query: Map<string, string>;
  /** Error answers of other requests, by status: how often, and an example of the body's keys. */
  errorAnswers: Map<number, { count: number; keys: string[]; path: string }>;
}

const MAX_NODES = 20_000;
const MAX_BODY = 512 * 1024;

export function evidenceOf(context: FixContext): Evidence {
  const { slice } = context;
  const evidence: Evidence = {
    columns: new Set(),
    keys: new Set(),
    nulls: new Set(),
    types: new Map(),
    emptyResult: false,
    cacheMiss: false,
    upstreamErrors: [],
    upstreamNotJson: false,
    requestJson: null,
    requestKeys: new Set(),
    query: new Map(),
    errorAnswers: new Map(),
  };
  const own = new Set(slice.failing === null ? [] : (slice.callsOf[slice.failing] ?? []));
  for (const exchange of slice.exchanges) {
    if (exchange.direction === 'inbound') {
      if (exchange.id === slice.failing) takeRequest(evidence, exchange);
      else takeSibling(evidence, exchange);
    } else if (slice.failing === null || own.has(exchange.id)) takeCall(evidence, exchange);
  }
  return evidence;
}

function takeRequest(evidence: Evidence, exchange: Exchange): void {
  const request = isObject(exchange.request) ? exchange.request : {};
  const target = request.target ?? request.path ?? request.url;
  if (typeof target === 'string' && target.includes('?')) {
    for (const [name, value] of new URLSearchParams(target.slice(target.indexOf('?'))))
      evidence.query.set(name, value);
  }
  const text = bodyText(request.body);
  if (text === undefined || text === '') return;
  const body = parseJson(text);
  evidence.requestJson = body !== undefined;
  if (isObject(body)) for (const key of Object.keys(body)) evidence.requestKeys.add(key);
  if (body !== undefined) collect(evidence, body, evidence.keys);
}

function takeSibling(evidence: Evidence, exchange: Exchange): void {
  const response = isObject(exchange.response) ? exchange.response : {};
  const status = response.status;
  if (typeof status !== 'number' || status < 400 || status >= 500) return;
  const body = parseJson(bodyText(response.body) ?? '');
  const known = evidence.errorAnswers.get(status);
  evidence.errorAnswers.set(status, {
    count: (known?.count ?? 0) + 1,
    keys: known?.keys ?? (isObject(body) ? Object.keys(body) : []),
    path: known?.path ?? exchange.summary,
  });
}

function takeCall(evidence: Evidence, exchange: Exchange): void {
  const response = exchange.response;
  switch (exchange.protocol) {
    case 'postgres':
    case 'mysql': {
      const results = sqlResults(response, exchange.protocol === 'mysql' ? MYSQL_TYPES : PG_TYPES);
      for (const result of results) {
        for (const name of result.columns) evidence.columns.add(name);
        if (result.rows?.length === 0) evidence.emptyResult = true;
        for (const row of result.rows ?? []) takeRow(evidence, row, result);
      }
      break;
    }
    case 'redis':
      if (holdsNull(response)) evidence.cacheMiss = true;
      collectTexts(evidence, response);
      break;
    case 'http1':
    case 'http': {
      const answer = isObject(response) ? response : {};
      if (typeof answer.status === 'number' && answer.status >= 300)
        evidence.upstreamErrors.push(answer.status);
      const text = bodyText(answer.body);
      const body = text === undefined || text === '' ? undefined : parseJson(text);
      if (text !== undefined && body === undefined) evidence.upstreamNotJson = true;
      if (body !== undefined) collect(evidence, body, evidence.keys);
      break;
    }
    default:
  }
}

/** The text of `{ text }` or `{ base64 }` of a bounded size. */
function bodyText(body: Json | undefined): string | undefined {
  if (typeof body === 'string') return body.slice(0, MAX_BODY);
  if (!isObject(body)) return undefined;
  if (typeof body.text === 'string') return body.text.slice(0, MAX_BODY);
  if (typeof body.base64 === 'string')
    return Buffer.from(body.base64.slice(0, MAX_BODY), 'base64').toString('utf8');
  return undefined;
}

interface SqlResult {
  columns: string[];
  /** The type that drivers make of a column, where its oid tells: they leave NUMERIC and bigint as texts. */
  types: (string | null)[];
  rows: Json[] | undefined;
}

/** Results wherever they are in a protocol's response: objects with `columns` or `fields`, and maybe `rows`. */
function sqlResults(response: Json, types: Record<number, string>): SqlResult[] {
  const found: SqlResult[] = [];
  visit(response, (value) => {
    const columns = isObject(value) ? (value.columns ?? value.fields) : undefined;
    if (!isObject(value) || !Array.isArray(columns)) return;
    const names = columns.map((each) =>
      typeof each === 'string' ? each : isObject(each) && typeof each.name === 'string' ? each.name : '',
    );
    const known = columns.map((each) =>
      isObject(each) && typeof each.type === 'number' ? (types[each.type] ?? 'string') : null,
    );
    found.push({ columns: names, types: known, rows: Array.isArray(value.rows) ? value.rows : undefined });
  });
  return found;
}

/** By PostgreSQL's type oids (pg_type.dat). */
const PG_TYPES: Record<number, string> = {
  16: 'boolean',
  21: 'number',
  23: 'number',
  26: 'number',
  700: 'number',
  701: 'number',
  114: 'object',
  3802: 'object',
  1082: 'date',
  1114: 'date',
  1184: 'date',
};

/** By the types of MySQL's columns: drivers leave DECIMAL as text. */
const MYSQL_TYPES: Record<number, string> = {
  1: 'number',
  2: 'number',
  3: 'number',
  4: 'number',
  5: 'number',
  7: 'date',
  8: 'number',
  9: 'number',
  10: 'date',
  12: 'date',
  13: 'number',
  16: 'object',
  245: 'object',
};

function takeRow(evidence: Evidence, row: Json, { columns, types }: SqlResult): void {
  const cells: [string, Json | undefined, string | null][] = Array.isArray(row)
    ? columns.map((name, i) => [name, row[i], types[i] ?? null])
    : isObject(row)
      ? Object.entries(row).map(([name, cell]) => [name, cell, null])
      : [];
  for (const [name, cell, type] of cells) note(evidence, name, cell ?? null, type);
}

function note(evidence: Evidence, name: string, value: Json, known: string | null = null): void {
  if (value === null) evidence.nulls.add(name);
  const type = value === null ? 'null' : (known ?? (Array.isArray(value) ? 'array' : typeof value));
  const types = evidence.types.get(name);
  if (types === undefined) evidence.types.set(name, new Set([type]));
  else types.add(type);
}

function collect(evidence: Evidence, body: Json, names: Set<string>): void {
  visit(body, (value) => {
    if (!isObject(value)) return;
    for (const [key, member] of Object.entries(value)) {
      names.add(key);
      note(evidence, key, member);
    }
  });
}

/** JSON inside of strings, as caches hold it. */
function collectTexts(evidence: Evidence, response: Json): void {
  visit(response, (value) => {
    const text = typeof value === 'string' ? value : isObject(value) ? bodyText(value) : undefined;
    if (text === undefined || !/^\s*[[{]/.test(text)) return;
    const body = parseJson(text);
    if (body !== undefined) collect(evidence, body, evidence.keys);
  });
}

function holdsNull(response: Json): boolean {
  if (response === null) return true;
  return (
    isObject(response) &&
    Object.values(response).some(
      (member) => member === null || (isObject(member) && (member.value === null || member.type === 'null')),
    )
  );
}

function visit(root: Json, see: (value: Json) => void): void {
  const stack: Json[] = [root];
  for (let n = 0; stack.length > 0 && n < MAX_NODES; n++) {
    const value = stack.pop()!;
    see(value);
    if (Array.isArray(value)) stack.push(...value.slice(0, 200));
    else if (isObject(value)) stack.push(...Object.values(value));
  }
}
