import { isObject, parseJson, type Json } from '../../../../lib/json.ts';
import type { Exchange } from '../../../../protocol/port.ts';
import type { Slice } from '../../../../record/model.ts';
import { shapeOf } from '../../../../record/shape.ts';
import type { Mask } from './mask.ts';

const MAX_CALLS = 40;

/** The failing request and its answer, as shapes; null when the error is tied to no request. */
export function requestShape(slice: Slice, source: string): string | null {
  const failing = slice.exchanges.find((exchange) => exchange.id === slice.failing);
  return failing === undefined ? null : exchangeShape(failing, source, (text) => text);
}

/** The calls that the app made for the failing request, in order, one line each. */
export function callShapes(slice: Slice, source: string, mask: Mask): string[] {
  const ids = new Set(slice.failing === null ? [] : (slice.callsOf[slice.failing] ?? []));
  const own = slice.exchanges.filter((exchange) => ids.has(exchange.id) && exchange.protocol !== 'dns');
  return own.slice(0, MAX_CALLS).map((exchange, i) => `${i + 1}. ${exchangeShape(exchange, source, mask)}`);
}

const MAX_OTHERS = 6;

/**
 * How the app answered other requests, each form once: successes of the same route first, then refusals anywhere, which
 * show the form that the app has for them.
 */
export function otherShapes(slice: Slice, source: string): string[] {
  const failing = slice.exchanges.find((exchange) => exchange.id === slice.failing);
  const route = failing === undefined ? null : routeOf(failing, source);
  const shapes = new Map<string, number>();
  for (const exchange of slice.exchanges) {
    const status = isObject(exchange.response) ? exchange.response['status'] : null;
    if (exchange.direction !== 'inbound' || exchange.id === slice.failing || typeof status !== 'number')
      continue;
    const same = status < 400 && routeOf(exchange, source) === route;
    const refusal = status >= 400 && status < 500;
    if (same || refusal)
      shapes.set(
        exchangeShape(exchange, source, (text) => text),
        same ? 0 : 1,
      );
  }
  return [...shapes]
    .sort((a, b) => a[1] - b[1])
    .slice(0, MAX_OTHERS)
    .map(([shape]) => shape);
}

/** Method and path with data as `:`; null for what is not HTTP. */
function routeOf({ request }: Exchange, source: string): string | null {
  if (!isObject(request) || typeof request['target'] !== 'string') return null;
  const path = request['target'].replace(/^https?:\/\/[^/]*/i, '').split('?')[0]!;
  const parts = path.split('/').map((part) => segment(part, source).replace(/^:.*/, ':'));
  return `${textOf(request['method'])} ${parts.join('/')}`;
}

function exchangeShape(exchange: Exchange, source: string, mask: Mask): string {
  const { protocol, request, response } = exchange;
  const end = exchange.complete ? '' : ' (incomplete)';
  if (isObject(request) && typeof request['method'] === 'string' && typeof request['target'] === 'string')
    return `${httpRequest(request, source)} → ${httpResponse(response)}${end}`;
  if (isObject(request) && typeof request['sql'] === 'string')
    return `${protocol}: ${statement(request)} → ${result(response, mask)}${end}`;
  const words =
    isObject(request) && Array.isArray(request['args'])
      ? request['args']
      : Array.isArray(request)
        ? request
        : null;
  if (words !== null && typeof words[0] === 'string')
    return `${protocol}: ${words[0].slice(0, 20).toUpperCase()} ${words.slice(1).map(shapeOf).join(' ')} → ${shapeOf(response)}${end}`;
  return `${protocol}: ${shapeOf(request)} → ${shapeOf(response)}${end}`;
}

function httpRequest(request: { [key: string]: Json }, source: string): string {
  const target = textOf(request['target']);
  const [path = '', query] = target.replace(/^https?:\/\/[^/]*/i, '').split('?', 2);
  const body = bodyShape(request['body'], contentType(request['headers']));
  const shaped = path
    .split('/')
    .map((part) => segment(part, source))
    .join('/');
  const asked = query === undefined ? '' : `?${formShape(query)}`;
  return `http: ${textOf(request['method'])} ${shaped}${asked}${body === null ? '' : `, body ${body}`}`;
}

/** A part of a path that the source names is the route's; any other is data. */
function segment(part: string, source: string): string {
  if (
    part === '' ||
    (/^[\w.-]{1,40}$/.test(part) &&
      /[a-z]/i.test(part) &&
      new RegExp(`[/'"\`]${part.replace(/[.-]/g, '\\$&')}(?![\\w-])`).test(source))
  )
    return part;
  return `:${shapeOf(part)}`;
}

function httpResponse(response: Json): string {
  if (!isObject(response)) return 'no answer';
  const body = bodyShape(response['body'], contentType(response['headers']));
  return `status ${textOf(response['status'])}${body === null ? ', no body' : `, body ${body}`}`;
}

function contentType(headers: Json | undefined): string {
  if (!Array.isArray(headers)) return '';
  for (const pair of headers)
    if (Array.isArray(pair) && typeof pair[0] === 'string' && pair[0].toLowerCase() === 'content-type')
      return textOf(pair[1]).split(';')[0]!.trim();
  return '';
}

function bodyShape(body: Json | undefined, type: string): string | null {
  if (body === undefined || body === null) return null;
  if (isObject(body) && typeof body['base64'] === 'string')
    return `${Math.floor((body['base64'].length * 3) / 4)} bytes`;
  const text =
    isObject(body) && typeof body['text'] === 'string'
      ? body['text']
      : typeof body === 'string'
        ? body
        : null;
  if (text === null) return shapeOf(body);
  const json = parseJson(text);
  if (json !== undefined) return shapeOf(json);
  if (type === 'application/x-www-form-urlencoded') return `form ${formShape(text)}`;
  const media = /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : 'text';
  return `${media}, ${text.length} characters${/json/.test(type) ? ', not JSON' : ''}`;
}

function formShape(text: string): string {
  const members: { [key: string]: Json } = {};
  for (const [key, value] of [...new URLSearchParams(text)].slice(0, 40)) members[key] = value;
  return shapeOf(members);
}

function statement(request: { [key: string]: Json }): string {
  const params =
    Array.isArray(request['params']) && request['params'].length > 0
      ? ` with ${request['params'].map(shapeOf).join(', ')}`
      : '';
  return `${withoutLiterals(textOf(request['sql']))}${params}`;
}

/** SQL with its literals taken out: texts (also dollar-quoted), numbers, comments. */
function withoutLiterals(sql: string): string {
  return sql
    .slice(0, 4000)
    .replace(/\/\*[^]*?(?:\*\/|$)|--[^\n]*/g, ' ')
    .replace(/\$(\w*)\$[^]*?(?:\$\1\$|$)/g, '?')
    .replace(/[eEbBxXnN]?'(?:[^'\\]|''|\\.)*(?:'|$)/g, '?')
    .replace(/(?<![\w$])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\b/gi, '?')
    .replace(/\s+/g, ' ')
    .trim();
}

function result(response: Json, mask: Mask): string {
  if (!isObject(response)) return 'no answer';
  const error = response['error'];
  if (isObject(error))
    return `error ${textOf(error['code'])}: ${mask(textOf(error['message'])).slice(0, 300)}`;
  const { columns, rows, tag } = response;
  if (!Array.isArray(columns) || !Array.isArray(rows))
    return typeof tag === 'string' ? tag.slice(0, 60) : shapeOf(response);
  const names = columns.map((column) => textOf(isObject(column) ? column['name'] : column));
  const records = rows
    .slice(0, 100)
    .map((row) =>
      Object.fromEntries(names.map((name, i) => [name, Array.isArray(row) ? (row[i] ?? null) : null])),
    );
  return rows.length === 0
    ? `no rows (columns ${names.join(', ')})`
    : shapeOf(records).replace(/^array\(\d+\)/, `${rows.length} rows`);
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
