import { isTooDeep, parseJson, type Json } from '../../lib/json.ts';
import { jsonToBytes, type BytesJson } from '../bytes.ts';
import { headerOf, httpRequestSchema, httpResponseSchema, mediaType } from './messages.ts';
import { multipartParts } from './multipart.ts';

/**
 * Request headers that can change the answer. Left out on purpose: what describes the client or the transport
 * (user-agent, accept*, connection, tracing) and cookies of upstream calls. What is generated anew for each call, such
 * as an idempotency key, is found as noise by the comparison of two runs; leaving it out here would hide real changes.
 */
const HEADERS_THAT_MATTER = [
  'authorization',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'range',
  'soapaction',
  'x-api-key',
  'x-http-method-override',
];

/**
 * `{ method, host, path, query, headers, type, body }`: `query` as name → sorted values, `body` by its type (see
 * `comparableBody`), so that spelling and order that mean nothing to a server do not count.
 */
export function canonicalRequest(value: Json): Json {
  const request = httpRequestSchema.parse(value);
  const { host, path, query } = splitTarget(request.target, headerOf(request, 'host') ?? '');
  const headers: { [name: string]: Json } = {};
  for (const name of HEADERS_THAT_MATTER) {
    const header = headerOf(request, name);
    if (header !== undefined) headers[name] = header;
  }
  const method = request.method.toUpperCase();
  if (request.body === null)
    return { method, host, path, query: multimap(query), headers, type: null, body: null };
  const type = mediaType(request) ?? null;
  const body = comparableBody(request.body, headerOf(request, 'content-type'));
  return { method, host, path, query: multimap(query), headers, type, body };
}

/** `{ status, type, location, cookies, body }`; cookies by name only, since their values are sessions and signatures. */
export function comparableResponse(value: Json): Json {
  if (value === null) return null;
  const response = httpResponseSchema.parse(value);
  const cookies = response.headers
    .filter(([name]) => name.toLowerCase() === 'set-cookie')
    .map(([, cookie]) => cookie.split('=', 1)[0]!.trim())
    .sort();
  return {
    status: response.status,
    type: mediaType(response) ?? null,
    location: headerOf(response, 'location') ?? null,
    cookies,
    body: response.body === null ? null : comparableBody(response.body, headerOf(response, 'content-type')),
    ...(response.truncated ? { truncated: true } : {}),
  };
}

/** Multipart in multipart; what is deeper is compared as text. */
const MAX_MULTIPART = 5;

/** JSON as its value, a form as name → sorted values, multipart as its parts, text as a string, else `{ base64 }`. */
function comparableBody(body: BytesJson, contentType: string | undefined, depth = 0): Json {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  if (type?.startsWith('multipart/') === true && depth < MAX_MULTIPART) {
    const parts = multipartParts(jsonToBytes(body), contentType!);
    if (parts !== undefined) {
      return parts.map((part) => ({
        name: part.name,
        filename: part.filename,
        type: part.type?.split(';')[0]?.trim().toLowerCase() ?? null,
        body: comparableBody(part.body, part.type, depth + 1),
      }));
    }
  }
  if (!('text' in body)) return { base64: body.base64 };
  if (type === 'application/x-www-form-urlencoded') return multimap(new URLSearchParams(body.text));
  const isJson = type === 'application/json' || type?.endsWith('+json') === true;
  if (isJson || (type === undefined && /^\s*[[{]/.test(body.text))) {
    const value = parseExactJson(body.text);
    if (value !== undefined) return value;
  }
  return body.text;
}

/**
 * JSON in which whole numbers too long for a double stay apart: they become `{ number: "…" }`. Without this two
 * 19-digit ids that differ in their last digit would count as equal.
 */
function parseExactJson(text: string): Json | undefined {
  if (!/\d{16}/.test(text) || isTooDeep(text)) return parseJson(text);
  const reviver = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' &&
    Number.isInteger(value) &&
    !Number.isSafeInteger(value) &&
    context?.source !== undefined
      ? { number: context.source }
      : value;
  try {
    return JSON.parse(text, reviver as (key: string, value: unknown) => unknown) as Json;
  } catch {
    return undefined;
  }
}

function splitTarget(
  target: string,
  hostHeader: string,
): { host: string; path: string; query: URLSearchParams } {
  const absolute = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(target);
  const host = (absolute?.[1] ?? hostHeader)
    .trim()
    .toLowerCase()
    .replace(/:(80|443)$/, '');
  const rest = (absolute?.[2] ?? target).split('#', 1)[0]!;
  const mark = rest.indexOf('?');
  const path = mark === -1 ? rest : rest.slice(0, mark);
  return {
    host,
    path: normalPath(path === '' ? '/' : path),
    query: new URLSearchParams(mark === -1 ? '' : rest.slice(mark + 1)),
  };
}

/** RFC 3986, section 6.2.2: escapes of unreserved characters undone, other escapes in upper case. */
function normalPath(path: string): string {
  return path.replace(/%[0-9a-fA-F]{2}/g, (escape) => {
    const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[A-Za-z0-9._~-]/.test(char) ? char : escape.toUpperCase();
  });
}

function multimap(pairs: Iterable<[string, string]>): Json {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const list = values.get(name);
    if (list === undefined) values.set(name, [value]);
    else list.push(value);
  }
  return Object.fromEntries([...values].map(([name, list]) => [name, list.sort()]));
}
